r"""
Penalised against hard interpolation
====================================

The same noisy samples of three points on a line, with a hard constraint and with weight decay :math:`\lambda`. Both
problems are solved with a certificate. A small :math:`\lambda` gives nearly the interpolating denoiser; a large one a
smoother, cheaper network that maps no sample to its clean point.
"""

import numpy as np
from matplotlib import pyplot as plt

import exactnorm
from exactnorm import plot

points = np.array([[0.0], [1.0], [2.5]])
samples = points[:, None] + 0.15 * np.random.default_rng(0).uniform(-1, 1, (3, 20, 1))
train = exactnorm.TrainingSet.from_samples(points, samples)
hard = exactnorm.min_norm_denoiser(train)
axes = plot.line(hard)
y = np.linspace(-0.35, 2.85, 500)[:, None]
costs = [hard.network.representation_cost]
for weight_decay, colour in ((2e-4, "#009E73"), (1e-3, "#E69F00"), (1e-2, "#CC79A7")):
    soft = exactnorm.min_norm_denoiser(train, weight_decay=weight_decay)
    assert soft.certificate.certifies(1e-6)
    costs.append(soft.network.representation_cost)
    axes.plot(y, soft(y), color=colour, ls="--", label=rf"$\lambda={weight_decay:g}$, cost {costs[-1]:.2f}")
axes.legend(fontsize="small")
axes.set_title(f"samples interpolated: cost {costs[0]:.2f}")

assert hard.certificate.certifies(1e-6)
assert costs == sorted(costs, reverse=True)

plt.show()
