"""Basins as columns: a colour for each, the borders between them, and where in each its limit is named."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt

from exactnorm.arrays import Array
from exactnorm.colours import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, YELLOW
from exactnorm.explorer.sums import sum_name, sum_of
from exactnorm.flow import Basins
from exactnorm.training_set import closest_pair

Box = tuple[float, float, float, float]
Columns = dict[str, list[Any]]

OF_BASINS = (SKY, ORANGE, GREEN, YELLOW, PURPLE, BLUE, VERMILION, GREY)
"""A ninth basin has the first one's colour again, and a name and a border of its own."""
NEAR = 1e-6
"""Distance, in units of the smallest between two points, within which a limit is a point."""
CLEAR = 5.0
"""Cells around a limit that a basin's name leaves free, where there is room."""


def basin_layers(found: Basins | None, box: Box, points: Array) -> dict[str, Columns]:
    """The three layers; empty ones for None."""
    if found is None:
        empty: dict[str, tuple[str, ...]] = {
            "basins": ("image", "x", "y", "dw", "dh"),
            "borders": ("x0", "y0", "x1", "y1"),
            "limits": ("x", "y", "name"),
        }
        return {layer: {key: [] for key in keys} for layer, keys in empty.items()}
    label = np.where(found.label < 0, -1, found.label % len(OF_BASINS)).astype(np.int32)
    x, y, wide, high = box[0], box[2], box[1] - box[0], box[3] - box[2]
    return {
        "basins": {"image": [label], "x": [x], "y": [y], "dw": [wide], "dh": [high]},
        "borders": _borders(found, box),
        "limits": _names(found, box, points),
    }


def _borders(found: Basins, box: Box) -> Columns:
    """Edges of cells between two basins: no two are told apart by colour alone."""
    label = found.label
    rows, columns = label.shape
    step = np.array([(box[1] - box[0]) / columns, (box[3] - box[2]) / rows])
    i, j = np.nonzero(label[:, 1:] != label[:, :-1])
    upright = np.column_stack([j + 1, i, j + 1, i + 1])
    i, j = np.nonzero(label[1:] != label[:-1])
    lying = np.column_stack([j, i + 1, j + 1, i + 1])
    table = np.vstack([upright, lying]) * np.tile(step, 2) + np.tile([box[0], box[2]], 2)
    return dict(zip(("x0", "y0", "x1", "y1"), table.T.tolist(), strict=True))


def _names(found: Basins, box: Box, points: Array) -> Columns:
    """For each basin the middle of the widest circle inside it and beside its limit, and what its flows go to."""
    rows, columns = found.label.shape
    places = []
    for n, limit in enumerate(found.limits):
        mine = found.label == n
        away = np.linalg.norm(found.grid - limit, axis=2) * columns / (box[1] - box[0])
        aside = mine & (away > CLEAR)
        depth = distance_transform_edt(np.pad(aside if aside.any() else mine, 1))[1:-1, 1:-1]
        i, j = np.unravel_index(int(depth.argmax()), depth.shape)
        places.append(((j + 0.5) / columns, (i + 0.5) / rows))
    x, y = np.array(places).reshape(-1, 2).T
    return {
        "x": (box[0] + x * (box[1] - box[0])).tolist(),
        "y": (box[2] + y * (box[3] - box[2])).tolist(),
        "name": [f"→ {limit_name(limit, points)}" for limit in found.limits],
    }


def limit_name(limit: Array, points: Array) -> str:
    """A limit by the row of the point that it is, by those of the sum that it is, or as a place."""
    away = np.linalg.norm(points - limit, axis=1)
    if away.min() <= NEAR * closest_pair(points)[2]:
        return str(int(away.argmin()))
    if (found := sum_of(points, limit)) is not None:
        return sum_name(*found)
    return f"({', '.join(f'{x:.3g}' for x in limit)})" if len(limit) == 2 else "no point"
