"""The least slope that neurons through a point leave there, shares of them on either side."""

import numpy as np
import pytest
from scipy.optimize import lsq_linear
from small_balls import IN_A_ROW, supported

from exactnorm import ReLUNetwork, TrainingSet
from exactnorm.certify import CertificateError
from exactnorm.certify.balls import constancy, shares
from exactnorm.certify.balls.constancy import local_slope, sides_of_balls
from exactnorm.certify.balls.tilts import (
    unpacked,
)
from exactnorm.certify.effort import Effort


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
