"""Distances between the convex hulls of many pairs of point sets at once: P. Wolfe's algorithm on their differences.

Every answer is two-sided: a difference of two points of the hulls, whose length the distance does not exceed, and a
direction along which the sets are apart, which it is at least. Either can be recomputed from the points.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array

ENTRIES = 2**22
"""Numbers in the largest array that is worked on at once."""
NONE_SO_FAR = 1e-14
"""Weights below this count as zero."""


@dataclass(frozen=True, eq=False)
class Support:
    """For each pair of sets, up to m = min(r, n) + 2 pairs of points and weights: a difference of points of the hulls.

    Parameters
    ----------
    p, q : ndarray of int, shape (F, m)
        Rows of the points, p in the first set and q in the second.
    weight : ndarray, shape (F, m)
        ≥ 0; where all are 0 there is none.
    """

    p: NDArray[np.intp]
    q: NDArray[np.intp]
    weight: Array

    def __getitem__(self, chosen: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Support:
        return Support(self.p[chosen], self.q[chosen], self.weight[chosen])

    def within(self, on: NDArray[np.bool_], off: NDArray[np.bool_]) -> Support:
        """Without the pairs that do not lie in the sets."""
        row = np.arange(len(self.p))[:, None]
        return Support(self.p, self.q, np.where(on[row, self.p] & off[row, self.q], self.weight, 0.0))


@dataclass(frozen=True, eq=False)
class Gaps:
    """For each pair of sets the best separating direction found, and two bounds on the distance of their hulls.

    Parameters
    ----------
    w : ndarray, shape (F, r)
        Unit vectors; zero where the hulls meet.
    low : ndarray, shape (F,)
        min w·x over the first set − max over the second; may be negative.
    high : ndarray, shape (F,)
        Length of some difference of two points of the hulls.
    middle : ndarray, shape (F,)
        Height along w halfway between the sets.
    support : Support
        The difference that was nearest to 0 in the end: where to go on from when a set has lost or won a point.
    """

    w: Array
    low: Array
    high: Array
    middle: Array
    support: Support

    def __getitem__(self, chosen: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Gaps:
        return Gaps(
            self.w[chosen], self.low[chosen], self.high[chosen], self.middle[chosen], support=self.support[chosen]
        )


def joined_gaps(parts: list[Gaps]) -> Gaps:
    """The gaps of all parts, one after another; there is one part at least."""
    supports = [one.support for one in parts]
    p, q, weight = (np.concatenate([getattr(one, f.name) for one in supports]) for f in fields(Support))
    w, low, high, middle = (np.concatenate([getattr(one, f.name) for one in parts]) for f in fields(Gaps)[:4])
    return Gaps(w, low, high, middle, Support(p, q, weight))


def hull_gaps(
    X: Array,
    on: NDArray[np.bool_],
    guess: Array | None = None,
    *,
    off: NDArray[np.bool_] | None = None,
    start: Support | None = None,
    wide: float = np.inf,
    narrow: float | Array = 0.0,
    watch: Callable[[], None] = lambda: None,
) -> Gaps:
    """How far the hulls of X[on_f] and X[off_f] are apart, for each row on_f of `on` and off_f of `off`.

    Parameters
    ----------
    X : ndarray, shape (n, r)
        With entries of order 1.
    on : ndarray of bool, shape (F, n)
        Each row with some True and some False.
    guess : ndarray, shape (F, r), optional
        Directions to begin with; rows may be zero.
    off : ndarray of bool, shape (F, n), optional
        Each row with some True, none where `on` is; all that is not on, if left out.
    start : Support, optional
        Of the same or similar sets, in place of the guess where there is one: a few steps are left then.
    wide, narrow : float
        A pair is done once its `low` is at least `wide`, or its `high` at most `narrow`, which may be an array (F,): no
        need to know more.
    watch : callable
        Called again and again; what it raises ends the computation.

    Returns
    -------
    Gaps
        Where the iteration converges, low and high agree to about ten digits; where rounding stops it, they need not.
    """
    count, r = on.shape[0], X.shape[1]
    off = ~on if off is None else off
    most = min(r, len(X))  # few points in many dimensions span few
    start = no_support(count, most) if start is None else start.within(on, off)
    narrow = np.broadcast_to(np.asarray(narrow, dtype=float), count)
    step = max(1, ENTRIES // max(X.shape[0], (most + 2) * (r + 2)))
    parts = [slice(first, first + step) for first in range(0, max(count, 1), step)]
    return joined_gaps(
        [_wolfe(X, on[k], off[k], None if guess is None else guess[k], start[k], wide, narrow[k], watch) for k in parts]
    )


def no_support(count: int, r: int) -> Support:
    """For pairs of sets, in so many dimensions, that nothing is known of."""
    none = np.zeros((count, r + 2), dtype=np.intp)
    return Support(none, none, np.zeros((count, r + 2)))


def _wolfe(
    X: Array,
    on: NDArray[np.bool_],
    off: NDArray[np.bool_],
    guess: Array | None,
    start: Support,
    wide: float,
    narrow: Array,
    watch: Callable[[], None],
) -> Gaps:
    F, r = len(on), X.shape[1]
    last = Support(start.p.copy(), start.q.copy(), start.weight.copy())
    best = Gaps(np.zeros((F, r)), np.full(F, -np.inf), np.full(F, np.inf), np.zeros(F), last)
    size = float(np.abs(X).max())
    going = np.arange(F)
    P, Q, weight = start.p.copy(), start.q.copy(), start.weight.copy()
    fresh = np.asarray(~weight.any(axis=1))
    V = np.where((weight > 0)[:, :, None], X[P] - X[Q], 0.0)
    y = _begun(X, on, off, guess, V, weight)
    for _ in range(30 + 8 * r):
        watch()
        height = y @ X.T
        p = np.where(on[going], height, np.inf).argmin(axis=1)
        q = np.where(off[going], height, -np.inf).argmax(axis=1)
        row = np.arange(len(going))
        length = np.linalg.norm(y, axis=1)
        safe = np.where(length > 0, length, 1.0)
        above, below = height[row, p] / safe, height[row, q] / safe
        better = (length > 0) & (above - below > best.low[going])
        at = going[better]
        best.w[at], best.low[at] = y[better] / safe[better, None], (above - below)[better]
        best.middle[at] = (above + below)[better] / 2
        best.high[going] = np.where(fresh, best.high[going], np.minimum(best.high[going], length))
        low, high = best.low[going], best.high[going]
        vertex = X[p] - X[q]
        # A vertex that is there already says that rounding keeps the iteration from going on.
        known = ((vertex[:, None] == V).all(axis=2) & (weight > 0)).any(axis=1)
        done = (low >= wide) | (high <= narrow[going]) | known | (low >= high * (1 - 1e-12) - 1e-16 * size)
        left = np.flatnonzero(np.where(fresh, low < wide, ~done))
        last.p[going], last.q[going], last.weight[going] = P, Q, weight
        going, P, Q, V, weight, vertex = going[left], P[left], Q[left], V[left], weight[left], vertex[left]
        if not len(going):
            break
        slot = (weight > 0).argmin(axis=1)
        row = np.arange(len(going))
        V[row, slot], P[row, slot], Q[row, slot] = vertex, p[left], q[left]
        weight[row, slot] = np.where(fresh[left], 1.0, NONE_SO_FAR)
        fresh = np.zeros(len(going), dtype=bool)
        y = _nearest(V, weight)
    return best


def _begun(
    X: Array, on: NDArray[np.bool_], off: NDArray[np.bool_], guess: Array | None, V: Array, weight: Array
) -> Array:
    """Differences to begin with: those of the supports that are known, whose weights are made to add up to 1."""
    y = _start(X, on, off)
    if guess is not None:
        y = np.where(np.any(guess, axis=1, keepdims=True), guess, y)
    known = weight.any(axis=1)
    if known.any():
        warm = weight[known]
        warm /= warm.sum(axis=1)[:, None]
        y[known] = _nearest(V[known], warm)
        weight[known] = warm
    return y


def _start(X: Array, on: NDArray[np.bool_], off: NDArray[np.bool_]) -> Array:
    """Differences of the sets' means."""
    first, second = (one.astype(float) @ X / one.sum(axis=1)[:, None] for one in (on, off))
    return np.asarray(first - second)


