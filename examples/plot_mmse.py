r"""
Minimum norm against the empirical posterior mean
=================================================

The empirical minimum-mean-square-error denoiser is a posterior mean: its steps between clean points become steeper as
the noise level falls, and it stops to depend on it only on the points. The minimum-norm denoiser with :math:`\rho =
3\sigma` has straight ramps between the balls, however small the noise.
"""

import numpy as np
from matplotlib import pyplot as plt

from exactnorm import baselines, closed_form

points = np.array([[0.0], [1.0], [2.5]])
y = np.linspace(-0.3, 2.8, 800)[:, None]
figure, row = plt.subplots(1, 2, figsize=(7, 3.4), layout="constrained", sharey=True)
steepest = []
for axes, sigma in zip(row, (0.1, 0.03), strict=True):
    exact, mmse = closed_form.univariate(points, 3 * sigma)(y), baselines.EmpiricalMMSE(points)(y, sigma)
    axes.plot(y, exact, color="#0072B2", label=r"minimum norm, $\rho=3\sigma$")
    axes.plot(y, mmse, color="#D55E00", ls="--", label="empirical posterior mean")
    axes.set(xlabel="y", title=rf"$\sigma={sigma}$")
    steepest.append([np.diff(h[:, 0]).max() / (y[1, 0] - y[0, 0]) for h in (exact, mmse)])
row[0].set_ylabel("denoised")
figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)

assert steepest[1][0] < 1.3
assert steepest[1][1] > 10

plt.show()
