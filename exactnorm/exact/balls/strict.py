"""Multipliers of one cell with room to spare, however thin the cell is.

Where two balls are near each other next to the size of the set, cells are thin and dual matrices large, and a solver
loses its digits. In the coordinates of the cell's analytic centre, where the barrier's Hessian is the identity, both
are of order 1; and asking for S ⪰ δ there leaves the solver's errors nothing to spoil.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import Cell, cell_rows, cone_form, kink_map
from exactnorm.exact.balls.cells import essential_rows
from exactnorm.exact.balls.pricing import FLOOR, Priced, cell_proof, price, recomputed, rescaled
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.settings import Solver
from exactnorm.exact.solvers.cone_program import ConeProgram, smat, solution, svec

MARGIN = 5e-9
"""δ: above what Clarabel leaves open, far below what a bracket resolves."""
LOOSE = 1.02
"""κ of an optimal B above which the relaxation of a cell has never been seen; its solution has."""
NEARLY = 30
"""Excess over what is enough, as a multiple, from which on the solver's digits may be what is missing."""
STEPS = 60
"""Newton steps to the analytic centre; a dozen are usual."""


def price_cells(
    cells: Sequence[tuple[Cell, NDArray[np.intp]]],
    points: Array,
    rho: float,
    B: Array,
    enough: float,
    solver: Solver,
    deadline: Deadline | None = None,
) -> list[Priced]:
    """Price several cells, given with their essential rows; plain arrays, so that any executor can run it elsewhere.

    Where κ is above `enough`, and it may not be because of the cell but because the solver has lost its digits, with
    room to spare as well: the better of the two counts.

    Raises
    ------
    OutOfTimeError
        Soon after the deadline, if there is one; elsewhere the clock is another.
    """
    out = []
    for cell, rows in cells:
        one = price(cell, points, rho, B, solver, rows, deadline)
        lost = one.kappa > LOOSE or not one.kappa - one.promised <= (enough - 1) / 2
        if one.kappa > enough and (lost or one.kappa - 1 < NEARLY * (enough - 1)):
            other = recomputed(strictly_priced(cell, points, rho, B, deadline, solver, rows), points, rho, B)
            one = other if other.kappa < one.kappa else one
        out.append(one)
    return out


