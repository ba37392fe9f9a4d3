"""When trajectories come to the boundary of the hyperbox: a row of the events, against states in small steps."""

import math

import numpy as np
import pytest

from exactnorm.closed_form import rays
from exactnorm.flow import (
    Family,
    box_time,
    closed_score_flow,
    orthogonal_lines,
    probability_flow,
    score_flow,
)
from exactnorm.network import ReLUNetwork

Q = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]
SETS = {
    "univariate": np.array([[0.3], [1.1], [2.9]]),
    "a plane of four dimensions": 2.0 + np.vstack([np.zeros(4), 1.1 * Q[0], 1.7 * Q[1]]),
    "whole space": np.vstack([np.zeros(4), Q * [[1.0], [1.3], [0.8], [2.0]]]) - 1.0,
    "rays": np.vstack([np.zeros(4), Q[:2], 2.3 * Q[:2], -0.9 * Q[0]]),
}
RHO, NEAR = 0.15, 0.02


def there(points, Y):
    """Whether states (…, d) are at the boundary, as the documentation of `score_flow` words it."""
    lines = orthogonal_lines(points)
    t = (Y - lines.origin) @ lines.axes.T
    across = np.linalg.norm(Y - lines.origin - t @ lines.axes, axis=-1)
    low, high = lines.ends
    within = ((t >= low - NEAR) & (t <= high + NEAR)).all(axis=-1) & (across <= NEAR)
    return within & ((np.abs(t - low) <= NEAR) | (np.abs(t - high) <= NEAR)).any(axis=-1)


def random_starts(points, m, seed):
    rng = np.random.default_rng(seed)
    Y = points.mean(axis=0) + 1.5 * rng.standard_normal((m, points.shape[1]))
    Y[::3] = points.mean(axis=0) + 0.1 * rng.standard_normal((len(Y[::3]), points.shape[1]))
    return Y


def first_times(arrived, clock):
    """For each start of (n, m) the first time at which it is there; nan if never or from the outset."""
    time = clock[arrived.argmax(axis=0)]
    return np.where(arrived[0] | ~arrived.any(axis=0), np.nan, time)


def as_times(events, m):
    box = events.of("box")
    assert np.all(np.diff(box.start) > 0)  # at most one a start
    time = np.full(m, np.nan)
    time[box.start] = box.time
    return time


@pytest.mark.parametrize("name", SETS)
def test_the_score_flow_comes_to_the_boundary_when_its_states_do(name):
    points = SETS[name]
    Y = random_starts(points, 30, 1)
    found = as_times(score_flow(rays(points, RHO), Y, math.inf, box=points, near=NEAR).events, len(Y))
    clock, lines = np.append(0.0, np.geomspace(1e-3, 100, 1500)), orthogonal_lines(points)
    states = np.array([closed_score_flow(lines, RHO, Y, u) for u in clock])
    expected = first_times(there(points, states), clock)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    assert np.isfinite(found).sum() > 5
    assert np.nanmax(np.abs(np.log(found / expected))) < 0.01


@pytest.mark.parametrize("rho_min", [1e-6, 0.1])
@pytest.mark.parametrize("name", SETS)
def test_the_probability_flow_comes_to_the_boundary_when_its_own_states_do(name, rho_min):
    points, top = SETS[name], 0.3
    Y, sigmas = random_starts(points, 30, 2), np.geomspace(top, 1e-5, 120)
    path = Family(lambda rho: rays(points, rho), points, rho_min)  # below rho_min it ends with one long step
    flow = probability_flow(path, Y, "edm", alpha=1.0, T=top, box=points, near=NEAR, steps=1, sigmas=sigmas)
    found, clock = as_times(flow.events, len(Y)), np.log(top / sigmas)
    arrived = there(points, flow.states)
    expected = first_times(arrived, clock)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    assert name == "univariate" or np.isfinite(found).sum() > 5
    assert np.all((found <= expected + 1e-9) | np.isnan(found))
    assert np.all((found > expected - clock[1] - 1e-9) | np.isnan(found))


