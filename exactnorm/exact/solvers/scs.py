"""Cone programs by SCS, a first-order method that looks at the clock itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scs
from numpy.typing import NDArray
from scipy import sparse

from exactnorm.exact.deadline import Deadline
from exactnorm.exact.solvers.cone_program import ConeProgram, ConeSolution

INTERRUPTED = -5
"""SCS catches Ctrl-C itself and returns this status."""


def answer(program: ConeProgram, options: dict[str, Any], deadline: Deadline | None = None) -> ConeSolution:
    """Solve, within the time that is left.

    Raises
    ------
    ValueError
        If SCS has no such option.
    KeyboardInterrupt
        If that ended it.
    """
    order = rows(program)
    data = {"A": sparse.csc_matrix(program.A[order]), "b": program.b[order], "c": program.q, "P": program.quadratic}
    cone = {"z": program.zero, "l": program.nonnegative, "q": list(program.cones), "s": list(program.orders)}
    if deadline is not None and not math.isinf(deadline.remaining):
        options = {**options, "time_limit_secs": max(deadline.remaining, 1e-3)}
    try:
        found = scs.solve(data, cone, verbose=False, **options)
    except (TypeError, ValueError) as mistake:
        msg = f"solver_options: SCS does not take them: {mistake}"
        raise ValueError(msg) from mistake
    if found["info"]["status_val"] == INTERRUPTED:
        raise KeyboardInterrupt
    z = np.empty(len(program.b))
    z[order] = found["y"]
    return ConeSolution(np.asarray(found["x"]), z, str(found["info"]["status"]))


def rows(program: ConeProgram) -> NDArray[np.intp]:
    """The order of rows that SCS wants: lower triangles column by column, which are the upper ones row by row."""
    first = len(program.b) - sum(n * (n + 1) // 2 for n in program.orders)
    parts = [np.arange(first)]
    for n in program.orders:
        columns, along = np.tril_indices(n)
        position = np.zeros((n, n), dtype=int)
        position[along, columns] = np.arange(len(along))
        lower_rows, lower_columns = np.triu_indices(n)[::-1]
        parts.append(first + position[lower_columns, lower_rows])
        first += len(along)
    return np.concatenate(parts)
