"""Where no network is found: what is told all the same, and radii at which there is one."""

import pickle
import re

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.special import gamma

from exactnorm import TrainingSet, max_radius, min_norm_denoiser, problems
from exactnorm.exact.balls import radius, ramp_program
from exactnorm.exact.balls.nothing import InterruptedSearch, NothingFoundError
from exactnorm.exact.balls.ramp_program import along_one
from exactnorm.geometry import affine_hull

PLANE = problems.gaussian(30, 2, seed=0).train

HARD = TrainingSet(problems.gaussian(300, 8, seed=0).train.points, 0.12)
"""Hundreds of balls, each with room beside its neighbour, of which none in the middle is told apart by a sweep."""


def test_where_nothing_is_found_that_is_said_with_what_to_try():
    # Far too many patterns for the time, and too little of it for any sweep.
    train = problems.digits(40).train
    with pytest.raises(NothingFoundError, match="nor was it shown that there is none; a smaller rho"):
        min_norm_denoiser(train.points, 0.46 * train.separation, time_limit=0.01)


@pytest.mark.parametrize("method", ["auto", "ramps"])
@pytest.mark.parametrize("interrupted", [False, True])
def test_without_a_network_a_bound_and_a_smaller_radius_are_told(method, interrupted, monkeypatch, processor_clock):
    def hear(_):
        if interrupted:
            monkeypatch.setattr(ramp_program, "swept", stopped)

    def stopped(*_):
        raise KeyboardInterrupt

    if method == "ramps" and interrupted:
        monkeypatch.setattr(ramp_program, "swept", stopped)
    start = processor_clock()
    with pytest.raises(InterruptedSearch if interrupted else NothingFoundError) as caught:
        min_norm_denoiser(HARD, method=method, time_limit=0.5, progress=hear)
    assert processor_clock() - start < 1.55
    known = caught.value
    pair = 2 * HARD.separation / (HARD.separation - 2 * HARD.rho)
    assert known.lower > 1.5 * pair  # two balls alone cost as much
    assert f"costs at least {known.lower:.6g}" in str(known)
    assert 0 < known.radius < HARD.rho
    assert type(known)(*known.args).radius == known.radius
    monkeypatch.undo()
    told = float(re.search(r"at rho=([\d.e-]+) it is there at once", str(known)).group(1))
    assert told <= known.radius
    certificate = min_norm_denoiser(HARD.points, told, method=method, time_limit=3).certificate
    assert 0 < certificate.lower < certificate.upper < np.inf
    assert known.lower >= certificate.lower * (1 - 1e-2)  # least costs rise with the radius


@pytest.mark.parametrize(("size", "rank"), [(220, 2), (300, 3), (250, 8), (220, 60)])
def test_below_a_radius_by_formula_one_direction_tells_all_balls_apart(size, rank):
    """A random one leaves E ≤ 4 c ρ Σ 1/L pairs together, c the largest density of a coordinate of a unit vector."""
    X = problems.gaussian(size, rank, seed=1).train.points
    density = gamma(rank / 2) / (np.sqrt(np.pi) * gamma((rank - 1) / 2)) if rank > 2 else 0.5  # 2 arcsin(t)/π ≤ t
    rho = 0.5 / (4 * density * (1 / pdist(X)).sum())
    frame = affine_hull(X)
    found = along_one(frame.coordinates(X), rho / frame.scale)
    cost = found.cost
    network = found.network(np.zeros(rank)).lifted(frame)
    assert network.representation_cost == pytest.approx(cost, rel=1e-9)
    rng = np.random.default_rng(0)
    v = rng.standard_normal((5, size, rank))
    inside = X + rho * v / np.linalg.norm(v, axis=2, keepdims=True)
    off = network(inside.reshape(-1, rank)).reshape(inside.shape) - X
    assert np.abs(off).max() < 1e-12 * cost
    # The same by the definition: a ramp across each gap between heights along the direction of all ramps.
    w = network.w[0] / np.linalg.norm(network.w[0])
    order = np.argsort(X @ w)
    steps, gaps = np.linalg.norm(np.diff(X[order], axis=0), axis=1), np.diff(np.sort(X @ w))
    assert cost == pytest.approx((2 * steps / (gaps - 2 * rho)).sum(), rel=1e-6)
    assert found.prices.sum(axis=0) == pytest.approx(0, abs=1e-9 * np.abs(found.prices).max())


def test_a_radius_that_takes_too_long_to_find_is_bracketed():
    lower, upper = max_radius(PLANE.points, time_limit=20)
    assert lower < upper < lower * (1 + 1e-9)
    below, above = found = max_radius(PLANE.points, time_limit=1e-3)
    assert 0 < below <= upper
    assert lower <= above == PLANE.separation / 2
    assert found.status == "the time limit of 0.001 s was reached"


def test_of_points_with_too_many_patterns_the_radius_has_a_bracket_too(processor_clock):
    start = processor_clock()
    lower, upper = found = max_radius(HARD.points, time_limit=2)
    assert processor_clock() - start < 3.2
    assert 0.01 * upper < lower < upper == HARD.separation / 2
    assert "more than" in found.status
    assert min_norm_denoiser(HARD.points, 0.999 * lower, time_limit=3).certificate.upper < np.inf


@pytest.mark.parametrize(("name", "ways"), [("largest_radius", "many"), ("swept", "one"), ("widest_direction", "none")])
def test_after_ctrl_c_the_radius_has_the_bracket_that_is_known_by_then(name, ways, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(radius, "largest_radius", stopped)
    monkeypatch.setattr(radius, name, stopped)
    found = max_radius(HARD.points)
    assert found.interrupted
    assert found.upper == HARD.separation / 2
    least = {"many": 1e-2, "one": 1e-5, "none": 0.0}[ways]
    assert least * found.upper <= found.lower <= 100 * least * found.upper
    again = pickle.loads(pickle.dumps(found))
    assert (*again, again.status) == (*found, "interrupted")
