r"""
The effect of T and alpha
=========================

On orthogonal data a probability flow ends where one denoising step at the first radius :math:`\rho_T` leads (proved).
With fixed starts, a later start time T or a larger :math:`\alpha` means wider balls at the first step, so more flows
end at vertices of the hyperbox: the product :math:`\rho_T = \alpha\sqrt{T}` alone decides (variance exploding
schedule).
"""

import numpy as np
from matplotlib import pyplot as plt

import exactnorm

points = np.vstack([np.zeros(5), np.eye(5)])
starts = points.mean(axis=0) + 0.4 * np.random.default_rng(0).standard_normal((500, 5))
times = np.geomspace(1e-2, 1.4, 14)
figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
shares = {}
for alpha, colour in ((0.1, "#0072B2"), (0.2, "#E69F00"), (0.4, "#009E73")):
    shares[alpha] = []
    for T in times:
        end = exactnorm.flow.closed_probability_flow(points, alpha, starts, np.sqrt(T))
        kinds = exactnorm.endpoints(end, points).shares()
        shares[alpha].append(kinds["training point"].share + kinds["virtual training point"].share)
    axes.semilogx(times, shares[alpha], "o-", color=colour, label=rf"$\alpha={alpha}$")
axes.set(xlabel="start time T", ylabel="share of flows that end at a vertex", ylim=(0, 1))
axes.legend()

assert all(np.all(np.diff(values) >= 0) for values in shares.values())
assert shares[0.4][-1] > shares[0.1][-1] + 0.5

plt.show()
