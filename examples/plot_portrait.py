r"""
A phase portrait of the score flow
==================================

Everything that the score flow :math:`\dot y = h(y) - y` of a right triangle is made of, in one picture: the field
:math:`h(y) - y`, the kinks between which it is affine, the hyperbox, and its rest points. Vertices of the hyperbox are
stable, and the fourth one is no clean point; midpoints of edges are saddles (proved).
"""

import numpy as np
from matplotlib import pyplot as plt

import exactnorm
from exactnorm import plot, problems

train = problems.orthogonal().train
denoiser = exactnorm.min_norm_denoiser(train)
starts = train.points.mean(axis=0) + 0.8 * np.random.default_rng(1).standard_normal((40, 2))
flow = exactnorm.score_flow(denoiser, starts, np.inf)
rest = exactnorm.rest_points(denoiser)
axes = plot.portrait(denoiser, flow, rest=rest)

assert sum(point.stable is True for point in rest) == 4
assert sum(point.kind == "virtual training point" for point in rest) == 1

plt.show()
