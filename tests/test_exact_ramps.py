"""Sums of ramps: networks of any number of points, and the best of their class."""

import itertools

import cvxpy as cp
import numpy as np
import pytest
from scipy.spatial.distance import pdist

from exactnorm import (
    TrainingSet,
    check_certificate,
    interpolation_error,
    min_norm_denoiser,
    problems,
    rest_points,
)
from exactnorm.exact.balls.dives import told_apart
from exactnorm.exact.balls.peeled import peeled
from exactnorm.exact.balls.problem import InfeasibleProblem
from exactnorm.exact.balls.ramp_program import cheap_ramps
from exactnorm.exact.balls.searched import searched
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.ramps import solve as ramps_solve
from exactnorm.geometry import affine_hull, separating_hyperplane
from exactnorm.hulls import hull_gaps
from exactnorm.patterns import activation_patterns


def digits(size, share):
    pytest.importorskip("sklearn")
    from sklearn.datasets import load_digits

    points = load_digits().data[:size] / 16
    return TrainingSet(points, share * pdist(points).min())


def best_of_class(train):
    """By an interior point method over every way to cut the points in two, hulls by least squares."""
    size = train.size
    cuts, cost = [], []
    for on in itertools.product([False, True], repeat=size - 1):
        on = np.array([False, *on])
        if on.any():
            half = separating_hyperplane(train.points[on], train.points[~on])[2]
            if half > train.rho * (1 + 1e-9):
                cuts.append(on)
                cost.append(1 / (half - train.rho))
    a = cp.Variable((len(cuts), train.dimension))
    sums = np.array(cuts)[:, 1:].T.astype(float) @ a == train.points[1:] - train.points[0]
    return cp.Problem(cp.Minimize(np.array(cost) @ cp.norm(a, axis=1)), [sums]).solve(solver="CLARABEL")


def largest_error(denoiser, train, count=40):
    """On random points of the balls, by evaluation alone."""
    v = np.random.default_rng(0).standard_normal((count, *train.points.shape))
    inside = train.points + train.rho * v / np.linalg.norm(v, axis=2, keepdims=True)
    return np.abs(denoiser(inside.reshape(-1, train.dimension)).reshape(inside.shape) - train.points).max()


@pytest.mark.parametrize("share", [0.2, 0.6])
@pytest.mark.parametrize(("size", "dimension"), [(7, 6), (8, 2), (10, 4)])
def test_the_best_sum_of_ramps_is_that_of_the_program_over_all_cuts(size, dimension, share):
    points = problems.gaussian(size, dimension, seed=size).train.points
    train = TrainingSet(points, share * pdist(points).min() / 2)
    best = best_of_class(train)
    found = min_norm_denoiser(train, method="ramps")
    assert best * (1 - 1e-6) <= found.certificate.upper <= best * (1 + 2e-6)
    least = float(found.status.split("no sum of ramps costs less than ")[1].split(",")[0])
    assert best * (1 - 2e-5) <= least <= best * (1 + 1e-5)
    assert found.certificate.lower <= least * (1 + 1e-5)
    assert largest_error(found, train) < 1e-9


def test_a_hundred_digits_have_a_denoiser_whose_certificate_holds():
    train = digits(100, 0.3)
    found = min_norm_denoiser(train, method="ramps", time_limit=8)
    assert "not the least of all networks" in found.status
    lower, upper, error = check_certificate(found.certificate, train, found.network)
    assert 0 < lower < upper < 1500  # each point against the rest costs 1539
    assert error < 1e-9
    assert largest_error(found, train, 3) < 1e-9


def test_rest_points_of_a_sum_of_ramps_hold_the_clean_points():
    points = problems.gaussian(4, 3, seed=1).train.points
    train = TrainingSet(points, 0.2 * pdist(points).min())
    found = min_norm_denoiser(train, method="ramps")
    places = np.array([one.position for one in rest_points(found) if one.stable])
    for x in points:
        assert np.linalg.norm(places - x, axis=1).min() < 1e-9


def test_dives_find_living_cuts_that_tell_their_pairs_apart():
    train = digits(12, 0.4)
    i, j = np.triu_indices(12, 1)
    found = told_apart(train.points, train.rho, i, j, None, lambda: None)
    assert len(found) > 10
    living = {tuple(on) for on in activation_patterns(train.points, train.rho)}
    for cut, w, start, width in zip(found.on, found.w, found.start, found.width, strict=True):
        assert tuple(cut) in living
        height = train.points @ w
        assert height[~cut].max() <= start - train.rho + 1e-9
        assert height[cut].min() >= start + width + train.rho - 1e-9


