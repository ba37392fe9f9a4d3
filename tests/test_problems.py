"""Named problems: their data are what they say, and what is recorded of them is consistent."""

import math

import numpy as np
import pytest

from exactnorm import min_norm_denoiser, problems
from exactnorm.certify.rays import rays_lower_bound
from exactnorm.geometry import affine_hull


def test_every_problem_is_found_by_its_name_and_is_a_valid_training_set():
    listing = problems.listing()
    assert len({problem.name for problem in listing}) == len(listing) >= 19
    for problem in listing:
        assert np.array_equal(problems.named(problem.name).train.points, problem.train.points)
        lower, upper = problem.interval
        assert 0 <= lower <= upper
        assert problem.source


def test_hyphens_in_a_name_count_as_underscores_and_an_unknown_name_lists_the_known_ones():
    assert problems.named("regular-simplex").name == "regular_simplex"
    with pytest.raises(ValueError, match=r"no problem is called 'nonsense'; there are univariate, .*digits10"):
        problems.named("nonsense")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("univariate", 4.8076923),
        ("orthogonal", 4.7222222),
        ("obtuse", 4.8919050),
        ("rays", 9.9666667),
        ("orthonormal", 11.1111111),
    ],
)
def test_the_optimum_on_rays_is_the_reference_value_and_the_bound_recomputed_from_the_points(name, value):
    problem = problems.named(name)
    assert problem.optimum == pytest.approx(value, abs=5.1e-8)
    assert rays_lower_bound(problem.train.points, problem.train.rho, 0) == pytest.approx(problem.optimum, rel=1e-12)


def test_five_unit_vectors_have_their_reference_value_and_the_program_s_bracket_holds_it():
    problem = problems.regular_simplex()
    assert problem.optimum == pytest.approx(8.785828, abs=5.1e-7)
    certificate = min_norm_denoiser(problem.train, method="program").certificate
    assert certificate.lower <= problem.optimum * (1 + 1e-12)
    assert certificate.upper >= problem.optimum * (1 - 1e-12)


def test_the_equilateral_triangle_has_its_reference_value():
    assert problems.equilateral().optimum == pytest.approx(4.6153846, abs=5.1e-8)


def test_on_the_infeasible_problem_no_line_cuts_off_ball_0_or_ball_1_though_the_balls_are_disjoint():
    problem = problems.infeasible()
    x, rho = problem.train.points, problem.train.rho
    assert problem.optimum == math.inf
    assert problem.train.separation > 2 * rho
    # Cutting ball i off from the other two takes a strip of width 2·rho within the altitude from x_i.
    for i, j in ((0, 1), (1, 0)):
        side = x[2] - x[j]
        altitude = abs(np.linalg.det(np.array([side, x[i] - x[j]]))) / np.linalg.norm(side)
        assert altitude < 2 * rho


def test_generic_simplices_are_the_documented_draws_of_one_generator():
    rng = np.random.default_rng(5)
    for size in (6, 7, 8):
        points = problems.named(f"generic_simplex_{size}").train.points
        assert np.array_equal(points, rng.standard_normal((size, size - 1)))
        assert affine_hull(points).rank == size - 1


def test_random_problems_are_reproducible_by_seed_and_differ_between_seeds():
    one, same, other = (problems.gaussian(5, 2, seed=seed).train for seed in (1, 1, 2))
    assert np.array_equal(one.points, same.points)
    assert one.rho == same.rho == pytest.approx(0.05 * one.separation)
    assert not np.array_equal(one.points, other.points)


def test_digits_are_real_grey_images_with_one_of_each_class_first():
    images, classes = problems.digit_images()
    assert images.shape == (100, 64)
    assert images.dtype == np.float64
    assert (images.min(), images.max()) == (0, 16)
    assert np.array_equal(classes, np.arange(100) % 10)
    assert affine_hull(images[:10]).rank == 9
    assert np.array_equal(problems.digits10().train.points, images[:10])
    with pytest.raises(ValueError, match="choose 2 to 100"):
        problems.digits(101)


def test_digits_equal_those_that_scikit_learn_ships():
    load_digits = pytest.importorskip("sklearn.datasets").load_digits
    everything = {row.tobytes() for row in load_digits().data.astype(np.float64)}
    images, _ = problems.digit_images()
    assert all(row.tobytes() in everything for row in images)


@pytest.mark.parametrize("name", ["acute", "acute_large_radius", "scalene", "isosceles", "plane_5", "digits5"])
def test_a_recorded_interval_is_narrow_and_meets_the_program_s_own_bracket(name):
    problem = problems.named(name)
    lower, upper = problem.interval
    assert 0 < upper - lower < 1e-6 * upper
    certificate = min_norm_denoiser(problem.train, method="program").certificate
    assert certificate.certifies(1e-6)
    assert certificate.lower <= upper
    assert certificate.upper >= lower
