"""How to solve: what every step of the loop is handed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

from exactnorm.exact.deadline import Deadline

DEFAULT_OPTIONS: dict[str, dict[str, Any]] = {
    "CLARABEL": {"tol_gap_abs": 1e-9, "tol_gap_rel": 1e-9, "tol_feas": 1e-9},
    "SCS": {"eps_abs": 1e-9, "eps_rel": 1e-9, "max_iters": 50_000},
}
"""SCS stops at 1e-4 or so by itself, far above the gaps wanted here."""


@dataclass(frozen=True, eq=False)
class Settings:
    """How to solve: tolerance, solver and its options, deadline, executor, and who hears of new brackets.

    `said` gathers what there is to say about it in the status.
    """

    tol: float
    solver: str
    options: dict[str, Any]
    deadline: Deadline
    executor: Executor | None
    report: Callable[[Any], None]
    said: list[str] = field(default_factory=list)

    def options_for(self, solver: str) -> dict[str, Any]:
        """The user's options for the user's solver, the defaults for its stand-in."""
        return self.options if solver == self.solver else DEFAULT_OPTIONS.get(solver, {})
