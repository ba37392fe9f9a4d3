"""At ρ = 0 a network is a limit of networks for small balls or it is none: what is honest passes, a slope does not."""

import time

import numpy as np
import pytest
from small_balls import IN_A_ROW, supported

from exactnorm import ReLUNetwork, TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import Certificate, CertificateError, CertificateUndecided, Nothing
from exactnorm.certify.balls import shares, tilts
from exactnorm.certify.balls.constancy import local_slope, sides_of_balls
from exactnorm.certify.balls.correction import stated_upper
from exactnorm.certify.balls.tilts import (
    unpacked,
)
from exactnorm.certify.effort import Effort
from exactnorm.certify.interpolation import sure_miss
from exactnorm.patterns import TooManyPatternsError


def kinks_through_points(points, count, rng):
    """Kinks z = (w, b), shape (count, r + 1), through some of the points each, and on which sides they passed them."""
    size, r = points.shape
    z, pattern = np.empty((count, r + 1)), rng.random((count, size)) < 0.5
    for k in range(count):
        while True:
            on_it = rng.choice(size, rng.integers(1, r + 1), replace=False)
            Q = np.linalg.qr((points[on_it[1:]] - points[on_it[0]]).T)[0]
            w = rng.standard_normal(r)
            for _ in range(3):  # to rounding
                w -= Q @ (Q.T @ w)
                w /= np.linalg.norm(w)
            height = (points - points[on_it[0]]) @ w
            away = np.delete(np.arange(size), on_it)
            if (np.abs(height[away]) > 1e-2).all():
                break
        pattern[k, away] = height[away] > 0
        z[k] = np.append(w, -w @ points[on_it[0]])
    return off_at_the_first(z, pattern)


def off_at_the_first(z, pattern):
    """The same kinks seen from the other side where the first point is on."""
    first = pattern[:, :1]
    return np.where(first, -z, z), pattern ^ first


def network_of_kinks(points, z, pattern, given=None, near=0.0):
    """The network over these kinks with output weights nearest to some that maps every point to itself, with no slope.

    `pattern` (K, N) may hold shares of neurons that are on. Output weights of the last neurons may be `given`.
    """
    size, r = points.shape
    given = np.zeros((0, r)) if given is None else given
    near = np.zeros((len(z) - len(given), r)) + near
    matrix = (pattern.T[1:, None, :] * z.T[None]).reshape(-1, len(z))
    target = np.concatenate([np.zeros((size - 1, r, r)), (points[1:] - points[0])[:, None, :]], axis=1).reshape(-1, r)
    free = len(z) - len(given)
    missed = target - matrix @ np.vstack([near, given])
    a = np.vstack([near + np.linalg.lstsq(matrix[:, :free], missed, rcond=None)[0], given])
    assert np.abs(matrix @ a - target).max() < 1e-9
    return ReLUNetwork(a, z[:, :-1], z[:, -1], None, points[0])


@pytest.mark.parametrize("rank", [2, 5, 6, 7, 8])
@pytest.mark.parametrize("seed", range(2))
def test_limits_are_recognised_whatever_sides_their_kinks_passed_on(rank, seed):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((rank + 1 + seed, rank))
    network = network_of_kinks(points, *kinks_through_points(points, max(60, 2 * len(points) * (rank + 1)), rng))
    train = TrainingSet(points, 0.0)
    assert local_slope(network, train) <= 1e-8
    assert supported(network, train) == pytest.approx(network.representation_cost, rel=1e-6)