@pytest.mark.parametrize("name", SETS)
def test_pieces_and_integrator_find_the_same_rows_for_a_batch_and_for_single_starts(name):
    points = SETS[name]
    network, Y = rays(points, RHO), random_starts(points, 8, 3)
    exact = score_flow(network, Y, 9.0, box=points, near=NEAR).events
    stepped = score_flow(network, Y, 9.0, box=points, near=NEAR, method="ivp", rtol=1e-11).events
    np.testing.assert_array_equal(exact.start, stepped.start)
    np.testing.assert_array_equal(exact.kind, stepped.kind)
    np.testing.assert_allclose(exact.time, stepped.time, atol=1e-8)
    for n, y in enumerate(Y):
        one = score_flow(network, y, 9.0, box=points, near=NEAR).events
        assert one.start.tolist() == [0] * len(one)
        np.testing.assert_allclose(one.time, exact.time[exact.start == n], atol=1e-12)


def test_from_outside_it_is_the_time_of_the_closed_form_and_kinks_are_as_without_a_box():
    points = SETS["whole space"]
    network, Y = rays(points, RHO), random_starts(points, 40, 4)
    lines = orthogonal_lines(points)
    t = lines.coordinates(Y)[0]
    beyond = ((t < lines.ends[0] - NEAR) | (t > lines.ends[1] + NEAR)).any(axis=1)
    assert 10 < beyond.sum() < 40
    flow, plain = score_flow(network, Y, math.inf, box=lines, near=NEAR), score_flow(network, Y, math.inf)
    np.testing.assert_allclose(as_times(flow.events, 40)[beyond], box_time(points, Y, NEAR)[beyond], rtol=1e-13)
    np.testing.assert_array_equal(flow.events.of("kink").kink, plain.events.kink)
    np.testing.assert_array_equal(flow.regions, plain.regions)
    np.testing.assert_allclose(flow.endpoint, plain.endpoint, atol=1e-14)


def test_there_is_no_row_for_a_start_at_the_boundary_and_one_at_once_for_a_start_all_but_there():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.4]])
    Y = [[0.4, 0.0], [1.0, 1.4], [1.0 + NEAR, 0.5], [1.0 + NEAR * (1 + 1e-9), 0.5], [-NEAR, 0.5], [0.5, 0.7]]
    events = score_flow(rays(points, RHO), Y, math.inf, box=points, near=NEAR).events.of("box")
    assert events.start.tolist() == [3]
    assert events.time == pytest.approx([1e-9], rel=1e-6)


def test_a_coordinate_may_pass_the_face_and_come_back():
    # Along the first line away from the box and back again; a ramp far outside turns it around.
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    drift = ReLUNetwork([[5.0, 0.0], [-12.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]], [0.0, -2.0], None, [0.0, 0.5])
    flow = score_flow(drift, [0.5, 0.5], 3.0, box=points, near=NEAR)
    box = flow.events.of("box")
    assert box.time == pytest.approx([math.log((1 - NEAR) / 0.5) / 4], rel=1e-12)
    late = score_flow(drift, [3.5, 0.5], 3.0, box=points, near=NEAR, times=[0.1, 0.2, 1.0, 3.0])
    assert not there(points, late.states).any()
    assert len(late.events.of("box")) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"box": [[0.0, 0.0], [1.0, 0.0], [-0.7, 1.0]]}, "orthogonal"),
        ({"box": [[0.0], [1.0]]}, "coordinates"),
        ({"box": [[0.0, 0.0], [1.0, 0.0]], "near": 0.5}, "near=0.5"),
        ({"box": [[0.0, 0.0], [1.0, 0.0]], "near": 0.0}, "near=0"),
        ({"box": [[0.0, 0.0], [1.0, 0.0]]}, "leave out box"),
    ],
)
def test_boxes_that_do_not_fit_are_refused(arguments, message):
    network = rays([[0.0, 0.0], [1.0, 0.0], [0.0, 1.4]], 0.1)
    with pytest.raises(ValueError, match=message):
        score_flow(network, [0.1, 0.2], 1.0, **arguments)


def test_the_integrator_of_the_continuous_family_refuses_a_box():
    points = SETS["rays"]
    with pytest.raises(TypeError, match=r"'ivp' does not take box .* it takes rtol, solver"):
        probability_flow(lambda rho: rays(points, rho), Q[0], "edm", alpha=1.0, T=0.1, method="ivp", box=points)
