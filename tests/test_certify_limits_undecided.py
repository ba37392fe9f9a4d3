"""Whether a network at ρ = 0 is a limit for small balls is undecided where looking takes too long, and not refuted."""

import time

import numpy as np
import pytest
from small_balls import IN_A_ROW, kinks_through_points, network_of_kinks, supported

from exactnorm import TrainingSet, check_certificate
from exactnorm.certify import Certificate, CertificateUndecided, Nothing
from exactnorm.certify.balls import shares, tilts
from exactnorm.certify.balls.constancy import sides_of_balls
from exactnorm.certify.balls.correction import stated_upper
from exactnorm.certify.effort import Effort
from exactnorm.certify.interpolation import sure_miss
from exactnorm.patterns import TooManyPatternsError


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
