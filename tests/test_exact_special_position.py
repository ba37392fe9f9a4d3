"""Bare points on a line up to rounding, and hardly off it: what the bracket is of, and that the status says so."""

from dataclasses import replace

import numpy as np
import pytest

from exactnorm import TrainingSet, min_norm_denoiser
from exactnorm.certify import Certificate, CertificateUndecided, Nothing, check_certificate
from exactnorm.certify.balls.tilts import least_apart, made_on_kink
from exactnorm.exact.balls import wider
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.settings import Settings
from exactnorm.patterns import kink_patterns

SPECIAL = "special position"


def seven(off):
    """Four points on a line in space, moved off it by up to so much, and three others."""
    line = np.column_stack([np.arange(4.0), np.zeros((4, 2))])
    others = np.random.default_rng(1).standard_normal((3, 3)) * 1.2 + [1.5, 0, 0]
    away = np.random.default_rng(1).standard_normal((4, 2))
    points = np.vstack([line, others])
    points[:4, 1:] += off * away / np.abs(away).max()
    return points


@pytest.mark.parametrize("off", [0.0, 1e-14, 1e-12, 1e-11, 1e-10])
def test_bare_points_on_a_line_up_to_rounding_are_on_it_and_the_status_says_so(off):
    denoiser = min_norm_denoiser(seven(off), 0)
    bracket = denoiser.certificate
    # Points off the line by 1e-12 had an upper end of 74, and networks for those by 1e-11 were refused by the check.
    assert 9.519486 < bracket.lower <= 9.5194962
    assert 9.5194961 <= bracket.upper < 9.519506
    assert bracket.certifies(1e-6)
    assert SPECIAL in denoiser.status
    check_certificate(denoiser.certificate, denoiser.train, denoiser.network)


def test_balls_so_small_have_the_same_least_cost():
    """The lower end is that of balls as large as what rounding hides, for which these points are no special case."""
    bracket = min_norm_denoiser(seven(1e-14), 1e-10).certificate
    assert bracket.lower <= 9.5194962 <= bracket.upper * (1 + 1e-8)
    assert bracket.certifies(1e-6)


@pytest.mark.parametrize("factor", [1.0, 1 - 1e-16, 1 + 3e-16, 1 + 5e-16, 1 - 4e-16])
def test_points_a_little_farther_off_the_line_have_more_patterns_and_cost_less(factor):
    # Kinks through the four points enter them by last digits, which were priced as if no other kink were near.
    denoiser = min_norm_denoiser(factor * seven(1e-8), 0, time_limit=20)
    assert 9.51883 < denoiser.certificate.lower <= denoiser.certificate.upper < 9.51885
    assert SPECIAL not in denoiser.status
    check_certificate(denoiser.certificate, denoiser.train, denoiser.network)


def test_rounding_of_a_large_set_hides_the_same_sides_from_the_solver_and_from_the_check():
    """Three near points in a set of size 1, the middle one 5e-14 off their line: more than 1e-9 of their distance."""
    train = TrainingSet([[0.0, 0.0], [1e-6, -5e-14], [2e-6, 0.0], [1.0, 0.0], [0.0, 1.0]])
    middle = np.array([False, True, False, False, False])
    found = kink_patterns(train.points, 0.0, apart=least_apart(train))
    assert not (found == middle).all(axis=1).any()
    assert (kink_patterns(train.points, 0.0, apart=1e-9 * train.separation) == middle).all(axis=1).any()
    with pytest.raises(CertificateUndecided, match="rounding hides"):
        made_on_kink(train, np.arange(3), middle[:3], {}, lambda: None)


def patched(monkeypatch, bad):
    """Solves, of which the first `bad` give a network that is 1e-3 off; the radii that were asked for."""
    solved, asked = wider.solve_balls, []

    def missing(train, *rest):
        asked.append(train.rho)
        found = solved(train, *rest)
        if len(asked) > bad:
            return found
        off = replace(found.network, c=found.network.c + 1e-3)
        certificate = replace(found.certificate, upper=np.inf, interpolation_error=1e-3)
        return replace(found, network=off, certificate=certificate)

    monkeypatch.setattr(wider, "solve_balls", missing)
    return asked