@pytest.mark.parametrize("rank", [3, 6])
def test_neurons_of_several_patterns_that_became_one_are_taken_apart(rank):
    rng = np.random.default_rng(rank)
    points = rng.standard_normal((rank + 2, rank))
    z, pattern = kinks_through_points(points, 3 * len(points) * (rank + 1), rng)
    through = np.abs(points @ z[:, :-1].T + z[:, -1]).T < 1e-9
    through[:, 0] = False
    both = network_of_kinks(points, z, np.where(through, rng.random(through.shape), pattern))
    train = TrainingSet(points, 0.0)
    sides = sides_of_balls(both, train)
    assert sides.slope <= 1e-8
    assert sides.network.neurons > both.neurons
    assert sides.network.representation_cost == pytest.approx(both.representation_cost, rel=1e-12)
    inputs = rng.standard_normal((50, rank))
    np.testing.assert_allclose(sides.network(inputs), both(inputs), rtol=1e-9, atol=1e-9)
    assert supported(both, train) == pytest.approx(both.representation_cost, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_recognised_is_near_a_network_for_small_balls(seed):
    """Kinks moved off the points to the sides that were found make a network for small balls, at nearly the cost."""
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((5, 3))
    limit = network_of_kinks(points, *kinks_through_points(points, 60, rng))
    sides = sides_of_balls(limit, TrainingSet(points, 0.0))
    parts, on = sides.network, unpacked(sides.packed, 0, sides.network.neurons).T
    for t in (1e-3, 1e-5):
        # An affine function with the signs of the sides on the points of the kink, zero across them.
        moved = np.column_stack([parts.w, parts.b])
        for k in range(parts.neurons):
            F = np.abs(points @ parts.w[k] + parts.b[k]) < 1e-9
            homogeneous = np.column_stack([points[F], np.ones(F.sum())])
            moved[k] += t * np.linalg.pinv(homogeneous) @ np.where(on[k][F], 1.0, -1.0)
        height = np.column_stack([points, np.ones(5)]) @ moved.T
        assert (on == (height > 0).T).all()
        rho = 0.99 * float((np.abs(height) / np.linalg.norm(moved[:, :-1], axis=1)).min())
        first = on[:, :1]
        z, pattern = np.where(first, -moved, moved), on ^ first
        near = network_of_kinks(points, z, pattern, near=parts.a)
        assert supported(near, TrainingSet(points, rho)) == pytest.approx(near.representation_cost, rel=1e-6)
        assert near.representation_cost <= limit.representation_cost * (1 + 300 * t)


@pytest.mark.parametrize(
    ("share", "off"), [([0.25, 0.5], 0.25), ([0.4, 0.6], 0.0), ([0.4, 0.6 - 1e-13], 0.0), ([0.4, 0.6 + 1e-9], 0.0)]
)
def test_what_patterns_leave_of_a_neuron_is_off_at_all_points_of_its_kink(share, off):
    points = [np.array([1]), np.array([1, 2])]
    parts = shares._patterns(points, np.array(share))
    assert [weight for weight, _ in parts] == pytest.approx([*share, off], abs=0)
    assert [members.tolist() for _, members in parts] == [[1], [1, 2], []]


def test_a_program_without_an_answer_leaves_it_undecided(monkeypatch):
    gone = shares.linprog

    def lost(*given, **handed):
        found = gone(*given, **handed)
        found.status, found.x = 4, None
        return found

    monkeypatch.setattr(shares, "linprog", lost)
    with pytest.raises(CertificateUndecided, match="is not found out"):
        shares._program(shares.csr_array(np.ones((2, 1))), np.ones(2), np.zeros(1, dtype=int), Effort())


def test_more_patterns_on_a_kink_than_can_be_looked_at_leave_it_undecided(monkeypatch):
    def too_many(*given, **_):
        assert given[2] == 7
        raise TooManyPatternsError("more than 7", 8)

    monkeypatch.setattr(tilts, "kink_patterns", too_many)
    with pytest.raises(CertificateUndecided, match=r"3 points lie on one kink.*more than 7"):
        tilts.patterns_on_kink(TrainingSet(IN_A_ROW), np.array([1, 2, 3]), 7, lambda: None, {})


SQUARE = np.array([[0.4, 0.3, 1.0], [0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]])


def kinks_that_miss(points, rng):
    """Eighty kinks between points, and where they are on."""
    size, r = points.shape
    w = rng.standard_normal((80, r))
    height = np.sort(points @ w.T, axis=0).T
    row, place = np.arange(len(w)), rng.integers(0, size - 1, len(w))
    z = np.column_stack([w, -(height[row, place] + height[row, place + 1]) / 2])
    return off_at_the_first(z, (points @ w.T + z[:, -1] > 0).T)


def with_a_common_kink(points, share):
    """Kinks that miss all points, and one through those of height 0, of which these shares are on there."""
    r = points.shape[1]
    z, pattern = kinks_that_miss(points, np.random.default_rng(0))
    common = np.append(-np.eye(r)[-1], 0.0)  # off at the first point
    on = np.where(points[:, -1] == 0, 0.0, 1.0 * (points[:, -1] < 0))
    on[points[:, -1] == 0] = share
    given = np.ones((1, r))
    return network_of_kinks(points, np.vstack([z, common]), np.vstack([pattern, on]), given), TrainingSet(points, 0.0)


@pytest.mark.parametrize(
    ("points", "share"),
    [
        *((IN_A_ROW, share) for share in ([0, 0, 0], [0, 1, 1], [1, 0, 0], [0.2, 0.5, 0.3], [0.5, 0.6, 0.7])),
        *((SQUARE, share) for share in ([1, 1, 0, 0], [0, 0, 0, 1], [0.5, 0.5, 0.5, 0.5], [1, 0.5, 0.5, 0])),
    ],
)
def test_sides_that_hyperplanes_make_of_points_in_a_flat_and_shares_of_them_are_found(points, share):
    network, train = with_a_common_kink(points, share)
    sides = sides_of_balls(network, train)
    assert sides.slope <= 1e-8
    common = (sides.network.w == network.w[-1]).all(axis=1)
    weight = np.linalg.norm(sides.network.a[common], axis=1) / np.linalg.norm(network.a[-1])
    np.testing.assert_allclose(
        weight @ unpacked(sides.packed, 0, sides.network.neurons).T[common][:, points[:, -1] == 0], share, atol=1e-7
    )
    assert weight.sum() == pytest.approx(1, rel=1e-12)
    assert supported(network, train) == pytest.approx(network.representation_cost, rel=1e-6)


@pytest.mark.parametrize(
    ("points", "share"),
    [
        *((IN_A_ROW, share) for share in ([0, 1, 0], [1, 0, 1], [0.2, 0.5001, 0.3], [0.7, 0.2, 0.6])),
        *((SQUARE, share) for share in ([1, 0, 0, 1], [0, 1, 1, 0], [0.501, 0, 0, 0.502], [0.1, 0.9, 0.9, 0.1])),
    ],
)
def test_sides_that_no_hyperplane_makes_are_refused(points, share):
    network, train = with_a_common_kink(points, share)
    with pytest.raises(CertificateError, match="not constant near the clean points"):
        supported(network, train)


@pytest.mark.parametrize("share", [([0, 1, 1], [1, 0, 0]), ([0.2, 0.5, 0.3], [0.5, 0.6, 0.7])])
def test_shares_of_two_neurons_on_one_kink_are_found(share):
    z, pattern = kinks_that_miss(IN_A_ROW, np.random.default_rng(0))
    common = np.tile([0.0, -1.0, 0.0], (2, 1))
    on = np.zeros((2, 5))
    on[:, 1:4], on[:, 4] = share, 1.0
    both = network_of_kinks(IN_A_ROW, np.vstack([z, common]), np.vstack([pattern, on]), np.eye(2))
    assert local_slope(both, TrainingSet(IN_A_ROW)) <= 1e-8
    assert supported(both, TrainingSet(IN_A_ROW)) == pytest.approx(both.representation_cost, rel=1e-6)


@pytest.fixture(scope="module")
def simplex_of_six():
    return min_norm_denoiser(np.random.default_rng(1).normal(size=(6, 5)), 0.0)


def test_what_the_solver_returns_is_supported(simplex_of_six):
    found = simplex_of_six
    lower, upper, _ = check_certificate(found.certificate, found.train, found.network)
    assert 0 < lower <= upper <= found.certificate.upper * (1 + 1e-9)


@pytest.mark.parametrize("share", [1e-3, 1e-5])
@pytest.mark.parametrize("idle", [False, True])
def test_a_share_of_the_identity_in_what_the_solver_returns_is_not(simplex_of_six, share, idle):
    """It interpolates all points, and costs less than the least by that share."""
    net, train = simplex_of_six.network, simplex_of_six.train
    a, w, b = (1 - share) * net.a, net.w, net.b
    if idle:  # neurons through every point, to choose sides of; for a tenth of what is to be gained
        v = np.random.default_rng(0).standard_normal((60, 5))
        v /= np.linalg.norm(v, axis=1)[:, None]
        size = 0.1 * share * net.representation_cost / 60
        a, w = np.vstack([a, size * v[::-1]]), np.vstack([w, v])
        b = np.append(b, -(v * train.points[np.arange(60) % 6]).sum(axis=1))
    mixed = ReLUNetwork(a, w, b, share * np.eye(5), (1 - share) * net.c)
    if idle:  # what they add at the points is taken off by an affine map, as the points are a simplex
        X = np.column_stack([train.points, np.ones(6)])
        off = np.linalg.solve(X, train.points - mixed(train.points))
        mixed = ReLUNetwork(a, w, b, mixed.V + off[:5].T, mixed.c + off[5])
    assert np.abs(mixed(train.points) - train.points).max() < 1e-12
    assert mixed.representation_cost < simplex_of_six.certificate.lower * (1 - share / 2)
    with pytest.raises(CertificateError, match="not constant near the clean points"):
        supported(mixed, train)


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


def test_a_program_that_was_stopped_before_its_least_slope_leaves_it_undecided(monkeypatch):
    points = np.vstack([np.zeros(3), np.random.default_rng(0).standard_normal((6, 3))])
    z, pattern = kinks_through_points(points, 60, np.random.default_rng(1))
    network = network_of_kinks(points, z, pattern)
    supported(network, TrainingSet(points))
    asked, solved = [], shares.linprog

    def stopped(cost, **handed):
        asked.append(handed["options"]["time_limit"])
        time.sleep(0.3)
        found = solved(cost, **handed)
        found.status, found.x = 1, np.append(np.zeros(len(cost) - 1), 1.0)  # feasible, and far from least
        return found

    monkeypatch.setattr(shares, "linprog", stopped)
    with pytest.raises(CertificateUndecided, match="is not found out"):
        sides_of_balls(network, TrainingSet(points), Effort(7.0))
    assert 6 < asked[0] < 7


def test_programs_get_what_is_left_of_the_check_and_none_keeps_it_beyond(monkeypatch):
    """Seven of them, one for each point, and a solver that never looks at its limit."""
    rng = np.random.default_rng(0)
    points = rng.standard_normal((7, 6))
    network = network_of_kinks(points, *kinks_through_points(points, 98, rng))
    asked, solved = [], shares.linprog

    def slow(cost, **handed):
        asked.append(handed["options"]["time_limit"])
        time.sleep(0.4 if len(asked) < 3 else 9.0)
        return solved(cost, **handed)

    monkeypatch.setattr(shares, "linprog", slow)
    start = time.monotonic()
    with pytest.raises(CertificateUndecided, match=r"not done after 3 seconds"):
        check_certificate(Certificate(0.0, np.inf, 1e-6, Nothing()), TrainingSet(points), network, time_limit=3.0)
    assert time.monotonic() - start < 1.1 * 3 + 1
    assert len(asked) == 3
    assert (np.diff([3.0, *asked]) < [0, -0.4, -0.4]).all()


def test_where_there_is_no_time_to_look_at_a_network_nothing_is_stated_that_a_check_might_refute(monkeypatch):
    rng = np.random.default_rng(0)
    points = rng.standard_normal((7, 6))
    network = network_of_kinks(points, *kinks_through_points(points, 98, rng))
    train = TrainingSet(points)
    miss = sure_miss(network, train)
    assert stated_upper(network, train, miss) < np.inf
    monkeypatch.setattr(shares, "linprog", lambda *_, **__: time.sleep(5))
    start = time.monotonic()
    assert stated_upper(network, train, miss, effort=Effort(0.5)) == np.inf
    assert time.monotonic() - start < 1.1 * 0.5 + 1
