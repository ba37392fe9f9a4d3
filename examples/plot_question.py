r"""
Memorised, or new?
==================

Three training points (black), and the ideal denoiser of them: of all networks with one hidden layer of ReLU neurons
that map noisy copies of every training point back to it, the one of least norm. Used in a diffusion model, it carries
noise along the curves. Some of it ends at a training point: memorised. Some ends at the sum of two of them, or on the
edges of the rectangle that they span: new. That is a theorem, and here it is computed.
"""

import numpy as np
from matplotlib import pyplot as plt

import exactnorm
from exactnorm import closed_form, plot, problems
from exactnorm.plot.canvas import draw_arrows

train = problems.orthogonal().train
starts = train.points.mean(axis=0) + 1.4 * np.random.default_rng(5).standard_normal((90, 2))
flow = exactnorm.probability_flow(
    lambda rho: closed_form.orthogonal(train.points, rho), starts, "ve", alpha=0.2, T=2, train=train.points
)
ends = exactnorm.endpoints(flow, train)

figure, axes = plt.subplots(figsize=(5, 5.1), layout="constrained")
low, high = starts.min(axis=0) - 0.1, starts.max(axis=0) + 0.1
draw_arrows(axes, closed_form.orthogonal(train.points, 0.2), low, high, 19, "#CCCCCC")
plot.trajectories(flow, exactnorm.TrainingSet(train.points), axes, ends=ends)
axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))

counts = {kind: share.count for kind, share in ends.shares().items() if share.count}
print(counts)
assert counts["training point"] > 20
assert counts["virtual training point"] + counts["boundary"] > 20

plt.show()
