r"""
Virtual training points as images
=================================

Three canvases: a blank one, one with a digit on the left half, one with a digit on the right half. Seen from the blank
canvas the other two are orthogonal, so the denoiser's stable rest points are the four vertices of a rectangle (proved):
the three canvases, and their *sum*, a canvas with both digits that was never in the training set.
"""

import numpy as np
from matplotlib import pyplot as plt

import exactnorm
from exactnorm import plot, problems

digits, _ = problems.digit_images()
left, right = np.zeros((8, 16)), np.zeros((8, 16))
left[:, :8], right[:, 8:] = digits[3].reshape(8, 8), digits[5].reshape(8, 8)
points = np.array([np.zeros(128), left.ravel(), right.ravel()])
denoiser = exactnorm.min_norm_denoiser(points, rho=2.0)

start = 0.8 * points[1] + 0.7 * points[2] + 2.0 * np.random.default_rng(0).standard_normal(128)
end = exactnorm.score_flow(denoiser, start, np.inf).endpoint
rows = {"training set": points, "start": [start], "limit": [end]}
axes = plot.images(list(rows.values()), (8, 16), labels=list(rows), limits=(0, 16))
axes.set_title("The limit is not in the training set")

found = [(point.kind, point.members) for point in exactnorm.rest_points(denoiser.network, points) if point.stable]
assert len(found) == 4
assert ("virtual training point", (1, 2)) in found
assert np.abs(end - points[1] - points[2]).max() < 1e-9

plt.show()
