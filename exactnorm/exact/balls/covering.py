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
from exactnorm.exact.balls.barrier import proofs
from exactnorm.exact.balls.bracket import Bracket
from exactnorm.exact.balls.cells import essential_rows, proposed_directions, split, tangent_cells, whole_cells
from exactnorm.exact.balls.kinks import Kinks, dual_values, pattern_kinks
from exactnorm.exact.balls.pricing import Priced, recomputed, scaled
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.balls.stretched import stretched
from exactnorm.exact.balls.strict import price_cells
from exactnorm.exact.deadline import Deadline, collected, interruptible
from exactnorm.exact.settings import Settings

CROWD = 12
"""Cells a pattern, on average, beyond which multipliers are given up: they converge too slowly for this B."""

TIGHTER = 0.9
"""The excess of a bound over 1, as a share of what it was before, below which it counts as tighter."""

PATIENCE = 2
"""Times in a row that splitting a pattern's pieces may fail to make them tighter."""

ROUNDED = 1 + 1e-9
"""Factor by which rounding may raise a bound that few steps show."""

STUCK = 3
"""Times in a row that all loose cells are split without the loosest getting tighter, before that is given up."""


@dataclass(frozen=True, eq=False)
class Leaf:
    """A cell of the current covering and its essential rows.

    Parameters
    ----------
    depth : int
        How often it was split from its pattern.
    excess : float
        By how much the bound on the cell that it is a half of exceeded 1.
    idle : int
        How often in a row splitting had not made the bound tighter then.
    """

    cell: Cell
    rows: NDArray[np.intp]
    depth: int = 0
    excess: float = np.inf
    idle: int = 0

    @property
    def begun_again(self) -> bool:
        """Whether it replaces the pieces that its pattern was cut into before."""
        return self.cell.ball >= 0 and self.depth == 0


def leaf(
    problem: Reduced, cell: Cell, deadline: Deadline, depth: int = 0, excess: float = np.inf, idle: int = 0
) -> Leaf:
    """The leaf of a cell."""
    deadline.check()
    return Leaf(cell, essential_rows(cell, problem.points, problem.rho), depth, excess, idle)


def multipliers(problem: Reduced, best: Bracket, settings: Settings) -> tuple[tuple[CellProof, ...], float]:
    """Cells and multipliers for the best B, cells being split until their bounds are as good as `settings.tol` asks.

    Returns the proofs, for B/κ, and κ.
    """
    assert best.B is not None
    done, leaves = easy(problem, best.B, settings)

    def told(cells: int) -> None:
        settings.report(
            replace(best, cells=len(done) + cells, seconds=settings.deadline.elapsed, phase="computing multipliers")
        )

    slack = max(settings.tol / 4, 0.9 * (settings.tol - best.gap))
    priced = done + bounds(problem, best.B, leaves, slack, settings, told)
    kappa = max(one.kappa for one in priced)
    return tuple(scaled(one, kappa) for one in priced), kappa


def bounds(
    problem: Reduced, B: Array, leaves: Sequence[Leaf], slack: float, settings: Settings, report: Callable[[int], None]
) -> list[Priced]:
    """Bounds on the dual function of B over pieces that make up the leaves, split where a bound exceeds 1 by `slack`.

    Where a bound is attained, splitting does not help. A pattern whose pieces do not get tighter is begun again with
    the cells tangent to each ball: there are more of them, but they are thinner.

    Raises
    ------
    ArithmeticError
        If that takes more than `CROWD` cells a pattern, or does not help.
    """
    done: list[Priced] = []
    frontier = list(leaves)
    largest, loosest, idle = 1.0, np.inf, 0
    while frontier:
        priced = priced_leaves(problem, B, frontier, 1 + slack, settings)
        found = [attained(problem, B, one) for one in priced]
        largest = max([largest, *found])
        # A bound below a value that is attained elsewhere does not decide anything.
        enough = max(slack, 1.2 * (largest - 1))
        tight, parts = divided(problem, priced, frontier, found, enough, settings.deadline)
        again = {leaf.cell.pattern.tobytes() for leaf in parts if leaf.begun_again}
        done = [one for one in done if one.proof.cell.pattern.tobytes() not in again] + tight
        report(len(done))
        worst = max(one.kappa for one in priced) - 1
        loosest, idle = (worst, 0) if worst < TIGHTER * loosest else (loosest, idle + 1)
        if again:  # whole patterns, looser than the pieces they replace
            loosest, idle = np.inf, 0
        if parts and idle >= STUCK:
            msg = "splitting cells does not make their bounds tighter"
            raise ArithmeticError(msg)
        if parts and len(done) + len(parts) > CROWD * (len(problem.patterns) + 10):
            msg = f"more than {CROWD} cells a pattern would be needed"
            raise ArithmeticError(msg)
        frontier = parts
    return done


