"""Cone programs by any other solver that CVXPY finds; their calls cannot be stopped."""

from __future__ import annotations

from typing import Any

import cvxpy as cp
import numpy as np
from scipy import sparse

from exactnorm.arrays import Array
from exactnorm.exact.solvers.cone_program import ConeProgram, ConeSolution, no_numbers, smat, svec


def installed() -> list[str]:
    """The names of the solvers that CVXPY finds."""
    return sorted(cp.installed_solvers())


def answer(program: ConeProgram, solver: str, options: dict[str, Any]) -> ConeSolution:
    """Solve.

    Raises
    ------
    ValueError
        If the solver does not take the options.
    """
    x = cp.Variable(len(program.q))
    P = program.quadratic
    cost = program.q @ x
    if program.P is not None:
        cost = cost + cp.quad_form(x, cp.psd_wrap(P + P.T - sparse.diags(P.diagonal()))) / 2
    parts = _constraints(program, program.b - program.A @ x)
    problem = cp.Problem(cp.Minimize(cost), [constraint for _, constraint in parts])
    try:
        problem.solve(solver=solver, **options)
    except cp.SolverError as failed:
        return no_numbers(program, f"failed: {failed}")
    except (TypeError, ValueError, KeyError, AttributeError) as mistake:
        msg = f"solver_options: {solver} does not take them: {mistake}"
        raise ValueError(msg) from mistake
    if x.value is None or any(constraint.dual_value is None for _, constraint in parts):
        return no_numbers(program, str(problem.status))
    z = np.empty(len(program.b))
    for rows, constraint in parts:
        dual = constraint.dual_value
        if isinstance(constraint, cp.SOC):
            z[rows[:, 0]], z[rows[:, 1:]] = dual[0], np.reshape(dual[1], rows[:, 1:].shape)
        elif isinstance(constraint, cp.constraints.PSD):
            z[rows] = svec((dual + dual.T) / 2)
        else:
            z[rows] = dual
    return ConeSolution(np.asarray(x.value), z, str(problem.status))


def _constraints(program: ConeProgram, slack: Any) -> list[tuple[Any, Any]]:
    """Each with the rows that it is about, (n,), or (cones, size) for all second-order cones of one size."""
    m = program.zero + program.nonnegative
    parts: list[tuple[Any, Any]] = []
    if program.zero:
        # CVXPY adds y·(lhs − rhs): with slack = b − A x on the right, y are the multipliers.
        parts.append((np.arange(program.zero), slack[: program.zero] == 0))
    if program.nonnegative:
        parts.append((np.arange(program.zero, m), slack[program.zero : m] >= 0))
    sizes = np.array(program.cones, dtype=int)
    first = m + np.cumsum(sizes) - sizes
    for size in np.unique(sizes).tolist():
        rows = first[sizes == size][:, None] + np.arange(size)
        if size == 1:
            parts.append((rows[:, 0], slack[rows[:, 0]] >= 0))
        else:
            tail = cp.reshape(slack[rows[:, 1:].ravel()], rows[:, 1:].shape, order="C")
            parts.append((rows, cp.SOC(slack[rows[:, 0]], tail, axis=1)))
    m += int(sizes.sum())
    for n in program.orders:
        rows = m + np.arange(n * (n + 1) // 2)
        parts.append((rows, cp.reshape(_entries(n) @ slack[rows], (n, n), order="C") >> 0))
        m += len(rows)
    return parts


def _entries(n: int) -> Array:
    """The linear map from `svec` to all n² entries."""
    return np.stack([smat(unit, n).ravel() for unit in np.eye(n * (n + 1) // 2)], axis=1)
