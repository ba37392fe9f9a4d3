"""At ρ = 0 a network is a limit of networks for small balls or it is none: what is honest passes, a slope does not."""

import time
import tracemalloc

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from exactnorm import ReLUNetwork, TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import Certificate, CertificateError, CertificateUndecided, Nothing
from exactnorm.certify.balls import constancy, shares, tilts
from exactnorm.certify.balls.constancy import local_slope, sides_of_balls
from exactnorm.certify.balls.correction import stated_upper
from exactnorm.certify.balls.tilts import (
    are_made,
    independent,
    least_apart,
    made_on_kink,
    misses_balls,
    room,
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


def supported(network, train):
    """The upper value that is recomputed, of a network alone."""
    return check_certificate(Certificate(0.0, np.inf, 1e-6, Nothing()), train, network)[1]


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


@pytest.mark.parametrize("seed", range(8))
def test_the_least_slope_is_that_of_bounded_least_squares(seed):
    rng = np.random.default_rng(seed)
    rows, count = rng.integers(2, 12), rng.integers(1, 30)
    terms = rng.standard_normal((rows, count))
    inside = seed % 2 == 0
    fixed = -terms @ rng.random(count) if inside else 3 * rng.standard_normal(rows)
    share, left = shares._program(shares.csr_array(terms), fixed, np.arange(count), Effort())
    least = np.linalg.norm(lsq_linear(terms, -fixed, (0, 1), tol=1e-14).fun)
    assert ((share >= 0) & (share <= 1)).all()
    assert np.abs(terms @ share + fixed).max() == pytest.approx(left, abs=1e-9)
    assert least / np.sqrt(rows) - 1e-9 <= left <= least + 1e-9
    assert not inside or left <= 1e-9


def neurons_to_choose(a, w, chosen, fixed, skip):
    """A network of some neurons to choose and others that are on, whose slope vanishes if the right ones are chosen."""
    rng, r = np.random.default_rng(5), a.shape[1]
    a_on, w_on = rng.standard_normal((2, fixed, r))
    target = -(a_on.T @ w_on + a[chosen].T @ w[chosen])
    more = (np.zeros((0, r)), np.zeros((0, r))) if skip else (target.T, np.eye(r))  # on as well
    a, w = np.vstack([a, a_on, more[0]]), np.vstack([w, w_on, more[1]])
    active = np.arange(len(a)) >= len(chosen)
    network = ReLUNetwork(a, w, np.zeros(len(a)), target if skip else None, np.zeros(r))
    active[0] = True
    return network, active, np.arange(len(chosen))


@pytest.mark.parametrize("fixed", [0, 2, 9])
@pytest.mark.parametrize("skip", [False, True])
def test_neurons_through_a_point_are_switched_on_one_after_another(skip, fixed, monkeypatch):
    """Whose slopes have nothing to do with each other, but for two that do the same, of which one is enough."""
    e = np.eye(4)
    a = np.vstack([2 * e[0], 2 * e[0], 0.5 * e[1], 3 * e[2], e[3]])
    w, chosen = e[[0, 0, 2, 1, 3]] * [[1.0], [1], [0.5], [1], [2]], np.array([True, False, True, False, True])
    network, active, free = neurons_to_choose(a, w, chosen, fixed, skip)
    first, none, greedy, _ = constancy._choices(network, active, free, lambda: None)
    assert [list(one) for one in (first, none, greedy)] == [[True] + [False] * 4, [False] * 5, chosen.tolist()]
    monkeypatch.setattr(constancy, "STEPS", 1)
    assert list(constancy._choices(network, active, free, lambda: None))[2].tolist() == [True] + [False] * 4
    assert len(list(constancy._choices(network, active, free[:0], lambda: None))) == 1


@pytest.mark.parametrize("fixed", [0, 2, 9])
@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_neurons_through_a_point_are_switched_on_at_once_where_slopes_are_independent(seed, skip, fixed):
    rng = np.random.default_rng(seed)
    a, w = rng.standard_normal((2, 12, 4))
    chosen = rng.random(12) < 0.5
    network, active, free = neurons_to_choose(a, w, chosen, fixed, skip)
    assert list(constancy._choices(network, active, free, lambda: None))[3].tolist() == chosen.tolist()
    jacobian = constancy.ball_maps(network)
    side, slope = constancy._flattest(network, jacobian, active, free, lambda: None)
    assert slope < 1e-9
    assert side.tolist() == [*chosen, *active[12:]]


@pytest.mark.parametrize("count", [3, 16])
@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_least_slope_at_several_points_is_that_of_their_neurons(seed, skip, count):
    """By hand, one point after another; few choices leave a program in fewer coordinates, where less is as much."""
    rng = np.random.default_rng(seed)
    V = rng.standard_normal((2, 2)) if skip else None
    network = ReLUNetwork(rng.standard_normal((6, 2)), rng.standard_normal((6, 2)), np.zeros(6), V, np.zeros(2))
    on, points = rng.random((5, 6)) < 0.4, np.array([1, 2, 4])
    of = rng.integers(0, 6, count + 2)
    where = tuple(rng.permutation(points)[: rng.integers(1, 4)] for _ in of)
    choices = shares.Choices(of, where, np.arange(count + 2))
    columns = np.arange(2, count + 2)  # the first two are another's
    basis = tuple(np.linalg.qr(rng.standard_normal((2, 2)))[0] for _ in range(2))
    A, W = basis
    skipped = np.zeros((2, 2)) if V is None else A.T @ V @ W
    slopes_of = shares.Slopes(network.a @ A, network.w @ W, skipped, on)
    share, left = shares._least(slopes_of, points, columns, choices, Effort())

    def slopes(chosen):
        out = []
        for n in points:
            D = np.zeros((2, 2)) if V is None else V.copy()
            for k in np.flatnonzero(on[n]):
                D += np.outer(network.a[k], network.w[k])
            for c, part in zip(columns, chosen, strict=True):
                D += part * (n in where[c]) * np.outer(network.a[of[c]], network.w[of[c]])
            out.append(basis[0].T @ D @ basis[1])
        return np.array(out).ravel()

    fixed = slopes(np.zeros(count))
    terms = np.column_stack([slopes(one) - fixed for one in np.eye(count)])
    least = np.linalg.norm(lsq_linear(terms, -fixed, (0, 1), tol=1e-14).fun)
    assert least > 0.1 or count > 3
    few = count + 1 < 12
    assert least / np.sqrt(count + 1 if few else 12) - 1e-9 <= left <= least + 1e-9
    found = slopes(share)
    if few:
        inside = np.linalg.qr(np.column_stack([terms, fixed]))[0]
        assert np.abs(inside.T @ found).max() == pytest.approx(left, abs=1e-9)
    else:
        assert np.abs(found).max() == pytest.approx(left, abs=1e-9)


def test_of_slopes_that_are_no_numbers_or_have_no_shares_the_least_is_what_they_are():
    one = shares.csr_array(np.ones((3, 1)))
    assert shares._program(one, np.array([1.0, np.nan, 0]), np.zeros(1, dtype=int), Effort())[1] == np.inf
    assert shares._program(np.nan * one, np.ones(3), np.zeros(1, dtype=int), Effort())[1] == np.inf
    none = shares.csr_array((3, 0))
    assert shares._program(none, np.array([1.0, -2.0, 0.5]), np.zeros(0, dtype=int), Effort())[1] == 2.0
    assert shares._program(shares.csr_array((0, 0)), np.zeros(0), np.zeros(0, dtype=int), Effort())[1] == 0.0


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


IN_A_ROW = np.array([[0.3, 1.0], [0, 0], [1, 0], [2, 0], [1.6, -1.2]])
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


def test_the_two_sides_of_a_thousand_points_are_told_apart_at_once_however_near():
    """They are a hair more apart than rounding hides: least squares over all pairs took most of a minute for it."""
    rng = np.random.default_rng(0)
    on = rng.random(1000) < 0.5
    points = np.column_stack([rng.standard_normal(1000), np.where(on, 1e-9, -1e-9)])
    start = time.process_time()
    assert tilts.made_on_kink(TrainingSet(points, 0.0), np.arange(1000), on, {}, lambda: None)
    assert time.process_time() - start < 2


def test_few_points_in_thousands_of_dimensions_are_told_apart_in_little_room():
    rng = np.random.default_rng(0)
    points, on = rng.standard_normal((5, 4000)), np.array([True, True, False, False, False])
    train = TrainingSet(points, 0.0)
    tracemalloc.start()
    try:
        assert tilts.made_on_kink(train, np.arange(5), on, {}, lambda: None)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 32 * points.nbytes


@pytest.mark.parametrize("share", [1e-3, 1e4])
def test_many_points_on_one_kink_are_told_apart_without_all_their_differences(share):
    """A kink between two parts of hundreds of points: whether they are as far apart as `NEAR` asks, or nearly touch."""
    rng = np.random.default_rng(0)
    on = rng.random(400) < 0.5
    points = rng.standard_normal((400, 60))
    points[:, -1] = 0.0
    # However the other coordinates overlap, the parts are as far apart as this.
    apart = share * tilts.NEAR * TrainingSet(points, 0.0).separation
    points[:, -1] = np.where(on, 1, -1) * apart / 2
    train = TrainingSet(points, 0.0)
    tracemalloc.start()
    try:
        made = tilts.made_on_kink(train, np.arange(400), on, {}, lambda: None)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert made == (share > 1)
    assert most < 20 * points.nbytes


def test_far_out_points_that_lie_in_a_line_but_for_what_a_kink_may_miss_are_not_independent():
    """A kink 3e-8 away counts as running through a point there, so points 2e-8 off a line are as good as on it."""
    off = np.array([[0, 0, 0], [1, 2e-8, 0], [2, 0, 2e-8], [3, -2e-8, 1e-8]])
    members, far = np.arange(4), TrainingSet(off + np.array([1e7, 0, 0]), 0.0)
    assert independent(TrainingSet(off, 0.0), members)
    assert not independent(far, members)
    crossed = np.array([True, False, True, False])
    with pytest.raises(CertificateUndecided, match="far from the origin"):
        made_on_kink(far, members, crossed, {}, lambda: None)


@pytest.mark.parametrize(("slope", "constant"), [(0.995e-6, True), (1.005e-6, False)])
def test_a_slope_of_a_millionth_is_the_least_that_is_one(slope, constant):
    """Six digits of a cost: a network with less of a slope is priced as if it had none, or with what that costs."""
    train = TrainingSet([[0.0, 0.0], [1.0, 0.0]], 0.0)
    V = np.array([[0.0, 0.0], [0.0, slope]])
    tilted = ReLUNetwork([[1.0, 0.0], [-1.0, 0.0]], [[1.0, 0.0]] * 2, [0.0, -1.0], V, np.zeros(2))
    assert local_slope(tilted, train) == pytest.approx(slope, rel=1e-9)
    if constant:
        assert supported(tilted, train) == pytest.approx(2.0, rel=1e-5)
    else:
        with pytest.raises(CertificateError, match="not constant near the clean points"):
            supported(tilted, train)


@pytest.mark.parametrize("share", [0.99e-2, 1.01e-2])
def test_balls_of_a_hundredth_of_the_separation_show_a_slope_by_their_error(share):
    train = TrainingSet(4 * IN_A_ROW, share * 4)
    net = ReLUNetwork([[1.0, 0.0]], [[1.0, 0.0]], [-5.0], np.eye(2), np.zeros(2))
    sides = sides_of_balls(net, train)
    assert sides.slope == (0.0 if share > 1e-2 else pytest.approx(np.sqrt(2)))
    assert share < 1e-2 or unpacked(sides.packed, 0, 1)[:, 0].tolist() == [False, False, False, True, True]


def test_a_neuron_away_from_a_point_has_no_choice_of_sides_there():
    """On at x_0 it would take the slope away; it is off by half the distance of two points, and on elsewhere."""
    train = TrainingSet(IN_A_ROW, 0.0)
    a, w = np.array([[1.0, 2.0]]), np.array([[1.0, 0.0]])
    for b in (-0.8, -0.3 - 1.1e-9, -0.3 - 0.9e-9, -0.3 + 0.9e-9):
        slope = local_slope(ReLUNetwork(a, w, [b], -a.T @ w, np.zeros(2)), TrainingSet(IN_A_ROW[[0, 2, 3]], 0.0))
        assert slope == (0.0 if b > -0.3 - 1e-9 else pytest.approx(np.sqrt(5)))
    assert local_slope(ReLUNetwork(a, w, [-0.8], None, np.zeros(2)), train) == pytest.approx(np.sqrt(5))


@pytest.mark.parametrize("most", [9, 10])
def test_of_more_sides_than_are_looked_at_no_slope_is_known(most, monkeypatch):
    monkeypatch.setattr(constancy, "MANY", most)
    flat = ReLUNetwork(np.zeros((2, 2)), np.eye(2), [-9.0, -9.0], None, np.zeros(2))
    assert local_slope(flat, TrainingSet(IN_A_ROW, 0.0)) == (0.0 if most == 10 else np.inf)


def test_a_slope_that_shares_leave_is_measured_by_all_of_its_entries():
    """No entry is above a millionth, and all together are 1.8 of it, at the first point alone."""
    size = 0.9e-6
    points = np.array([[0.0, 0.0], [3.0, 1.0], [1.0, 4.0]])
    # Through the first point, whose slope they can only increase.
    a, w = np.array([[1.0, 0], [1, 0], [0, 1]]), np.array([[1.0, 0], [0, 1], [1, 0]])
    # What is on at the others takes away all that is there.
    there = [[-size, -size], [-1.0, 0.0], [-1.0, 0.0], [0.0, -1.0]]
    network = ReLUNetwork(
        np.vstack([a, there]),
        np.vstack([w, [[1.0, 1.0], [1, 0], [0, 1], [1, 0]]]),
        [0.0, 0, 0, -0.5, -0.5, -0.5, -0.5],
        np.full((2, 2), size),
        np.zeros(2),
    )
    assert local_slope(network, TrainingSet(points)) == pytest.approx(2 * size, rel=1e-6)
    assert shares.in_parts(network, TrainingSet(points), Effort(), {})[2] == pytest.approx(size, rel=1e-6)


def test_a_neuron_through_a_point_that_costs_nothing_takes_no_slope_away():
    """There is no share to choose then, and the slope is what it was."""
    for a, w in (([0.0, 0.0], [1.0, 0.0]), ([1.0, 0.0], [0.0, 0.0])):
        idle = ReLUNetwork([a], [w], [0.0], np.eye(2), np.zeros(2))
        assert local_slope(idle, TrainingSet(IN_A_ROW)) == pytest.approx(np.sqrt(2), rel=1e-12)


@pytest.mark.parametrize("share", [0.9, 0.9985, 0.9995, 1.1])
@pytest.mark.parametrize("through", [False, True])
def test_kinks_that_no_hyperplane_between_the_balls_makes_are_none_of_a_limit(share, through):
    """Two that cancel but between them, between a line of two balls and a third, through the line or above it.

    The third is nearer to the line than two radii, or not, where a thousandth of these is left to rounding.
    """
    rho = 4e-3
    h = share * 2 * rho
    train = TrainingSet([[0.0, 0.0], [2.0, 0.0], [1.0, h], [0.5, 3.0]], rho)
    network = ReLUNetwork(
        [[0.0, 1.0], [0.0, -1.0]], [[0.0, 1.0], [0.0, 1.0]], [0.0 if through else -0.1 * h, -h / 2], None, [0.0, 0.0]
    )
    assert local_slope(network, train) == (0.0 if share > 0.999 else np.inf)


def test_how_near_a_kink_counts_as_through_a_point():
    """A billionth of the separation, or 16 units in the last place of what its height is a sum of."""
    w = np.array([[3.0, 4.0], [0.0, 0.5]])
    near = room(ReLUNetwork(np.zeros((2, 2)), w, [1.0, 1.0], None, np.zeros(2)), TrainingSet([[0.0, 0.0], [0.0, 2.0]]))
    assert near == pytest.approx([1e-8, 1e-9], rel=1e-12)
    eps = np.finfo(float).eps
    far = TrainingSet([[6e8, 8e8], [0.0, 1.0], [0.0, 3.0]])
    near = room(ReLUNetwork(np.zeros((2, 2)), w, [-(2.0**40), 0.0], None, np.zeros(2)), far)
    assert near == pytest.approx([16 * eps * (5e9 + 2.0**40), 16 * eps * 5e8], rel=1e-6)


@pytest.mark.parametrize(
    ("off", "out", "made"),
    [
        # The separation is 4, and coordinates are small.
        (4.04e-9, 0.0, True),
        (3.96e-9, 0.0, False),
        # 64 units in the last place of 2²⁰ are 2⁻²⁶, and the middle point can be off by their multiples of a 64th.
        (65 * 2.0**-32, 2.0**20, True),
        (63 * 2.0**-32, 2.0**20, None),
        (4 * 2.0**-32, 2.0**20, False),
    ],
)
def test_a_kink_passes_points_of_a_line_on_such_sides_as_they_are_off_it_for(off, out, made):
    """By how far the hull of the two ends is from the middle."""
    points = np.array([[out, 0.0], [out - 4, off], [out - 8, 0.0], [out - 6, 7.0]])
    train, middle = TrainingSet(points), np.array([False, True, False])
    known = {}
    for sides in (middle, ~middle):
        if made is None:
            with pytest.raises(CertificateUndecided, match="far from the origin"):
                made_on_kink(train, np.arange(3), sides, known, lambda: None)
        else:
            for _ in range(2):  # as it was found, and as it is known
                assert made_on_kink(train, np.arange(3), sides, known, lambda: None) == made
    assert made_on_kink(train, np.arange(3), np.array([False, False, True]), known, lambda: None)
    assert made_on_kink(train, np.arange(3), np.ones(3, dtype=bool), known, lambda: None)


def test_hulls_nearer_than_rounding_of_the_whole_set_touch():
    """Each of the three distances, where it is the largest: of the separation, the coordinates, and the size."""
    assert least_apart(TrainingSet([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])) == pytest.approx(3e-9, rel=1e-12)
    far = TrainingSet([[0.0, -(2.0**20)], [3.0, -(2.0**20)], [0.0, -0.95 * 2.0**20]])
    assert least_apart(far) == pytest.approx(2.0**-26, rel=1e-9)
    # Patterns of hulls that touch to 1e-13 of the size, on either side, are none (`patterns.TOUCHING`).
    wide = TrainingSet([[1.0, 0.0], [1.0 + 1e-5, 0.0], [-1e3 + 1.0, 0.0]])
    assert least_apart(wide) == pytest.approx(2e-10, rel=1e-9)


def test_only_neurons_that_cost_something_and_points_that_they_run_through_count():
    """A kink within twice what counts as through a point is looked at there, as its height may be rounded otherwise."""
    points = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0], [0.3, 2.0]])
    train, middle = TrainingSet(points), np.packbits([[False], [True], [False], [True]], axis=1)
    for b, size, made in ((0.0, 1.0, False), (1.99e-9, 1.0, False), (2.01e-9, 1.0, True), (0.0, 0.0, True)):
        for w in (np.array([[0.0, 1.0]]), np.array([[0.0, -3.0]])):
            network = ReLUNetwork([[size, 0.0]], w, [(b - 1) * w[0, 1]], None, np.zeros(2))
            assert are_made(network, train, middle, lambda: None, {}) == made
    constant = ReLUNetwork([[1.0, 0.0]], [[0.0, 0.0]], [0.0], None, np.zeros(2))
    assert are_made(constant, train, middle, lambda: None, {})


