"""Why patterns are empty: convex combinations on both sides that come nearer than the balls allow, as rationals."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.geometry import non_negative
from exactnorm.hulls import hull_gaps
from exactnorm.patterns import neighbours_first
from exactnorm.proof.coverage import clash_flaw
from exactnorm.proof.problem import Balls
from exactnorm.proof.rationals import exact, rounded
from exactnorm.proof.records import Clash

DIGITS = 12
"""Decimals of weights."""
SMALL = 1e-9
"""Weights below this are left out."""


@dataclass(frozen=True, eq=False)
class Excluded:
    """Clashes that exclude all patterns but those that are `left` and have no cells; the order of the search."""

    clashes: tuple[Clash, ...]
    order: tuple[int, ...]
    left: tuple[int, ...]


def excluded(
    problem: Balls, X: Array, rho: float, covered: Set[int], check: Callable[[], None] = lambda: None
) -> Excluded:
    """Clashes for the patterns that are not covered.

    Parameters
    ----------
    problem : Balls
    X : ndarray, shape (N, k)
        The points in floating point, of order 1, and `rho` in the same unit.
    covered : set of int
        Patterns that have cells, as bits.
    """
    order = neighbours_first(X)
    size = len(X)
    clashes: list[Clash] = []
    alive = np.zeros((1, 1), dtype=bool)
    for n in range(1, size):
        both = np.vstack([np.column_stack([alive, np.full(len(alive), on)]) for on in (False, True)])
        kept = np.ones(len(both), dtype=bool)
        some = np.flatnonzero(both.any(axis=1))
        rows = order[: n + 1]
        near = some[hull_gaps(X[rows], both[some]).low <= 2 * rho * (1 - 1e-12) + (1e-12 if rho == 0 else 0.0)]
        found: list[tuple[NDArray[np.bool_], NDArray[np.bool_]]] = []
        for k in near:
            on, off = rows[both[k]], rows[~both[k]]
            inside = np.isin(np.arange(size), on), np.isin(np.arange(size), off)
            if any((inside[0] | ~a).all() and (inside[1] | ~b).all() for a, b in found):
                kept[k] = False
            elif (clash := clash_of(problem, X, on, off)) is not None:
                clashes.append(clash)
                a, b = (np.isin(np.arange(size), [m for m, _ in side]) for side in (clash.on, clash.off))
                found.append((a, b))
                kept[k] = False
            check()
        alive = both[kept]
    patterns = [sum(1 << int(order[k]) for k in np.flatnonzero(one)) for one in alive]
    left = tuple(on for on in patterns if on and on not in covered)
    return Excluded(tuple(clashes), tuple(int(n) for n in order), left)


def clash_of(problem: Balls, X: Array, on: NDArray[np.intp], off: NDArray[np.intp]) -> Clash | None:
    """A clash of these points, if one is found that holds in exact numbers."""
    differences = (X[on][:, None, :] - X[off][None, :, :]).reshape(-1, X.shape[1])
    system = np.vstack([differences.T, np.ones(len(differences))])
    target = np.zeros(len(system))
    target[-1] = 1.0
    weights = non_negative(system, target)[0].reshape(len(on), len(off))
    if not weights.sum() > 0:
        return None
    weights /= weights.sum()
    sides = [
        {int(n): float(value) for n, value in zip(rows, side, strict=True) if value > SMALL}
        for rows, side in ((on, weights.sum(axis=1)), (off, weights.sum(axis=0)))
    ]
    clash = meeting(problem, *sides) if problem.rho == 0 else Clash(convex(sides[0]), convex(sides[1]))
    return None if clash is None or clash_flaw(problem, clash) else clash


def convex(side: dict[int, float]) -> tuple[tuple[int, fmpq], ...]:
    """The weights with sum 1 in rationals: the largest makes up for what rounding takes."""
    weights = {n: rounded(exact(value), DIGITS) for n, value in side.items()}
    largest = max(weights, key=lambda n: weights[n])
    weights[largest] += 1 - sum(weights.values(), fmpq(0))
    return tuple(sorted(weights.items()))


def meeting(problem: Balls, on: dict[int, float], off: dict[int, float]) -> Clash | None:
    """Combinations that are equal in exact numbers, near the given ones; None if the points allow none."""
    rows = [*on, *off]
    sign = [1] * len(on) + [-1] * len(off)
    r = problem.rank
    equations = [[s * problem.heights[n, i] for n, s in zip(rows, sign, strict=True)] for i in range(r)]
    equations.append([fmpq(int(s > 0)) for s in sign])
    equations.append([fmpq(int(s < 0)) for s in sign])
    target = [fmpq(0)] * r + [fmpq(1), fmpq(1)]
    guess = [rounded(exact(value), DIGITS) for value in (*on.values(), *off.values())]
    solved = solution_near(equations, target, guess)
    if solved is None:
        return None
    return Clash(
        tuple((n, value) for n, value in zip(on, solved, strict=False) if value),
        tuple((n, value) for n, value in zip(off, solved[len(on) :], strict=True) if value),
    )


def solution_near(
    equations: Sequence[Sequence[fmpq]], target: Sequence[fmpq], guess: Sequence[fmpq]
) -> list[fmpq] | None:
    """A solution that has the guess where the equations leave a choice; None if there is none."""
    width = len(guess)
    table, rank = fmpq_mat([[*row, end] for row, end in zip(equations, target, strict=True)]).rref()
    pivots = [next(j for j in range(width + 1) if table[i, j] != 0) for i in range(rank)]
    if width in pivots:
        return None
    out = list(guess)
    free = [j for j in range(width) if j not in pivots]
    for i, pivot in enumerate(pivots):
        out[pivot] = table[i, width] - sum((table[i, j] * out[j] for j in free), fmpq(0))
    return out
