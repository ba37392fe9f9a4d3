"""Trajectories in the plane, or against time."""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import of_kind
from exactnorm.flow import Endpoints, Flow
from exactnorm.flow.ways import hyperbox_outline, ways
from exactnorm.geometry import Frame, affine_hull
from exactnorm.plot.canvas import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    Axes,
    axes_or_new,
    draw_balls,
    legend_beside,
)
from exactnorm.training_set import TrainingSet

FLOW = "the Flow that exactnorm.score_flow or exactnorm.probability_flow returns"
MOST = 100
"""Trajectories to draw: more of them cannot be told apart."""
MARKS = {
    "endpoints": ("x", VERMILION),
    "training point": ("o", SKY),
    "virtual training point": ("D", ORANGE),
    "boundary": ("x", GREEN),
    "interior": ("x", PURPLE),
    "outside": ("x", VERMILION),
    "other": ("x", VERMILION),
}
"""Marker and colour of each kind of endpoint."""


def trajectories(
    flow: Flow, train: TrainingSet, axes: Axes | None = None, most: int = MOST, ends: Endpoints | None = None
) -> Axes:
    """Draw trajectories from their starts to their endpoints, with the clean points and their balls.

    In the plane as they are; in more dimensions in two orthonormal coordinates of the clean points' affine hull, in
    which balls are drawn as their projections. Points on orthogonal lines have their hyperbox drawn, or its shadow.
    On a line, or where they lie on one in space, their coordinate along it is drawn against flow time.

    Parameters
    ----------
    flow : Flow
        Its trajectories are followed once more for the picture, at as many times as it takes. One that was pickled
        cannot be: it is drawn through the states it holds, and without any no line is drawn.
    train : TrainingSet
    axes : Axes, optional
        A new one of 6 by 4 inches if not given. In a figure of its own the legend stands to the right of it.
    most : int
        Draw at most this many trajectories, the first ones. Endpoints are all drawn.
    ends : Endpoints, optional
        Of this flow, as `exactnorm.endpoints` finds them: each kind then has a colour and a marker of its own.

    Raises
    ------
    TypeError
        If an argument is another record.
    ValueError
        If `ends` holds another number of endpoints than the flow.
    """
    of_kind(flow, Flow, "flow", FLOW)
    of_kind(train, TrainingSet, "train", "the TrainingSet, such as a denoiser's `.train`, after the flow")
    check_ends(ends, flow)
    axes = axes_or_new(axes, 6, 4)
    draw_trajectories(flow, train, axes, most, ends)
    legend_beside(axes)
    return axes


def check_ends(ends: Endpoints | None, flow: Flow | None) -> None:
    """Raise for what are no endpoints, or not those of the flow."""
    if ends is None:
        return
    of_kind(ends, Endpoints, "ends", "the Endpoints that exactnorm.endpoints returns")
    number = 0 if flow is None else len(np.atleast_2d(flow.endpoint))
    if len(ends.kind) != number:
        msg = f"ends holds {len(ends.kind)} endpoints and the flow {number}: give exactnorm.endpoints(flow, train)"
        raise ValueError(msg)


def draw_trajectories(
    flow: Flow | None, train: TrainingSet, axes: Axes, most: int = MOST, ends: Endpoints | None = None
) -> None:
    """All of the picture but its legend; without a flow what it would go through in the plane."""
    frame = _frame(train)
    if frame.rank == 1 and flow is not None:
        _against_time(flow, train, frame, axes, most)
        return
    if flow is not None:
        _draw_ways(flow, train, frame, axes, most)
    if train.rho > 0:
        draw_balls(axes, frame.coordinates(train.points), train.rho)
    if (corners := hyperbox_outline(train.points, frame)) is not None:
        axes.plot(*corners.T, color="black", lw=1.0, ls="--", label="hyperbox")
    if flow is not None and flow.start.size:
        _draw_ends(flow, frame, axes, most, ends)
    axes.plot(*frame.coordinates(train.points).T, "o", color="black", ms=4, zorder=5, label="clean points")
    names = (
        ("$y_1$", "$y_2$")
        if train.dimension == 2
        else ("first coordinate in the span", "second coordinate in the span")
    )
    axes.set(aspect="equal", xlabel=names[0], ylabel=names[1])


def _draw_ways(flow: Flow, train: TrainingSet, frame: Frame, axes: Axes, most: int) -> None:
    end, found = np.atleast_2d(flow.endpoint), ways(flow, train.points, most)
    for n, path in enumerate(() if found is None else np.moveaxis(found[1], 1, 0)):
        drawn = frame.coordinates(np.vstack([path, end[n]]))
        axes.plot(*drawn.T, color=BLUE, lw=0.9, alpha=0.7, label="_" if n else "trajectories")


def _draw_ends(flow: Flow, frame: Frame, axes: Axes, most: int, ends: Endpoints | None) -> None:
    start, end = np.atleast_2d(flow.start), np.atleast_2d(flow.endpoint)
    axes.plot(*frame.coordinates(start[:most]).T, ".", color=GREY, ms=4, label="starts")
    size = 4 if len(end) > most else 7 if ends is not None else 12  # alone, they stand out from the rest points there
    kinds = np.full(len(end), "endpoints") if ends is None else ends.kind
    for kind in (name for name in MARKS if name in kinds):
        marker, colour = MARKS[kind]
        at_a_point = marker != "x"  # in sight around the point, and above what lies along the edges
        (mark,) = axes.plot(*frame.coordinates(end[kinds == kind]).T, marker, color=colour, mew=1.5, ls="none")
        mark.set(label=kind if ends is None else f"ends: {kind}", ms=size + 3 * at_a_point, zorder=4 + at_a_point / 2)


def _against_time(flow: Flow, train: TrainingSet, frame: Frame, axes: Axes, most: int) -> None:
    """The coordinate along the line of the clean points against flow time; limits stand at the right edge."""
    start, end = np.atleast_2d(flow.start), np.atleast_2d(flow.endpoint)
    found = ways(flow, train.points, most, in_time=True)
    last = float(found[0][-1]) if found is not None and found[0][-1] > 0 else min(flow.horizon, 1.0)
    if found is not None:
        for n, path in enumerate(frame.coordinates(found[1])[..., 0].T):
            axes.plot(found[0], path, color=BLUE, lw=0.9, alpha=0.7, label="_" if n else "trajectories")
    for n, x in enumerate(frame.coordinates(train.points)[:, 0]):
        axes.axhline(x, color="black", lw=0.8, label="_" if n else "clean points")
        axes.axhspan(x - train.rho, x + train.rho, color=ORANGE, alpha=0.25, lw=0, label="_" if n else "noise balls")
    if len(start):
        shown = frame.coordinates(start[:most])[:, 0]
        axes.plot(np.zeros(len(shown)), shown, ".", color=GREY, ms=4, label="starts", clip_on=False)
        name = "limits, at the right edge" if np.isinf(flow.horizon) else "endpoints"
        at = np.full(len(end), last)
        axes.plot(at, frame.coordinates(end)[:, 0], "x", color=VERMILION, ms=5, zorder=4, label=name, clip_on=False)
    name = "$y$" if train.dimension == 1 else "coordinate along the line"
    axes.set(xlabel="flow time $u$", ylabel=name, xlim=(0, last))


def _frame(train: TrainingSet) -> Frame:
    """Where to draw: the space itself in one or two dimensions, else the hull's first two coordinates."""
    if train.dimension <= 2:
        return Frame(np.zeros(train.dimension), np.eye(train.dimension))
    hull = affine_hull(train.points)
    return Frame(hull.origin, hull.axes[:2])
