r"""
A sampler written elsewhere
===========================

`interop.EDMDenoiser` is a callable D(x, σ) in the convention of Karras et al. (2022): any sampler written for it can be
used. Here are its Euler and Heun steps, compared with a fine integration of the same flow, on an acute triangle whose
coordinates couple. On orthogonal data both samplers would make no error at all (proved).
"""

from itertools import pairwise

import numpy as np
from matplotlib import pyplot as plt

import exactnorm
from exactnorm import closed_form, interop, problems

points = problems.acute().train.points
denoise = interop.EDMDenoiser(lambda rho: closed_form.one_versus_rest(points, rho), alpha=0.1)
start = np.array([0.4, 0.4]) + 2.0 * np.random.default_rng(0).standard_normal((10, 2))


def sampled(steps, order):
    """Samples after so many steps from σ = 2 to 0.01."""
    x = start
    sigmas = exactnorm.flow.sampler_levels(steps, 0.01, 2.0)[:-1]
    for sigma, after in pairwise(sigmas):
        d = (x - denoise(x, sigma)) / sigma
        if order == 2:
            d = (d + (x + (after - sigma) * d - denoise(x + (after - sigma) * d, after)) / after) / 2
        x = x + (after - sigma) * d
    return x


reference = sampled(400, 2)
steps = np.array([10, 20, 40, 80, 160])
figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
for order, name, colour in ((1, "Euler", "#0072B2"), (2, "Heun", "#D55E00")):
    error = [np.linalg.norm(sampled(count, order) - reference, axis=1).mean() for count in steps]
    axes.loglog(steps, error, "o-", color=colour, label=name)
    assert error[-1] < error[0] / 8
axes.set(xlabel="steps", ylabel="mean distance from the flow")
axes.legend()
assert error[-1] < 1e-3

plt.show()
