"""The block semidefinite program over cells in CVXPY's words, to read and to compare with.

The loop solves the same program as plain arrays (`exactnorm.exact.balls.block_program`), in a fraction of the time that
CVXPY takes to compile this one. It is written twice on purpose: the two share no line of the algebra of cones, and a
test holds them to the same value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cvxpy as cp
import numpy as np

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import Cell, cell_rows, kink_map
from exactnorm.exact.balls.cells import essential_rows
from exactnorm.exact.balls.problem import slope_and_value


def block_program(points: Array, rho: float, cells: Sequence[Cell], scale: float = 1.0) -> cp.Problem:
    """Minimise ½ Σ (X_tt + tr Y) over the blocks of `cells`, subject to interpolation of the balls.

    Block M = [[X, Cᵀ], [C, Y]] stands for Σ v vᵀ over neurons of the cell, v = (√‖a‖ ẑ, a/√‖a‖), so that
    X holds Σ ‖a‖ ẑẑᵀ and C holds Σ a ẑᵀ; dropping the rank condition leaves a relaxation, whose value is a
    lower bound on the least cost when the cells cover every pattern.

    Parameters
    ----------
    points : ndarray, shape (N, r)
        Coordinates of the clean points, x_0 = 0.
    rho : float
    cells : sequence of Cell
    scale : float
        The blocks are those of the network divided by this.
    """
    r = points.shape[1]
    conditions: list[Any] = []
    cost: Any = 0.0
    moments: list[Any] = [0.0] * len(points)
    for cell in cells:
        G = cell_rows(cell, points, rho)[essential_rows(cell, points, rho)]
        n = G.shape[1]
        M = cp.Variable((n + r, n + r), PSD=True)
        X, C, Y = M[:n, :n], M[n:, :n], M[n:, n:]
        products = X @ G.T
        first, second = np.triu_indices(len(G), 1)
        conditions += [
            cp.trace(X[:r, :r]) == X[n - 1, n - 1],
            cp.sum(cp.multiply(G[first].T, products[:, second]), axis=0) >= 0,
            cp.SOC(products[n - 1, :], products[:r, :], axis=0),
        ]
        cost += (X[n - 1, n - 1] + cp.trace(Y)) / 2
        Z = C @ kink_map(cell, points, rho).T
        for ball in np.flatnonzero(cell.pattern):
            moments[ball] += Z
    targets = slope_and_value(points)[1:] / scale
    conditions += [moment == target for moment, target in zip(moments[1:], targets, strict=True)]
    return cp.Problem(cp.Minimize(cost), conditions)
