"""The score flow in one dimension: piecewise linear, monotone in time, and solved piece by piece in closed form."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.flow.record import Indices
from exactnorm.flow.score.reduction import EPS, Block


@dataclass
class Solved:
    """States of a block at the asked times (m, n, r), where each row stopped, and the kinks it crossed.

    `active` says which neurons are active on the region that each row starts in, (m, K).
    """

    states: Array
    reached: Array
    at_rest: NDArray[np.bool_]
    active: NDArray[np.bool_]
    start: list[Indices] = field(default_factory=list)
    time: list[Array] = field(default_factory=list)
    kink: list[Indices] = field(default_factory=list)


def solve_line(block: Block, t: Array, times: Array) -> Solved:
    """Exact solution of a block of one dimension.

    Parameters
    ----------
    block : Block
        With r = 1.
    t : ndarray, shape (m, 1)
    times : ndarray, shape (n,)
        Increasing; the last is the horizon and may be infinite.

    Notes
    -----
    On an interval with the knot q at one end g(t) = g_q + s (t − q), hence t(u) = q + (t_0 − q) e^{su} +
    g_q (e^{su} − 1)/s; seen from a knot, a start far away leaves nothing behind but what the exponential does. The far
    end p is reached after log(1 + x)/x · (p − t_0)/g_0, x = s (p − t_0)/g_0, which is log(g_p/g_0)/s, or never if
    x ≤ −1. The field points the same way until it vanishes, so every interval is entered at most once.
    """
    knots, which = np.unique(-block.b * block.w[:, 0], return_inverse=True)
    slopes, at_knots, unsure = _along(block, knots, which)
    edges = np.concatenate([[-np.inf], knots, [np.inf]])
    value, noise = _field(block, t[:, 0])
    # The interval ahead: a start on a knot belongs to the side the field points to.
    sides = [np.searchsorted(knots, t[:, 0], side=side) for side in ("left", "right")]
    piece = np.where(value > 0, sides[1], sides[0])
    active = _active(block, piece, which)
    out = Solved(np.empty((len(t), len(times), 1)), np.full(len(t), times[-1]), np.zeros(len(t), bool), active)
    rest = np.abs(value) <= noise
    out.states[rest] = t[rest, None]
    out.at_rest[rest] = True
    rows = np.flatnonzero(~rest)
    x, g, u, piece = t[rows, 0], value[rows], np.zeros(len(rows)), piece[rows]
    up = g > 0
    knot_field = np.where(np.abs(at_knots) <= unsure, 0.0, at_knots)
    while len(rows):
        far = np.where(up, edges[piece + 1], edges[piece])
        ahead = knot_field[np.clip(np.where(up, piece, piece - 1), 0, len(knots) - 1)]
        wait = _time_to(far, x, g, slopes[piece], ahead)
        wait[~np.isfinite(far)] = np.inf
        anchor = np.where(np.isfinite(edges[piece]), piece - 1, piece)
        near = _Piece(x, g, knots[anchor], at_knots[anchor], slopes[piece])
        last = _fill(out.states, rows, near, u, wait, times)
        _finish(out, rows[last], slopes[piece[last]], times[-1])
        rows, x, g, up, piece = rows[~last], far[~last], g[~last], up[~last], piece[~last]
        u = (u + wait)[~last]
        knot = np.where(up, piece, piece - 1)
        new = knot_field[knot]
        # The field vanishes at this knot: a rest point, reached and not passed, in a finite time through rounding only.
        stuck = new * g <= 0
        _stay(out, rows[stuck], x[stuck], u[stuck], times)
        _cross(out, rows[~stuck], u[~stuck], knot[~stuck], which, block)
        piece = np.where(up, piece + 1, piece - 1)
        rows, x, g, u, up, piece = rows[~stuck], x[~stuck], new[~stuck], u[~stuck], up[~stuck], piece[~stuck]
    return out


def _active(block: Block, piece: Indices, which: Indices) -> NDArray[np.bool_]:
    """Which neurons are active on some intervals; `which` knot is each neuron's."""
    return np.asarray((piece[:, None] > which[None, :]) == (block.w[:, 0] > 0)[None, :])


def _sides(weights: Array, block: Block, knots: int, which: Indices) -> tuple[Array, Array]:
    """Sums at each knot, the last axis, of the weights (n, K) of its neurons active to the right, and to the left."""
    right = block.w[:, 0] > 0
    parts = np.concatenate([weights * right, weights * ~right])
    # All rows at once: there may be many blocks, of few neurons each.
    place = which + knots * np.arange(len(parts))[:, None]
    sums = np.bincount(place.ravel(), parts.ravel(), knots * len(parts)).astype(float).reshape(len(parts), knots)
    return sums[: len(weights)], sums[len(weights) :]


def _running(x: Array) -> Array:
    """Sums of the first 0, 1, … entries along the last axis."""
    out = np.zeros((*x.shape[:-1], x.shape[-1] + 1))
    x.cumsum(axis=-1, out=out[..., 1:])
    return out