@pytest.mark.parametrize("wide", [8, 16])
def test_every_neuron_is_looked_at_in_whichever_block(wide, monkeypatch):
    monkeypatch.setattr(tilts, "WIDE", wide)
    points = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [0.3, 1.0]])
    w = np.tile([[0.0, 1.0]], (20, 1))
    network = ReLUNetwork(np.ones((20, 2)), w, np.zeros(20), None, np.zeros(2))
    sides = np.zeros((4, 20), dtype=bool)
    sides[3] = True
    assert are_made(network, TrainingSet(points), np.packbits(sides, axis=1), lambda: None, {})
    for k in range(20):
        sides[1, k] = True
        assert not are_made(network, TrainingSet(points), np.packbits(sides, axis=1), lambda: None, {})
        sides[1, k] = False


@pytest.mark.parametrize("wide", [8, 16])
def test_the_sides_of_every_neuron_are_looked_for_along_its_own_direction(wide, monkeypatch):
    """Twenty balls on a circle, of which each neuron is on at one; no other direction is tried."""
    monkeypatch.setattr(tilts, "WIDE", wide)
    monkeypatch.setattr(tilts, "FEW", 0)
    angle = 2 * np.pi / 20 * np.arange(20)
    u = np.column_stack([np.cos(angle), np.sin(angle)])
    network = ReLUNetwork(np.ones((20, 2)), u, np.full(20, -4.9), None, np.zeros(2))
    assert are_made(network, TrainingSet(5 * u, 0.1), np.packbits(np.eye(20, dtype=bool), axis=1), lambda: None, {})


