r"""
Why neither orthocentre nor median is minimal
=============================================

A denoiser of an acute triangle can look at one point against the other two, three times: a ramp for each point, from a
common value :math:`c`. With :math:`c` the orthocentre the three outputs are parallel to the inputs; with :math:`c` a
weighted geometric median the cost of such networks is least. On a scalene triangle with :math:`\rho > 0` the program
finds networks that are cheaper than both (measured: the gap to the median is tiny until the balls nearly touch). What
is below :math:`10^{-9}` is drawn there.
"""

import numpy as np
from matplotlib import pyplot as plt

import exactnorm
from exactnorm import closed_form, problems

points = problems.scalene().train.points
radii = np.array([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
excess = {"orthocentre": [], "one-versus-rest (median)": []}
for rho in radii:
    certificate = exactnorm.min_norm_denoiser(points, rho).certificate
    for name, form in (
        ("orthocentre", closed_form.orthocentre),
        ("one-versus-rest (median)", closed_form.one_versus_rest),
    ):
        excess[name].append(form(points, rho).representation_cost / certificate.upper - 1)

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
for (name, values), colour in zip(excess.items(), ("#D55E00", "#0072B2"), strict=True):
    axes.semilogy(radii, np.maximum(values, 1e-9), "o-", color=colour, label=name)
axes.set(xlabel=r"noise radius $\rho$", ylabel="relative excess over the program's network")
axes.legend()

assert all(orthocentre > median for orthocentre, median in zip(*excess.values(), strict=True))
assert excess["one-versus-rest (median)"][-1] > 1e-6

plt.show()
