"""On which sides of points and balls a kink passes, and which hyperplanes tell them apart."""

import time
import tracemalloc

import numpy as np
import pytest
from small_balls import IN_A_ROW

from exactnorm import ReLUNetwork, TrainingSet
from exactnorm.certify import CertificateUndecided
from exactnorm.certify.balls import tilts
from exactnorm.certify.balls.constancy import local_slope
from exactnorm.certify.balls.tilts import (
    are_made,
    independent,
    least_apart,
    made_on_kink,
    misses_balls,
    room,
)

pytestmark = pytest.mark.usefixtures("alone")  # memory is measured


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
