"""Figures, colours and the pieces that several drawings share."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array, of_kind
from exactnorm.colours import BLUE as BLUE
from exactnorm.colours import GREEN as GREEN
from exactnorm.colours import GREY as GREY
from exactnorm.colours import LIGHT as LIGHT
from exactnorm.colours import ORANGE as ORANGE
from exactnorm.colours import PURPLE as PURPLE
from exactnorm.colours import SKY as SKY
from exactnorm.colours import VERMILION as VERMILION
from exactnorm.colours import YELLOW as YELLOW
from exactnorm.network import ReLUNetwork, lengths, network_of
from exactnorm.training_set import TrainingSet

try:
    from matplotlib.axes import Axes
    from matplotlib.collections import PatchCollection
    from matplotlib.figure import Figure
    from matplotlib.patches import Circle, Rectangle
    from matplotlib.ticker import LogLocator, MaxNLocator
except ImportError as missing:
    msg = "drawing needs matplotlib, the extra `plot`: pip install 'exactnorm[plot]'"
    raise ImportError(msg) from missing

__all__ = ["Axes", "Figure", "LogLocator", "MaxNLocator", "Rectangle"]

FAR = 1e6
"""Of a window's size: farther from its middle no kink is drawn. Nobody zooms out so far, and single precision, which
some that draw use, still tells two points of it apart."""


class Denoiser(Protocol):
    """What is drawn: a network and its training set, as a `CertifiedDenoiser` or a `Comparison` holds them."""

    @property
    def network(self) -> ReLUNetwork:
        """The network."""

    @property
    def train(self) -> TrainingSet:
        """The training set."""


def drawn(denoiser: Denoiser | ReLUNetwork, train: TrainingSet | None) -> tuple[ReLUNetwork, TrainingSet]:
    """The network to draw, and the points and balls to draw with it; raises for a network without any."""
    network = network_of(denoiser)
    if train is not None:
        of_kind(train, TrainingSet, "train", "the points and their radius, TrainingSet(points, rho)")
    chosen = train if train is not None else getattr(denoiser, "train", None)
    if not isinstance(chosen, TrainingSet):
        msg = (
            f"a {type(denoiser).__name__} has no points of its own: give train=TrainingSet(points, rho), or draw "
            "compare(network, denoiser)"
        )
        raise ValueError(msg)
    return network, chosen


def figure(width: float = 5.0, height: float = 4.0) -> Figure:
    """An empty figure, `width` by `height` inches, that needs no display."""
    return Figure(figsize=(width, height), layout="compressed")


def axes_or_new(axes: Axes | None, width: float = 5.0, height: float = 4.0) -> Axes:
    """The Axes given, or those of a new pyplot figure, `width` by `height` inches, which notebooks show unasked."""
    if axes is not None:
        of_kind(axes, Axes, "axes", "one Axes of matplotlib, such as plot.figure().add_subplot(), or leave it out")
        return axes
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(width, height), layout="compressed")[1]


def legend_beside(axes: Axes) -> None:
    """A legend to the right of the only Axes of a figure that makes room for it, else in the Axes' emptiest corner.

    In a figure that is no wider than high it stands below: to the right it would take half of the width.
    """
    figure = axes.figure
    if not (isinstance(figure, Figure) and figure.axes == [axes] and figure.get_layout_engine() is not None):
        axes.legend(fontsize="small", framealpha=0.9)
        return
    for old in list(figure.legends):  # of what was drawn here before
        old.remove()
    wide = figure.get_figwidth() > figure.get_figheight()
    figure.legend(
        *axes.get_legend_handles_labels(),
        fontsize="small",
        frameon=False,
        loc="outside right upper" if wide else "outside lower center",
        ncols=1 if wide else 3,
    )
    # Room is made for the tick labels that were drawn last: there have to be some before the first picture.
    figure.draw_without_rendering()


def needs_dimension(wanted: int, given: int) -> None:
    if given != wanted:
        msg = f"this drawing is for points in {wanted} dimension{'s' * (wanted > 1)}; the denoiser has {given}"
        raise ValueError(msg)


def needs_arrows(arrows: int) -> None:
    if not arrows >= 2:
        msg = f"arrows={arrows}: give two or more along the longer side"
        raise ValueError(msg)


def window(points: Array, rho: float) -> tuple[Array, Array]:
    """Lower and upper corner of the part of the plane to draw."""
    low, high = points.min(axis=0) - rho, points.max(axis=0) + rho
    margin = 0.25 * float((high - low).max())
    return low - margin, high + margin


def kinks_in_reach(network: ReLUNetwork, low: Array, high: Array) -> NDArray[np.intp]:
    """The neurons whose kinks are near enough to a window to be drawn.

    Training with weight decay leaves neurons with hardly any weights, whose kinks are farther out than a picture's
    arithmetic goes, and neurons without input weights, which have none.
    """
    size = lengths(network.w)
    near = np.abs(network.w @ ((low + high) / 2) + network.b) <= FAR * float((high - low).max()) * size
    return np.flatnonzero(near & (size > 0))


def draw_kinks(axes: Axes, network: ReLUNetwork, low: Array, high: Array) -> None:
    """The lines on which neurons switch, as far as they come near the window from `low` to `high`."""
    middle, step, size = (low + high) / 2, float((high - low).max()), lengths(network.w)
    for n, k in enumerate(kinks_in_reach(network, low, high)):
        unit = network.w[k] / size[k]
        foot = middle - (unit @ middle + network.b[k] / size[k]) * unit
        other = foot + step * np.array([-unit[1], unit[0]])
        axes.axline(foot.tolist(), other.tolist(), color=GREY, lw=0.8, label="_" if n else "kinks")


def draw_arrows(axes: Axes, network: ReLUNetwork, low: Array, high: Array, arrows: int, colour: str) -> None:
    """Arrows along h(y) − y on a grid, `arrows` of them along the longer side."""
    step = float((high - low).max()) / (arrows - 1)
    grid = np.stack(np.meshgrid(*(np.arange(low[i], high[i] + step / 2, step) for i in (0, 1))), -1).reshape(-1, 2)
    move = network(grid) - grid
    scale = float(np.linalg.norm(move, axis=1).max()) / (1.6 * step)
    axes.quiver(*grid.T, *move.T, color=colour, angles="xy", scale_units="xy", scale=scale, width=0.004)


def draw_balls(axes: Any, points: Array, rho: float) -> None:
    balls = PatchCollection([Circle((float(x), float(y)), rho) for x, y in points], fc=ORANGE, ec=VERMILION, alpha=0.45)
    axes.add_collection(balls)
    # Legends of older matplotlib do not take collections; a round marker stands for the balls.
    axes.plot([], [], "o", mfc=ORANGE, mec=VERMILION, alpha=0.45, ms=10, ls="none", label="noise balls")
