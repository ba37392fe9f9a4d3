"""Phase portraits, rest points, basins and where flows end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.colors import ListedColormap

from exactnorm.arrays import of_kind
from exactnorm.flow import Basins, Endpoints, Flow, RestPoint, Share
from exactnorm.network import ReLUNetwork
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
    Denoiser,
    axes_or_new,
    draw_arrows,
    draw_kinks,
    drawn,
    legend_beside,
    needs_arrows,
    needs_dimension,
    window,
)
from exactnorm.plot.paths import FLOW, MOST, check_ends, draw_trajectories
from exactnorm.training_set import TrainingSet

REST = "the list of RestPoint that exactnorm.rest_points returns"
SHARES = "what exactnorm.endpoints(flow, train).shares() returns"
LABELS = {True: "stable rest points", False: "unstable rest points", None: "neutral rest points"}


def portrait(
    denoiser: Denoiser | ReLUNetwork,
    flow: Flow | None = None,
    axes: Axes | None = None,
    arrows: int = 21,
    ends: Endpoints | None = None,
    *,
    rest: Iterable[RestPoint] = (),
    train: TrainingSet | None = None,
) -> Axes:
    """Draw the phase portrait of a denoiser's score flow in the plane.

    Arrows along h(y) − y, kinks, clean points and their balls, the hyperbox where there is one, and, as far as they are
    given, the trajectories of a flow and rest points.

    Parameters
    ----------
    denoiser : CertifiedDenoiser, Comparison or ReLUNetwork
        Of dimension d = 2.
    flow : Flow, optional
        Of this denoiser.
    axes : Axes, optional
        A new one of 5 by 5.5 inches if not given. In a figure of its own the legend stands to the right of it, or
        below where the figure is no wider than high.
    arrows : int
        Number of arrows along the longer side. Their lengths are in proportion to ‖h(y) − y‖.
    ends : Endpoints, optional
        Of the flow: each kind of endpoint then has a colour and a marker of its own.
    rest : iterable of RestPoint
        As `exactnorm.rest_points` finds them.
    train : TrainingSet, optional
        Points and balls to draw a `ReLUNetwork` with, which has none of its own.

    Raises
    ------
    ValueError
        If the dimension is not 2, a network comes without points, or `ends` is of another number of flows.
    TypeError
        If an argument is another record.
    """
    network, train = drawn(denoiser, train)
    needs_dimension(2, train.dimension)
    needs_arrows(arrows)
    if flow is not None:
        of_kind(flow, Flow, "flow", FLOW)
    check_ends(ends, flow)
    rest = checked_rest_points(rest, "rest")
    axes = axes_or_new(axes, 5, 5.5)
    starts = np.empty((0, 2)) if flow is None else np.atleast_2d(flow.start)[:MOST]
    around = np.vstack([window(train.points, train.rho), starts])
    low, high = around.min(axis=0), around.max(axis=0)
    margin = 0.03 * float((high - low).max())
    low, high = low - margin, high + margin
    draw_arrows(axes, network, low, high, arrows, LIGHT)
    draw_kinks(axes, network, low, high)
    draw_trajectories(flow, train, axes, ends=ends)
    _draw_rest_points(rest, axes, size=11 if ends is None else 15)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    legend_beside(axes)
    return axes


def rest_points(points: Iterable[RestPoint], axes: Axes | None = None) -> Axes:
    """Draw rest points in the plane: stable ones filled, unstable ones hollow, neutral ones as diamonds.

    Parameters
    ----------
    points : iterable of RestPoint
        Of dimension 2.
    axes : Axes, optional
        A new one of 6 by 4 inches if not given. In a figure of its own the legend stands to the right of it.
    """
    points = checked_rest_points(points, "points")
    axes = axes_or_new(axes, 6, 4)
    _draw_rest_points(points, axes)
    axes.set(aspect="equal", xlabel="$y_1$", ylabel="$y_2$")
    legend_beside(axes)
    return axes


def checked_rest_points(points: Iterable[RestPoint], name: str) -> list[RestPoint]:
    """The rest points; raises ``TypeError`` for what are none, or one alone."""
    of_kind(points, Iterable, name, REST)
    found = list(points)
    for n, point in enumerate(found):
        of_kind(point, RestPoint, f"{name}[{n}]", REST)
    return found


def _draw_rest_points(points: list[RestPoint], axes: Axes, size: float = 11) -> None:
    for stable, marker, face in ((True, "o", GREEN), (False, "o", "white"), (None, "D", "white")):
        positions = np.array([point.position for point in points if point.stable is stable])
        if len(positions):
            needs_dimension(2, positions.shape[1])
            # Wider than a clean point and below it: where both are, the rest point is a ring around it.
            axes.plot(
                *positions.T, marker, mfc=face, mec=GREEN, mew=1.5, ms=size if stable else 7, ls="none", zorder=3,
                label=LABELS[stable],
            )  # fmt: skip


def basins(basins: Basins, axes: Axes | None = None) -> Axes:
    """Colour every point of a plane grid by the limit it flows to; points without a limit stay white.

    Parameters
    ----------
    basins : Basins
        On a grid of shape (rows, columns, 2), as `numpy.meshgrid` makes it.
    axes : Axes, optional
        A new one of 6 by 4 inches if not given. In a figure of its own the legend stands to the right of it.
    """
    of_kind(basins, Basins, "basins", "the Basins that exactnorm.flow.basins returns")
    needs_dimension(2, basins.grid.shape[-1])
    axes = axes_or_new(axes, 6, 4)
    colours = [SKY, ORANGE, GREEN, YELLOW, PURPLE, BLUE, VERMILION, GREY]
    # Basins are sorted by size: after the eight largest, colours begin again.
    count = max(1, len(basins.limits))
    colormap = ListedColormap([colours[i % len(colours)] for i in range(count)])
    label = np.ma.masked_less(basins.label, 0)
    x, y = basins.grid[..., 0], basins.grid[..., 1]
    axes.pcolormesh(x, y, label, cmap=colormap, vmin=-0.5, vmax=count - 0.5, alpha=0.6, shading="nearest", lw=0)
    if len(basins.limits):
        # A white rim tells the cross from every colour and from a point below it; one on the edge is drawn whole.
        (mark,) = axes.plot(*basins.limits.T, "X", mfc="black", mec="white", mew=1.0, ms=9, zorder=6, ls="none")
        mark.set(label="limits", clip_on=False)
    axes.set(aspect="equal", xlabel="$y_1$", ylabel="$y_2$")
    legend_beside(axes)
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
    of_kind(shares, Mapping, "shares", SHARES)
    for kind, share in shares.items():
        of_kind(share, Share, f"shares[{kind!r}]", SHARES)
    seen = {kind: share for kind, share in shares.items() if share.count}
    if not seen:
        msg = f"shares counts no flow: give {SHARES} of one flow at least"
        raise ValueError(msg)
    axes = axes_or_new(axes, 5, 3)
    value = np.array([share.share for share in seen.values()])
    ends = np.array([[share.low, share.high] for share in seen.values()]).T
    spread = np.maximum([value - ends[0], ends[1] - value], 0.0)
    axes.barh(list(seen), value, xerr=spread, color=SKY, ecolor="black", capsize=3, height=0.6)
    axes.set(xlim=(0, 1), xlabel="share of flows, with 95 % interval")
    axes.set_ylim(max(len(seen), 3) - 0.5, -0.5)
    return axes