TRIANGLE = TrainingSet([[0.0, 0.0], [1.0, 0.0], [0.4, 0.9]], 0.1)


def test_a_network_that_misses_too_much_gives_way_to_one_for_wider_balls(monkeypatch):
    asked = patched(monkeypatch, 1)
    denoiser = wider.solve_sturdily(TRIANGLE, Settings())
    assert asked == [0.1, pytest.approx(0.1 + 1e-10, abs=1e-12)]
    assert denoiser.certificate.certifies(1e-6)
    assert denoiser.train.rho == 0.1
    check_certificate(denoiser.certificate, TRIANGLE, denoiser.network)


def test_where_that_misses_too_much_as_well_the_error_says_by_how_much(monkeypatch):
    asked = patched(monkeypatch, 2)
    with pytest.raises(ValueError, match=r"misses its balls by 0\.001, .* use a smaller rho"):
        wider.solve_sturdily(TRIANGLE, Settings())
    assert len(asked) == 2


@pytest.mark.parametrize("raised", [True, False])
def test_ctrl_c_while_wider_balls_are_solved_is_told(monkeypatch, raised):
    solved, asked = wider.solve_balls, []

    def interrupted(train, *rest):
        asked.append(train.rho)
        found = solved(train, *rest)
        if len(asked) == 1:  # as if the network missed more than the tolerance, and not so much that it is none
            return replace(found, certificate=replace(found.certificate, upper=1.1 * found.certificate.upper))
        if raised:
            raise KeyboardInterrupt
        return replace(found, status="interrupted; 1 round.")

    monkeypatch.setattr(wider, "solve_balls", interrupted)
    denoiser = wider.solve_sturdily(TRIANGLE, Settings())
    assert len(asked) == 2
    assert denoiser.interrupted
    assert denoiser.train.rho == 0.1
    assert denoiser.certificate.certifies(1e-6) == (not raised)


def test_progress_never_shows_the_bound_of_wider_balls(monkeypatch):
    patched(monkeypatch, 1)
    seen = []
    denoiser = wider.solve_sturdily(TRIANGLE, Settings(report=seen.append))
    wide = [one for one in seen if one.phase.startswith("wider balls, ")]
    assert 0 < len(wide) < len(seen)
    assert all(one.lower <= denoiser.certificate.lower for one in wide)
    assert max(one.lower for one in wide) == denoiser.certificate.lower


@pytest.fixture(scope="module")
def large():
    """A triangle four times as large, solved, and what it costs."""
    denoiser = min_norm_denoiser(4 * TRIANGLE.points, 0.4)
    return denoiser, denoiser.network.representation_cost


def solves(monkeypatch, denoiser, lower, upper, error=1e-9, off=0.0, failure=None):
    """In place of the program: a network with that certificate first, then one that is off by a shift, or a failure."""
    asked = []

    def made(train, *_):
        asked.append(train.rho)
        if len(asked) == 1:
            first = replace(denoiser, train=train, certificate=Certificate(lower, upper, error, Nothing()))
            return first if first.interrupted else replace(first, status="as it was.")
        if failure is not None:
            raise failure
        network = replace(denoiser.network, c=denoiser.network.c + np.array([off, 0.0]))
        return replace(denoiser, train=train, network=network)

    monkeypatch.setattr(wider, "solve_balls", made)
    return asked


@pytest.mark.parametrize(
    ("below", "above", "tried"),
    [
        (0.99e-6, 1.01e-6, True),
        (1.01e-6, 1.01e-6, False),  # the network itself is not good enough
        (0.99e-6, 0.99e-6, False),  # nor is the miss what is in the way
        (0.1e-6, 0.8e-6, False),
        (-1.5e-6, 2e-6, False),  # the bracket is closed as it is, above the network's own cost
        (0.99e-6, np.inf, True),
        (0.1, np.inf, True),
    ],
)
def test_wider_balls_are_tried_where_rounding_alone_keeps_the_gap_open(large, monkeypatch, below, above, tried):
    denoiser, cost = large
    asked = solves(monkeypatch, denoiser, (1 - below) * cost, (1 + above) * cost)
    found = wider.solve_sturdily(denoiser.train, Settings())
    assert asked == [0.4, pytest.approx(0.4 + 4e-10, abs=1e-15)][: 1 + tried]  # the farthest point is 4 away
    assert (found.certificate.upper < (1 + above) * cost) == tried
    assert found.certificate.lower == pytest.approx((1 - below) * cost, rel=1e-12)
    width = "10 % wide" if below == 0.1 else "within tol"
    assert found.status.startswith(f"the gap is {width}; the network is one for balls" if tried else "as it was")
    assert found.status.endswith(".")


