"""The Python that reproduces a view."""

from __future__ import annotations

from exactnorm.explorer.view import View

HEAD = '''"""What the explorer showed: made by `exactnorm explore`."""

import math

import numpy as np

import exactnorm

points = np.array({points})
rho = {rho!r}
'''
OVERLAP = """
# No network maps balls of this radius to their centres. The largest radius is between these two:
print(exactnorm.max_radius(points))
"""
SOLVED = """
denoiser = exactnorm.min_norm_denoiser(points, rho)
certificate = denoiser.certificate
print(f"cost {certificate.upper:.9g}, lower bound {certificate.lower:.9g}, {certificate.kind}")
for rest in exactnorm.rest_points(denoiser):
    print(rest)
"""
STARTS = """
# The starts that were chosen, and the cloud.
clicked = np.array({clicked}).reshape(-1, points.shape[1])
noise = np.random.default_rng({seed}).standard_normal(({cloud}, points.shape[1]))
mean = points.mean(axis=0)
"""
SCORE = """spread = math.sqrt(np.mean(np.sum((points - mean) ** 2, axis=1)))
starts = np.vstack([clicked, mean + spread * noise])
flow = exactnorm.score_flow(denoiser, starts, math.inf)
"""
PROBABILITY = """schedule, alpha, T = exactnorm.flow.named_schedule({schedule!r}), {alpha!r}, {T!r}
top = schedule.sigma(T)
starts = schedule.scale(T) * np.vstack([clicked, mean + top * noise])
known = exactnorm.closed_form.recognise(points, alpha * top)
if known.form is not None and known.minimal:
    path = lambda rho: known.form.build(points, rho)
else:
    path = exactnorm.DenoiserPath(points, alpha * top * np.linspace(0.1, 1.0, {radii}) ** 3, tol={tol!r})
flow = exactnorm.probability_flow(path, starts, schedule, alpha=alpha, T=T)
"""
ENDS = """print(flow.endpoint)
print(exactnorm.endpoints(flow, points))
"""


def script(view: View, clicked: list[list[float]], *, feasible: bool, radii: int, tol: float) -> str:
    """A script that computes what a view shows, with every number as it was.

    Parameters
    ----------
    view : View
    clicked : list of list of float
        The chosen starts in the space of the points.
    feasible : bool
        Whether there is a denoiser at the view's radius.
    radii, tol : int, float
        Of the programs of a probability flow without a closed form.
    """
    head = HEAD.format(points=_rows(view.points.tolist()), rho=view.rho)
    if not feasible:
        return head + OVERLAP
    text = head + SOLVED + STARTS.format(clicked=clicked, seed=view.seed, cloud=view.cloud)
    if view.flow == "score":
        return text + SCORE + ENDS
    programs = {"radii": radii, "tol": tol}
    return text + PROBABILITY.format(schedule=view.schedule, alpha=view.alpha, T=view.T, **programs) + ENDS


def _rows(rows: list[list[float]]) -> str:
    return "[" + ",\n    ".join(map(repr, rows)).join(("\n    ", ",\n")) + "]"