def _along(block: Block, knots: Array, which: Indices) -> tuple[Array, Array, Array]:
    """Slopes of the field on the knots + 1 intervals, and `_field` at all knots, in one pass from either end.

    Every neuron is active on one side of its knot, `which`.
    """
    gaps, a, height = knots[1:] - knots[:-1], block.a[:, 0], np.abs(block.a[:, 0])
    # Sums of three kinds of weights over the neurons active on each interval, then of weights·ramp at each knot.
    rising, falling = _sides(np.array([a, height, height * np.abs(block.b)]), block, len(knots), which)
    left, right = _running(rising), _running(falling[:, ::-1])[:, ::-1]
    ramps = _running(left[:, 1:-1] * gaps) + _running((right[:, 1:-1] * gaps)[:, ::-1])[:, ::-1]
    _, heights, offsets = left[:, :-1] + right[:, 1:]
    size = ramps[1] + offsets + heights * np.abs(knots)
    slack = (block.rounding @ height) * (heights > 0)
    noise = 4 * EPS * (size + np.abs(knots) + abs(block.e[0])) + slack
    return left[0] - right[0] + block.A[0, 0], ramps[0] + knots * block.A[0, 0] + block.e[0], noise


def _field(block: Block, t: Array) -> tuple[Array, Array]:
    """The field and a bound on the rounding of its own computation."""
    step = max(1, 2**20 // len(block.b))  # some at a time: memory stays small for wide networks
    if len(t) <= step:
        return _some_field(block, t)
    parts = [_some_field(block, t[k : k + step]) for k in range(0, len(t), step)]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _some_field(block: Block, t: Array) -> tuple[Array, Array]:
    ramps = np.maximum(t[:, None] * block.w[:, 0] + block.b, 0.0)
    skip = t * block.A[0, 0] + block.e[0]
    size = np.where(ramps > 0, ramps + np.abs(block.b) + np.abs(t)[:, None], 0.0) @ np.abs(block.a[:, 0])
    slack = block.rounding @ np.abs(block.a[:, 0])
    rounding = 4 * EPS * (size + np.abs(t) + abs(block.e[0])) + slack * (ramps > 0).any(axis=1)
    return ramps @ block.a[:, 0] + skip, rounding


def _time_to(far: Array, x: Array, g: Array, slope: Array, ahead: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        plain = (far - x) / g
        ratio = slope * plain
        # 1 + ratio is the share of the field that is left at the far end, where it is known without cancellation.
        left = np.where(ratio < -0.5, np.log(np.abs(ahead / g)), np.log1p(np.maximum(ratio, -1.0)))
        stretched = left / ratio * plain
        return np.where(ratio <= -1, np.inf, np.where(np.abs(ratio) < 1e-300, plain, stretched))


@dataclass(frozen=True)
class _Piece:
    """States x with the field g there, the field at a knot at one end of their intervals, and its slope in between."""

    x: Array
    g: Array
    knot: Array
    knot_field: Array
    slope: Array

    def at(self, i: Indices, tau: Array) -> Array:
        """States of rows i a time tau, which may be infinite, later."""
        slope, offset = self.slope[i], self.x[i] - self.knot[i]
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            grown = np.where(slope == 0, tau, np.expm1(slope * tau) / slope)
            from_knot = self.knot[i] + offset * np.exp(slope * tau) + self.knot_field[i] * grown
            return np.where(slope * tau < -1, from_knot, self.x[i] + self.g[i] * grown)


def _fill(states: Array, rows: Indices, piece: _Piece, u: Array, wait: Array, times: Array) -> NDArray[np.bool_]:
    """Write the states at the asked times within this piece; return which rows end in it."""
    inside = (times >= u[:, None]) & (times <= (u + wait)[:, None])
    i, n = np.nonzero(inside)
    states[rows[i], n, 0] = piece.at(i, times[n] - u[i])
    return np.asarray(u + wait >= times[-1])


def _finish(out: Solved, rows: Indices, slope: Array, horizon: float) -> None:
    if np.isinf(horizon):
        out.at_rest[rows] = slope < 0
    gone = ~np.isfinite(out.states[rows, -1, 0])
    # Nothing ahead and no pull back: the trajectory leaves every bounded set.
    out.states[rows[gone], -1] = np.nan
    out.reached[rows[gone]] = np.nan


def _stay(out: Solved, rows: Indices, x: Array, u: Array, times: Array) -> None:
    i, n = np.nonzero(times >= u[:, None])
    out.states[rows[i], n, 0] = x[i]
    out.at_rest[rows] = True


def _cross(out: Solved, rows: Indices, u: Array, knot: Indices, which: Indices, block: Block) -> None:
    pair, kink = np.nonzero(knot[:, None] == which[None, :])
    out.start.append(rows[pair])
    out.time.append(u[pair])
    out.kink.append(block.kinks[kink])
