"""Kinks that enter balls by last digits, tilted by about as little as makes them miss all balls."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from exactnorm import ReLUNetwork, TrainingSet
from exactnorm.certify.balls.missed import missed_on_balls
from exactnorm.certify.balls.moved import moved, tilted
from exactnorm.geometry import affine_hull

LINE = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [2.0, 2.0, 0.0], [0.3, -0.7, 1.1], [-0.6, 1.2, 0.4]])


def a_kink(off, sides, seed):
    """One through three points, the middle one `off` their line, with heights there that are last digits, and sides."""
    rng = np.random.default_rng(seed)
    points = LINE + rng.standard_normal(3) * 0.1
    points[1] += off * np.array([0.6, -0.6, 0.5])
    w = np.cross(points[1] - points[0], points[2] - points[0]) if off else np.array([0.4, -0.4, 0.7])
    w /= np.linalg.norm(w)
    on = np.concatenate([sides, (points[3:] - points[0]) @ w > 0])[:, None]
    network = ReLUNetwork(np.ones((1, 3)), w[None], np.array([-w @ points[0]]), None, np.zeros(3))
    return network, TrainingSet(points), on


def tilt_of(network, train, on):
    frame = affine_hull(train.points)
    (one,) = moved(network, train, np.packbits(on, axis=1), lambda: None)
    points = frame.sharp_coordinates(train.points)
    return one, frame, tilted(one, points, frame.scale, train, np.ones(1, dtype=bool), lambda: None)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("sides", list(itertools.product([False, True], repeat=3)))
def test_a_tilted_kink_misses_what_it_touched_and_is_next_to_where_it_was(seed, sides):
    network, train, on = a_kink(1e-8, sides, seed)
    one, frame, (tilt, rise, found) = tilt_of(network, train, on)
    assert found.all() == one.depth.any()
    assert one.depth.max() < 1e-15
    assert np.linalg.norm(tilt) < 1e-6
    # In rational numbers: the heights that are accounted for, and those of the kink w + tilt.
    height = [exactly(network.w[0], x) + Fraction(network.b[0]) + Fraction(one.shift[0]) for x in train.points]
    risen = [h + Fraction(r) for h, r in zip(height, rise[:, 0], strict=True)]
    if not found.all():  # moved out of all balls, to the last digit of an offset
        return
    assert all(h > 0 if side else h < 0 for h, side in zip(risen, on[:, 0], strict=True))
    by_tilt = [float(exactly(tilt[0] @ frame.axes, x - train.points[0])) for x in train.points]
    assert rise[:, 0] - rise[0, 0] == pytest.approx(np.array(by_tilt), abs=1e-6 * np.abs(rise).max())


def exactly(w, x):
    return sum((Fraction(float(u)) * Fraction(float(v)) for u, v in zip(w, x, strict=True)), Fraction(0))


def test_no_tilt_separates_the_middle_of_three_points_on_a_line():
    network, train, on = a_kink(0.0, (False, True, False), 0)
    one, _, (tilt, rise, found) = tilt_of(network, train, on)
    assert one.depth.any()
    assert not found.any()
    assert not tilt.any()
    assert not rise.any()


def test_tilting_costs_what_the_kink_is_longer_and_changes_slopes_by_as_much():
    network, train, on = a_kink(1e-8, (True, False, True), 1)
    _, frame, (tilt, _, found) = tilt_of(network, train, on)
    assert found.all()
    assert tilt.any()
    missed = missed_on_balls(network, train, np.packbits(on, axis=1), frame, lambda: None)
    assert missed.dearer == pytest.approx(np.sqrt(3) * np.linalg.norm(tilt), rel=1e-9)
    a, w = network.a @ frame.axes.T, network.w @ frame.axes.T + tilt
    expected = np.array([np.outer(a[0], w[0]) * side for side in on[:, 0]])
    np.testing.assert_allclose(missed.D, expected, rtol=1e-12, atol=1e-14)
