"""Hyperplanes that miss all balls, found by a search that turns back where dives end with none.

The tree of `dives`, both sides of every ball that is in the way: depth first, some hundred nodes at a time, those with
the wider gaps before the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.exact.balls.dives import Patterns, as_cuts, in_the_way, no_cuts
from exactnorm.exact.balls.gathered import ROOM, Cuts, joined
from exactnorm.hulls import Gaps, hull_gaps

BLOCK = 256
"""Nodes looked at together."""
TOGETHER = 4
"""Trees gone through together, so that each has its part of a block."""


@dataclass(frozen=True, eq=False)
class _Nodes:
    """Balls that are on and off in some nodes, the gaps between their hulls, and the trees the nodes are of."""

    of: NDArray[np.intp]
    on: Patterns
    off: Patterns
    gaps: Gaps

    def __getitem__(self, chosen: NDArray[np.intp] | NDArray[np.bool_] | slice) -> _Nodes:
        return _Nodes(self.of[chosen], self.on[chosen], self.off[chosen], self.gaps[chosen])


def searched(X: Array, rho: float, on: Patterns, off: Patterns, most: int, watch: Callable[[], None]) -> Cuts:
    """Cuts with some balls on and some off, the others on either side: one for each row, if one is found.

    Parameters
    ----------
    X : ndarray, shape (N, r)
    rho : float
    on, off : ndarray of bool, shape (F, N)
        Each row with some True, none where the other has it.
    most : int
        Nodes to look at for each row.
    watch : callable
        Called again and again; what it raises ends the search.
    """
    cuts = no_cuts(X)
    for first in range(0, len(on), TOGETHER):
        part = slice(first, first + TOGETHER)
        found = _gone_through(X, rho, on[part], off[part], most, watch)
        for patterns, gaps in found:
            cuts = joined(cuts, as_cuts(patterns, gaps.w, gaps.low, gaps.middle, rho))
    return cuts


def _gone_through(
    X: Array, rho: float, on: Patterns, off: Patterns, most: int, watch: Callable[[], None]
) -> Iterator[tuple[Patterns, Gaps]]:
    """Yield the patterns and gaps of hyperplanes found, one for each tree at most."""
    count = len(on)
    looked, going = np.zeros(count, dtype=np.intp), np.ones(count, dtype=bool)
    gaps = hull_gaps(X, on, off=off, narrow=2 * rho, watch=watch)
    stack = [_alive(_Nodes(np.arange(count), on, off, gaps), rho)]
    while stack:
        watch()
        block = stack.pop()
        block = block[going[block.of]]
        if len(block.of) > BLOCK:
            stack.append(block[:-BLOCK])
            block = block[-BLOCK:]
        if not len(block.of):
            continue
        height, ball, clear = in_the_way(X, block.on, block.off, block.gaps)
        # The widest of each tree: the last.
        ended, last = np.unique(block.of[clear][::-1], return_index=True)
        widest = np.flatnonzero(clear)[::-1][last]
        if len(ended):
            yield height[widest] > 0, block.gaps[widest]
        looked += np.bincount(block.of, minlength=count)
        going[ended], going[looked > most] = False, False
        stack.append(_alive(_halves(X, rho, block[~clear], ball[~clear], watch), rho))


def _alive(nodes: _Nodes, rho: float) -> _Nodes:
    """Those with room between their hulls, the widest last."""
    nodes = nodes[nodes.gaps.low > 2 * rho + ROOM]
    return nodes[np.argsort(nodes.gaps.low, kind="stable")]


def _halves(X: Array, rho: float, nodes: _Nodes, ball: NDArray[np.intp], watch: Callable[[], None]) -> _Nodes:
    """With one ball more, on either side."""
    row = np.arange(len(ball))
    on, off = np.vstack([nodes.on, nodes.on]), np.vstack([nodes.off, nodes.off])
    on[row, ball], off[row + len(row), ball] = True, True
    twice = np.concatenate([row, row])
    start = nodes.gaps.support[twice]
    return _Nodes(nodes.of[twice], on, off, hull_gaps(X, on, off=off, start=start, narrow=2 * rho, watch=watch))