@pytest.mark.parametrize(("size", "r", "share", "none"), [(16, 2, 0.45, 0), (20, 4, 0.49, 1)])
def test_a_search_that_turns_back_finds_a_cut_for_every_pair_that_some_hyperplane_tells_apart(size, r, share, none):
    X = np.random.default_rng(2).standard_normal((size, r))
    rho = share * pdist(X).min()
    living = activation_patterns(X, rho)
    i, j = np.triu_indices(size, 1)
    apart = (living[:, i] & ~living[:, j]).any(axis=0)
    assert (~apart).sum() == none
    for told, first, second in zip(apart, i, j, strict=True):
        on, off = np.zeros((2, 1, size), dtype=bool)
        on[0, first], off[0, second] = True, True
        found = searched(X, rho, on, off, 10**6, lambda: None)
        assert len(found) == told
        assert all(tuple(cut) in set(map(tuple, living)) and cut[first] != cut[second] for cut in found.on)


def test_balls_taken_away_one_by_one_leave_triangular_patterns():
    X = np.random.default_rng(1).standard_normal((60, 4))
    cuts, left = peeled(X, 0.2 * pdist(X).min(), lambda: None)
    assert np.linalg.matrix_rank(cuts.on[:, 1:]) >= len(X) - len(left)
    assert len(left) < 5


def test_balls_deep_among_many_others_are_told_apart():
    # Of 200 balls in five dimensions a sixth lie so deep that neither sweeps nor single dives tell them apart.
    X = np.random.default_rng(0).standard_normal((200, 5))
    frame = affine_hull(X)
    rho = 0.2 * pdist(X).min()
    first = next(cheap_ramps(frame.coordinates(X), rho / frame.scale, Deadline(None)))
    network = first.network(np.zeros(5)).lifted(frame)
    assert interpolation_error(network, TrainingSet(X, rho)) < 1e-9


def test_gaps_of_part_of_the_points_and_from_an_earlier_start_are_those_of_the_points_alone():
    X = np.random.default_rng(3).standard_normal((12, 5))
    on, off = np.zeros((2, 6, 12), dtype=bool)
    on[:, 0], off[:, 1] = True, True
    first = hull_gaps(X, on, off=off)
    for k in range(6):
        on[k, 2 + k], off[k, 6 : 7 + k % 3] = True, True
    off &= ~on
    again = hull_gaps(X, on, off=off, start=first.support)
    for k in range(6):
        rows = on[k] | off[k]
        alone = hull_gaps(X[rows], on[k][rows][None])
        assert again.low[k] == pytest.approx(alone.low[0], rel=1e-9)
        assert again.high[k] == pytest.approx(alone.high[0], rel=1e-9)


def test_what_has_no_network_has_no_ramps_and_samples_have_none_either():
    with pytest.raises(InfeasibleProblem):
        min_norm_denoiser(problems.infeasible().train, method="ramps")
    with pytest.raises(ValueError, match="noise balls"):
        min_norm_denoiser(TrainingSet([[0.0], [1.0]], 0.0, ([[0.0]], [[1.0]])), method="ramps")
    with pytest.raises(ValueError, match="'ramps'"):
        min_norm_denoiser([[0.0], [1.0]], 0.1, method="ramp")


def overlaps(seed):
    """Whether the bracket of a sum of ramps and the program's have a number in common, on a small random set."""
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((rng.integers(3, 7), rng.integers(1, 5)))
    train = TrainingSet(points, rng.uniform(0.02, 0.3) * pdist(points).min())
    try:
        program = min_norm_denoiser(train, method="program", tol=1e-4).certificate
    except InfeasibleProblem:
        with pytest.raises(InfeasibleProblem):
            min_norm_denoiser(train, method="ramps")
        return True
    ramps = min_norm_denoiser(train, method="ramps").certificate
    return ramps.lower <= program.upper * (1 + 1e-9) and program.lower <= ramps.upper * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_the_bracket_of_a_sum_of_ramps_holds_the_optimum(seed):
    assert overlaps(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8, 200))
def test_the_bracket_of_a_sum_of_ramps_holds_the_optimum_of_many(seed):
    assert overlaps(seed)


def test_no_sum_of_ramps_among_too_many_patterns_is_nothing_found_and_no_mistake_of_the_user(monkeypatch):
    monkeypatch.setattr(ramps_solve, "cheap_ramps", lambda *_: iter(()))
    train = problems.gaussian(60, 4, seed=1).train
    with pytest.raises(ArithmeticError, match=f"at rho={train.rho:g}, nor was it shown that there is no network"):
        min_norm_denoiser(train, method="ramps")
