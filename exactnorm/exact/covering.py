"""The covering of all patterns by cells: bounds on the dual function over them, and where it is too large."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactnorm.certify.cell import Cell
from exactnorm.exact.cells import essential_rows, proposed_directions, split
from exactnorm.exact.clock import OutOfTimeError
from exactnorm.exact.kinks import Kinks, dual_values, joined, pattern_kinks
from exactnorm.exact.means import Means
from exactnorm.exact.pricing import Priced, price_cells
from exactnorm.exact.problem import Reduced
from exactnorm.training_set import Array


@dataclass(frozen=True, eq=False)
class Leaf:
    """A cell of the current covering, its essential rows, and how often it was split from its pattern."""

    cell: Cell
    rows: NDArray[np.intp]
    depth: int = 0


def leaf(problem: Reduced, cell: Cell, depth: int = 0) -> Leaf:
    """The leaf of a cell."""
    return Leaf(cell, essential_rows(cell, problem.points, problem.rho), depth)


def bounds(
    problem: Reduced, B: Array, leaves: Sequence[Leaf], levels: int, means: Means
) -> tuple[list[Priced], list[Leaf]]:
    """Bound the dual function of B on every leaf; split up to `levels` times the leaves whose bound is not attained."""
    done: list[tuple[Priced, Leaf]] = []
    frontier = list(leaves)
    largest = 1.0
    for level in range(levels + 1):
        priced = priced_leaves(problem, B, frontier, means)
        found = [attained(problem, B, one) for one in priced]
        largest = max([largest, *found])
        split_further: list[Leaf] = []
        for one, old, value in zip(priced, frontier, found, strict=True):
            # A bound below a value that is attained elsewhere does not decide anything.
            deep = old.depth > 12 * problem.rank  # a piece as narrow as rounding: halving it says nothing new
            loose = (
                not deep
                and one.kappa - 1 > max(means.tol / 4, 1.2 * (largest - 1))
                and value < 1 + 0.8 * (one.kappa - 1)
            )
            if loose and level < levels and len(split_further) < 200:
                split_further += [leaf(problem, part, old.depth + 1) for part in split(old.cell, one.X, old.depth)]
            else:
                done.append((one, old))
        frontier = split_further
        if not frontier:
            break
    return [one for one, _ in done], [old for _, old in done]


def priced_leaves(problem: Reduced, B: Array, leaves: Sequence[Leaf], means: Means) -> list[Priced]:
    """Price all leaves, in chunks shared out by the executor if there is one."""
    size = 8 if means.executor is None else max(1, min(64, len(leaves) // 16))
    chunks = [[(one.cell, one.rows) for one in leaves[k : k + size]] for k in range(0, len(leaves), size)]
    out: list[Priced] = []
    if means.executor is None:
        for chunk in chunks:
            means.deadline.check()
            out += price_cells(chunk, problem.points, problem.rho, B, means.solver)
        return out
    futures = [
        means.executor.submit(price_cells, chunk, problem.points, problem.rho, B, means.solver) for chunk in chunks
    ]
    try:
        for future in futures:
            out += future.result(timeout=None if math.isinf(means.deadline.remaining) else means.deadline.remaining)
    except TimeoutError:
        raise OutOfTimeError from None
    finally:
        for future in futures:
            future.cancel()
    return out


def candidates(problem: Reduced, one: Priced) -> Kinks:
    """Tangent kinks of the cell's own pattern along the directions that its moments propose."""
    directions = proposed_directions(one.X, problem.rank, 1e-3)
    return pattern_kinks(directions, one.proof.cell.pattern, problem.points, problem.rho)


def attained(problem: Reduced, B: Array, one: Priced) -> float:
    """The largest ‖B_s z‖ found on the cell."""
    return float(dual_values(candidates(problem, one), B).max(initial=0.0))


def violators(problem: Reduced, B: Array, priced: list[Priced]) -> Kinks:
    """Kinks at which the dual function of B exceeds 1, or nearly does, on cells whose bound exceeds 1."""
    found = [pattern_kinks(np.zeros((0, problem.rank)), problem.patterns[0], problem.points, problem.rho)]
    for one in priced:
        if one.kappa > 1 + 1e-8:
            kinks = candidates(problem, one)
            found.append(kinks[dual_values(kinks, B) > 1 - 1e-3 * min(1.0, 100 * (one.kappa - 1))])
    return joined(*found)