def strictly_priced(
    cell: Cell,
    X: Array,
    rho: float,
    B: Array,
    deadline: Deadline | None = None,
    solver: Solver | None = None,
    rows: NDArray[np.intp] | None = None,
) -> Priced:
    """Bound ‖B_s (w, b)‖ on a cell by multipliers whose S is definite, B scaled by the bound; not recomputed.

    A cell without an interior is priced as it comes.
    """
    solver = Solver() if solver is None else solver
    rows = essential_rows(cell, X, rho) if rows is None else rows
    G = cell_rows(cell, X, rho)[rows]
    C = _rounding_map(G, X.shape[1], solver, deadline)
    if C is None:
        return price(cell, X, rho, B, solver, rows, deadline)
    L: Array = np.asarray(np.linalg.inv(C), dtype=float)
    BT = B[cell.pattern[1:]].sum(axis=0) @ kink_map(cell, X, rho)
    scaled = G @ L
    size = np.linalg.norm(scaled, axis=1)
    program = _program(scaled / size[:, None], BT @ L, L, X.shape[1])
    try:
        answer = solution(program, solver, deadline)
    except ArithmeticError:
        return price(cell, X, rho, B, solver, rows, deadline)
    x, Z = answer.x, smat(answer.z[-(len(L) * (len(L) + 1) // 2) :], len(L))
    pairs = len(rows) * (len(rows) - 1) // 2
    first, second = np.triu_indices(len(rows), 1)
    unscaled = x.copy()
    unscaled[2 : 2 + pairs] /= size[first] * size[second]
    unscaled[2 + pairs :] /= np.repeat(size, X.shape[1] + 1)
    kappa = float(np.sqrt(max(x[0], FLOOR**2)))
    proof = rescaled(cell_proof(cell, rows, unscaled, X.shape[1]), 1 / kappa**2)
    return Priced(kappa, proof, L @ Z @ L.T, float(np.sqrt(max(-float(program.b @ answer.z), 0.0))))


def _rounding_map(G: Array, r: int, solver: Solver, deadline: Deadline | None) -> Array | None:
    """C with CᵀC the Hessian of the cell's barrier at its analytic centre; None if it has no interior to speak of."""
    z = _inside(G, r, solver, deadline)
    if z is None:
        return None
    try:
        for _ in range(STEPS):
            gradient, H = _barrier(G, r, z)
            # On the slice t = 1: the barrier is homogeneous, and its size along the cone is free.
            step = np.zeros_like(z)
            step[:-1] = -np.linalg.solve(H[:-1, :-1], gradient[:-1])
            decrement = math.sqrt(max(0.0, -float(gradient @ step)))
            z = z + step * (1.0 if decrement < 0.25 else 1 / (1 + decrement))
            if decrement < 1e-3:
                break
        if not ((G @ z > 0).all() and np.linalg.norm(z[:r]) < z[-1]):
            return None
        return np.asarray(np.linalg.cholesky(_barrier(G, r, z)[1]).T)
    except np.linalg.LinAlgError:
        return None


def _barrier(G: Array, r: int, z: Array) -> tuple[Array, Array]:
    """Gradient and Hessian of −Σ log g·ẑ − log(t² − ‖w‖²)."""
    inverse = 1 / (G @ z)
    J = cone_form(len(z), r)
    Jz, gap = J @ z, -float(z @ J @ z)
    gradient = -G.T @ inverse + 2 * Jz / gap
    H = (G * inverse[:, None] ** 2).T @ G + 2 * J / gap + 4 * np.outer(Jz, Jz) / gap**2
    return gradient, H


def _inside(G: Array, r: int, solver: Solver, deadline: Deadline | None) -> Array | None:
    """A point of the slice t = 1 with g·ẑ ≥ s‖g‖ and ‖w‖ ≤ 1 − s for the largest s; None where s is not positive."""
    unit = G / np.linalg.norm(G, axis=1)[:, None]
    n = G.shape[1]  # variables: ẑ without t, then s
    rows = np.column_stack([-unit[:, :-1], np.ones(len(G))])
    ball = np.zeros((r + 1, n))
    ball[0, -1] = 1.0
    ball[1:, :r] = -np.eye(r)
    A = sparse.csc_matrix(np.vstack([rows, ball]))
    b = np.concatenate([unit[:, -1], [1.0], np.zeros(r)])
    q = np.zeros(n)
    q[-1] = -1.0
    try:
        answer = solution(ConeProgram(q, A, b, len(G), (r + 1,)), solver, deadline)
    except ArithmeticError:
        return None
    z = np.append(answer.x[:-1], 1.0)
    good = (G @ z > 0).all() and np.linalg.norm(z[:r]) < 1
    return z if good else None


def _program(G: Array, BT: Array, L: Array, r: int) -> ConeProgram:
    """Variables (τ, μ, ν_nm for n < m, ℓ_n): the least τ with Lᵀ(τ e_t e_tᵀ − (BT)ᵀBT − 2Q)L ⪰ δ."""
    n, R = len(L), len(G)
    first, second = np.triu_indices(R, 1)
    # The entries (w, t) of ẑ, as functions of the new coordinates.
    parts = L[[*range(r), n - 1]]
    half = np.einsum("ki,kj->kij", G[first], G[second])
    linear = np.einsum("ki,cj->kcij", G, parts).reshape(-1, n, n)
    corner = np.outer(L[-1], L[-1])[None]
    J = L.T @ cone_form(n, r) @ L
    products = np.concatenate([half, linear])
    forms = np.concatenate([corner, -2 * J[None], -(products + np.swapaxes(products, 1, 2))])
    pairs, size = len(first), len(forms)
    head = np.zeros((1 + pairs + R * (r + 1), size))
    head[0, 0] = -1.0
    head[1 + np.arange(pairs), 2 + np.arange(pairs)] = -1.0
    order = np.concatenate([[r], np.arange(r)])  # a second-order cone lists its length first, ℓ has it last
    columns = 2 + pairs + (np.arange(R)[:, None] * (r + 1) + order).ravel()
    head[1 + pairs + np.arange(R * (r + 1)), columns] = -1.0
    A = np.vstack([head, -svec(forms).T])
    b = np.concatenate([[-(FLOOR**2)], np.zeros(len(head) - 1), svec(-BT.T @ BT - MARGIN * np.eye(n))])
    q = np.zeros(size)
    q[0] = 1.0
    return ConeProgram(q, sparse.csc_matrix(A), b, 1 + pairs, (r + 1,) * R, (n,))
