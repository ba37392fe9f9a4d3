"""Distances between the convex hulls of many pairs of point sets at once: P. Wolfe's algorithm on their differences.

Every answer is two-sided: a difference of two points of the hulls, whose length the distance does not exceed, and a
direction along which the sets are apart, which it is at least. Either can be recomputed from the points.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array

ENTRIES = 2**22
"""Numbers in the largest array that is worked on at once."""
NONE_SO_FAR = 1e-14
"""Weights below this count as zero."""


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
    """

    w: Array
    low: Array
    high: Array
    middle: Array

    def __getitem__(self, chosen: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Gaps:
        return Gaps(self.w[chosen], self.low[chosen], self.high[chosen], self.middle[chosen])


def hull_gaps(
    X: Array,
    on: NDArray[np.bool_],
    guess: Array | None = None,
    *,
    wide: float = np.inf,
    narrow: float = 0.0,
    watch: Callable[[], None] = lambda: None,
) -> Gaps:
    """How far the hulls of X[on_f] and X[~on_f] are apart, for each row on_f of `on`.

    Parameters
    ----------
    X : ndarray, shape (n, r)
        With entries of order 1.
    on : ndarray of bool, shape (F, n)
        Each row with some True and some False.
    guess : ndarray, shape (F, r), optional
        Directions to begin with; rows may be zero.
    wide, narrow : float
        A pair is done once its `low` is at least `wide`, or its `high` at most `narrow`: no need to know more.
    watch : callable
        Called again and again; what it raises ends the computation.

    Returns
    -------
    Gaps
        Where the iteration converges, low and high agree to about ten digits; where rounding stops it, they need not.
    """
    count, r = on.shape[0], X.shape[1]
    out = Gaps(np.zeros((count, r)), np.full(count, -np.inf), np.full(count, np.inf), np.zeros(count))
    step = max(1, ENTRIES // max(X.shape[0], (r + 2) * (r + 2)))
    for first in range(0, count, step):
        part = slice(first, first + step)
        found = _wolfe(X, on[part], None if guess is None else guess[part], wide, narrow, watch)
        out.w[part], out.low[part], out.high[part], out.middle[part] = found.w, found.low, found.high, found.middle
    return out


def _wolfe(
    X: Array,
    on: NDArray[np.bool_],
    guess: Array | None,
    wide: float,
    narrow: float,
    watch: Callable[[], None],
) -> Gaps:
    F, r = len(on), X.shape[1]
    best = Gaps(np.zeros((F, r)), np.full(F, -np.inf), np.full(F, np.inf), np.zeros(F))
    size = float(np.abs(X).max())
    going = np.arange(F)
    y = _start(X, on)
    if guess is not None:
        y = np.where(np.any(guess, axis=1, keepdims=True), guess, y)
    V, weight = np.zeros((F, r + 2, r)), np.zeros((F, r + 2))
    fresh = True
    for _ in range(30 + 8 * r):
        watch()
        height = y @ X.T
        sets = on[going]
        p = np.where(sets, height, np.inf).argmin(axis=1)
        q = np.where(sets, -np.inf, height).argmax(axis=1)
        row = np.arange(len(going))
        length = np.linalg.norm(y, axis=1)
        safe = np.where(length > 0, length, 1.0)
        above, below = height[row, p] / safe, height[row, q] / safe
        better = (length > 0) & (above - below > best.low[going])
        at = going[better]
        best.w[at], best.low[at] = y[better] / safe[better, None], (above - below)[better]
        best.middle[at] = (above + below)[better] / 2
        if not fresh:
            best.high[going] = np.minimum(best.high[going], length)
        low, high = best.low[going], best.high[going]
        vertex = X[p] - X[q]
        # A vertex that is there already says that rounding keeps the iteration from going on.
        known = ((vertex[:, None] == V).all(axis=2) & (weight > 0)).any(axis=1)
        left = ~((low >= wide) | (high <= narrow) | known | (low >= high * (1 - 1e-12) - 1e-16 * size))
        if fresh:
            left = low < wide
        going, V, weight, vertex = going[left], V[left], weight[left], vertex[left]
        if not len(going):
            break
        slot = (weight > 0).argmin(axis=1)
        row = np.arange(len(going))
        V[row, slot] = vertex
        weight[row, slot] = 1.0 if fresh else NONE_SO_FAR
        fresh = False
        y = _nearest(V, weight)
    return best


def _start(X: Array, on: NDArray[np.bool_]) -> Array:
    """Differences of the sets' means."""
    number = on.sum(axis=1)[:, None]
    sums = on.astype(float) @ X
    return np.asarray(sums / number - (X.sum(axis=0) - sums) / (on.shape[1] - number))


def _nearest(V: Array, weight: Array) -> Array:
    """The points nearest to 0 of the simplices of the vertices with positive weight; `weight` becomes theirs.

    Vertices are dropped where the nearest point of the flat that they span lies outside their simplex.
    """
    m = weight.shape[1]
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