def test_what_is_known_of_some_points_is_not_taken_for_others():
    train, middle, known = TrainingSet(IN_A_ROW), np.array([False, True, False]), {}
    for members, made in (([1, 2, 3], False), ([1, 4, 3], True), ([1, 2, 3], False), ([0, 2, 3], True)):
        assert made_on_kink(train, np.array(members), middle, known, lambda: None) == made


@pytest.mark.parametrize(("off", "made"), [(4.04e-9, True), (3.96e-9, False)])
def test_balls_of_hardly_any_radius_are_told_apart_as_points_are(off, made):
    train = TrainingSet([[0.0, 0.0], [4.0, off], [8.0, 0.0]], 1e-12)
    assert misses_balls(train, np.array([0.0, 1.0]), np.array([False, True, False]), {}, lambda: None) == made


@pytest.mark.parametrize(("ulps", "made"), [(65, True), (63, None), (4, False)])
def test_far_out_balls_of_hardly_any_radius_are_told_apart_as_points_are(ulps, made):
    """64 units in the last place, there as at radius 0, by which a kink may be off."""
    out, off = 2.0**20, ulps * 2.0**-32
    train = TrainingSet([[out, 0.0], [out - 4, off], [out - 8, 0.0]], 1e-12)
    for w in ([0.0, 1.0], [1.0, 1.0]):
        if made is None:
            with pytest.raises(CertificateUndecided, match="far from the origin"):
                misses_balls(train, np.array(w), np.array([False, True, False]), {}, lambda: None)
        else:
            assert misses_balls(train, np.array(w), np.array([False, True, False]), {}, lambda: None) == made


