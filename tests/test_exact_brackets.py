"""Brackets against published and known optima, and on degenerate data."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_optima import KNOWN

import exactnorm
from exactnorm import TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.exact.balls.cells import whole_cells
from exactnorm.exact.balls.feasible import infeasibility_ray
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.balls.program import block_program
from exactnorm.patterns import activation_patterns


@pytest.mark.parametrize("name", KNOWN)
def test_the_bracket_holds_the_known_optimum(name):
    points, rho, optimum = KNOWN[name]
    denoiser = min_norm_denoiser(points, rho, method="program")
    certificate = denoiser.certificate
    assert certificate.kind == "computed"
    assert certificate.lower <= optimum * (1 + 1e-12)
    assert certificate.upper >= optimum * (1 - 1e-12)
    assert certificate.gap <= 1e-6
    assert certificate.interpolation_error <= 1e-12


@pytest.mark.parametrize(
    ("points", "rho", "published"),
    [
        ([[0, 0], [1, 0], [0.4, 0.9]], 0.1, 5.1698749),
        ([[0, 0], [1, 0], [0.4, 0.9]], 0.4, 35.897361),
        ([[0, 0], [4, 0], [1, 3]], 0.8, 7.9964741),
        ([[0, 0], [1, 0], [0.5, 1]], 0.42, 43.405922),
    ],
)
def test_acute_triangles_reach_the_tolerance_at_every_radius(points, rho, published):
    certificate = min_norm_denoiser(points, rho).certificate
    assert certificate.gap <= 1e-6
    assert certificate.upper == pytest.approx(published, rel=1e-6)


def test_random_points_in_the_plane_reach_the_tolerance():
    points = np.random.default_rng(1).standard_normal((6, 2))
    train = TrainingSet(points, 0.05)
    problem = reduced(train)
    relaxation = block_program(problem.points, problem.rho, whole_cells(problem.patterns, 2))
    relaxation.solve(solver="CLARABEL", tol_gap_rel=1e-7, tol_gap_abs=1e-7, tol_feas=1e-7)
    denoiser = min_norm_denoiser(train)
    # Not vacuous: the relaxation over whole patterns stops short of the optimum here.
    assert relaxation.value < denoiser.certificate.lower * (1 - 1e-4)
    assert denoiser.certificate.gap <= 1e-6
    assert check_certificate(denoiser.certificate, train, denoiser.network)[0] >= denoiser.certificate.lower * (
        1 - 1e-9
    )


coordinates = st.integers(-4, 4).map(float)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    points=st.lists(st.tuples(coordinates, coordinates), min_size=2, max_size=5, unique=True),
    fraction=st.sampled_from([0.0, 0.05, 0.5, 0.9]),
    shift=st.sampled_from([0.0, 1e6]),
    scale=st.sampled_from([1.0, 1e-8, 1e8]),
)
def test_brackets_are_valid_on_degenerate_and_extreme_data(points, fraction, shift, scale):
    base = np.array(points)
    train = TrainingSet(scale * (base + shift), 0.0)
    train = TrainingSet(train.points, fraction * train.separation / 2)
    ray = infeasibility_ray(train.points, activation_patterns(train.points, train.rho))
    if ray is not None:
        with pytest.raises(exactnorm.InfeasibleProblem) as caught:
            min_norm_denoiser(train, method="program")
        patterns = activation_patterns(train.points, train.rho)
        assert np.abs(patterns @ caught.value.ray).max() < 1e-9
        assert np.linalg.norm(caught.value.ray @ (train.points - train.points[0])) > 1e-6 * train.separation
        return
    denoiser = min_norm_denoiser(train, method="program", tol=1e-3, time_limit=2)
    certificate = denoiser.certificate
    assert 0 < certificate.lower <= certificate.upper * (1 + 1e-9)
    lower, upper, error = check_certificate(certificate, train, denoiser.network)
    # The slope of a ramp carries the rounding of points far away: a millionth of the distance from the origin's ulp.
    assert error <= 1e-9 * upper * (np.ptp(train.points, axis=0).max() + 1e-6 * np.abs(train.points).max())
    pair = train.separation
    assert upper >= 2 * pair / (pair - 2 * train.rho) * (1 - 1e-9)  # two of the points cost that much by themselves
    assert lower <= upper * (1 + 1e-9)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_cube_corners_have_as_many_patterns_as_threshold_functions(count):
    corners = np.array(list(itertools.product([0.0, 1.0], repeat=count)))
    assert len(activation_patterns(corners)) == {2: 14, 3: 104, 4: 1882}[count]


@pytest.mark.parametrize("height", [1e-13, 1e-12, 1e-10, 1e-9, 3e-9])
def test_three_points_all_but_on_a_line_cost_as_much_as_three_on_it(height):
    # At these heights a kink through two of them enters the third by next to nothing, and costs a network dearly.
    solved = min_norm_denoiser([[0, 0], [1, 0], [2, height], [0.3, 1]], 0.0)
    on_the_line = min_norm_denoiser([[0, 0], [1, 0], [2, 0], [0.3, 1]], 0.0)
    assert solved.certificate.gap <= 1e-6
    assert solved.certificate.upper == pytest.approx(on_the_line.certificate.upper, rel=2e-6)
