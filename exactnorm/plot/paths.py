"""The ways that trajectories go, and the plane that they are drawn in."""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.flow import Endpoints, Flow, orthogonal_lines
from exactnorm.flow.record import Indices
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
    draw_balls,
    legend_beside,
    new_axes,
)
from exactnorm.training_set import TrainingSet

MOST = 100
"""Trajectories to draw: more of them cannot be told apart."""
FINE = 1 / 500
"""What a drawn way may leave out of the true one, as a share of the picture: less than the width of its line."""
LONGEST = 512.0
"""Flow time after which a way is drawn no further, however far it still is from its limit."""
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
    """
    axes = axes if axes is not None else new_axes(6, 4)
    draw_trajectories(flow, train, axes, most, ends)
    legend_beside(axes)
    return axes


def draw_trajectories(
    flow: Flow, train: TrainingSet, axes: Axes, most: int = MOST, ends: Endpoints | None = None
) -> None:
    """All of the picture but its legend."""
    frame = _frame(train)
    if frame.rank == 1:
        _against_time(flow, train, frame, axes, most)
    else:
        _in_the_plane(flow, train, frame, axes, most, ends)


def ways(flow: Flow, train: TrainingSet, most: int = MOST, *, in_time: bool = False) -> tuple[Array, Array] | None:
    """Flow times (n,) and states (n, r, d) of the first trajectories, so close that lines between them are the curves.

    To within `FINE` of the points' extent, or of the way's if that is longer: as a curve in space, or with `in_time` as
    one over flow time. None where nothing is known between starts and endpoints.
    """
    start, end = np.atleast_2d(flow.start)[:most], np.atleast_2d(flow.endpoint)[:most]
    rows = np.arange(len(start))
    if flow.again is None or not len(rows):
        inner = np.isfinite(flow.times)
        if not inner.any() and len(rows):
            return None
        states = flow.states if flow.start.ndim == 2 else flow.states[:, None]
        return np.append(0.0, flow.times[inner]), np.concatenate([start[None], states[inner][:, rows]])
    extent = max(float(np.ptp(one, axis=0).max(initial=0.0)) for one in (train.points, np.nan_to_num([*start, *end])))
    last = flow.horizon if np.isfinite(flow.horizon) else _settled(flow, rows, end, FINE * extent)
    # Most of a way is gone early, as e^{−u}: times are even in the square root of u at first.
    times = last * np.linspace(0, 1, 25) ** 2
    states = flow.again(rows, times)
    bent = np.ones(len(times) - 1, bool)
    for _ in range(8):
        middle = ((times[1:] + times[:-1]) / 2)[bent]
        between = flow.again(rows, middle)
        ends = states[:-1][bent], states[1:][bent]
        # Halves of a stretch bend a quarter as much; a kink between them is why that is not relied upon.
        far = _bend(*ends, between, in_time=in_time) > FINE * extent
        place = np.flatnonzero(bent) + 1
        stays = np.zeros(len(times) - 1, bool)
        stays[bent] = far
        times, states = np.insert(times, place, middle), np.insert(states, place, between, axis=0)
        halves = 1 + bent.astype(int)
        bent = np.repeat(stays, halves)
        if not bent.any():
            break
    return times, states


def hyperbox_outline(train: TrainingSet, frame: Frame) -> Array | None:
    """The outline of the hyperbox in the plane to draw in; None for points that span none."""
    try:
        lines = orthogonal_lines(train.points)
    except ValueError:
        return None
    low, high = lines.ends
    if len(low) < 2:
        return None
    # The shadow of a box is a sum of segments: its outline goes along them in the order of their directions.
    edges = ((high - low)[:, None] * lines.axes) @ frame.axes.T / frame.scale
    edges *= np.where(edges[:, 1:] < 0, -1.0, 1.0)
    edges = edges[np.argsort(np.arctan2(edges[:, 1], edges[:, 0]))]
    middle = frame.coordinates(lines.origin + (low + high) / 2 @ lines.axes)
    half = np.cumsum(np.vstack([-edges.sum(axis=0) / 2, edges]), axis=0)
    return np.asarray(middle + np.vstack([half, -half[1:]]))


def _settled(flow: Flow, rows: Indices, end: Array, near: float) -> float:
    """A flow time at which these trajectories are near their limits."""
    later = np.array([8.0, 16.0, 32.0])
    while True:
        there = [_largest(states - end) <= near for states in flow.again(rows, later)]  # type: ignore[misc]
        if any(there):
            return float(later[there.index(True)])
        if later[-1] >= LONGEST:
            return LONGEST
        later = 2 * later[-1:]


def _bend(first: Array, second: Array, between: Array, *, in_time: bool) -> Array:
    """How far the states `between` (n, r, d) are from the lines between the others, the largest of each stretch."""
    along = second - first
    length = np.maximum(np.einsum("nrd,nrd->nr", along, along), 1e-300)
    share = np.clip(np.einsum("nrd,nrd->nr", between - first, along) / length, 0, 1)
    foot = first + (0.5 if in_time else share[..., None]) * along
    return np.asarray(np.linalg.norm(np.nan_to_num(between - foot), axis=2).max(axis=1, initial=0.0))


def _largest(difference: Array) -> float:
    return float(np.linalg.norm(np.nan_to_num(difference), axis=-1).max(initial=0.0))


def _in_the_plane(flow: Flow, train: TrainingSet, frame: Frame, axes: Axes, most: int, ends: Endpoints | None) -> None:
    start, end = np.atleast_2d(flow.start), np.atleast_2d(flow.endpoint)
    found = ways(flow, train, most)
    for n, path in enumerate(() if found is None else np.moveaxis(found[1], 1, 0)):
        drawn = frame.coordinates(np.vstack([path, end[n]]))
        axes.plot(*drawn.T, color=BLUE, lw=0.9, alpha=0.7, label="_" if n else "trajectories")
    if train.rho > 0:
        draw_balls(axes, frame.coordinates(train.points), train.rho)
    if (corners := hyperbox_outline(train, frame)) is not None:
        axes.plot(*corners.T, color="black", lw=1.0, ls="--", label="hyperbox")
    if len(start):
        axes.plot(*frame.coordinates(start[:most]).T, ".", color=GREY, ms=4, label="starts")
        size = 4 if len(end) > most else 7
        kinds = np.full(len(end), "endpoints") if ends is None else ends.kind
        for kind in (name for name in MARKS if name in kinds):
            marker, colour = MARKS[kind]
            at_a_point = marker != "x"  # in sight around the point, and above what lies along the edges
            (mark,) = axes.plot(*frame.coordinates(end[kinds == kind]).T, marker, color=colour, mew=1.5, ls="none")
            mark.set(
                label=kind if ends is None else f"ends: {kind}", ms=size + 3 * at_a_point, zorder=4 + at_a_point / 2
            )
    axes.plot(*frame.coordinates(train.points).T, "o", color="black", ms=4, zorder=5, label="clean points")
    names = ("$y_1$", "$y_2$") if train.dimension == 2 else ("first hull coordinate", "second hull coordinate")
    axes.set(aspect="equal", xlabel=names[0], ylabel=names[1])


def _against_time(flow: Flow, train: TrainingSet, frame: Frame, axes: Axes, most: int) -> None:
    """The coordinate along the line of the clean points against flow time; limits stand at the right edge."""
    start, end = np.atleast_2d(flow.start), np.atleast_2d(flow.endpoint)
    found = ways(flow, train, most, in_time=True)
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