def divided(
    problem: Reduced,
    priced: Sequence[Priced],
    leaves: Sequence[Leaf],
    found: Sequence[float],
    enough: float,
    deadline: Deadline,
) -> tuple[list[Priced], list[Leaf]]:
    """The leaves whose bounds do, and the pieces of the others; `found` are values attained on the leaves."""
    done, parts = [], []
    again: dict[bytes, Cell] = {}
    for one, old, value in zip(priced, leaves, found, strict=True):
        excess = one.kappa - 1
        idle = 0 if excess < TIGHTER * old.excess else old.idle + 1
        deep = old.depth > 12 * problem.rank  # a piece as narrow as rounding: halving it says nothing new
        if deep or not (excess > enough and value < 1 + 0.8 * excess):
            done.append(one)
        elif idle >= PATIENCE and old.cell.ball < 0:
            again[old.cell.pattern.tobytes()] = old.cell
        else:
            pieces = split(old.cell, one.X, old.depth)
            parts += [leaf(problem, part, deadline, old.depth + 1, excess, idle) for part in pieces]
    done = [one for one in done if one.proof.cell.pattern.tobytes() not in again]
    parts = [one for one in parts if one.cell.pattern.tobytes() not in again]
    for cell in again.values():
        whole = replace(cell, cuts=cell.cuts[:0])
        parts += [leaf(problem, part, deadline) for part in tangent_cells(whole)]
    return done, parts


def easy(problem: Reduced, B: Array, settings: Settings) -> tuple[list[Priced], list[Leaf]]:
    """Bounds of whole patterns that are at most 1, as far as few steps show it, and the leaves of the others.

    That takes a quarter of the time of a program for each; patterns on which the dual function comes near 1 are left.
    """
    every = np.arange(len(problem.patterns))
    done: list[Priced] = []
    try:
        found = stretched(problem, every, B, settings)
        fits = found[np.flatnonzero(found.share >= 1)]
        none = np.eye(problem.rank + 2)
        if len(fits.rows):
            made = (Priced(1.0, one, none, float("nan")) for one in proofs(fits.of, fits.shrunk(1.0)))
            checked = [recomputed(one, problem.points, problem.rho, B) for one in made]
            good = np.array([one.kappa < ROUNDED for one in checked])
            done = [one for one, fit in zip(checked, good, strict=True) if fit]
            every = np.setdiff1d(every, fits.rows[good])
    except np.linalg.LinAlgError:  # a pattern with next to no interior
        pass
    cells = whole_cells(problem.patterns[every], problem.rank)
    return done, [leaf(problem, cell, settings.deadline) for cell in cells]


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
            out += _interruptible_prices(chunk, problem, B, enough, settings)
        return out
    tasks = [
        settings.executor.submit(price_cells, chunk, problem.points, problem.rho, B, enough, settings.solver)
        for chunk in chunks
    ]
    for priced in collected(tasks, settings.deadline):
        out += priced
    return out


def _interruptible_prices(
    chunk: Sequence[tuple[Cell, NDArray[np.intp]]], problem: Reduced, B: Array, enough: float, settings: Settings
) -> list[Priced]:
    """In one thread for all of the chunk: one for each of its programs would take a tenth of the time."""
    return interruptible(
        lambda _: price_cells(chunk, problem.points, problem.rho, B, enough, settings.solver), settings.deadline
    )


def candidates(problem: Reduced, one: Priced) -> Kinks:
    """Tangent kinks of the cell's own pattern along the directions that its moments propose."""
    directions = proposed_directions(one.X, problem.rank, 1e-3)
    return pattern_kinks(directions, one.proof.cell.pattern, problem.points, problem.rho)


def attained(problem: Reduced, B: Array, one: Priced) -> float:
    """The largest ‖B_s z‖ found on the cell."""
    return float(dual_values(candidates(problem, one), B).max(initial=0.0))
