"""The ways that trajectories go, as closely as a picture of them shows, and the outline of the hyperbox around them."""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.flow.hyperbox.lines import orthogonal_lines
from exactnorm.flow.record import Flow, Indices
from exactnorm.geometry import Frame

FINE = 1 / 500
"""What a drawn way may leave out of the true one, as a share of the picture: less than the width of its line."""
LONGEST = 512.0
"""Flow time after which a way is drawn no further, however far it still is from its limit."""


def ways(flow: Flow, points: Array, most: int, *, in_time: bool = False) -> tuple[Array, Array] | None:
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
    extent = max(float(np.ptp(one, axis=0).max(initial=0.0)) for one in (points, np.nan_to_num([*start, *end])))
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


def hyperbox_outline(points: Array, frame: Frame) -> Array | None:
    """The outline of the hyperbox in the plane to draw in; None for points that span none."""
    try:
        lines = orthogonal_lines(points)
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
