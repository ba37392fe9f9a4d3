r"""
A flow in motion
================

Three hundred noisy points are carried along by the score flow :math:`\dot y = h(y) - y` of a right triangle. They first
come to the rectangle that the triangle spans, its *hyperbox*, and then creep along it to the corners: three are clean
points, and the fourth is none.

.. image:: /images/flow.gif
    :alt: Three hundred points flow to the edges of a rectangle, and along them to its four corners
    :width: 450

``animation.save("flow.gif", writer="pillow")`` writes the film; here is its first picture.
"""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.animation import FuncAnimation

import exactnorm
from exactnorm import plot, problems

train = problems.orthogonal().train
denoiser = exactnorm.min_norm_denoiser(train)
starts = train.points.mean(axis=0) + 0.9 * np.random.default_rng(0).standard_normal((300, 2))
times = np.concatenate([np.linspace(0, 4, 32), np.geomspace(4.5, 40, 24)])
flow = exactnorm.score_flow(denoiser, starts, np.inf, times=times)

axes = plot.field(denoiser)
axes.get_legend().remove()
(cloud,) = axes.plot(*starts.T, "o", color="#CC79A7", mec="black", mew=0.3, ms=4, zorder=6)


def draw(frame):
    """Move the points to their places at one flow time."""
    cloud.set_data(*flow.states[frame].T)
    axes.set_title(f"flow time u = {times[frame]:.1f}")
    return (cloud,)


animation = FuncAnimation(axes.figure, draw, frames=len(times), interval=100)
axes.figure.canvas.draw()

corners = np.array([[0, 0], [1, 0], [0, 2], [1, 2]])
last = np.linalg.norm(flow.states[-1][:, None] - corners, axis=2).min(axis=1)
assert np.quantile(last, 0.95) < 0.01
assert exactnorm.endpoints(flow, train).shares()["virtual training point"].count > 20

plt.show()
