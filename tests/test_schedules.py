"""Schedules: what their formulas promise, and the radius that goes with a noise level."""

import math
import pickle

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
    schedule_from_arrays,
    schedule_of,
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


def vp_table(n=400):
    """Times, noise levels and scales of the variance preserving schedule; levels grow too fast to be even in time."""
    vp, t = variance_preserving(), np.linspace(0, 1, n) ** 2
    return t, np.array([vp.sigma(x) for x in t]), np.array([vp.scale(x) for x in t])


def test_arrays_give_the_schedule_that_they_are_taken_from_at_their_times_and_nearly_so_between():
    t, sigma, scale = vp_table()
    for arrays in ((t, sigma, scale), (t[::-1], sigma[::-1], scale[::-1]), np.array([t, sigma, scale])):
        schedule = schedule_of(arrays)
        assert [schedule.sigma(x) for x in t] == pytest.approx(sigma.tolist(), rel=1e-14)
        assert [schedule.scale(x) for x in t] == pytest.approx(scale.tolist(), rel=1e-14)
        between = (t[1:] + t[:-1]) / 2
        vp = variance_preserving()
        assert [schedule.sigma(x) for x in between[20:]] == pytest.approx([vp.sigma(x) for x in between[20:]], rel=1e-3)
        assert schedule.last == 1.0
        assert schedule.sigma(schedule.time(3.0)) == pytest.approx(3.0, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=8), where=st.floats(0, 1))
def test_levels_given_by_arrays_increase_between_the_given_ones_however_uneven(steps, where):
    sigma = np.cumsum([0.0, *steps])
    schedule = schedule_from_arrays(np.arange(len(sigma)), sigma)
    values = [schedule.sigma(n + where) for n in range(len(steps))]
    assert all(
        low - 1e-12 <= value <= high * (1 + 1e-12) for value, low, high in zip(values, sigma, sigma[1:], strict=False)
    )
    assert schedule.scale(0.5) == 1.0


def test_a_flow_takes_a_schedule_by_name_as_a_function_or_as_arrays():
    t = np.linspace(0, 0.5, 11)
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.4]])

    def end(schedule):
        return probability_flow(
            lambda rho: orthogonal(points, rho), [0.45, 0.9], schedule, alpha=1.0, T=0.3, sigma_end=0.1
        ).endpoint

    for schedule in (edm(), lambda t: t, (t, t), [t.tolist(), t.tolist(), [1] * 11], (t[:0:-1], t[:0:-1])):
        np.testing.assert_allclose(end(schedule), end("edm"), rtol=0, atol=1e-14)
    # sigma = t/2, scale = 1/(1 + t): the same flow at half the noise, in another scale.
    scaled = end((t, t / 2, 1 / (1 + t)))
    at_half = probability_flow(
        lambda rho: orthogonal(points, rho), 1.3 * np.array([0.45, 0.9]), "edm", alpha=1.0, T=0.15, sigma_end=0.1
    ).endpoint
    np.testing.assert_allclose(scaled, at_half / 1.2, rtol=1e-3)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (([0, 1, 2], [0.0, 2.0, 1.0]), "the noise level goes from 2 to 1 between times 1 and 2; it must increase"),
        (([0, 1, 1], [0.0, 1.0, 2.0]), "the time goes from 1 to 1"),
        (([0, 2], [0.1, 2.0]), "begins at time 0 with noise level 0.1 and scale 1; it must begin at time 0"),
        (([1, 2], [0, 2.0]), "begins at time 1 with noise level 0 .* or later with more noise"),
        (([-1, 2], [0, 2.0]), "begins at time -1"),
        (([0, 1], [0.0, 2.0], [1.0, 0.0]), "has a scale 0 at time 1; it must be positive"),
        (([0, 1], [0.0, math.nan]), "sigmas|schedule"),
        (([0, 1, 2], [0.0, 2.0]), r"has times \(3,\), sigmas \(2,\)"),
        (([], []), r"has times \(0,\)"),
        (([0], [0]), "ends at time 0"),
        (np.arange(5.0), "give a name .*, a function sigma"),
        (7, "give a name .*, a Schedule, a function sigma"),
        ("linear", "unknown; give one of ve, edm, vp, cosine"),
    ],
)
def test_what_is_no_schedule_is_refused_with_what_to_give(given, message):
    with pytest.raises(ValueError, match=message):
        schedule_of(given)


@pytest.mark.parametrize("schedule", [*ALL, schedule_of(([0, 1], [0, 2])), Schedule("root", math.sqrt)])
def test_schedules_of_functions_with_a_name_come_back_from_a_pickle(schedule):
    again = pickle.loads(pickle.dumps(schedule))
    assert (again.name, again.last) == (schedule.name, schedule.last)
    assert (again.sigma(0.4), again.scale(0.4)) == (schedule.sigma(0.4), schedule.scale(0.4))


@pytest.mark.parametrize(("part", "functions"), [("sigma", {"sigma": lambda t: t}), ("scale", {"scale": lambda _: 1})])
def test_a_schedule_that_cannot_be_pickled_says_why_and_what_to_give(part, functions):
    schedule = Schedule("mine", **({"sigma": float} | functions))
    with pytest.raises(pickle.PicklingError, match=f"'mine' cannot be pickled.*: {part} is .*; give a function"):
        pickle.dumps(schedule)


@pytest.mark.parametrize(("sigma", "kind"), [(np.linspace(0, 1, 5), "ndarray"), ("sqrt(t)", "str"), (1.0, "float")])
def test_a_schedule_of_what_is_no_function_says_how_to_make_one(sigma, kind):
    with pytest.raises(TypeError, match=f"sigma is a {kind}; give a function of t.*schedule_from_arrays"):
        Schedule("mine", sigma)
    with pytest.raises(TypeError, match="scale is a float; give a function"):
        Schedule("mine", math.sqrt, 1.0)


@pytest.mark.parametrize("given", [(math.sqrt,), (np.linspace(0, 1, 5),), ([0, 1], [0, 1])])
def test_a_schedule_without_a_name_says_how_to_give_one_and_how_arrays_are_given(given):
    with pytest.raises(TypeError, match=r"Schedule\('mine', function\); noise levels in arrays.*schedule_from_arrays"):
        Schedule(*given)
    with pytest.raises(TypeError, match="sigma is None; give a function of t"):
        Schedule("mine")
