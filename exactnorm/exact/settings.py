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


@dataclass(frozen=True)
class Solver:
    """A solver and its options; plain data, so that it can be sent away together with a program.

    Parameters
    ----------
    name : str
        In capitals, as CVXPY spells it.
    options : dict, optional
        In the solver's own words, in place of the defaults. Every call gets them.
    """

    name: str = "CLARABEL"
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", dict(self.options or DEFAULT_OPTIONS.get(self.name, {})))

    @property
    def stand_in(self) -> Solver:
        """Who is asked where this solver gives no numbers: another one, with its own defaults."""
        return Solver("SCS" if self.name == "CLARABEL" else "CLARABEL")


@dataclass(frozen=True, eq=False)
class Settings:
    """How to solve: tolerance, solver with its options, deadline, executor, and who hears of new brackets.

    `said` gathers what there is to say about it in the status.
    """

    tol: float = 1e-6
    solver: Solver = field(default_factory=Solver)
    deadline: Deadline = field(default_factory=lambda: Deadline(None))
    executor: Executor | None = None
    report: Callable[[Any], None] = lambda _: None
    said: list[str] = field(default_factory=list)
