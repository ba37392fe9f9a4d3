"""Cells with multipliers, made for the purpose where a certificate has none: the worst is split first."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import Cell, CellProof
from exactnorm.exact.balls.cells import proposed_directions, split, whole_cells
from exactnorm.exact.balls.kinks import dual_values, pattern_kinks
from exactnorm.exact.balls.pricing import Priced, scaled
from exactnorm.exact.balls.strict import strictly_priced
from exactnorm.exact.deadline import OutOfTimeError
from exactnorm.proof.evidence import DEEPEST
from exactnorm.prover.record import Means

SLACK = 3e-7
"""How much of the bound multipliers may lose."""
CROWD = 12
"""Cells a pattern, on average, after which more may be lost."""
LOOSE = 1e-6
"""How much may be lost then: with the gap of a certificate no more than twice what a bracket resolves."""
MOST = 2500
"""Cells after which the bound is left as it is: each takes some hundredths of a second."""
HALVINGS = 53
"""Cuts of a cell for each direction that kinks may turn in, after which doubles have nothing left to halve."""


@dataclass(frozen=True, eq=False)
class Covering:
    """Cells with multipliers for B/κ; `worst` is the one that asks for κ."""

    B: Array
    proofs: tuple[CellProof, ...]
    kappa: float
    worst: Cell

    @property
    def lost(self) -> float:
        """The share of the bound of B that is lost."""
        return max(0.0, 1 - 1 / self.kappa)


def covering(X: Array, rho: float, patterns: NDArray[np.bool_], B: Array, means: Means) -> Covering:
    """Cells of the patterns with multipliers for B/κ, κ as near to the dual function's maximum as a few cells allow.

    Cells are split until the bound is attained but for `SLACK`; or, once they are `CROWD` a pattern, but for `LOOSE`;
    or they are `MOST`, or the time is over. Or the worst is so narrow that splitting it is no help, as where a pattern
    has no interior but for rounding: then so are all cells inside it.

    Raises
    ------
    OutOfTimeError
        If the time is over before every pattern has a cell.
    """
    r = X.shape[1]
    narrowest = min(HALVINGS * (r - 1), DEEPEST)
    heap: list[tuple[float, int, Priced, int]] = []
    done: list[Priced] = []
    attained, counter = 1.0, count()

    def add(cells: Sequence[Cell], depth: int) -> None:
        nonlocal attained
        found: list[Priced] = []
        for cell in cells:
            means.check(f"{len(heap) + len(found)} cells for {len(patterns)} patterns")
            found.append(strictly_priced(cell, X, rho, B, means.deadline, means.solver))
        for one in found:
            cell = one.proof.cell
            kinks = pattern_kinks(proposed_directions(one.X, r, 1e-3), cell.pattern, X, rho)
            attained = max(attained, float(dual_values(kinks, B).max(initial=0.0)))
            heapq.heappush(heap, (-one.kappa, next(counter), one, depth))

    add(whole_cells(patterns, r), 0)

    def enough() -> bool:
        """Whether the worst cell is left as it is."""
        count = len(heap) + len(done)
        crowded = count >= CROWD * (len(patterns) + 10)
        return -heap[0][0] <= attained + (LOOSE if crowded else SLACK) or (crowded and count >= MOST)

    while heap and not enough() and means.deadline.remaining > 0:
        _, _, one, depth = heapq.heappop(heap)
        parts = split(one.proof.cell, one.X, depth)
        if len(parts) == 1 or len(one.proof.cell.cuts) >= narrowest:
            done.append(one)
            break
        try:
            add(parts, depth + 1)
        except OutOfTimeError:
            done.append(one)
            break
    priced = [*done, *(one for _, _, one, _ in heap)]
    worst = max(priced, key=lambda one: one.kappa)
    kappa = worst.kappa
    return Covering(B / kappa, tuple(scaled(one, kappa) for one in priced), kappa, worst.proof.cell)
