r"""
An acute, a right and an obtuse triangle
========================================

Seen from a right or an obtuse angle the other two points lie on one-sided rays, and the denoiser is a sum of two ramps
with four neurons (proved). On an acute triangle no corner serves as a centre: three pairs of kinks
cut off one ball each.
"""

from matplotlib import pyplot as plt

import exactnorm
from exactnorm import plot, problems

figure, row = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
neurons = {}
for problem, axes in zip((problems.acute(), problems.orthogonal(), problems.obtuse()), row, strict=True):
    denoiser = exactnorm.min_norm_denoiser(problem.train)
    neurons[problem.name] = denoiser.network.neurons
    plot.field(denoiser, axes)
    certificate = denoiser.certificate
    axes.set_title(f"{problem.name}: cost {certificate.upper:.5f}\n{certificate.kind}, gap {certificate.gap:.0e}")
    if axes is not row[0]:
        axes.get_legend().remove()

assert neurons == {"acute": 6, "orthogonal": 4, "obtuse": 4}
