"""Trajectories, basins, rest points and where flows end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.colors import ListedColormap

from exactnorm.certify import CertifiedDenoiser
from exactnorm.flow import Basins, Flow, Share, orthogonal_lines, score_flow
from exactnorm.flow.rest_points import RestPoint
from exactnorm.flow.rest_points import rest_points as all_rest_points
from exactnorm.geometry import Frame, affine_hull
from exactnorm.plot.canvas import (
    BLUE,
    GREEN,
    GREY,
    LIGHT,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    YELLOW,
    Axes,
    draw_arrows,
    draw_balls,
    draw_kinks,
    needs_dimension,
    new_axes,
    window,
)
from exactnorm.training_set import Array, TrainingSet

MOST = 100
"""Trajectories to draw: more of them cannot be told apart."""
LABELS = {True: "stable rest points", False: "unstable rest points", None: "neutral rest points"}


def trajectories(flow: Flow, train: TrainingSet, axes: Axes | None = None, most: int = MOST) -> Axes:
    """Draw trajectories from their starts to their endpoints, with the clean points and their balls.

    In the plane as they are; in more dimensions in two orthonormal coordinates of the clean points' affine hull, in
    which balls are drawn as their projections. Points on orthogonal lines have their hyperbox drawn, or its shadow.
    On a line, or where they lie on one in space, their coordinate along it is drawn against flow time.

    Parameters
    ----------
    flow : Flow
        With states at the times asked for; without any, straight lines join start and endpoint.
    train : TrainingSet
    axes : Axes, optional
        A new one of 5 by 4 inches if not given.
    most : int
        Draw at most this many trajectories, the first ones. Endpoints are all drawn.
    """
    frame = _frame(train)
    axes = axes if axes is not None else new_axes()
    if frame.rank == 1:
        return _against_time(flow, train, frame, axes, most)
    start, end = np.atleast_2d(flow.start), np.atleast_2d(flow.endpoint)
    states = flow.states if flow.start.ndim == 2 else flow.states[:, None]
    paths = np.concatenate([start[None], states, end[None]]) if len(states) else np.stack([start, end])
    for n in range(min(most, len(start))):
        path = frame.coordinates(paths[:, n])
        axes.plot(*path.T, color=BLUE, lw=0.7, alpha=0.6, label="_" if n else "trajectories")
    if train.rho > 0:
        draw_balls(axes, frame.coordinates(train.points), train.rho)
    axes.plot(*frame.coordinates(start[:most]).T, ".", color=GREY, ms=3, label="starts")
    many = len(end) > most
    axes.plot(
        *frame.coordinates(end).T, "x", color=VERMILION, ms=4 if many else 7, mew=1.5, zorder=4, label="endpoints"
    )
    axes.plot(*frame.coordinates(train.points).T, "o", color="black", ms=4, zorder=5, label="clean points")
    if (corners := hyperbox_outline(train, frame)) is not None:
        axes.plot(*corners.T, color="black", lw=1.0, ls="--", label="hyperbox")
    names = ("$y_1$", "$y_2$") if train.dimension == 2 else ("first hull coordinate", "second hull coordinate")
    axes.set(aspect="equal", xlabel=names[0], ylabel=names[1])
    axes.legend(fontsize="small", framealpha=0.9)
    return axes


def portrait(denoiser: CertifiedDenoiser, flow: Flow | None = None, axes: Axes | None = None, arrows: int = 21) -> Axes:
    """Draw the phase portrait of a denoiser's score flow in the plane.

    Arrows along h(y) − y, kinks, clean points and their balls, the hyperbox where there is one, all rest points, and
    the trajectories of a flow.

    Parameters
    ----------
    denoiser : CertifiedDenoiser
        Of dimension d = 2.
    flow : Flow, optional
        Of this denoiser, with states at the times asked for.
    axes : Axes, optional
        A new one of 7 by 5 inches if not given; the legend stands to the right of it.
    arrows : int
        Number of arrows along the longer side. Their lengths are in proportion to ‖h(y) − y‖.

    Raises
    ------
    ValueError
        If the dimension is not 2.
    """
    train, network = denoiser.train, denoiser.network
    needs_dimension(2, train.dimension)
    axes = axes if axes is not None else new_axes(7, 5)
    none = np.zeros((0, 2))
    shown = flow or score_flow(network, none, 1.0)
    around = np.vstack([window(train.points, train.rho), np.atleast_2d(shown.start)[:MOST]])
    low, high = around.min(axis=0), around.max(axis=0)
    draw_arrows(axes, network, low, high, arrows, LIGHT)
    draw_kinks(axes, network)
    trajectories(shown, train, axes)
    rest_points(all_rest_points(network, train.points), axes)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)
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


def _against_time(flow: Flow, train: TrainingSet, frame: Frame, axes: Axes, most: int) -> Axes:
    """The coordinate along the line of the clean points against flow time; limits stand at the right edge."""
    start, end = np.atleast_2d(flow.start), np.atleast_2d(flow.endpoint)
    states = flow.states if flow.start.ndim == 2 else flow.states[:, None]
    inner = np.isfinite(flow.times)
    last = flow.horizon if np.isfinite(flow.horizon) else 1.05 * flow.times[inner].max(initial=1.0)
    times = np.concatenate([[0.0], flow.times[inner], [last]])
    along = frame.coordinates(np.concatenate([start[None], states[inner], end[None]])[:, :most])[..., 0]
    for n, path in enumerate(along.T):
        axes.plot(times, path, color=BLUE, lw=0.7, alpha=0.6, label="_" if n else "trajectories")
    for n, x in enumerate(frame.coordinates(train.points)[:, 0]):
        axes.axhline(x, color="black", lw=0.8, label="_" if n else "clean points")
        axes.axhspan(x - train.rho, x + train.rho, color=ORANGE, alpha=0.25, lw=0, label="_" if n else "noise balls")
    axes.plot(np.zeros(along.shape[1]), along[0], ".", color=GREY, ms=3, label="starts")
    axes.plot(
        np.full(len(end), last), frame.coordinates(end)[:, 0], "x", color=VERMILION, ms=5, zorder=4, label="endpoints"
    )
    name = "$y$" if train.dimension == 1 else "coordinate along the line"
    axes.set(xlabel="flow time $u$", ylabel=name, xlim=(0, 1.02 * last))
    axes.legend(fontsize="small", framealpha=0.9)
    return axes


def _frame(train: TrainingSet) -> Frame:
    """Where to draw: the space itself in one or two dimensions, else the hull's first two coordinates."""
    if train.dimension <= 2:
        return Frame(np.zeros(train.dimension), np.eye(train.dimension))
    hull = affine_hull(train.points)
    return Frame(hull.origin, hull.axes[:2])
