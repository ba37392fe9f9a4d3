"""The block semidefinite program over cells as a cone program, and its way back: dual matrices, multipliers, moments.

The same program in CVXPY's words is `exactnorm.exact.balls.program`, a road of its own: a test holds both to one value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import Cell, CellProof, cell_rows, kink_map
from exactnorm.exact.balls.cells import essential_rows
from exactnorm.exact.balls.problem import slope_and_value
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.settings import Solver
from exactnorm.exact.solvers.cone_program import ConeProgram, smat, solution, svec


@dataclass(frozen=True, eq=False)
class Blocks:
    """What a solver makes of the program: numbers to look into, none of them proved.

    Parameters
    ----------
    B : ndarray, shape (N − 1, r, r + 1)
        Multipliers of interpolation: Σ⟨B_n, T_n⟩ is the value, times the scale.
    proofs : tuple of CellProof
        Multipliers of every cell, put into their cones; worth what `cell_bound` finds.
    moments : tuple of ndarray
        For each cell Σ ‖a‖ ẑẑᵀ over the neurons that its block stands for, divided by the scale.
    status : str
        Who solved it, and what that solver said.
    """

    B: Array
    proofs: tuple[CellProof, ...]
    moments: tuple[Array, ...]
    status: str


@dataclass(frozen=True, eq=False)
class Linear:
    """What is asked of one cell's block M = [[X, Cᵀ], [C, Y]], as rows that multiply svec(M).

    M stands for Σ v vᵀ over neurons of the cell, v = (√‖a‖ ẑ, a/√‖a‖); dropping the rank condition leaves a relaxation.

    Parameters
    ----------
    cost : ndarray, shape (p,)
        ½ (X_tt + tr Y).
    unit : ndarray, shape (1, p)
        tr X_ww − X_tt, to be 0.
    moments : ndarray, shape (r (r + 1), p)
        The entries of Σ a zᵀ, to add up to T_n over the cells that are on at ball n.
    products : ndarray, shape (R (R − 1)/2, p)
        (G X Gᵀ)_nm for n < m, to be ≥ 0.
    cones : ndarray, shape (R (r + 1), p)
        X_t·g_n, then X_w·g_n, for each row n: in second-order cones.
    """

    cost: Array
    unit: Array
    moments: Array
    products: Array
    cones: Array


def solved_blocks(
    points: Array,
    rho: float,
    cells: Sequence[Cell],
    scale: float,
    solver: Solver,
    deadline: Deadline | None = None,
    basis: Array | None = None,
) -> Blocks:
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
    basis : ndarray, shape ((N − 1) r (r + 1), D), optional
        Columns that span the B to choose from. Interpolation then holds as far as these see it: for invariant B and
        one cell of each orbit, on average over the orbit.

    Raises
    ------
    ArithmeticError
        If no solver gives numbers.
    """
    r = points.shape[1]
    rows = [essential_rows(cell, points, rho) for cell in cells]
    found = solution(cone_program(points, rho, cells, rows, scale, basis), solver, deadline)
    # Rows, in the order of the program: one a cell, those of interpolation, products and cones cell by cell.
    unit, rest = np.split(found.z, [len(cells)])
    B, rest = np.split(rest, [(len(points) - 1) * r * (r + 1) if basis is None else basis.shape[1]])
    B = B if basis is None else basis @ B
    counts = [len(one) * (len(one) - 1) // 2 for one in rows]
    products = np.split(rest, np.cumsum(counts))
    cones = np.split(products.pop(), np.cumsum([len(one) * (r + 1) for one in rows]))
    proofs = [_proof(*one, r) for one in zip(cells, rows, unit, products, cones[: len(cells)], strict=True)]
    orders = [cell_rows(cell, points, rho).shape[1] + r for cell in cells]
    blocks = np.split(found.x, np.cumsum([n * (n + 1) // 2 for n in orders])[:-1])
    moments = [smat(block, n)[: n - r, : n - r] for block, n in zip(blocks, orders, strict=True)]
    status = f"{found.status}, by {found.instead}" if found.instead else found.status
    return Blocks(-B.reshape(-1, r, r + 1), tuple(proofs), tuple(moments), status)


def cone_program(
    points: Array,
    rho: float,
    cells: Sequence[Cell],
    rows: Sequence[NDArray[np.intp]],
    scale: float,
    basis: Array | None = None,
) -> ConeProgram:
    """The program in the entries of all blocks, as `svec` writes them, one block after another."""
    r = points.shape[1]
    parts = [linear(cell, points, rho, some) for cell, some in zip(cells, rows, strict=True)]
    on = [sparse.csr_matrix(cell.pattern[1:, None] * 1.0) for cell in cells]
    interpolation = sparse.hstack([sparse.kron(which, one.moments) for which, one in zip(on, parts, strict=True)])
    targets = slope_and_value(points)[1:].ravel() / scale
    if basis is not None:
        interpolation, targets = sparse.coo_matrix(basis.T @ interpolation), basis.T @ targets
    A = sparse.vstack(
        [
            sparse.block_diag([one.unit for one in parts]),
            interpolation,
            sparse.block_diag([-one.products for one in parts]),
            sparse.block_diag([-one.cones for one in parts]),
            -sparse.eye_array(sum(len(one.cost) for one in parts)),
        ],
        format="csc",
    )
    A.eliminate_zeros()  # Kronecker products store some, and they blur what the solver factors
    b = np.zeros(A.shape[0])
    b[len(cells) : len(cells) + targets.size] = targets
    return ConeProgram(
        q=np.concatenate([one.cost for one in parts]),
        A=sparse.csc_matrix(A),
        b=b,
        nonnegative=sum(len(one.products) for one in parts),
        cones=(r + 1,) * sum(len(some) for some in rows),
        orders=tuple(kink_map(cell, points, rho).shape[1] + r for cell in cells),
        zero=len(cells) + targets.size,
    )


def linear(cell: Cell, points: Array, rho: float, rows: NDArray[np.intp]) -> Linear:
    """The rows of one cell."""
    r = points.shape[1]
    G, T = cell_rows(cell, points, rho)[rows], kink_map(cell, points, rho)
    n = T.shape[1]
    size = n + r
    corner = np.diag(np.arange(size) >= n - 1) / 2.0
    unit = np.diag(np.concatenate([np.ones(r), np.zeros(n - r - 1), [-1.0], np.zeros(r)]))
    moments = np.zeros((r, r + 1, size, size))
    for i in range(r):
        moments[i, :, n + i, :n] = T
    first, second = np.triu_indices(len(G), 1)
    products = np.zeros((len(first), size, size))
    products[:, :n, :n] = np.einsum("ki,kj->kij", G[first], G[second])
    cones = np.zeros((len(G), r + 1, size, size))
    for i, entry in enumerate((n - 1, *range(r))):
        cones[:, i, entry, :n] = G
    return Linear(
        svec(corner),
        _symmetric(unit[None]),
        _symmetric(moments.reshape(-1, size, size)),
        _symmetric(products),
        _symmetric(cones.reshape(-1, size, size)),
    )


def _symmetric(forms: Array) -> Array:
    """Rows that give ⟨form, M⟩ for symmetric M."""
    return svec((forms + np.swapaxes(forms, 1, 2)) / 2)


def _proof(cell: Cell, rows: NDArray[np.intp], unit: float, products: Array, cones: Array, r: int) -> CellProof:
    nu = np.zeros((cell.rows, cell.rows))
    first, second = np.triu_indices(len(rows), 1)
    nu[rows[first], rows[second]] = np.maximum(products, 0.0)
    ell = np.zeros((cell.rows, r + 1))
    length, direction = np.split(cones.reshape(len(rows), r + 1), [1], axis=1)
    ell[rows] = np.column_stack([direction, np.maximum(length[:, 0], np.linalg.norm(direction, axis=1))])
    return CellProof(cell, -float(unit), nu, ell)
