"""Bounds on the dual function over single cells at fixed B, and the kinks where it is largest.

max ‖B_s (w, b)‖ over a cell is bounded by the least √τ for which multipliers make τ e_t e_tᵀ − (B_s T)ᵀ(B_s T) − 2Q
positive semidefinite: one small semidefinite program a cell, independent of all others, so that a process pool or a
cluster can share them. Its dual variable X is the moment matrix of the kinks that attain the bound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import Cell, CellProof, cell_rows, cone_form, kink_map, repaired, shortfall
from exactnorm.exact.balls.cells import essential_rows
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.settings import Solver
from exactnorm.exact.solvers.cone_program import ConeProgram, smat, solution, svec

FLOOR = 0.1
"""Bounds below this are not sought: only the cells where ‖B_s z‖ comes near 1 decide anything."""


@dataclass(frozen=True, eq=False)
class Priced:
    """A cell with an upper bound κ on max ‖B_s (w, b)‖, ‖w‖ = 1, the multipliers behind it, and their moments.

    Parameters
    ----------
    kappa : float
        Recomputed from `proof`; holds whatever the solver did.
    proof : CellProof
        Multipliers for B/κ: they show ‖B_s (w, b)‖ ≤ κ‖w‖.
    X : ndarray
        Moments of the maximising kinks as the solver sees them; a proposal, not part of the proof.
    promised : float
        The κ that the solver's dual says other multipliers might show; NaN where it gave none.
    """

    kappa: float
    proof: CellProof
    X: Array
    promised: float


def price(
    cell: Cell,
    points: Array,
    rho: float,
    B: Array,
    solver: Solver,
    rows: NDArray[np.intp] | None = None,
    deadline: Deadline | None = None,
) -> Priced:
    """Bound ‖B_s (w, b)‖ on one cell by its own semidefinite program over `rows` (the essential ones)."""
    r = points.shape[1]
    G = cell_rows(cell, points, rho)
    if rows is None:
        rows = essential_rows(cell, points, rho)
    BT = B[cell.pattern[1:]].sum(axis=0) @ kink_map(cell, points, rho)
    program = _cone_data(G[rows], BT, r)
    n = G.shape[1]
    try:
        found = solution(program, solver, deadline)
    except ArithmeticError:  # a wide bound is one all the same
        x, X, promised = np.zeros(len(program.q)), np.eye(n), float("nan")
    else:
        x, X = found.x, smat(found.z[-(n * (n + 1) // 2) :], n)
        promised = float(np.sqrt(max(-float(program.b @ found.z), 0.0)))
    kappa = float(np.sqrt(max(x[0], FLOOR**2)))
    proof = cell_proof(cell, rows, x, r)
    return recomputed(Priced(kappa, rescaled(proof, 1 / kappa**2), X, promised), points, rho, B)


def scaled(priced: Priced, kappa: float) -> CellProof:
    """The multipliers for B/κ with a κ no smaller than the cell's own."""
    return rescaled(priced.proof, (priced.kappa / kappa) ** 2)


def rescaled(proof: CellProof, factor: float) -> CellProof:
    """All multipliers times a factor: those of B become those of √factor · B."""
    return replace(proof, mu=proof.mu * factor, nu=proof.nu * factor, ell=proof.ell * factor)


def cell_proof(cell: Cell, rows: NDArray[np.intp], x: Array, r: int) -> CellProof:
    """The multipliers in x = (τ, μ, ν_nm for n < m, ℓ_n) of some rows, put into their cones."""
    pairs = len(rows) * (len(rows) - 1) // 2
    nu = np.zeros((cell.rows, cell.rows))
    first, second = np.triu_indices(len(rows), 1)
    nu[rows[first], rows[second]] = np.maximum(x[2 : 2 + pairs], 0.0)
    ell = np.zeros((cell.rows, r + 1))
    ell[rows] = x[2 + pairs :].reshape(len(rows), r + 1)
    ell[:, r] = np.maximum(ell[:, r], np.linalg.norm(ell[:, :r], axis=1))
    return CellProof(cell, float(x[1]), nu, ell)


def recomputed(priced: Priced, points: Array, rho: float, B: Array) -> Priced:
    """With the κ that the multipliers give, and these repaired for it."""
    tau = shortfall(priced.proof, points, rho, B / priced.kappa)
    # Whoever recomputes the bound finds the same rounding again, and now the room for it.
    proof = repaired(priced.proof, points, tau) if tau < np.inf else priced.proof
    return replace(priced, kappa=priced.kappa * float(np.sqrt(1 + tau)), proof=proof)


def _cone_data(G: Array, BT: Array, r: int) -> ConeProgram:
    """Variables x = (τ, μ, ν_nm for n < m, ℓ_n): the least τ with τ e_t e_tᵀ − BTᵀBT − 2Q ⪰ 0."""
    n, R = G.shape[1], len(G)
    first, second = np.triu_indices(R, 1)
    half = np.einsum("ki,kj->kij", G[first], G[second])
    unit = np.zeros((r + 1, n))
    unit[np.arange(r), np.arange(r)] = unit[r, -1] = 1.0
    linear = np.einsum("ki,cj->kcij", G, unit).reshape(-1, n, n)
    corner = np.zeros((1, n, n))
    corner[0, -1, -1] = 1.0
    forms = np.concatenate([corner, -2 * cone_form(n, r)[None], -_twice_symmetric(half), -_twice_symmetric(linear)])
    pairs, size = len(first), len(forms)
    # Row 0: τ ≥ FLOOR². Without it the program of an empty cell, or of one on which B vanishes, is unbounded.
    head = np.zeros((1 + pairs + R * (r + 1), size))
    head[0, 0] = -1.0
    head[1 + np.arange(pairs), 2 + np.arange(pairs)] = -1.0
    # A second-order cone lists its length first, ℓ has it last.
    order = np.concatenate([[r], np.arange(r)])
    columns = 2 + pairs + (np.arange(R)[:, None] * (r + 1) + order).ravel()
    head[1 + pairs + np.arange(R * (r + 1)), columns] = -1.0
    A = np.vstack([head, -svec(forms).T])
    b = np.concatenate([[-(FLOOR**2)], np.zeros(len(head) - 1), svec(-BT.T @ BT)])
    q = np.zeros(size)
    q[0] = 1.0
    return ConeProgram(q, sparse.csc_matrix(A), b, 1 + pairs, (r + 1,) * R, (n,))


def _twice_symmetric(half: Array) -> Array:
    return np.asarray(half + np.swapaxes(half, -1, -2))
