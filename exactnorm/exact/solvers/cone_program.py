"""Cone programs as arrays, and the one call that solves them: by the user's solver, or else by its stand-in.

Solvers answer with numbers and a word. The word goes into the status and decides nothing: what the numbers are worth is
for the caller to find out.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from threading import Event

import numpy as np
from scipy import sparse

from exactnorm.arrays import Array
from exactnorm.exact.deadline import Deadline, OutOfTimeError, interruptible
from exactnorm.exact.settings import Solver

SET_UP = 4e-10
"""Seconds, for each cone and each entry of the matrix, that Clarabel takes to set up; half of it on a fast core."""


@dataclass(frozen=True, eq=False)
class ConeProgram:
    """min ½ xᵀPx + q·x subject to b − A x in {0} × {≥ 0} × second-order cones × positive semidefinite matrices.

    Parameters
    ----------
    q : ndarray, shape (n,)
    A : sparse matrix, shape (m, n)
    b : ndarray, shape (m,)
    nonnegative : int
        Number of rows that are to be ≥ 0, after those that are to be 0.
    cones : tuple of int
        Sizes of the second-order cones that follow, each with its length first.
    orders : tuple of int
        Orders of the matrices at the end, each as `svec` writes it.
    zero : int
        Number of leading rows that are to be 0.
    P : sparse matrix or None
        Upper triangle; None for a linear objective.
    """

    q: Array
    A: sparse.csc_matrix
    b: Array
    nonnegative: int
    cones: tuple[int, ...]
    orders: tuple[int, ...] = ()
    zero: int = 0
    P: sparse.csc_matrix | None = None

    @property
    def quadratic(self) -> sparse.csc_matrix:
        """P, zero where there is none."""
        return sparse.csc_matrix((len(self.q), len(self.q))) if self.P is None else self.P


@dataclass(frozen=True, eq=False)
class ConeSolution:
    """A solver's answer.

    Parameters
    ----------
    x : ndarray, shape (n,)
    z : ndarray, shape (m,)
        Multipliers of the cones, in their duals: P x + q + Aᵀz = 0 at an optimum.
    status : str
        The solver's own word.
    instead : str
        Where it is the stand-in's answer: whose, and what the user's solver said; else empty.
    """

    x: Array
    z: Array
    status: str
    instead: str = ""

    @property
    def usable(self) -> bool:
        """Whether all numbers are finite."""
        return bool(np.isfinite(self.x).all() and np.isfinite(self.z).all())


def no_numbers(program: ConeProgram, status: str) -> ConeSolution:
    """The answer of a solver that stopped without one."""
    return ConeSolution(np.full(len(program.q), np.nan), np.full(len(program.b), np.nan), status)


def solution(program: ConeProgram, solver: Solver, deadline: Deadline | None = None) -> ConeSolution:
    """What the solver answers, or its stand-in where it gives no numbers. What they are worth is open.

    Without a deadline a call runs to its end.

    Raises
    ------
    OutOfTimeError, KeyboardInterrupt
        Soon after the deadline or Ctrl-C.
    ArithmeticError
        If neither solver gives numbers.
    """
    first = _tried(program, solver, deadline)
    if first.usable:
        return first
    other = solver.stand_in
    second = _tried(program, other, deadline)
    if second.usable:
        return replace(second, instead=f"{other.name}, as {solver.name} gave no numbers ({first.status})")
    msg = f"neither {solver.name} nor {other.name} gave numbers ({first.status}; {second.status})"
    raise ArithmeticError(msg)


def _tried(program: ConeProgram, solver: Solver, deadline: Deadline | None) -> ConeSolution:
    """A solver's answer; of one that fails in its own way, or answers with something else, no numbers."""
    try:
        found = answered(program, solver, deadline)
    except OutOfTimeError:
        raise
    except Exception as failed:  # other people's code may raise anything; its options were tried at the door
        return no_numbers(program, f"{type(failed).__name__}: {failed}")
    if type(found) is not ConeSolution or (found.x.shape, found.z.shape) != (program.q.shape, program.b.shape):
        return no_numbers(program, "an answer to another program")
    return found


def answered(program: ConeProgram, solver: Solver, deadline: Deadline | None = None) -> ConeSolution:
    """One call of one solver; ``ValueError`` where it does not take its options."""
    if deadline is None:
        return _called(program, solver, None, None)
    with warnings.catch_warnings():  # CVXPY's; here and not in the solving thread, which may outlive this
        warnings.simplefilter("ignore")
        return interruptible(lambda stop: _called(program, solver, deadline, stop), deadline)


def _called(program: ConeProgram, solver: Solver, deadline: Deadline | None, stop: Event | None) -> ConeSolution:
    """The backend of the solver's name, loaded when it is first used: CVXPY takes a second."""
    if solver.name == "CLARABEL":
        from exactnorm.exact.solvers import clarabel

        if deadline is not None and set_up(program) > deadline.remaining:
            raise OutOfTimeError  # nothing stops it, and it keeps the interpreter from looking at the clock
        return clarabel.answer(program, solver.options, stop)
    if solver.name == "SCS":
        from exactnorm.exact.solvers import scs

        return scs.answer(program, solver.options, deadline)
    from exactnorm.exact.solvers import cvxpy

    return cvxpy.answer(program, solver.name, solver.options)


def set_up(program: ConeProgram) -> float:
    """About how many seconds Clarabel takes before its first iteration."""
    return SET_UP * (len(program.cones) + len(program.orders)) * float(program.A.nnz)


def svec(S: Array) -> Array:
    """Upper triangles of symmetric matrices (…, n, n), column by column, off-diagonal entries times √2."""
    columns, rows = np.tril_indices(S.shape[-1])
    return np.asarray(S[..., rows, columns] * np.where(rows == columns, 1.0, np.sqrt(2.0)))


def smat(v: Array, n: int) -> Array:
    """The matrix of order n that `svec` writes as v."""
    columns, rows = np.tril_indices(n)
    S = np.zeros((n, n))
    S[rows, columns] = S[columns, rows] = v / np.where(rows == columns, 1.0, np.sqrt(2.0))
    return S
