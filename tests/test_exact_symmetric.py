"""Solves with one pattern of each orbit: the same optimum as without, and certificates of the points as they are."""

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import ortho_group
from symmetric_sets import SETS, cross_polytope, lattice, prism, problems

from exactnorm import TrainingSet, check_certificate, load, min_norm_denoiser, save
from exactnorm.certify.balls.evidence import Cells, Faces
from exactnorm.exact.balls import loop, solve


def without_symmetry(monkeypatch, points, rho, **how):
    with monkeypatch.context() as patch:
        patch.setattr(solve, "up_to_symmetry", lambda problem, *_: problem)
        return min_norm_denoiser(points, rho, **how)


@pytest.mark.parametrize("share", [0.15, 0.4])
@pytest.mark.parametrize("name", SETS)
def test_brackets_with_and_without_symmetry_are_narrow_and_overlap(name, share, monkeypatch):
    rng = np.random.default_rng(4)
    points = SETS[name]
    d = points.shape[1]
    points = 7.0 * (points @ ortho_group.rvs(d, random_state=rng) + rng.uniform(-1, 1, d))
    points = points[rng.permutation(len(points))]
    rho = share * pdist(points).min()
    found, plain = (how(points, rho).certificate for how in (min_norm_denoiser, with_out(monkeypatch)))
    assert max(found.gap, plain.gap) < 1e-6
    assert max(found.lower, plain.lower) <= min(found.upper, plain.upper) * (1 + 1e-9)


def with_out(monkeypatch):
    return lambda points, rho: without_symmetry(monkeypatch, points, rho)


def product_cost(sides, rho):
    """Of a lattice with unit steps: kinks along each axis do, and points on axes through a corner ask for as much."""
    return sum((side - 1) * 2 / (1 - 2 * rho) for side in sides)


@pytest.mark.parametrize(("sides", "rho"), [((2, 2, 2), 0.2), ((2, 2, 2, 2), 0.3), ((4, 4), 0.4), ((3, 3, 3), 0.3)])
def test_lattices_cost_what_their_axes_cost(sides, rho):
    points = lattice(*sides)
    found = min_norm_denoiser(points, rho)
    assert found.certificate.gap < 1e-6
    assert found.certificate.lower <= product_cost(sides, rho) * (1 + 1e-9)
    assert found.certificate.upper >= product_cost(sides, rho) * (1 - 1e-9)
    lower, upper, error = check_certificate(found.certificate, TrainingSet(points, rho), found.network)
    assert (upper - lower) / upper < 1e-6
    assert error < 1e-11


def loop_alone(monkeypatch):
    monkeypatch.setattr(loop, "LARGEST_RELAXATION", 0)


@pytest.mark.parametrize("name", SETS)
def test_the_loop_closes_the_gap_on_orbits_without_the_block_program(name, monkeypatch):
    loop_alone(monkeypatch)
    points = SETS[name]
    rho = 0.35 * pdist(points).min()
    found = min_norm_denoiser(points, rho)
    assert found.certificate.gap < 1e-6
    plain = without_symmetry(monkeypatch, points, rho).certificate
    assert max(found.certificate.lower, plain.lower) <= min(found.certificate.upper, plain.upper) * (1 + 1e-9)


@pytest.mark.parametrize("kind", [Cells, Faces])
def test_certificates_are_saved_and_checked_on_all_patterns(kind, tmp_path, monkeypatch):
    if kind is Faces:
        monkeypatch.setattr(solve, "multipliers", failing)
        loop_alone(monkeypatch)
    points = prism(3, 1.2) @ ortho_group.rvs(3, random_state=5) + 1.0
    train = TrainingSet(points, 0.2)
    found = min_norm_denoiser(train)
    evidence = found.certificate.evidence
    assert isinstance(evidence, kind)
    whole, problem = problems(points, 0.2 / pdist(points).min())
    assert evidence.counts["patterns"] == len(whole.patterns) > len(problem.patterns)
    save(tmp_path / "prism.npz", found)
    again = load(tmp_path / "prism.npz")
    lower, upper, error = check_certificate(again.certificate, train, again.network)
    assert (upper - lower) / upper < 1e-6
    assert error < 1e-11


def failing(*_):
    raise ArithmeticError


