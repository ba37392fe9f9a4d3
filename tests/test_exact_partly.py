"""Bounds of a part of the points, where all have too many activation patterns."""

import _thread
import time

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from exactnorm import TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import Cells, CertificateUndecided, Faces, Part
from exactnorm.exact.balls import partly
from exactnorm.exact.balls import solve as solve_module
from exactnorm.exact.balls.partly import near_each_other, one_after_another
from exactnorm.exact.deadline import Deadline
from exactnorm.patterns import kink_patterns, too_many


def a_set(size=11, rank=6):
    points = np.random.default_rng(5).standard_normal((size, rank))
    return TrainingSet(points, 0.3 * pdist(points).min())


@pytest.fixture
def many(monkeypatch):
    """More than eight points have too many patterns."""
    enumerated = solve_module.enumerated

    def given_up(train, first, settings):
        if train.size > 8:
            raise too_many(train, first.frame.rank, 100)
        return enumerated(train, first, settings)

    monkeypatch.setattr(solve_module, "enumerated", given_up)
    monkeypatch.setattr(partly, "MOST", 30)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(("tol", "rests_on"), [(1e-3, Cells), (1e-9, Faces)])
def test_a_part_is_bounded_where_all_have_too_many_patterns(tol, rests_on):
    train, heard = a_set(11, 3), []
    found = min_norm_denoiser(train, tol=tol, progress=heard.append)
    evidence = found.certificate.evidence
    assert isinstance(evidence, Part)
    assert isinstance(evidence.evidence, rests_on)
    alone = min_norm_denoiser(train.points[list(evidence.rows)], train.rho, tol=tol, method="program")
    assert found.certificate.lower == pytest.approx(alone.certificate.lower, rel=2 * tol)
    assert f"the lower bound that of {len(evidence.rows)} of the points, by" in found.status
    check_certificate(found.certificate, found.train, found.network)
    during = [best for best in heard if best.phase == "bounding a part of the points"]
    assert len(during) > 2
    assert all(best.upper == during[0].upper for best in during)  # those of the part are not this problem's
    assert max(best.lower for best in heard) <= found.certificate.lower * (1 + 1e-3)


@pytest.mark.usefixtures("many")
def test_ctrl_c_while_a_part_is_bounded_leaves_the_bracket_so_far():
    train, asked = a_set(11, 3), []

    def stop(best):
        if best.phase == "bounding a part of the points" and not asked:
            asked.append(time.monotonic())
            _thread.interrupt_main()

    found = min_norm_denoiser(train, tol=1e-9, progress=stop)
    assert time.monotonic() - asked[0] < 5
    assert found.status.startswith("interrupted")
    assert 0 < found.certificate.lower < found.certificate.upper < np.inf
    check_certificate(found.certificate, found.train, found.network)


@pytest.mark.usefixtures("many")
def test_what_is_left_of_a_limit_is_shared_with_the_networks(processor_clock):
    began = processor_clock()
    found = min_norm_denoiser(a_set(11, 10), tol=1e-12, time_limit=1.5)
    assert processor_clock() - began < 1.1 * 1.5 + 1
    assert 0 < found.certificate.lower < found.certificate.upper < np.inf


def test_the_part_is_the_largest_that_there_is_time_for(monkeypatch):
    train = a_set(14, 5)
    order = one_after_another(train.points, train.closest)
    monkeypatch.setattr(partly, "WIDER", 1.0)
    for most in (20, 60, 200):
        monkeypatch.setattr(partly, "MOST", most)
        rows = near_each_other(train, Deadline(None))
        assert sorted(order[: len(rows)]) == rows.tolist()
        assert len(kink_patterns(train.points[rows], train.rho)) <= most
        assert len(kink_patterns(train.points[order[: len(rows) + 1]], train.rho)) > most
    monkeypatch.setattr(partly, "MOST", 10**6)
    assert near_each_other(train, Deadline(None)).tolist() == list(range(14))


def test_points_come_in_the_order_of_a_shortest_tree():
    train = a_set(9, 3)
    D = squareform(pdist(train.points))
    order = one_after_another(train.points, train.closest)
    assert sorted(order) == list(range(9))
    assert D[order[0], order[1]] == D[D > 0].min()
    for k in range(2, 9):
        left = np.setdiff1d(range(9), order[:k])
        assert D[order[k], order[:k]].min() == D[np.ix_(left, order[:k])].min()


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("failed", [CertificateUndecided, np.linalg.LinAlgError, KeyboardInterrupt])
def test_a_part_that_no_check_supports_is_not_stated(failed, monkeypatch):
    def undecided(*_, **__):
        raise failed

    monkeypatch.setattr(partly, "bound", undecided)
    found = min_norm_denoiser(a_set(11, 3), tol=1e-3)
    assert not isinstance(found.certificate.evidence, Part)
    assert found.status.startswith("interrupted") == (failed is KeyboardInterrupt)
    check_certificate(found.certificate, found.train, found.network)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("interrupted", [False, True])
def test_after_ctrl_c_a_part_is_checked_in_half_a_second_or_not_at_all(interrupted, monkeypatch):
    efforts, original = [], partly.bound

    def heard(*given, effort, **named):
        efforts.append(effort.limit)
        return original(*given, effort=effort, **named)

    asked = [interrupted]

    def stop(best):
        if best.phase == "bounding a part of the points" and best.lower > 22 and any(asked):
            asked.clear()
            raise KeyboardInterrupt

    monkeypatch.setattr(partly, "bound", heard)
    found = min_norm_denoiser(a_set(11, 3), tol=1e-3, progress=stop)
    assert efforts == ([0.5] if interrupted else [10.0])
    assert isinstance(found.certificate.evidence, Part)