@pytest.mark.parametrize(("off", "told"), [(1.05e-8, True), (2.1e-9, True), (1.9e-9, False)])
def test_parts_are_told_apart_by_the_distance_of_their_hulls(off, told):
    """Also where that is 1e-14 of the size of the set."""
    X, on = np.array([[0.0, 0.0], [5e4, off], [1e5, 0.0]]), np.array([False, True, False])
    assert tilts._told_apart(X, on, 2e-9, True, {}, lambda: None) == told


@pytest.mark.parametrize(("gap", "made"), [(0.998995, False), (0.999005, True), (1.1, True)])
def test_a_hyperplane_between_balls_is_that_of_the_kink_or_any_other(gap, made):
    """Two balls above a line of two others, at so many times two radii: a thousandth less is left to rounding."""
    train = TrainingSet([[0.0, 0.0], [3.0, 0.0], [1.5, 0.5 * gap], [1.5, 3.0]], 0.25)
    on = np.array([False, False, True, True])
    for w in ([0.0, 1.0], [0.0, 5.0], [1.0, 1.0], [0.0, -1.0]):
        known = {}
        for _ in range(2):
            assert misses_balls(train, np.array(w), on, known, lambda: None) == made
            # Another kink with the same sides finds it known.
            assert misses_balls(train, np.array([0.0, 1.0]), on, known, lambda: None) == made
    assert misses_balls(train, np.array([1.0, 0.0]), np.ones(4, dtype=bool), {}, lambda: None)


