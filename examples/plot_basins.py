r"""
Basins of the score flow
========================

Which rest point the score flow leads to, for five points on two rays at an angle of more than 90°. Every limit found
on the grid is a stable rest point of the denoiser, or lies on a boundary between basins.
"""

import numpy as np
from matplotlib import pyplot as plt

import exactnorm
from exactnorm import plot, problems

train = problems.rays().train
denoiser = exactnorm.min_norm_denoiser(train)
x, y = np.meshgrid(np.linspace(-1.2, 2.9, 160), np.linspace(-0.7, 2.5, 130))
found = exactnorm.flow.basins(denoiser, np.stack([x, y], axis=-1))
axes = plot.basins(found)
stable = [point for point in exactnorm.rest_points(denoiser.network, train.points) if point.stable]
plot.rest_points(stable, axes)
axes.plot(*train.points.T, "ko", ms=4)

positions = np.array([point.position for point in stable])
nearest = np.linalg.norm(found.limits[:, None] - positions, axis=2).min(axis=1)
assert np.all(nearest < 1e-6)
assert len(found.limits) == len(stable)

plt.show()
