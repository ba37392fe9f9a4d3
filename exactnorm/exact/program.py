"""The two convex programs in CVXPY, each with its way back: cells -> block SDP, kinks -> group lasso."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

import clarabel
import cvxpy as cp
import numpy as np
import scs
from cvxpy.reductions.solvers.conic_solvers import clarabel_conif, scs_conif
from numpy.typing import NDArray
from scipy import sparse

from exactnorm.certify.cell import Cell, CellProof, cell_rows, kink_map
from exactnorm.exact.cells import essential_rows
from exactnorm.exact.clock import Deadline, interruptible
from exactnorm.exact.conic import SCS_INTERRUPTED, clarabel_settings, scs_options, stoppable
from exactnorm.exact.kinks import Kinks
from exactnorm.training_set import Array


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


def check_solver(name: str) -> str:
    """The solver's name as CVXPY spells it; ``ValueError`` unless it is installed and takes semidefinite programs."""
    if name.upper() not in cp.installed_solvers() or not _solves_semidefinite(name.upper()):
        fitting = [one for one in cp.installed_solvers() if _solves_semidefinite(one)]
        msg = (
            f"solver={name!r}: CVXPY finds no such solver of semidefinite programs here; it finds {', '.join(fitting)}"
        )
        raise ValueError(msg)
    return name.upper()


def _solves_semidefinite(name: str) -> bool:
    """Whether a 2×2 program comes out; CVXPY has no stable way to ask a solver for its cones."""
    M = cp.Variable((2, 2), PSD=True)
    problem = cp.Problem(cp.Minimize(cp.trace(M)), [M[0, 1] == 1])
    return solve(problem, name, {}).startswith("optimal") and abs(float(problem.value) - 2) < 1e-2


def solve(problem: cp.Problem, solver: str, options: dict[str, Any], deadline: Deadline | None = None) -> str:
    """Solve, catching CVXPY's warnings; return its status and what it warned of, as one phrase.

    With a deadline, Ctrl-C and the deadline act at once.
    """
    # Warnings are caught here and not in the solving thread: a thread that was given up would put back filters of
    # long ago when it ends, in the middle of somebody else's work.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            if deadline is None:
                problem.solve(solver=solver, **options)
            else:
                interruptible(lambda stop: _solve(problem, solver, options, deadline, stop), deadline)
        except (cp.SolverError, ValueError) as error:
            return f"failed ({error})"
    inaccurate = any("inaccurate" in str(one.message) for one in caught)
    return f"{problem.status}{' (inaccurate)' if inaccurate and 'inaccurate' not in problem.status else ''}"


def _solve(problem: cp.Problem, solver: str, options: dict[str, Any], deadline: Deadline, stop: Event) -> None:
    """`problem.solve`, with the two solvers that come with the package called so that they can be stopped."""
    if solver not in ("CLARABEL", "SCS"):
        problem.solve(solver=solver, **options)
        return
    data, chain, inverse = problem.get_problem_data(solver, solver_opts=options)
    A, b, q, P = data["A"], data["b"], data["c"], data.get("P")
    if solver == "CLARABEL":
        quadratic = sparse.csc_matrix((len(q), len(q))) if P is None else sparse.triu(P, format="csc")
        cones = clarabel_conif.dims_to_solver_cones(data["dims"])
        found = stoppable(clarabel.DefaultSolver(quadratic, q, A, b, cones, clarabel_settings(options)), stop)()
    else:
        arrays = {"A": A, "b": b, "c": q} | ({} if P is None else {"P": P})
        cones = scs_conif.dims_to_solver_dict(data["dims"])
        found = scs.solve(arrays, cones, verbose=False, **scs_options(options, deadline))
        if found["info"]["status_val"] == SCS_INTERRUPTED:
            raise KeyboardInterrupt
    problem.unpack_results(found, chain, inverse)


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
