"""Trajectories, basins, rest points and where flows end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.colors import ListedColormap

from exactnorm.flow import Basins, Flow, Share
from exactnorm.flow.rest_points import RestPoint
from exactnorm.geometry import Frame, affine_hull
from exactnorm.plot.canvas import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    YELLOW,
    Axes,
    draw_balls,
    needs_dimension,
    new_axes,
)
from exactnorm.training_set import Array, TrainingSet

LABELS = {True: "stable rest points", False: "unstable rest points", None: "neutral rest points"}


def trajectories(flow: Flow, train: TrainingSet, axes: Axes | None = None, most: int = 100) -> Axes:
    """Draw trajectories from their starts to their endpoints, with the clean points and their balls.

    In the plane as they are; in more dimensions in two orthonormal coordinates of the clean points' affine hull, in
    which balls are drawn as their projections.

    Parameters
    ----------
    flow : Flow
        With states at the times asked for; without any, straight lines join start and endpoint.
    train : TrainingSet
        Of affine rank at least 2.
    axes : Axes, optional
        A new one of 5 by 4 inches if not given.
    most : int
        Draw at most this many trajectories, the first ones. Endpoints are all drawn.
    """
    frame = _plane(train)
    axes = axes if axes is not None else new_axes()
    start, end = np.atleast_2d(flow.start), np.atleast_2d(flow.endpoint)
    states = flow.states if flow.start.ndim == 2 else flow.states[:, None]
    paths = np.concatenate([start[None], states, end[None]]) if len(states) else np.stack([start, end])
    for n in range(min(most, len(start))):
        path = frame.coordinates(paths[:, n])
        axes.plot(*path.T, color=BLUE, lw=0.7, alpha=0.6, label="_" if n else "trajectories")
    if train.rho > 0:
        draw_balls(axes, frame.coordinates(train.points), train.rho)
    axes.plot(*frame.coordinates(start[:most]).T, ".", color=GREY, ms=3, label="starts")
    axes.plot(*frame.coordinates(end).T, "x", color=VERMILION, ms=7, mew=1.5, zorder=4, label="endpoints")
    axes.plot(*frame.coordinates(train.points).T, "o", color="black", ms=4, label="clean points")
    names = ("$y_1$", "$y_2$") if train.dimension == 2 else ("first hull coordinate", "second hull coordinate")
    axes.set(aspect="equal", xlabel=names[0], ylabel=names[1])
    axes.legend(fontsize="small", framealpha=0.9)
    return axes


def rest_points(points: Iterable[RestPoint], axes: Axes | None = None) -> Axes:
    """Draw rest points in the plane: stable ones filled, unstable ones hollow, neutral ones as diamonds.

    Parameters
    ----------
    points : iterable of RestPoint
        Of dimension 2.
    axes : Axes, optional
        A new one of 5 by 4 inches if not given.
    """
    axes = axes if axes is not None else new_axes()
    points = list(points)
    for stable, marker, face in ((True, "o", GREEN), (False, "o", "white"), (None, "D", "white")):
        positions = np.array([point.position for point in points if point.stable is stable])
        if len(positions):
            needs_dimension(2, positions.shape[1])
            axes.plot(*positions.T, marker, mfc=face, mec=GREEN, mew=1.5, ms=7, ls="none", label=LABELS[stable])
    axes.legend(fontsize="small", framealpha=0.9)
    return axes


def basins(basins: Basins, axes: Axes | None = None) -> Axes:
    """Colour every point of a plane grid by the limit it flows to; points without a limit stay white.

    Parameters
    ----------
    basins : Basins
        On a grid of shape (rows, columns, 2), as `numpy.meshgrid` makes it.
    axes : Axes, optional
        A new one of 5 by 4 inches if not given.
    """
    needs_dimension(2, basins.grid.shape[-1])
    axes = axes if axes is not None else new_axes()
    colours = [SKY, ORANGE, GREEN, YELLOW, PURPLE, BLUE, VERMILION, GREY]
    # Basins are sorted by size: after the eight largest, colours begin again.
    count = max(1, len(basins.limits))
    colormap = ListedColormap([colours[i % len(colours)] for i in range(count)])
    label = np.ma.masked_less(basins.label, 0)
    x, y = basins.grid[..., 0], basins.grid[..., 1]
    axes.pcolormesh(x, y, label, cmap=colormap, vmin=-0.5, vmax=count - 0.5, alpha=0.6, shading="nearest", lw=0)
    axes.plot(*basins.limits.T, "x", color="black", ms=6, label="limits", ls="none")
    axes.set(aspect="equal", xlabel="$y_1$", ylabel="$y_2$")
    axes.legend(fontsize="small", framealpha=0.9)
    return axes


def shares(shares: Mapping[str, Share], axes: Axes | None = None) -> Axes:
    """Draw what share of flows ended where, with 95 % intervals; kinds that never occur are left out.

    Parameters
    ----------
    shares : mapping of str to Share
        As `Endpoints.shares` returns it.
    axes : Axes, optional
        A new one of 5 by 3 inches if not given.
    """
    axes = axes if axes is not None else new_axes(5, 3)
    seen = {kind: share for kind, share in shares.items() if share.count}
    value = np.array([share.share for share in seen.values()])
    ends = np.array([[share.low, share.high] for share in seen.values()]).T
    spread = np.maximum([value - ends[0], ends[1] - value], 0.0)
    axes.barh(list(seen), value, xerr=spread, color=SKY, ecolor="black", capsize=3, height=0.6)
    axes.set(xlim=(0, 1), xlabel="share of flows, with 95 % interval")
    axes.set_ylim(max(len(seen), 3) - 0.5, -0.5)
    return axes


def _plane(train: TrainingSet) -> Frame:
    """The plane to draw in: the space itself in two dimensions, else the hull's first two coordinates."""
    if train.dimension == 2:
        return Frame(np.zeros(2), np.eye(2))
    hull = affine_hull(train.points)
    needs = hull.axes[:2]
    if len(needs) < 2:
        msg = f"trajectories are drawn in the plane; these points have affine rank {hull.rank} in {train.dimension}"
        raise ValueError(msg)
    origin: Array = hull.origin
    return Frame(origin, needs)
