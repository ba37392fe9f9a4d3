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

figure, row = plt.subplots(1, 3, figsize=(8, 3.4), layout="compressed")
neurons = {}
for problem, axes in zip((problems.acute(), problems.orthogonal(), problems.obtuse()), row, strict=True):
    denoiser = exactnorm.min_norm_denoiser(problem.train)
    neurons[problem.name] = denoiser.network.neurons
    plot.field(denoiser, axes, arrows=13)
    certificate = denoiser.certificate
    shown = "proved" if certificate.kind == "theorem" else f"gap {certificate.gap:.0e}"
    axes.set_title(f"{problem.name}: {certificate.upper:.5f}\n({shown})", fontsize="medium")
    axes.get_legend().remove()
figure.legend(*row[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)

assert neurons == {"acute": 6, "orthogonal": 4, "obtuse": 4}