def test_of_many_balls_only_the_direction_of_the_kink_itself_is_looked_at(monkeypatch):
    monkeypatch.setattr(tilts, "FEW", 3)
    train = TrainingSet([[0.0, 0.0], [3.0, 0.0], [0.0, 2.0], [3.0, 2.0]], 0.5)
    on = np.array([False, False, True, True])
    known = {}
    with pytest.raises(CertificateUndecided, match="2 of 4 points"):
        misses_balls(train, np.array([1.0, 1.0]), on, known, lambda: None)
    assert misses_balls(train, np.array([0.0, 1.0]), on, known, lambda: None)
    assert misses_balls(train, np.array([1.0, 1.0]), on, known, lambda: None)  # as is known now


@pytest.mark.parametrize("size", [3, 5, 8, 12])
@pytest.mark.parametrize("middle", [False, True])
def test_independent_points_can_be_passed_on_any_sides(size, middle):
    """A point nearly in the middle of a regular simplex of the others, the hardest to tell from these."""
    simplex = np.eye(size - 1) - 1 / (size - 1)
    answers = []
    for off in np.geomspace(0.05, 40 * size, 30):
        points = np.vstack([np.zeros(size - 1), simplex]) if middle else np.vstack([simplex, np.zeros(size - 1)])
        train = TrainingSet(points)
        points[0 if middle else -1] += off * least_apart(train) / np.sqrt(size - 1)
        train = TrainingSet(points)
        sides = np.arange(size) == (0 if middle else size - 1)
        answers.append(independent(train, np.arange(size)))
        assert not answers[-1] or made_on_kink(train, np.arange(size), sides, {}, lambda: None)
    assert answers[-1]
    assert not answers[0]


def test_two_points_are_independent_and_more_than_fit_are_not():
    points = np.random.default_rng(0).standard_normal((5, 3))
    train = TrainingSet(points)
    assert [independent(train, np.arange(k)) for k in range(1, 6)] == [True, True, True, True, False]
    flat = TrainingSet(points[:, :1])
    assert [independent(flat, np.arange(k)) for k in range(1, 6)] == [True, True, False, False, False]
