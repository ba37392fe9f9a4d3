"""Cone programs as arrays, handed to Clarabel or SCS directly, and stopped when the user or the clock says so."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Any

import clarabel
import cvxpy as cp
import numpy as np
import scs
from numpy.typing import NDArray
from scipy import sparse

from exactnorm.arrays import Array
from exactnorm.exact.deadline import Deadline, interruptible

SCS_INTERRUPTED = -5
"""SCS catches Ctrl-C itself and returns this status."""


@dataclass(frozen=True, eq=False)
class ConeProgram:
    """min ½ xᵀPx + q·x subject to b − A x in {≥ 0} × second-order cones × positive semidefinite matrices.

    Parameters
    ----------
    q : ndarray, shape (n,)
    A : sparse matrix, shape (m, n)
    b : ndarray, shape (m,)
    nonnegative : int
        Number of leading rows that are to be ≥ 0.
    cones : tuple of int
        Sizes of the second-order cones that follow, each with its length first.
    order : int
        Order of one matrix at the end, as its upper triangle column by column, off-diagonal entries times √2; 0 for
        none.
    P : sparse matrix or None
        Upper triangle; None for a linear objective.
    """

    q: Array
    A: sparse.csc_matrix
    b: Array
    nonnegative: int
    cones: tuple[int, ...]
    order: int = 0
    P: sparse.csc_matrix | None = None

    @property
    def quadratic(self) -> sparse.csc_matrix:
        """P, zero where there is none."""
        return sparse.csc_matrix((len(self.q), len(self.q))) if self.P is None else self.P


def solution(
    program: ConeProgram, solver: str, options: dict[str, Any], deadline: Deadline | None = None
) -> tuple[Array, Array] | None:
    """(x, z), z the multipliers of the cones; None if the solver stopped without numbers. What they are worth is open.

    Without a deadline the call runs to its end.

    Raises
    ------
    OutOfTimeError, KeyboardInterrupt
        Soon after the deadline or Ctrl-C.
    """

    def call(stop: Event | None) -> tuple[Array, Array]:
        if solver == "SCS":
            return _with_scs(program, options, deadline)
        if solver == "CLARABEL" or program.order:
            return _with_clarabel(program, options if solver == "CLARABEL" else {}, stop)
        return _with_cvxpy(program, solver, options)

    if deadline is None:
        x, z = call(None)
    else:
        with warnings.catch_warnings():  # CVXPY's; here and not in `call`, whose thread may outlive this
            warnings.simplefilter("ignore")
            x, z = interruptible(call, deadline)
    return (x, z) if np.isfinite(x).all() and np.isfinite(z).all() else None


def stoppable(solver: clarabel.DefaultSolver, stop: Event | None) -> Callable[[], Any]:
    """The solver's `solve`, which ends at the next iteration once `stop` is set; None where nobody will.

    In the main thread Ctrl-C would be raised inside of the callback, where the solver prints it and goes on.
    """
    if stop is not None:
        solver.set_termination_callback(lambda _: stop.is_set())
    return solver.solve  # type: ignore[no-any-return]


def clarabel_settings(options: dict[str, Any]) -> clarabel.DefaultSettings:
    """Quiet settings with the user's options.

    Raises
    ------
    ValueError
        If Clarabel has no such option.
    """
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1  # cells are shared out to processes; threads inside one would fight over the cores
    for name, value in options.items():
        if not hasattr(settings, name):
            msg = f"solver_options: Clarabel has no setting {name!r}"
            raise ValueError(msg)
        setattr(settings, name, value)
    return settings


def _with_clarabel(program: ConeProgram, options: dict[str, Any], stop: Event | None) -> tuple[Array, Array]:
    cones: list[Any] = [clarabel.NonnegativeConeT(program.nonnegative)] if program.nonnegative else []
    cones += [clarabel.SecondOrderConeT(size) for size in program.cones]
    cones += [clarabel.PSDTriangleConeT(program.order)] if program.order else []
    solver = clarabel.DefaultSolver(
        program.quadratic, program.q, program.A, program.b, cones, clarabel_settings(options)
    )
    found = stoppable(solver, stop)()
    return np.array(found.x), np.array(found.z)


def _with_scs(program: ConeProgram, options: dict[str, Any], deadline: Deadline | None) -> tuple[Array, Array]:
    order = _scs_rows(program)
    data = {"A": sparse.csc_matrix(program.A[order]), "b": program.b[order], "c": program.q, "P": program.quadratic}
    cone = {"l": program.nonnegative, "q": list(program.cones), "s": [program.order] if program.order else []}
    try:
        answer = scs.solve(data, cone, verbose=False, **scs_options(options, deadline))
    except TypeError as unknown:
        msg = f"solver_options: {unknown}"
        raise ValueError(msg) from unknown
    if answer["info"]["status_val"] == SCS_INTERRUPTED:
        raise KeyboardInterrupt
    z = np.empty(len(program.b))
    z[order] = answer["y"]
    return np.asarray(answer["x"]), z


def scs_options(options: dict[str, Any], deadline: Deadline | None) -> dict[str, Any]:
    """The options with the time that is left."""
    if deadline is None or math.isinf(deadline.remaining):
        return options
    return {**options, "time_limit_secs": max(deadline.remaining, 1e-3)}


def _scs_rows(program: ConeProgram) -> NDArray[np.intp]:
    """SCS wants the lower triangle column by column, which is the upper one row by row."""
    n = program.order
    columns, rows = np.tril_indices(n)
    position = np.zeros((n, n), dtype=int)
    position[rows, columns] = np.arange(len(rows))
    lower_rows, lower_columns = np.triu_indices(n)[::-1]
    start = len(program.b) - len(rows)
    return np.concatenate([np.arange(start), start + position[lower_columns, lower_rows]])


def _with_cvxpy(program: ConeProgram, solver: str, options: dict[str, Any]) -> tuple[Array, Array]:
    """Any other solver that CVXPY knows, for programs whose cones are second-order ones."""
    x = cp.Variable(len(program.q))
    P = program.quadratic
    full = P + P.T - sparse.diags(P.diagonal())
    slack = program.b - program.A @ x
    sizes = np.array(program.cones)
    first = np.cumsum(sizes) - sizes
    # One constraint for all cones of a size.
    heads = {int(size): first[sizes == size] for size in np.unique(sizes)}
    tails = {size: head[:, None] + np.arange(1, size) for size, head in heads.items()}
    cones = {
        size: cp.SOC(slack[head], cp.reshape(slack[tails[size].ravel()], tails[size].shape, order="C"), axis=1)
        if size > 1
        else slack[head] >= 0
        for size, head in heads.items()
    }
    cost = program.q @ x + (0 if program.P is None else cp.quad_form(x, cp.psd_wrap(full)) / 2)
    z = np.full(len(program.b), np.nan)
    try:
        cp.Problem(cp.Minimize(cost), list(cones.values())).solve(solver=solver, **options)
    except cp.SolverError:
        return np.full(len(program.q), np.nan), z
    if x.value is None:
        return np.full(len(program.q), np.nan), z
    for size, cone in cones.items():
        if size > 1:
            z[heads[size]], z[tails[size]] = cone.dual_value
        else:
            z[heads[size]] = cone.dual_value
    return np.asarray(x.value), z