def test_no_wider_balls_are_tried_when_the_time_is_over_or_ctrl_c_was_pressed(large, monkeypatch):
    denoiser, cost = large
    asked = solves(monkeypatch, denoiser, cost * (1 - 1e-7), 1.1 * cost)
    wider.solve_sturdily(denoiser.train, Settings(deadline=Deadline(0.0)))
    assert len(asked) == 1
    asked = solves(monkeypatch, replace(denoiser, status="interrupted; 1 round."), cost * (1 - 1e-7), 1.1 * cost)
    wider.solve_sturdily(denoiser.train, Settings())
    assert len(asked) == 1


@pytest.mark.parametrize(("off", "taken"), [(0.0, True), (3.9e-6 / 1.1, True), (4.1e-6, False)])
def test_a_network_for_wider_balls_misses_no_more_than_a_millionth_of_the_separation(large, monkeypatch, off, taken):
    denoiser, cost = large
    separation = denoiser.train.separation
    assert separation == pytest.approx(4 * np.hypot(0.4, 0.9))
    off *= separation / 4
    solves(monkeypatch, denoiser, cost * (1 - 1e-7), np.inf, off=off)
    found = wider.solve_sturdily(denoiser.train, Settings())
    assert np.isfinite(found.certificate.upper) == taken
    assert found.certificate.interpolation_error == pytest.approx(off if off and taken else 1e-9, rel=0.2, abs=2e-9)
    # What it misses is priced.
    assert not taken or found.certificate.upper >= cost


def test_a_network_for_wider_balls_that_costs_more_is_left_alone_and_one_that_costs_less_ends_the_bracket(
    large, monkeypatch
):
    denoiser, cost = large
    solves(monkeypatch, denoiser, 0.9 * cost, 0.9 * cost * (1 + 3e-6))
    monkeypatch.setattr(wider, "_lost_to_rounding", lambda *_: True)
    assert wider.solve_sturdily(denoiser.train, Settings()).certificate.upper == 0.9 * cost * (1 + 3e-6)
    solves(monkeypatch, denoiser, 1.05 * cost, 1.1 * cost)
    found = wider.solve_sturdily(denoiser.train, Settings()).certificate
    assert found.lower == found.upper == pytest.approx(cost, rel=1e-6)


@pytest.mark.parametrize("failure", [ValueError("no room"), ArithmeticError("no time")])
def test_where_wider_balls_cannot_be_solved_the_first_network_is_told(large, monkeypatch, failure):
    denoiser, cost = large
    solves(monkeypatch, denoiser, cost * (1 - 1e-7), 1.1 * cost, failure=failure)
    assert wider.solve_sturdily(denoiser.train, Settings()).certificate.upper == 1.1 * cost


@pytest.mark.parametrize(
    ("upper", "share", "told"),
    [
        (np.inf, 0.99e-6, True),
        (np.inf, 1.01e-6, False),
        (np.inf, np.nan, False),
        (np.inf, None, True),
        (9.0, 1e-3, True),
    ],
)
def test_a_network_is_told_unless_it_misses_a_millionth_of_the_separation_and_has_no_upper_value(
    large, monkeypatch, upper, share, told
):
    denoiser, cost = large
    error = None if share is None else share * denoiser.train.separation
    solves(monkeypatch, denoiser, 0.5 * cost, upper * cost, error, failure=ValueError("no room"))
    if told:
        assert wider.solve_sturdily(denoiser.train, Settings()).certificate.upper == upper * cost
    else:
        with pytest.raises(ValueError, match="use a smaller rho"):
            wider.solve_sturdily(denoiser.train, Settings())
