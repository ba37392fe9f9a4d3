r"""
Score flow and probability flow on two orthogonal points
========================================================

Two points seen from a third at a right angle span a rectangle, the hyperbox. The score flow (fixed :math:`\rho`) ends
at its vertices, one of which is no training point: a *virtual* one. The probability flow (:math:`\rho=\alpha\sigma`
shrinks to 0) ends at vertices, on the boundary, or inside (proved).
"""

import numpy as np
from matplotlib import pyplot as plt

import exactnorm
from exactnorm import closed_form, plot, problems

train = problems.orthogonal().train
starts = np.array([0.5, 1.0]) + 0.8 * np.random.default_rng(0).standard_normal((60, 2))
denoiser = closed_form.orthogonal(train.points, train.rho)
score = exactnorm.score_flow(denoiser, starts, np.inf)
probability = exactnorm.probability_flow(
    lambda rho: closed_form.orthogonal(train.points, rho), starts, "edm", alpha=0.2, T=1.0
)

figure, row = plt.subplots(1, 2, figsize=(6.8, 4.6), layout="compressed", sharey=True)
balls = (train, exactnorm.TrainingSet(train.points))  # those of the probability flow shrink to points
kinds, marks = [], {}
for axes, flow, around, title in zip(row, (score, probability), balls, ("score flow", "probability flow"), strict=True):
    ends = exactnorm.endpoints(flow, train)
    plot.trajectories(flow, around, axes, ends=ends)
    axes.set_title(title)
    axes.get_legend().remove()
    kinds.append(ends.shares())
    marks |= {label: mark for mark, label in zip(*axes.get_legend_handles_labels(), strict=True)}
row[1].set_ylabel("")
figure.legend(marks.values(), marks, loc="outside lower center", ncols=3, fontsize="small")
figure.draw_without_rendering()  # room is made below labels that were drawn once

assert kinds[0]["training point"].count + kinds[0]["virtual training point"].count == len(starts)
assert kinds[1]["boundary"].count + kinds[1]["interior"].count > 0

plt.show()
