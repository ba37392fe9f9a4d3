"""The convex program, and each map to a program against its way back."""

from dataclasses import replace

import numpy as np
import pytest
from kink_program import kink_program

from exactnorm import TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify.balls.cell import (
    Cell,
    CellProof,
    cell_bound,
    interior_slack,
    repaired,
    shortfall,
    slack_matrix,
)
from exactnorm.certify.balls.dual_bound import dual_bound
from exactnorm.exact.balls import covering
from exactnorm.exact.balls.block_program import solved_blocks
from exactnorm.exact.balls.cells import split, tangent_cells, whole_cells
from exactnorm.exact.balls.kinks import dual_values, pattern_kinks
from exactnorm.exact.balls.polish import corrected, margins, residual
from exactnorm.exact.balls.pricing import price
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.balls.program import block_program
from exactnorm.exact.balls.start import first_kinks, ramps
from exactnorm.exact.settings import Solver
from exactnorm.patterns import kink_patterns


def test_the_bound_of_tangent_cells_lies_between_that_of_patterns_and_the_optimum():
    points = np.random.default_rng(8).standard_normal((5, 2))
    train = TrainingSet(points, 0.05)
    problem = reduced(train)
    whole = whole_cells(problem.patterns, 2)
    values = []
    for cells in (whole, [part for cell in whole for part in tangent_cells(cell)]):
        program = block_program(problem.points, problem.rho, cells)
        program.solve(solver="CLARABEL", tol_gap_rel=1e-7, tol_gap_abs=1e-7, tol_feas=1e-7)
        values.append(program.value)
    upper = min_norm_denoiser(train).certificate.upper
    assert values[0] <= values[1] * (1 + 1e-6)
    assert values[1] <= upper * (1 + 1e-6)


def test_blocks_and_bounds_come_back_from_the_program():
    problem = reduced(TrainingSet([[0, 0], [1, 0], [0.4, 0.9]], 0.1))
    whole = whole_cells(problem.patterns, 2)
    for cells in (whole, [part for cell in whole for part in tangent_cells(cell)]):
        program = block_program(problem.points, problem.rho, cells)  # as it reads, in CVXPY
        program.solve(solver="CLARABEL", tol_gap_rel=1e-7, tol_gap_abs=1e-7, tol_feas=1e-7)
        for solver in ("CLARABEL", "SCS"):
            found = solved_blocks(problem.points, problem.rho, cells, 5.0, Solver(solver))
            bound = dual_bound(problem.points, problem.rho, found.B, found.proofs)
            assert bound == pytest.approx(program.value, rel=1e-6)
            # The value may be read off B, with the sign that makes it positive, and off the masses of the blocks.
            assert np.einsum("nr,nr->", found.B[:, :, -1], problem.points[1:]) == pytest.approx(bound, rel=1e-6)
            assert 5.0 * sum(X[-1, -1] for X in found.moments) == pytest.approx(bound, rel=1e-5)


def test_the_kink_program_returns_an_interpolating_network_of_the_stated_cost():
    problem = reduced(TrainingSet(np.random.default_rng(4).standard_normal((5, 3)), 0.05))
    kinks = first_kinks(problem)
    program = kink_program(problem.points, kinks, scale=7.0)
    program.problem.solve(solver="CLARABEL")
    neurons = corrected(problem.points, replace(ramps(problem, kinks), a=7.0 * program.a.value))
    assert np.abs(residual(problem.points, kinks, neurons.a)).max() < 1e-12
    assert margins(problem.points, problem.rho, kinks).min() > -1e-12
    assert neurons.cost == pytest.approx(7.0 * program.problem.value, rel=1e-6)
    assert neurons.cost <= ramps(problem, kinks).cost * (1 + 1e-9)


