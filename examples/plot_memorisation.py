r"""
Memorisation as the number of points grows
==========================================

Orthogonal points of length 1 and the origin, 500 starts, one probability flow each. An endpoint is memorised if it is
more than three times nearer to one training point than to any other. With more points there are more virtual ones,
:math:`2^{N-1}` vertices in all, and fewer flows end at a training point. This is measured, on one random set of
starts.
"""

import numpy as np
from matplotlib import pyplot as plt

import exactnorm

sizes = np.array([2, 3, 4, 6, 8, 12, 16, 24, 30])
shares = {"training point": [], "virtual training point": [], "boundary": []}
memorised = []
for size in sizes:
    points = np.vstack([np.zeros(size - 1), np.eye(size - 1)])
    starts = points.mean(axis=0) + 2.0 * np.random.default_rng(0).standard_normal((500, size - 1))
    end = exactnorm.flow.closed_probability_flow(points, 0.1, starts, 2.0)
    ends = exactnorm.endpoints(end, points)
    memorised.append(ends.memorised.mean())
    for kind, values in shares.items():
        values.append(ends.shares()[kind].share)

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
for (kind, values), colour in zip(shares.items(), ("#0072B2", "#E69F00", "#009E73"), strict=True):
    axes.plot(sizes, values, "o-", color=colour, label=kind)
axes.plot(sizes, memorised, "k--", label="memorised")
axes.set(xlabel="number of points N", ylabel="share of 500 flows", ylim=(0, 1))
axes.legend()

assert shares["training point"][0] > 0.5
assert shares["training point"][-1] < 0.05

plt.show()
