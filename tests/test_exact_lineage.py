"""What peaks hand on as they are followed, and the network that rests on it."""

from dataclasses import replace

import numpy as np
import pytest

from exactnorm import TrainingSet, min_norm_denoiser
from exactnorm.certify import check_certificate
from exactnorm.exact.balls import loop, solve
from exactnorm.exact.balls.deciding import deciding_balls
from exactnorm.exact.balls.first import first_bracket
from exactnorm.exact.balls.interior import climbed, interior
from exactnorm.exact.balls.lineage import lineage, unknown
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.balls.solve import started
from exactnorm.exact.balls.tracked import Tracked
from exactnorm.exact.settings import Settings
from exactnorm.geometry import affine_hull

NEARLY_TOUCHING = [
    [1.160675, -0.730849, 1.179448, -0.384041, 0.247538, 2.129229],
    [-1.244759, 0.520211, 0.611791, 0.669612, -1.480812, -0.09182],
    [-0.549599, -0.704549, -0.486877, -1.169573, 1.314982, -0.8795],
    [-0.374914, 0.127733, -0.216607, 0.307223, 0.174454, 0.732099],
    [0.99043, 1.058479, 2.196933, 0.760461, -0.044063, -0.044138],
    [1.344464, -0.40954, -0.231611, -0.101494, 0.695784, -0.064308],
    [0.970843, -1.92681, 0.404758, 0.427649, -0.918819, -1.67337],
]


def no_multipliers(*_):
    """They take longer than all else here, and are given up."""
    raise ArithmeticError


def kinks_at(angles, of):
    w = np.column_stack([np.cos(angles), np.sin(angles)])
    return Tracked(np.array(of), np.ones((len(w), 3), dtype=bool), w, np.ones(len(w)))


def test_each_peak_is_the_heir_of_the_nearest_and_of_what_became_one_with_it():
    known = kinks_at(np.array([0.0, 0.1, 1.0, 2.0, 0.05]), [0, 0, 0, 0, 1])
    peaks = kinks_at(np.array([1.02, 0.08, 3.1, 0.06]), [0, 0, 0, 1])
    line = lineage(peaks, known)
    assert line.old.tolist() == [True, True, False, True]
    assert line.origin[line.old].tolist() == [2, 1, 4]
    # The fourth had no peak near it, and what it was worth is gone; the first two became one.
    assert line.inherited(np.array([1.0, 2.0, 4.0, 8.0, 16.0])) == pytest.approx([4.0, 3.0, 0.0, 16.0])


def test_two_peaks_of_one_face_each_keep_their_own():
    known = kinks_at(np.array([0.0, 3.0]), [0, 0])
    line = lineage(kinks_at(np.array([2.98, 0.01]), [0, 0]), known)
    assert line.inherited(np.array([5.0, 7.0])) == pytest.approx([7.0, 5.0])


@pytest.mark.parametrize(("chord", "heir"), [(0.49, 0), (0.51, 1)])
def test_a_peak_whose_normal_has_turned_by_more_than_half_a_unit_is_another(chord, heir):
    line = lineage(kinks_at(np.array([2 * np.arcsin(chord / 2)]), [0]), kinks_at(np.zeros(1), [0]))
    assert line.heir.tolist() == [heir]
    assert line.old.tolist() == [not heir]
    assert line.inherited(np.array([3.0])).tolist() == [0.0 if heir else 3.0]


def test_a_peak_of_a_pattern_that_no_peak_was_known_of_is_new():
    line = lineage(kinks_at(np.zeros(2), [0, 4]), kinks_at(np.zeros(3), [2, 4, 4]))
    assert line.old.tolist() == [False, True]
    assert line.heir.tolist() == [2, 1, 1]
    assert line.inherited(np.array([1.0, 2.0, 4.0])).tolist() == [0.0, 6.0]


def test_a_peak_is_unknown_that_differs_by_more_than_rounding_from_all_of_its_pattern():
    """By a ten thousandth in any entry."""
    known = kinks_at(np.array([0.0, 1.0]), [0, 1])
    away = [0.0, 0.99e-4, 1.01e-4, 0.0, 1.0, 1.0]
    assert unknown(kinks_at(np.array(away), [0, 0, 0, 1, 1, 2]), known).tolist() == [
        False,
        False,
        True,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("excess", [1.0, 1.05])
def test_the_network_of_the_multipliers_closes_the_gap_whatever_network_was_known_before(excess):
    """Multipliers are in units of the cost that was known at first, 5 % too much here; it falls on the way."""
    train, settings = TrainingSet(np.random.default_rng(5).standard_normal((6, 5)), 0.05), Settings()
    problem = reduced(train)
    best, _ = started(problem, first_bracket(train, affine_hull(train.points), settings), settings)
    for begun in interior(problem, best, settings):
        best = begun
    for found, _ in climbed(problem, deciding_balls(problem), replace(best, upper=excess * best.upper), settings):
        best = found
    assert best.gap < 5e-7
    assert best.lower - 1e-7 < 10.0229867 < best.upper + 1e-7


def test_where_moments_are_nearly_dependent_the_climb_alone_ends_within_the_tolerance(monkeypatch):
    """Nine tenths of the largest radius; the loop alone ended 1e-5 apart."""
    monkeypatch.setattr(loop, "started", lambda *_: pytest.fail("the loop went on"))
    monkeypatch.setattr(solve, "multipliers", no_multipliers)
    found = min_norm_denoiser(NEARLY_TOUCHING, 0.8323896559188327)
    lower, upper, _ = check_certificate(found.certificate, found.train, found.network)
    assert 0 < upper - lower <= 1e-6 * upper
