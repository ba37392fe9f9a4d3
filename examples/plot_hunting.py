r"""
Hunting for counter-examples
============================

Is looking at one point against the rest optimal on acute triangles? Random triangles answer quickly: the cheap formula
above, the program's lower bound below. Where the formula costs more than a network that the program found, it is not
optimal: each such triangle is a counter-example, up to that network's interpolation error (measured). Where the bracket
is too wide to tell, the triangle is undecided.
"""

import numpy as np
from matplotlib import pyplot as plt

import exactnorm
from exactnorm import closed_form

rng = np.random.default_rng(1)
found = {"not optimal": [], "optimal to within 1e-6": [], "undecided": []}
while sum(map(len, found.values())) < 12:
    points = rng.standard_normal((3, 2))
    sides = points - np.roll(points, 1, axis=0)
    lengths = np.sort(np.linalg.norm(sides, axis=1))
    if lengths[2] ** 2 >= 0.95 * (lengths[0] ** 2 + lengths[1] ** 2):
        continue  # right or obtuse, or nearly so
    share = rng.uniform(0.3, 0.9)
    rho = share * abs(np.linalg.det(sides[:2])) / lengths[2] / 2
    certificate = exactnorm.min_norm_denoiser(points, rho).certificate
    cost = closed_form.one_versus_rest(points, rho).representation_cost
    kind = (
        "not optimal"
        if cost > certificate.upper * (1 + 1e-6)
        else ("optimal to within 1e-6" if cost <= certificate.lower * (1 + 1e-6) else "undecided")
    )
    found[kind].append((share, cost / certificate.lower - 1))

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
for (kind, where), colour in zip(found.items(), ("#D55E00", "#0072B2", "#777777"), strict=True):
    if where:
        share, excess = np.array(where).T
        axes.semilogy(share, np.maximum(excess, 1e-10), "o", color=colour, label=kind)
axes.set(xlabel="2ρ / least height of the triangle", ylabel="excess of the formula over the lower bound")
axes.legend()

assert all(excess > -1e-9 for where in found.values() for _, excess in where)
assert found["not optimal"]

plt.show()