def _nearest(V: Array, weight: Array) -> Array:
    """The points nearest to 0 of the simplices of the vertices with positive weight; `weight` becomes theirs, in place.

    Vertices are dropped where the nearest point of the flat that they span lies outside their simplex.
    """
    # Free places are taken from the front: in many dimensions most of those at the end are never in use.
    m = int(np.flatnonzero(weight.any(axis=0))[-1]) + 1
    V, weight = V[:, :m], weight[:, :m]
    busy = np.arange(len(V))
    for _ in range(m + 1):
        target = _of_flat(V[busy], weight[busy] > 0)
        old = weight[busy]
        outside = (old > 0) & (target <= NONE_SO_FAR)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(outside, old / (old - target), 1.0)
        share = np.clip(np.where(np.isfinite(share), share, 0.0), 0.0, 1.0)
        step = np.where(outside.any(axis=1), share.min(axis=1), 1.0)
        new = np.maximum(old + step[:, None] * (target - old), 0.0)
        # The vertex that stops the step goes, whatever rounding leaves of its weight.
        new[outside & (share <= step[:, None])] = 0.0
        new[new <= NONE_SO_FAR] = 0.0
        total = new.sum(axis=1)
        new[total == 0, 0] = 1.0
        weight[busy] = new / new.sum(axis=1)[:, None]
        busy = busy[outside.any(axis=1)]
        if not len(busy):
            break
    return np.asarray(np.einsum("fm,fmr->fr", weight, V))


def _of_flat(V: Array, active: NDArray[np.bool_]) -> Array:
    """Weights, adding up to 1, of the point nearest to 0 in the flat of the active vertices; 0 for the others."""
    m = active.shape[1]
    both = active[:, :, None] & active[:, None, :]
    scale = np.maximum((V**2).sum(axis=2).max(axis=1, initial=0.0, where=active), 1e-300)[:, None, None]
    # Wolfe: with V Vᵀ + 𝟏𝟏ᵀ the solution for 𝟏 is a multiple of the weights. Dividing V leaves them as they are.
    matrix = np.where(both, V @ np.swapaxes(V, 1, 2) / scale + 1.0, 0.0)
    matrix[:, np.arange(m), np.arange(m)] += np.where(active, 1e-15, 1.0)
    one = active * 1.0
    solution = np.linalg.solve(matrix, one[:, :, None])[:, :, 0]
    # One step of refinement, with the residual from the vertices themselves: their squares have lost digits.
    point = np.einsum("fm,fmr->fr", solution, V)
    off = one - active * (np.einsum("fmr,fr->fm", V, point) / scale[:, 0] + solution.sum(axis=1)[:, None])
    solution += np.linalg.solve(matrix, off[:, :, None])[:, :, 0]
    total = solution.sum(axis=1)[:, None]
    return np.asarray(active * solution / np.where(np.abs(total) > 1e-300, total, 1.0))