def test_points_that_are_symmetric_to_seven_digits_are_solved_as_they_are():
    rng = np.random.default_rng(6)
    points = lattice(2, 2, 2)
    near = points + 1e-7 * rng.standard_normal(points.shape)
    whole, problem = problems(near, 0.2)
    assert problem is whole
    found = min_norm_denoiser(near, 0.2)
    assert found.certificate.gap < 1e-6
    lower, upper, _ = check_certificate(found.certificate, TrainingSet(near, 0.2), found.network)
    assert (upper - lower) / upper < 1e-6
    assert upper == pytest.approx(product_cost((2, 2, 2), 0.2), rel=1e-5)


def test_generic_points_are_left_alone():
    points = np.random.default_rng(7).standard_normal((7, 3))
    whole, problem = problems(points)
    assert problem is whole


@pytest.mark.parametrize("calls", [1, 4, 7, 9, 12])
def test_ctrl_c_and_the_clock_leave_a_valid_bracket(calls, monkeypatch):
    loop_alone(monkeypatch)
    points = cross_polytope(4)
    optimum = min_norm_denoiser(points, 0.2).certificate
    told = itertools.count(1)

    def pressed(_):
        if next(told) == calls:
            raise KeyboardInterrupt

    try:
        found = min_norm_denoiser(points, 0.2, progress=pressed).certificate
    except KeyboardInterrupt:
        assert calls < 3  # there was no network yet
        return
    assert found.lower <= optimum.upper * (1 + 1e-9)
    assert found.upper >= optimum.lower * (1 - 1e-9)


@pytest.mark.parametrize("limit", [1e-3, 0.05, 0.2])
def test_a_time_limit_leaves_a_valid_bracket(limit):
    points = prism(6, 0.8)
    found = min_norm_denoiser(points, 0.2, time_limit=limit)
    lower, upper, error = check_certificate(found.certificate, TrainingSet(points, 0.2), found.network)
    assert 0 < lower <= upper
    assert error < 1e-9


def orbits_of_random_points(seed):
    """Two random points, with all their mirror images in three planes or all permutations of their coordinates."""
    rng = np.random.default_rng(seed)
    mirrors = [np.diag(signs) for signs in itertools.product([1.0, -1.0], repeat=3)]
    turns = [np.eye(3)[list(order)] for order in itertools.permutations(range(3))]
    images = np.vstack([[g @ x for g in (mirrors if seed % 2 else turns)] for x in rng.standard_normal((2, 3))])
    return images @ ortho_group.rvs(3, random_state=rng) + rng.standard_normal(3)


@pytest.mark.parametrize("seed", range(4))
def test_kinks_that_are_nearly_symmetric_have_an_average_that_interpolates(seed):
    points = orbits_of_random_points(seed)
    rho = 0.2 * pdist(points).min()
    found = min_norm_denoiser(points, rho)
    assert found.certificate.gap < 1e-6
    lower, upper, error = check_certificate(found.certificate, TrainingSet(points, rho), found.network)
    assert (upper - lower) / upper < 1e-6
    assert error < 1e-11


def test_points_whose_averages_are_no_networks_are_solved_without_symmetry(monkeypatch):
    plain = min_norm_denoiser(SETS["prism of 3"], 0.2).certificate
    monkeypatch.setattr("exactnorm.exact.balls.averaged.IMAGES", 3)
    found = min_norm_denoiser(SETS["prism of 3"], 0.2)
    assert "is no network, so the points were solved as if they had no symmetry" in found.status
    lower, upper, _ = check_certificate(found.certificate, TrainingSet(SETS["prism of 3"], 0.2), found.network)
    assert (upper - lower) / upper < 1e-6
    assert plain.lower <= upper
    assert lower <= plain.upper


def test_ctrl_c_is_no_reason_to_begin_again_without_symmetry(monkeypatch):
    monkeypatch.setattr("exactnorm.exact.balls.averaged.IMAGES", 3)
    begun, original = [], solve.brackets

    def stopped(problem, *rest):
        begun.append(problem)
        yield next(original(problem, *rest))
        raise KeyboardInterrupt

    monkeypatch.setattr(solve, "brackets", stopped)
    found = min_norm_denoiser(SETS["prism of 3"], 0.2)
    assert len(begun) == 1
    assert "interrupted" in found.status
    lower, upper, _ = check_certificate(found.certificate, TrainingSet(SETS["prism of 3"], 0.2), found.network)
    assert 0 < lower <= upper
