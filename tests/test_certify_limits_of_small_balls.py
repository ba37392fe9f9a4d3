"""At ρ = 0 a network is the limit of networks for small balls, or it is none: what is honest passes, a slope does not."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from kink_program import kink_program
from scipy.optimize import lsq_linear

from exactnorm import ReLUNetwork, TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import Certificate, CertificateError, CertificateUndecided, Nothing
from exactnorm.certify.balls import shares
from exactnorm.certify.balls.constancy import FLAT, local_slope, sides_of_balls
from exactnorm.patterns import activation_patterns


def kinks_through_points(points, count, rng, rho=0.0):
    """Kinks (w, b), shape (count, r + 1), through some of the points each, touching them at ρ; with sides at random."""
    size, r = points.shape
    z, pattern = np.empty((count, r + 1)), np.empty((count, size), dtype=bool)
    for k in range(count):
        while True:
            on_it = rng.choice(size, rng.integers(1, r + 1), replace=False)
            on = rng.random(size) < 0.5
            # Heights of ±ρ at the points on it, and w of length 1 across what is left.
            height = np.where(on[on_it], rho, -rho)
            offsets = points[on_it[1:]] - points[on_it[0]]
            w = np.linalg.pinv(offsets) @ (height[1:] - height[0]) if len(offsets) else np.zeros(r)
            v = rng.standard_normal(r)
            v -= np.linalg.pinv(offsets) @ (offsets @ v) if len(offsets) else 0.0
            w += v / np.linalg.norm(v) * np.sqrt(1 - w @ w)
            b = height[0] - w @ points[on_it[0]]
            away = np.delete(np.arange(size), on_it)
            if (np.abs(points[away] @ w + b) > max(rho, 1e-3)).all():
                break
        on[away] = points[away] @ w + b > 0
        z[k], pattern[k] = np.append(w, b) * (-1.0 if on[0] else 1.0), on ^ on[0]
    return z, pattern


def network_of_kinks(points, z, pattern):
    """The network over these kinks with the smallest output weights that maps every point to itself, with no slope."""
    size, r = points.shape
    matrix = (pattern.T[1:, None, :] * z.T[None]).reshape(-1, len(z))
    target = np.concatenate([np.zeros((size - 1, r, r)), (points[1:] - points[0])[:, None, :]], axis=1)
    a, *_ = np.linalg.lstsq(matrix, target.reshape(-1, r), rcond=None)
    assert np.abs(matrix @ a - target.reshape(-1, r)).max() < 1e-9
    return ReLUNetwork(a, z[:, :-1], z[:, -1], None, points[0])


def supported(network, train):
    """The upper value that is recomputed, of a network alone."""
    return check_certificate(Certificate(0.0, np.inf, 1e-6, Nothing()), train, network)[1]


@pytest.mark.parametrize("rank", [2, 5, 6, 7, 8])
@pytest.mark.parametrize("seed", range(3))
def test_limits_are_recognised_whatever_sides_their_kinks_passed_on(rank, seed):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((rank + 1 + seed, rank))
    z, pattern = kinks_through_points(points, max(60, 2 * len(points) * (rank + 1)), rng)
    network = network_of_kinks(points, z, pattern)
    train = TrainingSet(points, 0.0)
    assert local_slope(network, train) <= 1e-8
    assert supported(network, train) == pytest.approx(network.representation_cost, rel=1e-6)
    # One neuron in ten left out, or the identity mixed in: no sides make up for that.
    less = ReLUNetwork(network.a * (rng.random(len(z)) > 0.1)[:, None], network.w, network.b, None, network.c)
    assert local_slope(less, train) > FLAT
    assert local_slope(ReLUNetwork(network.a, network.w, network.b, 1e-5 * np.eye(rank), network.c), train) > FLAT


@pytest.mark.parametrize("rank", [3, 6])
def test_neurons_of_several_patterns_that_became_one_are_taken_apart(rank):
    rng = np.random.default_rng(rank)
    points = rng.standard_normal((rank + 2, rank))
    z, pattern = kinks_through_points(points, 3 * len(points) * (rank + 1), rng)
    network = network_of_kinks(points, z, pattern)
    # Each kink once more with other sides, its output weights a multiple of the old ones, and what that adds made up
    # for; then the two are one.
    through = np.abs(points @ z[:, :-1].T + z[:, -1]).T < 1e-9
    other = pattern ^ (through & (rng.random(through.shape) < 0.5))
    other[:, 0] = False
    share = rng.random(len(z))[:, None]
    matrix = (((1 - share) * pattern + share * other).T[1:, None, :] * z.T[None]).reshape(-1, len(z))
    target = np.concatenate(
        [np.zeros((len(points) - 1, rank, rank)), (points[1:] - points[0])[:, None, :]], axis=1
    ).reshape(-1, rank)
    a, *_ = np.linalg.lstsq(matrix, target, rcond=None)
    assert np.abs(matrix @ a - target).max() < 1e-9
    both = ReLUNetwork(a, network.w, network.b, None, network.c)
    sides = sides_of_balls(both, TrainingSet(points, 0.0))
    assert sides.slope <= 1e-8
    assert sides.network.neurons > both.neurons
    assert sides.network.representation_cost == pytest.approx(both.representation_cost, rel=1e-12)
    inputs = rng.standard_normal((50, rank))
    np.testing.assert_allclose(sides.network(inputs), both(inputs), rtol=1e-9, atol=1e-9)
    assert supported(both, TrainingSet(points, 0.0)) == pytest.approx(both.representation_cost, rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_recognised_is_near_a_network_for_small_balls(seed):
    """The same patterns with kinks tangent to balls: its cost is near, and it needs no choice of sides."""
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((5, 3))
    z, pattern = kinks_through_points(points, 60, np.random.default_rng(seed + 10))
    limit = network_of_kinks(points, z, pattern)
    for rho in (1e-3, 1e-5):
        near, same = kinks_through_points(points, 60, np.random.default_rng(seed + 10), rho)
        assert (same == pattern).all()
        network = network_of_kinks(points, near, same)
        train = TrainingSet(points, rho)
        assert supported(network, train) == pytest.approx(network.representation_cost, rel=1e-6)
        assert network.representation_cost == pytest.approx(limit.representation_cost, rel=300 * rho)


@pytest.mark.parametrize("seed", range(8))
def test_the_least_slope_is_that_of_bounded_least_squares(seed):
    rng = np.random.default_rng(seed)
    rows, count = rng.integers(2, 12), rng.integers(1, 30)
    terms = rng.standard_normal((rows, count))
    inside = seed % 2 == 0
    fixed = -terms @ rng.random(count) if inside else 3 * rng.standard_normal(rows)
    share, left = shares._program(shares.coo_array(terms).tocsr(), fixed, np.arange(count))
    least = np.linalg.norm(lsq_linear(terms, -fixed, (0, 1), tol=1e-14).fun)
    assert ((share >= 0) & (share <= 1)).all()
    assert np.abs(terms @ share + fixed).max() == pytest.approx(left, abs=1e-9)
    assert least / np.sqrt(rows) - 1e-9 <= left <= least + 1e-9
    assert not inside or left <= 1e-9


SETS = {
    "three in a row": np.array([[0.0, 0], [1, 0], [2, 0], [0.3, 1]]),
    "four in a row": np.array([[0.0, 0], [1, 0], [2, 0], [3, 0], [1.2, 1], [0.3, -1.4]]),
    "a square in space": np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0], [0.4, 0.3, 1]]),
}


def cheapest(points, common):
    """The least network over kinks of the minimiser and one that runs through points in a flat, with these sides."""
    train = TrainingSet(points, 0.0)
    honest = min_norm_denoiser(train)
    net = honest.network
    before = points @ net.w.T + net.b
    patterns = activation_patterns(points, 0.0)
    z, pattern = [], []
    for k in range(net.neurons):
        through = np.abs(before[:, k]) < 1e-9
        for on in patterns:
            if (on == (before[:, k] > 0))[~through].all():
                z.append(np.append(net.w[k], net.b[k]) * (-1 if on[0] else 1) / np.linalg.norm(net.w[k]))
                pattern.append(on ^ on[0])
    for on in common:
        z.append(np.eye(points.shape[1] + 1)[-2] * (-1 if on[0] else 1))
        pattern.append(on ^ on[0])
    z, pattern = np.array(z), np.array(pattern)
    program = kink_program(points, SimpleNamespace(z=z, pattern=pattern))
    program.problem.solve("CLARABEL", tol_gap_rel=1e-10, tol_feas=1e-10)
    a = network_near(points, z, pattern, program.a.value)
    return honest, ReLUNetwork(a, z[:, :-1], z[:, -1], None, points[0])


def network_near(points, z, pattern, a):
    """Output weights that interpolate to rounding."""
    size, r = points.shape
    matrix = (pattern.T[1:, None, :] * z.T[None]).reshape(-1, len(z))
    target = np.concatenate([np.zeros((size - 1, r, r)), (points[1:] - points[0])[:, None, :]], axis=1).reshape(-1, r)
    return a + np.linalg.lstsq(matrix, target - matrix @ a, rcond=None)[0]


def on_common_kink(points, made):
    """Sides on a kink through all points of the flat; those that some hyperplane makes, or all."""
    flat, above = points[:, -1] == 0, points[:, -1] > 0
    if made:
        return [on for on in activation_patterns(points, 0.0) if (on == above)[~flat].all()]
    choices = itertools.product((False, True), repeat=int(flat.sum()))
    sides = np.tile(above, (2 ** int(flat.sum()), 1))
    sides[:, flat] = list(choices)
    return sides


@pytest.mark.parametrize("name", SETS)
def test_sides_that_no_hyperplane_makes_save_nothing(name):
    points = SETS[name]
    honest, forged = cheapest(points, on_common_kink(points, made=False))
    train = honest.train
    assert supported(honest.network, train) == pytest.approx(honest.certificate.upper, rel=1e-9)
    assert forged.representation_cost < honest.certificate.lower * (1 - 1e-3)
    with pytest.raises(CertificateError, match="not constant near the clean points"):
        supported(forged, train)


@pytest.mark.parametrize("name", SETS)
def test_sides_that_hyperplanes_make_are_found_on_kinks_through_points_in_a_flat(name):
    points = SETS[name]
    honest, other = cheapest(points, on_common_kink(points, made=True))
    assert supported(other, honest.train) == pytest.approx(honest.certificate.upper, rel=1e-6)


@pytest.mark.parametrize(("rank", "limit"), [(5, None), (6, 5.0)])
def test_what_the_solver_returns_in_high_rank_is_supported(rank, limit):
    points = np.random.default_rng(1).normal(size=(rank + 1, rank))
    found = min_norm_denoiser(points, 0.0, time_limit=limit)
    lower, upper, _ = check_certificate(found.certificate, found.train, found.network)
    assert 0 < lower <= upper <= found.certificate.upper * (1 + 1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rank", [6, 7, 8])
def test_what_the_solver_returns_in_higher_rank_is_supported(rank, seed):
    points = np.random.default_rng(seed).normal(size=(rank + 1, rank))
    found = min_norm_denoiser(points, 0.0, time_limit=60)
    check_certificate(found.certificate, found.train, found.network)


def test_more_kinks_through_a_point_than_can_be_looked_at_leave_it_undecided(monkeypatch):
    monkeypatch.setattr(shares, "PAIRS", 50)
    rng = np.random.default_rng(0)
    points = rng.standard_normal((7, 6))
    network = network_of_kinks(points, *kinks_through_points(points, 98, rng))
    with pytest.raises(CertificateUndecided, match="so many points"):
        supported(network, TrainingSet(points, 0.0))
