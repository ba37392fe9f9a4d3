"""Kinks met in the ways in which event detection usually fails."""

import math

import numpy as np
import pytest
from flow_networks import degenerate_network, rotation
from hypothesis import given, settings
from hypothesis import strategies as st

from exactnorm.flow import score_flow
from exactnorm.network import ReLUNetwork


def test_a_kink_that_is_only_touched_changes_nothing():
    y = np.array([0.0, -1.0])  # on the unit circle, which touches y_1 = 1
    flow = score_flow(rotation(1.0, [5.0, 5.0]), y, 3.0)
    c, s = math.cos(3.0), math.sin(3.0)
    np.testing.assert_allclose(flow.endpoint, [s, -c], atol=1e-12)


def test_a_kink_crossed_twice_within_a_millionth_is_not_missed():
    depth = 1e-6**2 / 8  # the circle is beyond the kink for about 1e-6 of flow time
    flow = score_flow(rotation(1.0 - depth, [0.0, 1.0]), np.array([0.0, -1.0]), 3.0)
    assert flow.events.kink.tolist() == [0, 0]
    assert np.diff(flow.events.time)[0] == pytest.approx(1e-6, rel=1e-3)


def test_a_kink_parallel_to_the_velocity_is_met_by_the_curve_of_the_way():
    turning = ReLUNetwork([[0.3, 0.2]], [[0.0, 1.0]], [0.6], [[1.0, -1.0], [1.0, 1.0]], [0.0, 0.0])
    flow = score_flow(turning, [0.0, -1.0], 1.5)  # on the unit circle up to y_2 = -0.6
    assert flow.events.time == pytest.approx([math.acos(0.6)], abs=1e-13)


def test_a_kink_met_by_the_third_derivative_alone_is_met():
    shift = np.eye(3) + np.diag([1.0, 1.0], 1)  # y_1' = y_2, y_2' = y_3, y_3' = 1: y_1 = u^3/6
    network = ReLUNetwork([[0.0, 0.1, 0.0]], [[1.0, 0.0, 0.0]], [-0.05], shift, [0.0, 0.0, 1.0])
    flow = score_flow(network, np.zeros(3), 0.95)
    assert flow.events.time == pytest.approx([0.3 ** (1 / 3)], abs=1e-12)


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_start_that_touches_a_kink_takes_the_side_it_curves_to(side):
    V = np.array([[1.0, -1.0], [1.0, 1.0]])  # the start moves along the kink y_1 = 1 and turns to y_1 < 1
    network = ReLUNetwork([[0.5, -2.0]], [[-side, 0.0]], [side], V, [0.0, 0.0])
    flow = score_flow(network, [1.0, 0.0], 1.2)
    stepped = score_flow(network, [1.0, 0.0], 1.2, method="ivp", rtol=1e-12)
    np.testing.assert_allclose(flow.endpoint, stepped.endpoint, atol=1e-10)
    plain = [math.cos(1.2), math.sin(1.2)]
    assert (np.abs(flow.endpoint - plain).max() < 1e-12) == (side < 0)


def test_a_start_on_a_kink_takes_the_side_the_field_points_to():
    for sign in (1.0, -1.0):
        network = ReLUNetwork([[3.0, 0.0]], [[1.0, 0.0]], [0.0], 0.2 * np.ones((2, 2)), [sign, 0.1])
        flow = score_flow(network, np.zeros(2), 0.7)
        stepped = score_flow(network, np.zeros(2), 0.7, method="ivp", rtol=1e-11)
        np.testing.assert_allclose(flow.endpoint, stepped.endpoint, atol=1e-9)
        assert (flow.endpoint[0] > 0) == (sign > 0)


def test_a_trajectory_may_run_along_a_kink():
    network = ReLUNetwork([[1.0, 4.0]], [[0.0, 1.0]], [0.0], 0.5 * np.eye(2), [1.0, 0.0])
    flow = score_flow(network, np.array([5.0, 0.0]), math.inf)
    np.testing.assert_allclose(flow.endpoint, [2.0, 0.0], atol=1e-14)
    assert len(flow.events) == 0


