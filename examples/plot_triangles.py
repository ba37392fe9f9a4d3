r"""
An acute, a right and an obtuse triangle
========================================

Seen from a right or an obtuse angle the other two points lie on one-sided rays, and the denoiser is a sum of two ramps
with four neurons (proved). On an acute triangle no corner serves as a centre: three pairs of kinks
cut off one ball each.
"""

import numpy as np
from matplotlib import pyplot as plt

import exactnorm
from exactnorm import plot, problems

triangles = (problems.acute(), problems.orthogonal(), problems.obtuse())
# As wide as their triangles, with the margin that `field` leaves, the three panels are of one height.
sides = [np.ptp(problem.train.points, axis=0) + 2 * problem.train.rho for problem in triangles]
widths = [(side[0] + 0.5 * side.max()) / (side[1] + 0.5 * side.max()) for side in sides]
figure, row = plt.subplots(1, 3, figsize=(8, 3.6), width_ratios=widths, layout="compressed")
neurons = {}
for problem, axes in zip(triangles, row, strict=True):
    denoiser = exactnorm.min_norm_denoiser(problem.train)
    neurons[problem.name] = denoiser.network.neurons
    plot.field(denoiser, axes, arrows=13)
    certificate = denoiser.certificate
    shown = "proved" if certificate.kind == "theorem" else f"gap {certificate.gap:.0e}"
    axes.set_title(f"{problem.name}: {certificate.upper:.5f}\n({shown})", fontsize="medium")
    axes.get_legend().remove()
figure.legend(*row[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)

assert neurons == {"acute": 6, "orthogonal": 4, "obtuse": 4}

plt.show()
