"""The error over balls of networks whose many neurons look along few lines, in N log N, with a bound on its rounding.

Along one line h is a broken line. Its values follow from those at the kinks one after another: differences of
neighbouring kinks are small and known to all digits, where products of slopes with places far out are not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.trust_region import sphere_maximum
from exactnorm.network import ReLUNetwork, lengths

FEW = 8
"""Neurons a line, on average, from which on going along lines is worth it."""
LARGE = 2**18
"""Neurons times points up to which matrix products are as quick."""
ROOM = 2**24
"""Numbers in the largest array."""
EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class AlongLine:
    """What the neurons along one line add over balls.

    Parameters
    ----------
    w : ndarray, shape (d,)
        The input weights of all of them.
    value, slope : ndarray, shape (N, q)
        Their sum at the centres, and its derivative by w·y.
    intrusion : ndarray, shape (N,)
        Σ ‖a_k‖ δ over kinks that enter a ball by a depth δ.
    entered : ndarray, shape (N,)
        Σ ‖a_k‖ ‖w_k‖ over those of them that do so by more than rounding.
    rounding : ndarray, shape (N,)
        By how much values and intrusion together may be off.
    """

    w: Array
    value: Array
    slope: Array
    intrusion: Array
    entered: Array
    rounding: Array


@dataclass(frozen=True, eq=False)
class OnBalls:
    """What a network whose neurons look along few lines does on balls.

    Parameters
    ----------
    lines : list of AlongLine
    off : ndarray, shape (N, q)
        h(x_n) − x_n.
    reach : ndarray, shape (N,)
        At least the slope.
    intrusion, entered, rounding : ndarray, shape (N,)
        As of one line, for all of them.
    """

    lines: list[AlongLine]
    off: Array
    reach: Array
    intrusion: Array
    entered: Array
    rounding: Array


def balls_along_lines(
    network: ReLUNetwork, points: Array, rho: float, check: Callable[[], None] = lambda: None, least: int | None = None
) -> OnBalls | None:
    """What happens on the balls; None for networks that are small or look along many lines.

    Parameters
    ----------
    network : ReLUNetwork
    points : ndarray, shape (N, d)
    rho : float
    check : callable
        Called after every line, and may raise.
    least : int
        Neurons times points of what counts as small; `LARGE` if left out.
    """
    groups = _groups(network, len(points), LARGE if least is None else least)
    if groups is None:
        return None
    off = network.c - points
    rounding = 2 * EPS * np.abs(points).sum(axis=1)
    reach, intrusion, entered = np.zeros((3, len(points)))
    lines = []
    for rows in groups:
        one = _along(network, rows, points, rho)
        if one is None:
            return None
        check()
        off += one.value
        rounding += one.rounding + len(groups) * EPS * lengths(off)
        intrusion += one.intrusion
        entered += one.entered
        reach += lengths(one.slope) * float(lengths(one.w[None])[0])
        lines.append(one)
    return OnBalls(lines, off, reach, intrusion, entered, rounding)


def error_along_lines(
    network: ReLUNetwork, points: Array, rho: float, check: Callable[[], None] = lambda: None
) -> tuple[float, float, float] | None:
    """The interpolation error, a bound on its rounding and Σ ‖a_k‖ ‖w_k‖ over kinks in one ball.

    None, and parameters, as for `balls_along_lines`; `check` is called after every ball that is looked at closely, too.
    """
    found = balls_along_lines(network, points, rho, check)
    if found is None:
        return None
    size = lengths(found.off)
    reach = found.reach * (rho > 0)
    most, worst = size + rho * reach + found.intrusion, 0.0
    for n in np.argsort(-most, kind="stable"):
        if not most[n] > worst:  # no ball after it misses by more
            break
        # D = Σ slope wᵀ over the lines.
        D = np.array([one.slope[n] for one in found.lines]).T @ np.array([one.w for one in found.lines])
        miss = sphere_maximum(rho * D, found.off[n]) if reach[n] > 0 else float(size[n])
        worst = max(worst, miss + float(found.intrusion[n]))
        check()
    if not np.isfinite(most).all():
        return math.inf, math.inf, math.inf
    return worst, float(found.rounding.max()), float(found.entered.max())


def values_along_lines(network: ReLUNetwork, points: Array) -> tuple[Array, Array] | None:
    """Values (N, q) and bounds on their rounding (N,); None for networks that look along many lines."""
    name = np.unique(network.w, axis=0, return_inverse=True)[1].ravel()
    groups = int(name.max(initial=-1)) + 1
    if groups * len(points) * network.outputs > ROOM:
        return None
    values = np.tile(network.c, (len(points), 1))
    rounding = np.zeros(len(points))
    if network.V is not None:
        values = values + points @ network.V.T
        rounding += 2 * len(network.V.T) * EPS * lengths(np.abs(points) @ np.abs(network.V.T))
    for rows in _alike(name):
        one = _along(network, rows, points, 0.0)
        if one is None:
            return None
        values = values + one.value
        rounding += one.rounding + (groups + 1) * EPS * lengths(values)
    return values, rounding + EPS * lengths(values)


def _groups(network: ReLUNetwork, balls: int, least: int) -> list[NDArray[np.intp]] | None:
    """The neurons with equal input weights; None if there are too many such groups, or it is not worth it."""
    K = network.neurons
    if network.V is not None or K * balls <= least:
        return None
    first = np.flatnonzero(np.append(True, (network.w[1:] != network.w[:-1]).any(axis=1)))
    if FEW * len(first) > 4 * K or len(first) * network.dimension > ROOM:
        return None
    name = np.unique(network.w[first], axis=0, return_inverse=True)[1].ravel()
    groups = int(name.max()) + 1
    if FEW * groups > K or groups * balls * network.outputs > ROOM:
        return None
    return _alike(np.repeat(name, np.diff(np.append(first, K))))


def _alike(name: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """For every name 0, 1, … the rows that bear it."""
    order = np.argsort(name, kind="stable")
    return np.split(order, np.cumsum(np.bincount(name))[:-1]) if len(name) else []


def _along(network: ReLUNetwork, rows: NDArray[np.intp], points: Array, rho: float) -> AlongLine | None:
    """What these neurons add; None if so many kinks enter balls that they are better looked at in blocks."""
    rows = rows[np.argsort(-network.b[rows], kind="stable")]
    w, a, kink = network.w[rows[0]], network.a[rows], -network.b[rows]
    radius = rho * float(lengths(w[None])[0])
    t = points @ w
    blurred = len(w) * EPS * (np.abs(points) @ np.abs(w)) if len(w) > 1 else EPS * np.abs(t)
    slope, slope_rounding = _running_sums(np.vstack([np.zeros((1, a.shape[1])), a]))
    step = np.diff(kink, prepend=kink[0])[:, None]
    value, value_rounding = _running_sums(slope[:-1] * step)
    value_rounding += np.cumsum((slope_rounding[:-1] + 2 * EPS * lengths(slope[:-1])) * step[:, 0])
    passed = np.searchsorted(kink, t, side="left")
    last, beyond = np.maximum(passed - 1, 0), np.where(passed > 0, t - kink[np.maximum(passed - 1, 0)], 0.0)
    here = slope[passed]
    if (near := _near(kink, lengths(a), t, radius, blurred)) is None:
        return None
    rounding = value_rounding[last] + (slope_rounding[passed] + 2 * EPS * lengths(here)) * np.abs(beyond)
    rounding += lengths(here) * blurred + near[1]
    entered = near[2] * float(lengths(w[None])[0])
    return AlongLine(w, value[last] + here * beyond[:, None], here, near[0], entered, rounding)


def _near(kink: Array, size: Array, t: Array, radius: float, blurred: Array) -> tuple[Array, Array, Array] | None:
    """Σ size · depth over the kinks in each ball; what the rounding of places, up to `blurred`, makes of it; Σ size.

    The last is over those kinks that enter it by more than rounding.
    """
    room = blurred + 4 * EPS * radius
    low = np.searchsorted(kink, t - radius - 2 * room, side="left")
    high = np.searchsorted(kink, t + radius + 2 * room, side="right")
    count = high - low
    if int(count.sum()) > ROOM:
        return None
    ball = np.repeat(np.arange(len(t)), count)
    k = np.arange(len(ball)) - np.repeat(np.cumsum(count) - count, count) + low[ball]
    depth = np.maximum(radius - np.abs(t[ball] - kink[k]), 0.0)
    inside = np.asarray(np.bincount(ball, size[k] * depth, minlength=len(t)), dtype=np.float64)
    deep = np.asarray(np.bincount(ball, np.where(depth > 16 * room[ball], size[k], 0.0), len(t)), dtype=np.float64)
    return inside, 2 * np.bincount(ball, size[k], minlength=len(t)) * room, deep


def _running_sums(terms: Array) -> tuple[Array, Array]:
    """Running sums of the rows, with the roundings of the plain ones added back, and bounds on what is left.

    The rounding of one addition is itself a number, found by Knuth's two-sum.
    """
    plain = np.cumsum(terms, axis=0)
    before = np.vstack([np.zeros_like(plain[:1]), plain[:-1]])
    part = plain - before
    lost = (before - (plain - part)) + (terms - part)
    left = EPS * lengths(plain) + len(terms) * EPS * np.cumsum(lengths(lost))
    return plain + np.cumsum(lost, axis=0), left
