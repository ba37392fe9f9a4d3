"""Denoisers in one and two dimensions, and images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array, of_kind
from exactnorm.network import ReLUNetwork
from exactnorm.plot.canvas import (
    BLUE,
    GREY,
    ORANGE,
    VERMILION,
    Axes,
    Denoiser,
    Rectangle,
    axes_or_new,
    draw_arrows,
    draw_balls,
    draw_kinks,
    drawn,
    kinks_in_reach,
    needs_arrows,
    needs_dimension,
    window,
)
from exactnorm.training_set import TrainingSet


def line(denoiser: Denoiser | ReLUNetwork, axes: Axes | None = None, *, train: TrainingSet | None = None) -> Axes:
    """Draw a denoiser of one coordinate: h(y) against y, noise balls shaded, kinks marked.

    Parameters
    ----------
    denoiser : CertifiedDenoiser, Comparison or ReLUNetwork
        Of dimension d = 1.
    axes : Axes, optional
        A new one of 5 by 4 inches if not given.
    train : TrainingSet, optional
        Points and balls to draw a `ReLUNetwork` with, which has none of its own.

    Raises
    ------
    ValueError
        If the dimension is not 1, or a network comes without points.
    """
    network, train = drawn(denoiser, train)
    needs_dimension(1, train.dimension)
    axes = axes_or_new(axes)
    points = np.sort(train.points[:, 0])
    margin = 0.15 * (points[-1] - points[0])
    ends = (points[0] - train.rho - margin, points[-1] + train.rho + margin)
    near = kinks_in_reach(network, np.array(ends[:1]), np.array(ends[1:]))
    kinks = -network.b[near] / network.w[near, 0]
    # h is piecewise linear: its kinks and two ends draw it exactly.
    y = np.sort(np.concatenate([ends, kinks[(kinks > ends[0]) & (kinks < ends[1])]]))
    for n, x in enumerate(points if train.rho > 0 else points[:0]):
        axes.axvspan(x - train.rho, x + train.rho, color=ORANGE, alpha=0.25, lw=0, label=None if n else "noise balls")
    axes.plot(ends, ends, color=GREY, lw=0.8, ls=":", label="identity")
    axes.plot(y, network(y[:, None])[:, 0], color=BLUE, label="denoiser h")
    axes.plot(kinks, network(kinks[:, None])[:, 0], "|", color=VERMILION, ms=10, label="kinks")
    axes.plot(points, points, "o", color="black", ms=4, label="clean points")
    axes.set(xlabel="y", ylabel="h(y)", xlim=ends)
    axes.legend(fontsize="small")
    return axes


def field(
    denoiser: Denoiser | ReLUNetwork,
    axes: Axes | None = None,
    arrows: int = 17,
    *,
    train: TrainingSet | None = None,
) -> Axes:
    """Draw a denoiser of two coordinates: arrows from y towards h(y), noise balls, and the lines where h has kinks.

    Parameters
    ----------
    denoiser : CertifiedDenoiser, Comparison or ReLUNetwork
        Of dimension d = 2.
    axes : Axes, optional
        A new one of 5 by 4 inches if not given.
    arrows : int
        Number of arrows along the longer side. Their lengths are in proportion to ‖h(y) − y‖.
    train : TrainingSet, optional
        Points and balls to draw a `ReLUNetwork` with, which has none of its own.

    Raises
    ------
    ValueError
        If the dimension is not 2, or a network comes without points.
    """
    network, train = drawn(denoiser, train)
    needs_dimension(2, train.dimension)
    needs_arrows(arrows)
    axes = axes_or_new(axes)
    low, high = window(train.points, train.rho)
    draw_kinks(axes, network, low, high)
    draw_arrows(axes, network, low, high, arrows, BLUE)
    draw_balls(axes, train.points, train.rho)
    axes.plot(*train.points.T, "o", color="black", ms=4, label="clean points", ls="none")
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal", xlabel="$y_1$", ylabel="$y_2$")
    axes.legend(fontsize="small", loc="upper right", framealpha=0.9)
    return axes


def images(
    rows: Sequence[ArrayLike],
    shape: tuple[int, int] | None = None,
    axes: Axes | None = None,
    labels: Sequence[str] = (),
    limits: tuple[float, float] | None = None,
) -> Axes:
    """Draw images row by row, all on one grey scale, dark on light.

    Parameters
    ----------
    rows : sequence of array_like, each of shape (m, height·width) or (m, …, height, width)
        Rows may differ in their number of images.
    shape : (int, int), optional
        Height and width in pixels; by default those of the first row that has images and no flat points, which the
        others are given, too.
    axes : Axes, optional
        A new one if not given.
    labels : sequence of str
        Text at the left of each row.
    limits : (float, float), optional
        Values drawn as white and as black; by default the smallest and the largest there are.

    Raises
    ------
    ValueError
        If no row has images and no shape is given, or a row is not made of images of that shape.
    """
    of_kind(rows, Sequence | np.ndarray, "rows", "a list of arrays, one a row of the picture")
    if isinstance(rows, str) or not len(rows):
        msg = f"rows is {rows!r}: give a list of arrays, one a row of the picture"
        raise ValueError(msg)
    shape = shape if shape is not None else _image_shape(rows)
    tables = [_as_images(row, shape) for row in rows]
    wide = shape[1] / shape[0]
    pitch = wide + 0.1
    columns = max(len(table) for table in tables)
    axes = axes_or_new(axes, 1.2 * columns * wide + 1, 1.2 * len(tables) + 0.3)
    low, high = limits or (min(float(t.min()) for t in tables), max(float(t.max()) for t in tables))
    for i, table in enumerate(tables):
        for j, image in enumerate(table):
            # A tenth of an image's height of room between images; row 0 on top.
            box = (j * pitch, j * pitch + wide, -(i * 1.1) - 1, -(i * 1.1))
            axes.imshow(image, cmap="gray_r", vmin=low, vmax=high, extent=box, interpolation="nearest")
            frame = Rectangle((box[0], box[2]), wide, 1, fill=False, ec=GREY, lw=0.5)
            axes.add_patch(frame)
    axes.set(xlim=(-0.05, columns * pitch - 0.05), ylim=(-len(tables) * 1.1 + 0.05, 0.05), aspect="equal", xticks=[])
    axes.set_yticks([-(i * 1.1) - 0.5 for i in range(len(labels))], labels)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return axes


def _image_shape(rows: Sequence[ArrayLike]) -> tuple[int, int]:
    shapes = [np.shape(row) for row in rows]
    found = next((one for one in shapes if len(one) > 2), None)
    if found is None:
        msg = f"rows of shape {', '.join(map(str, shapes))} are flat: give shape=(height, width)"
        raise ValueError(msg)
    return int(found[-2]), int(found[-1])


def _as_images(row: ArrayLike, shape: tuple[int, int]) -> Array:
    pixels = np.asarray(row, dtype=np.float64)
    if pixels.ndim < 2 or pixels[:1].size not in (0, shape[0] * shape[1]):
        msg = f"a row of shape {pixels.shape} for images of {shape[0]} by {shape[1]} pixels: give (m, height·width)"
        raise ValueError(msg)
    return pixels.reshape(-1, *shape)
