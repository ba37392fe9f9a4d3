"""The user's solver and options reach every program of the finite problems; a stand-in gets options of its own."""

import numpy as np
import pytest

from exactnorm import min_norm_network
from exactnorm.exact.finite import group_lasso, trend_filter
from exactnorm.exact.settings import DEFAULT_OPTIONS

OPTIONS = {"max_iter": 77, "tol_gap_abs": 1e-10}


@pytest.fixture
def handed(monkeypatch):
    """Solver and options of every program, which is then solved, or, for solvers in `failing`, is not."""
    calls, failing, real = [], set(), group_lasso.solve

    def recorded(problem, solver, options, deadline=None):
        calls.append((solver, dict(options)))
        return "failed (on purpose)" if solver in failing else real(problem, solver, options, deadline)

    for module in (group_lasso, trend_filter):
        monkeypatch.setattr(module, "solve", recorded)
    return calls, failing


def planar():
    rng = np.random.default_rng(0)
    return rng.standard_normal((6, 2)), rng.standard_normal(6)


def on_a_line():
    rng = np.random.default_rng(0)
    return rng.standard_normal((50, 1)), rng.standard_normal(50)


def too_many():
    rng = np.random.default_rng(0)
    return rng.standard_normal((20, 5)), rng.standard_normal(20)


@pytest.mark.parametrize(
    ("data", "decay"), [(planar, None), (planar, 1e-2), (on_a_line, 1e-2), (too_many, None), (too_many, 1e-2)]
)
def test_every_program_is_handed_the_solver_and_the_options_that_the_user_chose(data, decay, handed):
    calls, _ = handed
    for solver, options in (("CLARABEL", OPTIONS), ("SCS", {"eps_abs": 1e-7, "max_iters": 9000})):
        calls.clear()
        min_norm_network(*data(), weight_decay=decay, solver=solver, solver_options=options, time_limit=3, tol=1e-3)
        assert calls
        assert all(call == (solver, options) for call in calls if call[0] == solver)
        assert calls[0] == (solver, options)


@pytest.mark.parametrize("decay", [None, 1e-2])
def test_a_stand_in_gets_tolerances_that_reach_the_gap_and_none_of_the_options_of_another_solver(decay, handed):
    calls, failing = handed
    failing.add("CLARABEL")
    found = min_norm_network(*planar(), weight_decay=decay, solver_options=OPTIONS, time_limit=20)
    assert {name for name, _ in calls} == {"CLARABEL", "SCS"}
    assert all(options == OPTIONS for name, options in calls if name == "CLARABEL")
    assert all(options == DEFAULT_OPTIONS["SCS"] for name, options in calls if name == "SCS")
    assert found.certificate.gap < 1e-5  # SCS by itself stops at about 1e-4
