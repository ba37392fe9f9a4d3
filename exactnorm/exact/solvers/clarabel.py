"""Cone programs by Clarabel, an interior point method that can be stopped between two iterations."""

from __future__ import annotations

import re
from threading import Event
from typing import Any

import clarabel
import numpy as np

from exactnorm.exact.solvers.cone_program import ConeProgram, ConeSolution


def answer(program: ConeProgram, options: dict[str, Any], stop: Event | None = None) -> ConeSolution:
    """Solve; ends at the next iteration once `stop` is set.

    Raises
    ------
    ValueError
        If Clarabel has no such option.
    """
    cones: list[Any] = [clarabel.ZeroConeT(program.zero)] if program.zero else []
    cones += [clarabel.NonnegativeConeT(program.nonnegative)] if program.nonnegative else []
    cones += [clarabel.SecondOrderConeT(size) for size in program.cones]
    cones += [clarabel.PSDTriangleConeT(order) for order in program.orders]
    solver = clarabel.DefaultSolver(program.quadratic, program.q, program.A, program.b, cones, settings(options))
    # Only where somebody may set it: in the main thread Ctrl-C would be raised inside of the callback, where Clarabel
    # prints it and goes on.
    if stop is not None:
        solver.set_termination_callback(lambda _: stop.is_set())
    found = solver.solve()
    return ConeSolution(
        np.array(found.x), np.array(found.z), re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(found.status)).lower()
    )


def settings(options: dict[str, Any]) -> clarabel.DefaultSettings:
    """Quiet settings with the user's options."""
    out = clarabel.DefaultSettings()
    out.verbose = False
    out.max_threads = 1  # cells are shared out to processes; threads inside one would fight over the cores
    for name, value in options.items():
        if not hasattr(out, name):
            msg = f"solver_options: Clarabel has no setting {name!r}"
            raise ValueError(msg)
        try:
            setattr(out, name, value)
        except (TypeError, OverflowError) as mistake:
            msg = f"solver_options: Clarabel's {name!r} cannot be {value!r}: {mistake}"
            raise ValueError(msg) from mistake
    return out
