"""Cone programs: three ways to one answer, options that do not exist, and what happens when a step fails."""

import numpy as np
import pytest
from kink_program import kink_program

import exactnorm.exact.balls.solve
import exactnorm.exact.balls.start
from exactnorm import TrainingSet, check_certificate, min_norm_denoiser, problems
from exactnorm.exact.balls import covering
from exactnorm.exact.balls.deciding import deciding_balls
from exactnorm.exact.balls.look import look
from exactnorm.exact.balls.loop import near
from exactnorm.exact.balls.master import bends, master
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.balls.start import first_kinks
from exactnorm.exact.settings import Settings, Solver
from exactnorm.exact.solvers import clarabel, cvxpy

ACUTE = [[0, 0], [1, 0], [0.4, 0.9]]


def settings(solver):
    return Settings(solver=Solver(solver))


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
        return cvxpy.answer(program, "CLARABEL", options)

    monkeypatch.setattr(clarabel, "answer", through_cvxpy)
    steps.append(master(problem, kinks, 1.0, settings("CLARABEL"), at, hold))
    for step in steps[1:]:
        np.testing.assert_allclose(step.a, steps[0].a, atol=1e-3)  # flatter than B: a wrong sign or order shows
        if curved:  # else B need not be unique
            np.testing.assert_allclose(step.B, steps[0].B, atol=1e-4)


def test_without_curvature_the_master_is_the_group_lasso():
    problem = reduced(TrainingSet(ACUTE, 0.1))
    kinks = first_kinks(problem)
    program = kink_program(problem.points, kinks)
    program.problem.solve(solver="CLARABEL")
    assert master(problem, kinks, 1.0, settings("CLARABEL")).cost == pytest.approx(program.problem.value, rel=1e-6)


@pytest.mark.parametrize("solver", ["CLARABEL", "SCS"])
def test_an_option_that_the_solver_has_not_is_refused(solver):
    with pytest.raises(ValueError, match="nonsense"):
        min_norm_denoiser(ACUTE, 0.1, solver=solver, solver_options={"nonsense": 1})


def test_a_block_program_that_fails_is_told_and_done_without(monkeypatch):
    def failed(*_):
        msg = "neither of them gave numbers"
        raise ArithmeticError(msg)

    monkeypatch.setattr(exactnorm.exact.balls.start, "solved_blocks", failed)
    denoiser = min_norm_denoiser(ACUTE, 0.1)
    assert "began cold" in denoiser.status
    assert denoiser.certificate.gap <= 1e-6


@pytest.mark.parametrize("crowd", [covering.CROWD, 0])
def test_a_certificate_holds_with_multipliers_and_without_where_they_would_take_too_many_cells(crowd, monkeypatch):
    train = TrainingSet([[0, 0], [1, 0], [0.5, 1]], 0.447)  # of 0.44721
    monkeypatch.setattr(covering, "CROWD", crowd)
    denoiser = min_norm_denoiser(train)
    assert denoiser.certificate.gap <= 1e-6
    assert (denoiser.certificate.cells > 0) == (crowd > 0)
    assert ("the multipliers of the cells were not computed" in denoiser.status) == (crowd == 0)
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
