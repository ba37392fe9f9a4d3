"""Cuts for a first sum of ramps of many balls: one ball after another is taken away from those that are still there.

Each cut has one ball on and all that are left then off; those taken away before may be on either side. In that order
the rows of 0s and 1s are triangular, so that ramps across the cuts interpolate whatever the balls stand for. It remains
to tell those apart of which none can be taken away.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.exact.balls.dives import dives, no_cuts
from exactnorm.exact.balls.gathered import Cuts, joined
from exactnorm.exact.balls.searched import searched

FEW = 500
"""Nodes to look at for a ball that no dive takes away."""
MOST = 20_000
"""Nodes to look at for a pair of balls: seconds."""
PAIRS = 4
"""Pairs that are looked at before the cuts are tried again."""


def peeled(X: Array, rho: float, watch: Callable[[], None]) -> tuple[Cuts, NDArray[np.intp]]:
    """Cuts that take away one ball after another, and the balls that are left, at least one."""
    left, cuts = np.arange(len(X)), no_cuts(X)
    for turning_back in (False, True):
        while len(left) > 1:
            alone = np.eye(len(X), dtype=bool)[left]
            others = np.zeros_like(alone)
            others[:, left] = ~alone[:, left]
            if turning_back:
                more = searched(X, rho, alone, others, FEW, watch)
            else:
                more = dives(X, rho, alone, others, None, watch)
            if not len(more):
                break
            within = more.on[:, left]
            within ^= (2 * within.sum(axis=1) > len(left))[:, None]
            off = np.unique(within.argmax(axis=1))
            cuts, left = joined(cuts, more), np.delete(left, off[: len(left) - 1])
    return cuts, left


def telling_pairs(X: Array, rho: float, v: Array, left: NDArray[np.intp], watch: Callable[[], None]) -> Cuts:
    """Cuts that tell some balls that are left apart from others, of unlike v, shape (N,)."""
    order = left[np.argsort(v[left], kind="stable")]
    few = min(PAIRS, len(left) // 2)
    i, j = order[::-1][:few], order[:few]
    row = np.arange(few)
    on, off = np.zeros((2, few, len(X)), dtype=bool)
    on[row, i], off[row, j] = True, True
    return searched(X, rho, on, off, MOST, watch)
