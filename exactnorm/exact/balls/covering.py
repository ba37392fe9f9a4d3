"""The covering of all patterns by cells, with multipliers that bound the dual function on each of them.

The peaks of the dual function say as much, but by a theorem and a search; multipliers can be checked by anyone who can
multiply matrices and compute eigenvalues.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import Cell, CellProof
from exactnorm.exact.balls.bracket import Bracket
from exactnorm.exact.balls.cells import essential_rows, proposed_directions, split, whole_cells
from exactnorm.exact.balls.kinks import Kinks, dual_values, pattern_kinks
from exactnorm.exact.balls.pricing import Priced, scaled
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.balls.strict import price_cells
from exactnorm.exact.deadline import Deadline, collected
from exactnorm.exact.settings import Settings

CROWD = 12
"""Cells a pattern, on average, beyond which multipliers are given up: they converge too slowly for this B."""

STUCK = 3
"""Times in a row that all loose cells are split without the loosest getting tighter, before that is given up."""


@dataclass(frozen=True, eq=False)
class Leaf:
    """A cell of the current covering, its essential rows, and how often it was split from its pattern."""

    cell: Cell
    rows: NDArray[np.intp]
    depth: int = 0


def leaf(problem: Reduced, cell: Cell, deadline: Deadline, depth: int = 0) -> Leaf:
    """The leaf of a cell."""
    deadline.check()
    return Leaf(cell, essential_rows(cell, problem.points, problem.rho), depth)


def multipliers(problem: Reduced, best: Bracket, settings: Settings) -> tuple[tuple[CellProof, ...], float]:
    """Cells and multipliers for the best B, cells being split until their bounds are as good as `settings.tol` asks.

    Returns the proofs, for B/κ, and κ.
    """
    assert best.B is not None
    leaves = [leaf(problem, cell, settings.deadline) for cell in whole_cells(problem.patterns, problem.rank)]

    def told(cells: int) -> None:
        settings.report(replace(best, cells=cells, seconds=settings.deadline.elapsed, phase="computing multipliers"))

    slack = max(settings.tol / 4, 0.9 * (settings.tol - best.gap))
    priced = bounds(problem, best.B, leaves, slack, settings, told)
    kappa = max(one.kappa for one in priced)
    return tuple(scaled(one, kappa) for one in priced), kappa


def bounds(
    problem: Reduced, B: Array, leaves: Sequence[Leaf], slack: float, settings: Settings, report: Callable[[int], None]
) -> list[Priced]:
    """Bounds on the dual function of B over pieces that make up the leaves, split where a bound exceeds 1 by `slack`.

    Where a bound is attained, splitting does not help.

    Raises
    ------
    ArithmeticError
        If that takes more than `CROWD` cells a leaf, or does not help.
    """
    done: list[Priced] = []
    frontier = list(leaves)
    largest, loosest, idle = 1.0, np.inf, 0
    while frontier:
        priced = priced_leaves(problem, B, frontier, 1 + slack, settings)
        found = [attained(problem, B, one) for one in priced]
        largest = max([largest, *found])
        parts: list[Leaf] = []
        for one, old, value in zip(priced, frontier, found, strict=True):
            # A bound below a value that is attained elsewhere does not decide anything.
            loose = one.kappa - 1 > max(slack, 1.2 * (largest - 1)) and value < 1 + 0.8 * (one.kappa - 1)
            deep = old.depth > 12 * problem.rank  # a piece as narrow as rounding: halving it says nothing new
            if loose and not deep:
                parts += [
                    leaf(problem, part, settings.deadline, old.depth + 1) for part in split(old.cell, one.X, old.depth)
                ]
            else:
                done.append(one)
        report(len(done))
        worst = max(one.kappa for one in priced) - 1
        loosest, idle = (worst, 0) if worst < 0.9 * loosest else (loosest, idle + 1)
        if parts and idle >= STUCK:
            msg = "splitting cells does not make their bounds tighter"
            raise ArithmeticError(msg)
        if parts and len(done) + len(parts) > CROWD * (len(leaves) + 10):
            msg = f"more than {CROWD} cells a pattern would be needed"
            raise ArithmeticError(msg)
        frontier = parts
    return done


def priced_leaves(
    problem: Reduced, B: Array, leaves: Sequence[Leaf], enough: float, settings: Settings
) -> list[Priced]:
    """Price all leaves, to `enough` if that is possible, in chunks shared out by the executor if there is one."""
    size = 8 if settings.executor is None else max(1, min(64, len(leaves) // 16))
    chunks = [[(one.cell, one.rows) for one in leaves[k : k + size]] for k in range(0, len(leaves), size)]
    out: list[Priced] = []
    if settings.executor is None:
        for chunk in chunks:
            settings.deadline.check()
            out += price_cells(chunk, problem.points, problem.rho, B, enough, settings.solver, settings.deadline)
        return out
    tasks = [
        settings.executor.submit(price_cells, chunk, problem.points, problem.rho, B, enough, settings.solver)
        for chunk in chunks
    ]
    for priced in collected(tasks, settings.deadline):
        out += priced
    return out


def candidates(problem: Reduced, one: Priced) -> Kinks:
    """Tangent kinks of the cell's own pattern along the directions that its moments propose."""
    directions = proposed_directions(one.X, problem.rank, 1e-3)
    return pattern_kinks(directions, one.proof.cell.pattern, problem.points, problem.rho)


def attained(problem: Reduced, B: Array, one: Priced) -> float:
    """The largest ‖B_s z‖ found on the cell."""
    return float(dual_values(candidates(problem, one), B).max(initial=0.0))