def test_several_kinks_met_at_once_are_all_crossed():
    w = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, -1.0]])
    network = ReLUNetwork([[-0.5, 0.2], [0.3, 0.1], [0.1, 0.4]], w, [0.0, 0.0, 0.0], 0.1 * np.ones((2, 2)), [2.0, 0.0])
    back = score_flow(ReLUNetwork(-network.a, w, network.b, 2 * np.eye(2) - network.V, -network.c), [0.0, 0.0], 0.3)
    flow = score_flow(network, back.endpoint, 0.8)  # 0.3 to the origin, where all three kinks meet
    assert sorted(flow.events.kink.tolist()) == [0, 1, 2]
    np.testing.assert_allclose(flow.events.time, 0.3, atol=1e-12)
    np.testing.assert_allclose(flow.endpoint, score_flow(network, [0.0, 0.0], 0.5).endpoint, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
    away=st.sampled_from([0.0, 1e3]),
    horizon=st.sampled_from([0.5, 3.0]),
)
def test_degenerate_tiny_huge_and_far_networks_agree_with_solve_ivp(seed, scale, away, horizon):
    net, Y = degenerate_network(np.random.default_rng(seed))
    shift = scale * away * np.ones(net.dimension)
    skip = 0 if net.V is None else net.V @ shift
    moved = ReLUNetwork(
        scale * net.a, net.w / scale, net.b - net.w @ shift / scale, net.V, scale * net.c + shift - skip
    )
    exact = score_flow(moved, scale * Y + shift, horizon)
    stepped = score_flow(moved, scale * Y + shift, horizon, method="ivp", rtol=1e-13)
    assert exact.complete
    # Data a thousand times their size away from the origin have three digits fewer, and errors grow with the flow.
    size = scale * (1 + away * 1e-3) + np.abs(stepped.endpoint - shift).max()
    assert np.abs(exact.endpoint - stepped.endpoint).max() < 1e-7 * size


@pytest.mark.parametrize("c", [2e6, -2e6])
def test_straight_motion_may_end_where_all_weights_vanish(c):
    shift = ReLUNetwork(np.zeros((0, 1)), np.zeros((0, 1)), [], [[1.0]], [c])  # dy/du = c
    assert score_flow(shift, [c / 2], 0.5).endpoint == pytest.approx([c], rel=1e-15)


def test_a_kink_just_left_may_be_met_again_after_a_long_quiet_stretch():
    """One step ends on a kink, the next one is long: it must not jump over the return to that kink."""
    w = [[-1, 2, -1], [0, 1, 0], [1, 1, -2], [1, 1, 0], [2, 0, -1], [1, -1, 2], [1, -2, -2], [2, 2, -2]]
    a = [[-1, -2, -2], [-1, 0, 2], [2, -2, 0], [2, 1, 1], [2, -2, 1], [-2, 0, 0], [0, 0, 2], [1, -1, -2]]
    V = [[-1, 1, 1], [0, 0, 0], [-0.5, 0, 0]]
    network = ReLUNetwork(np.array(a) / 8, w, [-2, 0, 0, -2, 1, 2, 2, -1], V, [2, 2, 2])
    exact = score_flow(network, [1.0, -1.0, -2.0], 6.0)
    stepped = score_flow(network, [1.0, -1.0, -2.0], 6.0, method="ivp", rtol=1e-12)
    assert exact.events.kink.tolist()[-2:] == [6, 6]
    np.testing.assert_array_equal(exact.events.kink, stepped.events.kink[-len(exact.events) :])
    assert np.abs(exact.endpoint - stepped.endpoint).max() < 1e-10
    assert np.diff(exact.events.time)[-1] > 1


@pytest.mark.parametrize(
    ("seed", "scale", "away", "horizon"),
    [(659368, 1.0, 1e3, 3.0), (611990, 1.0, 0.0, 3.0), (884379, 1e6, 0.0, 0.5), (516419, 1.0, 0.0, 0.5)],
)
def test_the_integrator_gets_past_kinks_it_runs_along_and_rest_points_it_starts_at(seed, scale, away, horizon):
    net, Y = degenerate_network(np.random.default_rng(seed))
    shift = scale * away * np.ones(net.dimension)
    skip = 0 if net.V is None else net.V @ shift
    moved = ReLUNetwork(
        scale * net.a, net.w / scale, net.b - net.w @ shift / scale, net.V, scale * net.c + shift - skip
    )
    stepped = score_flow(moved, scale * Y + shift, horizon, method="ivp")
    assert stepped.complete
    assert len(stepped.events) < 1000
    assert np.abs(stepped.endpoint - score_flow(moved, scale * Y + shift, horizon).endpoint).max() < 1e-5 * scale
