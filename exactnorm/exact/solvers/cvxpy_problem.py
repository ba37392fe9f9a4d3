"""Problems written in CVXPY: which solvers it finds here, and a call that Ctrl-C and the clock can stop."""

from __future__ import annotations

import warnings
from threading import Event
from typing import Any

import clarabel
import cvxpy as cp
import scs
from cvxpy.reductions.solvers.conic_solvers import clarabel_conif, scs_conif
from scipy import sparse

from exactnorm.exact.deadline import Deadline, interruptible
from exactnorm.exact.solvers.cone_program import SCS_INTERRUPTED, clarabel_settings, scs_options, stoppable


def check_solver(name: str) -> str:
    """The solver's name as CVXPY spells it; ``ValueError`` unless it is installed and takes semidefinite programs."""
    if not isinstance(name, str):
        msg = f"solver={name!r}: give the name of one, such as 'CLARABEL', which is the default"
        raise ValueError(msg)
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