def test_every_kink_of_a_cell_respects_the_bound_of_the_cell():
    rng = np.random.default_rng(6)
    points = np.vstack([np.zeros(3), rng.uniform(-0.5, 0.5, (4, 3))])
    patterns = kink_patterns(points, 0.02)
    B = rng.standard_normal((4, 3, 4))
    directions = rng.standard_normal((20000, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    for cell in whole_cells(patterns, 3)[::3]:
        found = pattern_kinks(directions, cell.pattern, points, 0.02)
        largest = dual_values(found, B).max(initial=0.0)
        whole = price(cell, points, 0.02, B, Solver())
        pieces = [price(part, points, 0.02, B, Solver()).kappa for part in tangent_cells(cell)]
        assert largest <= whole.kappa
        assert largest <= max(pieces)
        assert max(pieces) <= whole.kappa * (1 + 1e-6)
        assert cell_bound(whole.proof, points, 0.02, B / whole.kappa) <= 1 + 1e-9


def test_repaired_multipliers_prove_the_bound_of_the_cell_to_whoever_recomputes_it():
    rng = np.random.default_rng(1)
    points = np.vstack([np.zeros(3), rng.uniform(-0.5, 0.5, (4, 3))])
    pattern = np.array([False, True, False, True, False])
    for ball in (-1, 0, 1):
        cell = Cell(pattern, ball, np.zeros((0, 5 if ball < 0 else 4)))
        nu, direction = np.triu(rng.random((5, 5)), 1), rng.standard_normal((5, 3))
        ell = np.column_stack([direction, np.linalg.norm(direction, axis=1)])
        proof, B = CellProof(cell, 0.3, nu, ell), rng.standard_normal((4, 3, 4))
        tau = shortfall(proof, points, 0.02, B)
        assert tau > 0.1
        assert cell_bound(repaired(proof, points, tau), points, 0.02, B / np.sqrt(1 + tau)) <= 1 + 1e-12
        again = slack_matrix(repaired(proof, points, tau), points, 0.02, B / np.sqrt(1 + tau)) * (1 + tau)
        mixed = slack_matrix(proof, points, 0.02, B) + tau * interior_slack(cell, points, 0.02)
        np.testing.assert_allclose(again, mixed, atol=1e-12 * np.abs(mixed).max())


def test_both_solvers_price_a_cell_alike():
    rng = np.random.default_rng(0)
    points = np.vstack([np.zeros(3), rng.uniform(-0.5, 0.5, (4, 3))])
    cell = Cell(np.array([False, True, False, True, False]), 1, np.array([[1.0, 0, 0]]))
    B = rng.standard_normal((4, 3, 4))
    bounds = [price(cell, points, 0.02, B, Solver(solver)).kappa for solver in ("CLARABEL", "SCS")]
    assert bounds[0] == pytest.approx(bounds[1], rel=1e-5)


def test_an_empty_cell_has_a_finite_bound():
    # No kink that has only the middle point of three on a line on one side.
    points = np.array([[0.0, 0.0], [0.5, 0.0], [1.0, 0.0], [0.3, 0.5]])
    cell = Cell(np.array([False, True, False, False]), 0, np.zeros((0, 2)))
    kappa = price(cell, points, 0.01, np.random.default_rng(0).standard_normal((3, 2, 3)), Solver()).kappa
    assert np.isfinite(kappa)


@pytest.mark.parametrize("patience", [0, 1000])
def test_a_pattern_is_covered_by_halves_or_begun_again_with_tangent_cells(patience, monkeypatch):
    monkeypatch.setattr(covering, "PATIENCE", patience)
    solved = min_norm_denoiser(np.random.default_rng(6).standard_normal((5, 3)), 0.05)
    balls = {proof.cell.ball for proof in solved.certificate.evidence.proofs}
    assert (max(balls) >= 0) == (patience == 0)
    lower, upper, _ = check_certificate(solved.certificate, solved.train, solved.network)
    assert upper * (1 - 1e-6) <= lower <= upper


def test_halves_of_a_cell_meet_only_in_a_hyperplane():
    rng = np.random.default_rng(2)
    whole = whole_cells(reduced(TrainingSet(rng.standard_normal((4, 3)), 0.05)).patterns, 3)[0]
    moments = rng.standard_normal((9, 5))
    for depth in (0, 7):
        one, other = split(whole, moments.T @ moments, depth)
        np.testing.assert_array_equal(one.cuts, -other.cuts)
        assert np.linalg.norm(one.cuts, axis=1) == pytest.approx(1.0)
        assert one.ball == other.ball == -1
