"""Which solver: the check of its name and options at the door."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from exactnorm.arrays import of_kind
from exactnorm.exact.settings import Solver
from exactnorm.exact.solvers.cone_program import ConeProgram, answered, smat

OWN = ("CLARABEL", "SCS")
"""They come with the package."""


def chosen(name: str, options: dict[str, Any] | None = None) -> Solver:
    """The solver of this name, in any case, with these options, to hand to every call.

    Raises
    ------
    ValueError
        Unless it is installed, takes semidefinite programs, as some steps are, and has these options.
    """
    if not isinstance(name, str):
        msg = f"solver={name!r:.40}: give the name of one, such as 'CLARABEL', which is the default"
        raise ValueError(msg)
    if options is not None:
        of_kind(options, dict, "solver_options", "a dictionary, such as {'max_iter': 500}")
    solver = Solver(name.upper(), options or {})
    if solver.name not in OWN and not _solves_semidefinite(solver.name):
        from exactnorm.exact.solvers.cvxpy import installed

        fitting = [one for one in installed() if one in OWN or _solves_semidefinite(one)]
        msg = (
            f"solver={name!r}: CVXPY finds no such solver of semidefinite programs here; it finds {', '.join(fitting)}"
        )
        raise ValueError(msg)
    if options:
        answered(SMALL, solver)  # whatever it answers: options may well stop it early
    return solver


SMALL = ConeProgram(
    q=np.array([1.0, 0.0, 1.0]),
    A=sparse.csc_matrix(np.vstack([[0.0, 1.0, 0.0], -np.eye(3)])),
    b=np.array([np.sqrt(2.0), 0.0, 0.0, 0.0]),
    nonnegative=0,
    cones=(),
    orders=(2,),
    zero=1,
)
"""The least trace of a positive semidefinite matrix with 1 off the diagonal: 2."""


def _solves_semidefinite(name: str) -> bool:
    """Whether a 2×2 program comes out; CVXPY has no stable way to ask a solver for its cones."""
    from exactnorm.exact.solvers.cvxpy import installed

    if name not in installed():
        return False
    try:
        found = answered(SMALL, Solver(name))
    except ValueError:
        return False
    return found.usable and bool(np.abs(smat(found.x, 2) - 1).max() < 1e-2)
