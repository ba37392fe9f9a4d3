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
    rounding : ndarray, shape (N,)
        By how much values and intrusion together may be off.
    """

    w: Array
    value: Array
    slope: Array
    intrusion: Array
    rounding: Array


def error_along_lines(
    network: ReLUNetwork, points: Array, rho: float, check: Callable[[], None] = lambda: None
) -> tuple[float, float] | None:
    """The interpolation error and a bound on its rounding; None for networks that are small or look along many lines.

    Parameters
    ----------
    network : ReLUNetwork
    points : ndarray, shape (N, d)
    rho : float
    check : callable
        Called after every line and every ball that is looked at closely, and may raise.
    """
    groups = _groups(network, len(points))
    if groups is None:
        return None
    off = network.c - points
    reach, rounding, intrusion = np.zeros(len(points)), 2 * EPS * np.abs(points).sum(axis=1), np.zeros(len(points))
    lines = []
    for rows in groups:
        one = _along(network, rows, points, rho)
        if one is None:
            return None
        check()
        off += one.value
        rounding += one.rounding + len(groups) * EPS * lengths(off)
        intrusion += one.intrusion
        reach += lengths(one.slope) * float(lengths(one.w[None])[0]) * (rho > 0)
        lines.append(one)
    size = lengths(off)
    most, worst = size + rho * reach + intrusion, 0.0
    for n in np.argsort(-most, kind="stable"):
        if not most[n] > worst:  # no ball after it misses by more
            break
        # D = Σ slope wᵀ over the lines.
        D = np.array([one.slope[n] for one in lines]).T @ np.array([one.w for one in lines])
        miss = sphere_maximum(rho * D, off[n]) if reach[n] > 0 else float(size[n])
        worst = max(worst, miss + float(intrusion[n]))
        check()
    finite = bool(np.isfinite(most).all())
    return (worst, float(rounding.max())) if finite else (math.inf, math.inf)


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
    order = np.argsort(name, kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(name, minlength=groups))[:-1]) if groups else []:
        one = _along(network, rows, points, 0.0)
        if one is None:
            return None
        values = values + one.value
        rounding += one.rounding + (groups + 1) * EPS * lengths(values)
    return values, rounding + EPS * lengths(values)


def _groups(network: ReLUNetwork, balls: int) -> list[NDArray[np.intp]] | None:
    """The neurons with equal input weights; None if there are too many such groups, or it is not worth it."""
    K = network.neurons
    if network.V is not None or K * balls <= LARGE:
        return None
    first = np.flatnonzero(np.append(True, (network.w[1:] != network.w[:-1]).any(axis=1)))
    if FEW * len(first) > 4 * K or len(first) * network.dimension > ROOM:
        return None
    name = np.unique(network.w[first], axis=0, return_inverse=True)[1].ravel()
    groups = int(name.max()) + 1
    if FEW * groups > K or groups * balls * network.outputs > ROOM:
        return None
    of = np.repeat(name, np.diff(np.append(first, K)))
    order = np.argsort(of, kind="stable")
    return np.split(order, np.cumsum(np.bincount(of))[:-1])


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
    return AlongLine(w, value[last] + here * beyond[:, None], here, near[0], rounding)


def _near(kink: Array, size: Array, t: Array, radius: float, blurred: Array) -> tuple[Array, Array] | None:
    """Σ size · depth over the kinks in each ball, and what the rounding of places, up to `blurred`, makes of it."""
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
    return inside, 2 * np.bincount(ball, size[k], minlength=len(t)) * room


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
