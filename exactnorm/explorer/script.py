"""The Python that reproduces a view."""

from __future__ import annotations

from exactnorm.explorer.view import View
from exactnorm.training_set import closest_pair

HEAD = '''"""What the explorer showed: made by `exactnorm explore`.{usage}"""

import math
import sys

import numpy as np

import exactnorm

points = np.array({points})
rho = {rho!r}
'''
USAGE = """

python explored.py               the numbers
python explored.py picture.png   and the picture; needs matplotlib, the extra `plot`
"""
OVERLAP = """
# No network maps balls of this radius to their centres. The largest radius is between these two:
print(exactnorm.max_radius(points))
"""
EQUAL = """
# Two points are equal, which are no two points to learn: there is no denoiser of these at any radius.
print("points {} and {} are equal")
"""
SOLVED = """
denoiser = exactnorm.min_norm_denoiser(points, rho)
"""
GIVEN = """
# The explorer was given this denoiser. Save it as well, with the button "denoiser .npz", and run this beside it.
denoiser = exactnorm.load("denoiser.npz")
"""
CERTIFIED = """certificate = denoiser.certificate
print(f"cost {{certificate.upper:.9g}}, lower bound {{certificate.lower:.9g}}, {{certificate.kind}}")
try:
    rest = exactnorm.rest_points(denoiser, max_regions={regions})
    print(exactnorm.tables.stacked(rest))
except ValueError as many:
    rest = []
    print(f"rest points were not looked for: {{many}}")
"""
UNFOLLOWED = """
# No flow was followed: {why}.
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
sigmas = top * np.linspace(1.0, 0.0, 25)[1:-1] ** 2
flow = exactnorm.probability_flow(path, starts, schedule, alpha=alpha, T=T, sigmas=sigmas)
"""
ENDS = """ends = exactnorm.endpoints(flow, points)
print(flow.endpoint)
print(ends)
if len(noise):
    print("where the cloud ends, with 95 % intervals:")
    for kind, share in exactnorm.endpoints(flow.endpoint[len(clicked):], points).shares().items():
        if share.count:
            print(f"{kind}: {share.count} of {share.total}, {share.low:.3f} to {share.high:.3f}")
"""
DRAWN = """
if __name__ == "__main__" and sys.argv[1:]:
    from exactnorm import plot

    axes = plot.DRAWING
    axes.figure.savefig(sys.argv[1], bbox_inches="tight")
"""
PORTRAIT, FIELD = "portrait(denoiser, flow, ends=ends, rest=rest)", "portrait(denoiser, rest=rest)"
SHADOW = "trajectories(flow, denoiser.train, ends=ends)"


def script(
    view: View,
    clicked: list[list[float]],
    *,
    feasible: bool,
    regions: int,
    radii: int,
    tol: float,
    unfollowed: str = "",
    given: bool = False,
) -> str:
    """A script that computes what a view shows, with every number as it was, and draws it where that is asked for.

    Parameters
    ----------
    view : View
    clicked : list of list of float
        The chosen starts in the space of the points.
    feasible : bool
        Whether there is a denoiser at the view's radius.
    regions : int
        Up to which rest points are looked for.
    radii, tol : int, float
        Of the programs of a probability flow without a closed form.
    unfollowed : str
        Why there is no flow; empty where there is one.
    given : bool
        Whether the denoiser was handed to the explorer: nothing tells how it was solved for.
    """
    in_plane = view.points.shape[1] == 2
    drawn = feasible and (in_plane or not unfollowed)
    head = HEAD.format(points=_rows(view.points.tolist()), rho=view.rho, usage=USAGE if drawn else "")
    if not feasible:
        i, j, distance = closest_pair(view.points)
        return head + (OVERLAP if distance > 0 else EQUAL.format(i, j))
    text = head + (GIVEN if given else SOLVED) + CERTIFIED.format(regions=regions)
    if unfollowed:
        text += UNFOLLOWED.format(why=unfollowed)
        return text + DRAWN.replace("DRAWING", FIELD) if drawn else text
    text += STARTS.format(clicked=clicked, seed=view.seed, cloud=view.cloud)
    programs = {"radii": radii, "tol": tol}
    text += (
        SCORE
        if view.flow == "score"
        else PROBABILITY.format(schedule=view.schedule, alpha=view.alpha, T=view.T, **programs)
    )
    return text + ENDS + DRAWN.replace("DRAWING", PORTRAIT if in_plane else SHADOW)


def _rows(rows: list[list[float]]) -> str:
    return "[" + ",\n    ".join(map(repr, rows)).join(("\n    ", ",\n")) + "]"
