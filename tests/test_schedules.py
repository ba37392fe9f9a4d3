"""Schedules: what their formulas promise, and the radius that goes with a noise level."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from exactnorm.closed_form import orthogonal
from exactnorm.flow import (
    Schedule,
    cosine,
    edm,
    named_schedule,
    probability_flow,
    radius,
    variance_exploding,
    variance_preserving,
)

ALL = [variance_exploding(), edm(), variance_preserving(), cosine()]


@pytest.mark.parametrize("schedule", ALL, ids=lambda s: s.name)
def test_noise_increases_from_zero_and_the_scale_starts_at_one(schedule):
    t = np.linspace(0, min(schedule.last, 1 - 1e-6), 200)
    sigma = np.array([schedule.sigma(x) for x in t])
    assert sigma[0] == 0
    assert np.all(np.diff(sigma) > 0)
    assert schedule.scale(0.0) == pytest.approx(1.0, abs=1e-15)


@settings(max_examples=50, deadline=None)
@given(which=st.sampled_from(range(4)), sigma=st.floats(1e-6, 50))
def test_time_inverts_sigma(which, sigma):
    schedule = ALL[which]
    assert schedule.sigma(schedule.time(sigma)) == pytest.approx(sigma, rel=1e-9)


@pytest.mark.parametrize("schedule", [variance_preserving(0.1, 20.0), cosine()], ids=lambda s: s.name)
def test_variance_preserving_schedules_preserve_the_variance(schedule):
    for t in (0.01, 0.3, 0.7, 0.95):
        assert schedule.scale(t) ** 2 * (1 + schedule.sigma(t) ** 2) == pytest.approx(1.0, rel=1e-12)


def test_the_variance_preserving_scale_is_the_integral_of_beta():
    t = 0.6
    integral = quad(lambda x: 0.1 + 19.9 * x, 0, t)[0]
    assert variance_preserving().scale(t) == pytest.approx(math.exp(-integral / 2), rel=1e-12)


def test_the_flow_in_every_schedules_own_time_and_scale_is_the_same_flow():
    """dy/dt = (s'/s) y − s² σσ' score(y/s)/s, integrated in t, against `probability_flow`."""
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.4]])
    alpha, first, last = 1.0, 0.3, 0.05
    y_hat = np.array([0.45, 0.9])
    ends = {}
    for schedule in ALL:
        T, stop = schedule.time(first), schedule.time(last)

        def field(t, y, schedule=schedule):
            step = 1e-6 * t
            ds = (schedule.scale(t + step) - schedule.scale(t - step)) / (2 * step)
            dsigma = (schedule.sigma(t + step) - schedule.sigma(t - step)) / (2 * step)
            s, sigma = schedule.scale(t), schedule.sigma(t)
            score = (orthogonal(points, alpha * sigma)(y / s) - y / s) / sigma**2
            return ds / s * y - s * sigma * dsigma * score

        start = schedule.scale(T) * y_hat
        by_hand = solve_ivp(field, (T, stop), start, rtol=1e-9, atol=1e-12).y[:, -1] / schedule.scale(stop)
        flow = probability_flow(
            lambda rho: orthogonal(points, rho), start, schedule, alpha=alpha, T=T, sigma_end=last, method="ivp"
        )
        np.testing.assert_allclose(flow.endpoint / schedule.scale(stop), by_hand, atol=1e-6)
        ends[schedule.name] = by_hand
    assert np.abs(ends["ve"] - y_hat).max() > 0.05  # it did move
    for end in ends.values():
        np.testing.assert_allclose(end, ends["ve"], atol=1e-6)


def test_radius_by_each_convention():
    assert radius(0.5, alpha=2.0) == 1.0
    assert radius(0.5, samples=100) == pytest.approx(0.5 * math.sqrt(2 * math.log(100)))
    assert radius(0.5, dimension=16) == 2.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "exactly one"),
        ({"alpha": 1.0, "samples": 5}, "exactly one"),
        ({"alpha": -1.0}, "alpha"),
        ({"samples": 1}, "two samples"),
        ({"dimension": 0}, "dimension"),
    ],
)
def test_radius_refuses_what_it_cannot_mean(arguments, message):
    with pytest.raises(ValueError, match=message):
        radius(1.0, **arguments)


def test_wrong_schedules_are_refused():
    with pytest.raises(ValueError, match="unknown"):
        named_schedule("linear")
    with pytest.raises(ValueError, match="never reaches"):
        Schedule("short", lambda t: t, lambda _: 1.0, 0.5).time(2.0)
    points = np.eye(2)
    wobbly = Schedule("wobbly", lambda t: t * (2 - t), lambda _: 1.0)
    with pytest.raises(ValueError, match="monotone"):
        probability_flow(lambda rho: orthogonal(points, rho), [0.1, 0.2], wobbly, alpha=0.1, T=1.5)
    undefined = Schedule("log", math.log, lambda _: 1.0)
    with pytest.raises(ValueError, match=r"'log' gives no noise level or scale somewhere on \[0, 1.5\]"):
        probability_flow(lambda rho: orthogonal(points, rho), [0.1, 0.2], undefined, alpha=0.1, T=1.5)
