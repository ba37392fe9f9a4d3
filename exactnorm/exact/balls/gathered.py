"""Ways to cut a set of balls in two, gathered without going through all: sweeps along directions, and a search.

A direction along which neighbouring balls leave a gap gives a cut; its ramp rises across the gap. Sweeps say what every
cut of every direction is worth by running sums, without writing the cuts down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.hulls import hull_gaps
from exactnorm.patterns import telling

Patterns = NDArray[np.bool_]

ENTRIES = 2**22
"""Numbers in the largest array that is worked on at once."""
ROOM = 1e-9
"""Gaps between balls narrower than this are none: a ramp across one would have no digits."""


@dataclass(frozen=True, eq=False)
class Cuts:
    """P ways to cut balls in two, none of which is on the side that is on for the first ball.

    Parameters
    ----------
    on : ndarray of bool, shape (P, N)
        Never the first ball.
    w : ndarray, shape (P, r)
        Unit normals, towards the balls that are on.
    start, width : ndarray, shape (P,)
        The gap between the balls reaches from height `start` along w to `start` + `width`.
    """

    on: Patterns
    w: Array
    start: Array
    width: Array

    def __len__(self) -> int:
        return len(self.width)

    def __getitem__(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Cuts:
        return Cuts(self.on[chosen], self.w[chosen], self.start[chosen], self.width[chosen])

    @property
    def cost(self) -> Array:
        """What a ramp across the gap costs a unit of output."""
        return 2 / self.width


def joined(first: Cuts, second: Cuts) -> Cuts:
    """Both, of cuts with the same balls on only the widest."""
    on, width = np.vstack([first.on, second.on]), np.concatenate([first.width, second.width])
    order = np.argsort(-width, kind="stable")
    _, leader = np.unique(np.packbits(on[order], axis=1), axis=0, return_index=True)
    kept = order[np.sort(leader)]
    w, start = np.vstack([first.w, second.w]), np.concatenate([first.start, second.start])
    return Cuts(on[kept], w[kept], start[kept], width[kept])


@dataclass(frozen=True, eq=False)
class Sweep:
    """The gaps between balls of radius `rho` around the rows of X along D directions.

    Parameters
    ----------
    X : ndarray, shape (N, r)
    rho : float
    directions : ndarray, shape (D, r)
        Unit vectors.
    order : ndarray of int, shape (D, N)
        The balls by height along each direction.
    width : ndarray, shape (D, N − 1)
        Of the gaps between one ball and the next; not positive where there is none.
    """

    X: Array
    rho: float
    directions: Array
    order: NDArray[np.intp]
    width: Array

    def worth(self, v: Array) -> Array:
        """‖Σ v_n‖ over the balls on one side of each gap, 0 where there is none, shape (D, N − 1); Σ_n v_n = 0."""
        out = np.zeros_like(self.width)
        some = np.arange(len(out))
        if len(some) * v.size > 8 * ENTRIES:  # part of the directions will do where there are so many numbers
            some = some[:: len(some) * v.size // (8 * ENTRIES) + 1]
        step = max(1, ENTRIES // v.size)
        for first in range(0, len(some), step):
            part = some[first : first + step]
            sums = np.cumsum(v[self.order[part, :-1]], axis=1)
            out[part] = np.sqrt(np.einsum("dnr,dnr->dn", sums, sums))
        return np.where(self.width > ROOM, out, 0.0)

    def cuts(self, gaps: NDArray[np.intp]) -> Cuts:
        """The cuts through gaps given as indices into the flattened `width`."""
        along, after = np.divmod(gaps, self.width.shape[1])
        size = self.order.shape[1]
        above = np.zeros((len(gaps), size), dtype=bool)
        np.put_along_axis(above, self.order[along], np.arange(size) > after[:, None], axis=1)
        w, low = self.directions[along], self.order[along, after]
        start = np.einsum("gr,gr->g", self.X[low], w) + self.rho
        width = self.width[along, after]
        down = above[:, 0].copy()
        above[down] = ~above[down]
        start = np.where(down, -start - width, start)
        return Cuts(above, np.where(down[:, None], -w, w), start, width)


def swept(X: Array, rho: float, directions: Array) -> Sweep:
    """Sort the balls along each direction."""
    height = directions @ X.T
    order = np.argsort(height, axis=1, kind="stable")
    width = np.diff(np.take_along_axis(height, order, axis=1), axis=1) - 2 * rho
    return Sweep(X, rho, directions, order, width)


def first_directions(X: Array) -> Array:
    """Unit vectors that are likely to tell points apart: axes, from the middle to each, to the nearest, and others."""
    size, r = X.shape
    if r == 1:
        return np.ones((1, 1))
    rng = np.random.default_rng(0)
    some = rng.permutation(size)[:1000]
    square = (X**2).sum(axis=1)
    distance = square[some, None] + square - 2 * X[some] @ X.T
    distance[np.arange(len(some)), some] = np.inf
    offsets = np.vstack([np.eye(r), X[some] - X.mean(axis=0), X[some] - X[distance.argmin(axis=1)]])
    if size <= 30:
        i, j = np.triu_indices(size, 1)
        offsets = np.vstack([offsets, X[i] - X[j]])
    length = np.linalg.norm(offsets, axis=1)
    offsets = offsets[length > 0] / length[length > 0, None]
    return np.vstack([offsets, telling(X, rng, min(200, 20 * size))])


def every_cut(X: Array, rho: float, watch: Callable[[], None]) -> Cuts:
    """All cuts of a few balls."""
    size = len(X)
    on = (np.arange(1, 2 ** (size - 1))[:, None] >> np.arange(size - 1)) % 2 == 1
    on = np.column_stack([np.zeros(len(on), dtype=bool), on])
    found = hull_gaps(X, on, wide=np.inf, narrow=2 * rho, watch=watch)
    width = found.low - 2 * rho
    return Cuts(on, found.w, found.middle - found.low / 2 + rho, width)[width > ROOM]


def widened(X: Array, rho: float, cuts: Cuts, watch: Callable[[], None]) -> Cuts:
    """The same cuts, each along the direction in which its gap is widest."""
    found = hull_gaps(X, cuts.on, cuts.w, watch=watch)
    wider = found.low - 2 * rho > cuts.width
    start = np.where(wider, found.middle - found.low / 2 + rho, cuts.start)
    w = np.where(wider[:, None], found.w, cuts.w)
    return Cuts(cuts.on, w, start, np.where(wider, found.low - 2 * rho, cuts.width))


def apart(X: Array, rho: float, i: NDArray[np.intp], j: NDArray[np.intp], rng: np.random.Generator) -> Cuts:
    """For each pair of balls the widest gaps between them along a few directions near that of the pair."""
    r = X.shape[1]
    pair = X[i] - X[j]
    pair /= np.linalg.norm(pair, axis=1)[:, None]
    tilts = np.concatenate([np.zeros((1, r)), rng.standard_normal((8, r)) * np.repeat([0.3, 1.0], 4)[:, None]])
    directions = (pair[:, None] + tilts / np.sqrt(r)).reshape(-1, r)
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    i, j = np.repeat(i, len(tilts)), np.repeat(j, len(tilts))
    on, level, width = _between(X, directions, i, j)
    start, width = level + rho, width - 2 * rho
    down = on[:, 0]
    cuts = Cuts(
        on ^ down[:, None],
        np.where(down[:, None], -directions, directions),
        np.where(down, -start - width, start),
        width,
    )
    # Of each pair the three widest.
    order = np.argsort(-width.reshape(-1, len(tilts)), axis=1)[:, :3]
    best = (np.arange(len(order))[:, None] * len(tilts) + order).ravel()
    return cuts[best[width[best] > ROOM]]


def sought(X: Array, rho: float, v: Array, rng: np.random.Generator, watch: Callable[[], None]) -> Array:
    """Unit normals of hyperplanes that miss all balls and tell some two points with v of unlike sign apart.

    From cuts of points without balls, balls that are in the way change sides, one at a time, while the gap grows.

    Parameters
    ----------
    v : ndarray, shape (N,)
        Σ_n v_n = 0.
    """
    size, r = X.shape
    high, low = np.argsort(-v)[:6], np.argsort(v)[:6]
    i, j = (a.ravel() for a in np.meshgrid(high, low))
    unlike = v[i] > v[j]
    i, j = i[unlike], j[unlike]
    i, j = np.tile(i, 2), np.tile(j, 2)
    directions = X[i] - X[j]
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    directions[len(i) // 2 :] += rng.standard_normal((len(i) - len(i) // 2, r)) / np.sqrt(r)
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    on = _between(X, directions, i, j)[0]
    gap = hull_gaps(X, on, directions, wide=2 * rho + ROOM, watch=watch)
    for _ in range(3 * size):
        stuck = gap.low <= 2 * rho + ROOM
        if not stuck.all():
            return gap.w[~stuck]
        near = np.argsort(np.abs(gap.w @ X.T - gap.middle[:, None]), axis=1)[:, : min(size, r + 3)]
        of = np.repeat(np.arange(len(on)), near.shape[1])
        flipped = on[of]
        flipped[np.arange(len(of)), near.ravel()] ^= True
        allowed = flipped[np.arange(len(of)), i[of]] & ~flipped[np.arange(len(of)), j[of]]
        of, flipped = of[allowed], flipped[allowed]
        if not len(of):
            break
        tried = hull_gaps(X, flipped, gap.w[of], wide=2 * rho + ROOM, watch=watch)
        best = np.full(len(on), -np.inf)
        np.maximum.at(best, of, tried.low)
        leads = np.flatnonzero(tried.low >= best[of])
        better = np.zeros(len(on), dtype=np.intp) - 1
        better[of[leads]] = leads
        moved = (better >= 0) & (best > gap.low + 1e-12)
        if not moved.any():
            break
        i, j, chosen = i[moved], j[moved], better[moved]
        on, gap = flipped[chosen], tried[chosen]
    return np.zeros((0, r))


def _between(X: Array, directions: Array, i: NDArray[np.intp], j: NDArray[np.intp]) -> tuple[Patterns, Array, Array]:
    """Along each direction the widest gap between points i and j, i on the far side: on, its start and its width.

    Directions on which point i lies before point j are reversed, in place.
    """
    row = np.arange(len(i))
    height = directions @ X.T
    back = height[row, i] < height[row, j]
    directions[back] *= -1.0
    height[back] *= -1.0
    order = np.argsort(height, axis=1, kind="stable")
    ordered = np.take_along_axis(height, order, axis=1)
    inside = (ordered[:, :-1] >= height[row, j, None]) & (ordered[:, 1:] <= height[row, i, None])
    gaps = np.where(inside, np.diff(ordered, axis=1), -1.0)
    widest = gaps.argmax(axis=1)
    level = ordered[row, widest]
    on = height > level[:, None]
    on[row, i], on[row, j] = True, False
    return on, level, gaps[row, widest]
