"""Cone programs: three ways to one answer, options that do not exist, and what happens when a step fails."""

import numpy as np
import pytest

import exactnorm.exact.balls.solve
import exactnorm.exact.balls.start
from exactnorm import TrainingSet, check_certificate, min_norm_denoiser, problems
from exactnorm.exact.balls.deciding import deciding_balls
from exactnorm.exact.balls.look import look
from exactnorm.exact.balls.loop import near
from exactnorm.exact.balls.master import bends, master
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.balls.program import kink_program
from exactnorm.exact.balls.start import first_kinks
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.settings import DEFAULT_OPTIONS, Settings
from exactnorm.exact.solvers import cone_program
from exactnorm.exact.solvers.cvxpy_problem import solve

ACUTE = [[0, 0], [1, 0], [0.4, 0.9]]


def settings(solver):
    return Settings(1e-6, solver, DEFAULT_OPTIONS.get(solver, {}), Deadline(None), None, lambda _: None)


@pytest.mark.parametrize("curved", [False, True])
def test_three_solvers_take_one_step_alike(curved, monkeypatch):
    problem = reduced(TrainingSet(ACUTE, 0.1))
    kinks = first_kinks(problem)
    plain = master(problem, kinks, 1.0, settings("CLARABEL"))
    at, hold = None, 0.0
    if curved:
        seen = look(problem, deciding_balls(problem), plain.B, 0.5, settings("CLARABEL"))
        at, hold = bends(problem, seen.peaks, plain.B / seen.kappa), 0.1
        assert {len(L) for L in at.L} == {0, 1}  # cones of more than one size
        kinks = kinks[~near(problem, kinks, seen.peaks, 1e-6)]  # of two equal kinks either may carry the weight
    steps = [master(problem, kinks, 1.0, settings(solver), at, hold) for solver in ("CLARABEL", "SCS")]

    def through_cvxpy(program, options, _):
        return cone_program._with_cvxpy(program, "CLARABEL", options)

    monkeypatch.setattr(cone_program, "_with_clarabel", through_cvxpy)
    steps.append(master(problem, kinks, 1.0, settings("CLARABEL"), at, hold))
    for step in steps[1:]:
        np.testing.assert_allclose(step.a, steps[0].a, atol=1e-3)  # flatter than B: a wrong sign or order shows
        if curved:  # else B need not be unique
            np.testing.assert_allclose(step.B, steps[0].B, atol=1e-4)


def test_without_curvature_the_master_is_the_group_lasso():
    problem = reduced(TrainingSet(ACUTE, 0.1))
    kinks = first_kinks(problem)
    program = kink_program(problem.points, kinks)
    solve(program.problem, "CLARABEL", {})
    assert master(problem, kinks, 1.0, settings("CLARABEL")).cost == pytest.approx(program.problem.value, rel=1e-6)


@pytest.mark.parametrize("solver", ["CLARABEL", "SCS"])
def test_an_option_that_the_solver_has_not_is_refused(solver):
    with pytest.raises(ValueError, match="nonsense"):
        min_norm_denoiser(ACUTE, 0.1, solver=solver, solver_options={"nonsense": 1})


def test_a_block_program_that_fails_is_told_and_done_without(monkeypatch):
    monkeypatch.setattr(exactnorm.exact.balls.start, "solve", lambda *_: "failed")
    denoiser = min_norm_denoiser(ACUTE, 0.1)
    assert "began cold" in denoiser.status
    assert denoiser.certificate.gap <= 1e-6


def test_a_certificate_without_multipliers_holds_where_they_would_take_too_many_cells():
    train = TrainingSet([[0, 0], [1, 0], [0.5, 1]], 0.447)  # of 0.44721
    denoiser = min_norm_denoiser(train)
    assert denoiser.certificate.gap <= 1e-6
    assert denoiser.certificate.cells == 0
    assert "the multipliers of the cells were not computed" in denoiser.status
    lower, upper, _ = check_certificate(denoiser.certificate, train, denoiser.network)
    assert upper * (1 - 1e-6) <= lower <= upper


def test_ctrl_c_while_the_result_is_made_small_keeps_the_bracket(monkeypatch):
    finish, calls = exactnorm.exact.balls.solve.finished, []

    def interrupted_once(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return finish(*arguments)

    monkeypatch.setattr(exactnorm.exact.balls.solve, "finished", interrupted_once)
    train = problems.plane_5().train
    denoiser = min_norm_denoiser(train)
    assert denoiser.status.startswith("interrupted")
    assert denoiser.certificate.gap <= 1e-6
    check_certificate(denoiser.certificate, train, denoiser.network)
