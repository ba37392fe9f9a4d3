"""Hyperplanes that miss all balls, found for many pairs of balls at once without going through the patterns.

Two balls are put on either side of the middle hyperplane of the gap between them. While a ball is in its way, that
ball is put on the side on which the gap between the two hulls stays wider, and the hyperplane moves to the middle of
the new gap. Balls that are never in the way take the side on which they are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.exact.balls.gathered import ROOM, Cuts
from exactnorm.hulls import Gaps, hull_gaps, joined_gaps

Patterns = NDArray[np.bool_]

CHANCE = 0.25
"""How often the side with the narrower gap is taken, in dives that are not the first of their kind."""


def dives(
    X: Array, rho: float, on: Patterns, off: Patterns, rng: np.random.Generator | None, watch: Callable[[], None]
) -> Cuts:
    """Cuts with some balls on and some off, the others on either side, as far as one dive for each finds one.

    Parameters
    ----------
    X : ndarray, shape (N, r)
    rho : float
    on, off : ndarray of bool, shape (F, N)
        Each row with some True, none where the other has it.
    rng : Generator or None
        None takes the wider gap each time.
    watch : callable
        Called again and again; what it raises ends the search.
    """
    gaps = hull_gaps(X, on, off=off, narrow=2 * rho, watch=watch)
    wide = gaps.low > 2 * rho + ROOM
    on, off, gaps = on[wide], off[wide], gaps[wide]
    done: list[tuple[Patterns, Gaps]] = []
    while len(on):
        watch()
        height, worst, clear = in_the_way(X, on, off, gaps)
        if clear.any():
            done.append((height[clear] > 0, gaps[clear]))
        on, off, gaps = _deeper(X, rho, on[~clear], off[~clear], worst[~clear], gaps[~clear], rng, watch)
    if not done:
        return no_cuts(X)
    found = joined_gaps([one for _, one in done])
    return as_cuts(np.vstack([one for one, _ in done]), found.w, found.low, found.middle, rho)


def in_the_way(X: Array, on: Patterns, off: Patterns, gaps: Gaps) -> tuple[Array, NDArray[np.intp], NDArray[np.bool_]]:
    """Heights above the middle of each gap, the ball on neither side that is nearest to it, and whether that is out."""
    height = gaps.w @ X.T - gaps.middle[:, None]
    way = np.where(on | off, np.inf, np.abs(height))
    nearest = way.argmin(axis=1)
    return height, nearest, way[np.arange(len(on)), nearest] >= gaps.low / 2


def told_apart(
    X: Array,
    rho: float,
    i: NDArray[np.intp],
    j: NDArray[np.intp],
    rng: np.random.Generator | None,
    watch: Callable[[], None],
) -> Cuts:
    """Cuts that tell ball i from ball j, for as many of the pairs as one dive finds one."""
    row = np.arange(len(i))
    on, off = np.zeros((2, len(i), len(X)), dtype=bool)
    on[row, i], off[row, j] = True, True
    return dives(X, rho, on, off, rng, watch)


def no_cuts(X: Array) -> Cuts:
    """None at all."""
    size, r = X.shape
    return Cuts(np.zeros((0, size), dtype=bool), np.zeros((0, r)), np.zeros(0), np.zeros(0))


def as_cuts(on: Patterns, w: Array, low: Array, middle: Array, rho: float) -> Cuts:
    """Cuts from gaps between hulls, without those that have no room for a ramp."""
    down = on[:, 0]
    w, middle = np.where(down[:, None], -w, w), np.where(down, -middle, middle)
    width = low - 2 * rho
    return Cuts(on ^ down[:, None], w, middle - width / 2, width)[width > ROOM]


def _deeper(
    X: Array,
    rho: float,
    on: Patterns,
    off: Patterns,
    ball: NDArray[np.intp],
    gaps: Gaps,
    rng: np.random.Generator | None,
    watch: Callable[[], None],
) -> tuple[Patterns, Patterns, Gaps]:
    """With one ball more on a side that keeps the gap wide enough; without those that have no such side."""
    count = len(on)
    if not count:
        return on, off, gaps
    row = np.arange(count)
    more_on, more_off = on.copy(), off.copy()
    more_on[row, ball], more_off[row, ball] = True, True
    both_on, both_off = np.vstack([more_on, on]), np.vstack([off, more_off])
    twice = np.concatenate([row, row])
    found = hull_gaps(X, both_on, off=both_off, start=gaps.support[twice], narrow=2 * rho, watch=watch)
    first = found.low[:count] > found.low[count:]
    if rng is not None:
        first ^= rng.random(count) < CHANCE
    dead = np.where(first, found.low[:count], found.low[count:]) <= 2 * rho + ROOM
    first ^= dead
    chosen = np.where(first, row, row + count)
    chosen = chosen[found.low[chosen] > 2 * rho + ROOM]
    return both_on[chosen], both_off[chosen], found[chosen]


def flipped(X: Array, rho: float, cuts: Cuts, prices: Array, few: int, watch: Callable[[], None]) -> Cuts:
    """Cuts that pay and come of moving one ball to the other side, each of the `few` that are nearest to the gap.

    A cut pays if ‖Σ_S prices‖ is more than the 2/width that its ramp costs.
    """
    height = cuts.w @ X.T - (cuts.start + cuts.width / 2)[:, None]
    near = np.argsort(np.abs(height), axis=1)[:, :few]
    of = np.repeat(np.arange(len(cuts)), near.shape[1])
    on = cuts.on[of]
    on[np.arange(len(of)), near.ravel()] ^= True
    worth = np.linalg.norm(on @ prices, axis=1)
    both = on.any(axis=1) & ~on.all(axis=1) & (worth > 0)
    on, of = on[both], of[both]
    enough = 2 * rho + 2 / worth[both]
    found = hull_gaps(X, on, cuts.w[of], narrow=enough, watch=watch)
    pays = found.low > enough
    return as_cuts(on[pays], found.w[pays], found.low[pays], found.middle[pays], rho)
