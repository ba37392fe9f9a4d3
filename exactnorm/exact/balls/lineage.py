"""Which peak of the dual function is which, a step later: what they were worth is handed on.

Peaks of a pattern wander, part, and become one. One that is known hands its multiplier to the nearest of its pattern;
the sum of their moments, on which the network rests, stays then what it was, up to how far they went.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.exact.balls.tracked import SAME, Tracked

ASTRAY = 0.5
"""How far the normal of a peak may turn in a step while it counts as the same."""


@dataclass(frozen=True, eq=False)
class Lineage:
    """K peaks and the M that were known before.

    Parameters
    ----------
    origin : ndarray of int, shape (K,)
        The known peak that each was: the nearest of those whose heir it is. Any, where it is new.
    old : ndarray of bool, shape (K,)
        Whether it was one.
    heir : ndarray of int, shape (M,)
        The peak nearest to each of the known ones, K if none is near.
    """

    origin: NDArray[np.intp]
    old: NDArray[np.bool_]
    heir: NDArray[np.intp]

    def inherited(self, weight: Array) -> Array:
        """What the heirs have of the weights (M,) of known peaks, shape (K,)."""
        return np.bincount(self.heir, weight, minlength=len(self.old) + 1)[:-1].astype(float)


def lineage(peaks: Tracked, known: Tracked) -> Lineage:
    """Who is whose heir."""
    origin, old = np.zeros(len(peaks), dtype=np.intp), np.zeros(len(peaks), dtype=bool)
    heir = np.full(len(known), len(peaks))
    for pattern in np.unique(known.of):
        before, after = np.flatnonzero(known.of == pattern), np.flatnonzero(peaks.of == pattern)
        if not len(after):
            continue
        away = np.linalg.norm(known.w[before, None] - peaks.w[after], axis=2)
        nearest, near = after[away.argmin(axis=1)], away.min(axis=1)
        some = np.argsort(-near, kind="stable")  # of several, the nearest has the last word
        some = some[near[some] < ASTRAY]
        heir[before[some]] = nearest[some]
        for k in some:
            origin[nearest[k]] = before[k]
        old[nearest[some]] = True
    return Lineage(origin, old, heir)


def unknown(peaks: Tracked, known: Tracked) -> NDArray[np.bool_]:
    """Which peaks are not among the known ones, nor near one."""
    out = np.ones(len(peaks), dtype=bool)
    for k in range(len(peaks)):
        same = known.w[known.of == peaks.of[k]]
        out[k] = not (np.abs(same - peaks.w[k]).max(axis=1, initial=0.0) < 100 * SAME).any()
    return out
