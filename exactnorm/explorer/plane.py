"""The plane in which everything is drawn: the points' own, or the first two coordinates of their hull."""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.geometry import Frame, affine_hull
from exactnorm.network import ReLUNetwork


def plane_of(points: Array) -> Frame:
    """Coordinates in which points, trajectories and cuts through the field are drawn; of length 1 each."""
    d = points.shape[1]
    if d == 2:
        return Frame(np.zeros(2), np.eye(2))
    hull = affine_hull(points)
    axes = hull.axes[:2]
    if len(axes) < 2:  # points on a line: any direction across it will do, and the first that is one is taken
        unit = np.eye(d)[np.argmin(np.abs(axes[0]))]
        across = unit - (unit @ axes[0]) * axes[0]
        axes = np.vstack([axes, across / np.linalg.norm(across)])
    return Frame(hull.origin, axes)


def window(places: Array, rho: float) -> tuple[float, float, float, float]:
    """A square (x_0, x_1, y_0, y_1) around places (N, 2) and their balls, with room for starts."""
    low, high = places.min(axis=0) - rho, places.max(axis=0) + rho
    middle, half = (low + high) / 2, 0.75 * float((high - low).max())
    return tuple(float(x) for pair in zip(middle - half, middle + half, strict=True) for x in pair)  # type: ignore[return-value]


def grid(box: tuple[float, float, float, float], side: int) -> Array:
    """Middles of side × side equal squares, shape (side, side, 2)."""
    x, y = (np.linspace(low, high, side + 1)[:-1] + (high - low) / side / 2 for low, high in (box[:2], box[2:]))
    return np.stack(np.meshgrid(x, y), -1)


def kink_lines(network: ReLUNetwork, frame: Frame, box: tuple[float, float, float, float]) -> Array:
    """Both ends (K, 2, 2) of each kink where it runs through the box, in the plane of the frame."""
    w, b = network.w @ frame.axes.T, network.b + network.w @ frame.origin
    low, high = np.array([box[0], box[2]]), np.array([box[1], box[3]])
    kept = []
    for normal, offset in zip(w, b, strict=True):
        length = float(np.linalg.norm(normal))
        if length <= 1e-12 * float(np.abs(network.w).max()):  # it runs alongside the plane
            continue
        foot, along = -offset * normal / length**2, np.array([-normal[1], normal[0]]) / length
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = np.stack([(low - foot) / along, (high - foot) / along])
        ends = np.where(np.isnan(ends), [[-np.inf], [np.inf]], ends)  # along an edge of the box
        first, last = np.sort(ends, axis=0)
        enters, leaves = float(first.max()), float(last.min())
        parallel_outside = bool(((along == 0) & ((foot < low) | (foot > high))).any())
        if enters < leaves and not parallel_outside:
            kept.append([foot + enters * along, foot + leaves * along])
    return np.array(kept).reshape(-1, 2, 2)
