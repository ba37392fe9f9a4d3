"""The two convex programs in CVXPY, each with its way back: cells -> block SDP, kinks -> group lasso."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cvxpy as cp
import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import Cell, CellProof, cell_rows, kink_map
from exactnorm.exact.balls.cells import essential_rows
from exactnorm.exact.balls.kinks import Kinks


@dataclass(frozen=True, eq=False)
class BlockProgram:
    """The block semidefinite program over some cells; `blocks[k]` is the lifted block of `cells[k]`.

    Block M = [[X, Cᵀ], [C, Y]] stands for Σ v vᵀ over neurons of the cell, v = (√‖a‖ ẑ, a/√‖a‖), so that
    X holds Σ ‖a‖ ẑẑᵀ and C holds Σ a ẑᵀ; dropping the rank condition leaves a relaxation, whose value is a
    lower bound on the least cost when the cells cover every pattern.
    """

    problem: cp.Problem
    cells: tuple[Cell, ...]
    rows: tuple[NDArray[np.intp], ...]
    blocks: tuple[cp.Variable, ...]
    interpolation: tuple[cp.Constraint, ...]
    conditions: tuple[tuple[cp.Constraint, ...], ...]


def block_program(points: Array, rho: float, cells: Sequence[Cell], scale: float = 1.0) -> BlockProgram:
    """Minimise ½ Σ (X_tt + tr Y) over the blocks of `cells`, subject to interpolation of the balls.

    Parameters
    ----------
    points : ndarray, shape (N, r)
        Coordinates of the clean points, x_0 = 0.
    rho : float
    cells : sequence of Cell
    scale : float
        The blocks are those of the network divided by this; a scale near the cost keeps the numbers near 1. The
        multipliers are the same at every scale.
    """
    r = points.shape[1]
    rows: list[NDArray[np.intp]] = []
    blocks, conditions = [], []
    cost: Any = 0.0
    moments: list[Any] = [0.0] * len(points)
    for cell in cells:
        rows.append(essential_rows(cell, points, rho))
        G = cell_rows(cell, points, rho)[rows[-1]]
        n = G.shape[1]
        M = cp.Variable((n + r, n + r), PSD=True)
        X, C, Y = M[:n, :n], M[n:, :n], M[n:, n:]
        products = X @ G.T
        first, second = np.triu_indices(len(G), 1)
        conditions.append(
            (
                cp.trace(X[:r, :r]) == X[n - 1, n - 1],
                cp.sum(cp.multiply(G[first].T, products[:, second]), axis=0) >= 0,
                cp.SOC(products[n - 1, :], products[:r, :], axis=0),
            )
        )
        cost += (X[n - 1, n - 1] + cp.trace(Y)) / 2
        Z = C @ kink_map(cell, points, rho).T
        for ball in np.flatnonzero(cell.pattern):
            moments[ball] += Z
        blocks.append(M)
    targets = slope_and_value(points)[1:] / scale
    interpolation = tuple(moment == target for moment, target in zip(moments[1:], targets, strict=True))
    problem = cp.Problem(cp.Minimize(cost), [*interpolation, *(one for row in conditions for one in row)])
    return BlockProgram(problem, tuple(cells), tuple(rows), tuple(blocks), interpolation, tuple(conditions))


def slope_and_value(points: Array) -> Array:
    """T_n = [0 | x_n − x_0], shape (N, r, r + 1): no slope on ball n, and the value x_n there."""
    return np.concatenate([np.zeros((*points.shape, points.shape[1])), (points - points[0])[:, :, None]], axis=2)


def dual_matrices(program: BlockProgram | KinkProgram) -> Array:
    """B, shape (N − 1, r, r + 1): the multipliers of interpolation, with the sign that makes Σ⟨B_n, T_n⟩ the value."""
    # CVXPY adds y·(lhs − rhs) to the objective for an equality.
    return -np.array([constraint.dual_value for constraint in program.interpolation])


def proofs(program: BlockProgram) -> tuple[CellProof, ...]:
    """The multipliers of every cell, put into their cones; read from the solver, and worth what `cell_bound` finds."""
    found = []
    for cell, rows, (trace, products, cones) in zip(program.cells, program.rows, program.conditions, strict=True):
        nu = np.zeros((cell.rows, cell.rows))
        first, second = np.triu_indices(len(rows), 1)
        nu[rows[first], rows[second]] = np.maximum(products.dual_value, 0.0)
        length, direction = cones.dual_value
        ell = np.zeros((cell.rows, len(direction) + 1))
        ell[rows] = np.column_stack([direction.T, np.maximum(length, np.linalg.norm(direction, axis=0))])
        found.append(CellProof(cell, -float(trace.dual_value), nu, ell))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class KinkProgram:
    """The group lasso over given kinks; row k of `a` is the output weight of kink k, divided by `scale`."""

    problem: cp.Problem
    a: cp.Variable
    scale: float
    interpolation: tuple[cp.Constraint, ...]


def kink_program(points: Array, kinks: Kinks, scale: float = 1.0) -> KinkProgram:
    """Minimise Σ ‖a_k‖ over networks with the given kinks that interpolate the balls: a second-order cone program."""
    a = cp.Variable((len(kinks), points.shape[1]))
    z = kinks.z
    interpolation = tuple(
        a[on].T @ z[on] == target
        for on, target in zip(kinks.pattern.T[1:], slope_and_value(points)[1:] / scale, strict=True)
    )
    problem = cp.Problem(cp.Minimize(cp.sum(cp.norm(a, axis=1))), list(interpolation))
    return KinkProgram(problem, a, scale, interpolation)
