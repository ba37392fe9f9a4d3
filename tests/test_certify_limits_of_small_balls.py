"""At ρ = 0 a network is a limit of networks for small balls or it is none: what is honest passes, a slope does not."""

import numpy as np
import pytest
from small_balls import IN_A_ROW, kinks_through_points, network_of_kinks, off_at_the_first, supported

from exactnorm import ReLUNetwork, TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import CertificateError
from exactnorm.certify.balls import shares
from exactnorm.certify.balls.constancy import local_slope, sides_of_balls
from exactnorm.certify.balls.tilts import unpacked


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
