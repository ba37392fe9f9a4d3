"""Limits of flows, and flows that have none."""

import math

import numpy as np
from flow_networks import random_network, rotation
from hypothesis import given, settings
from hypothesis import strategies as st

from exactnorm.flow import score_flow
from exactnorm.network import ReLUNetwork


def test_an_infinite_horizon_is_the_limit_of_finite_ones():
    rng = np.random.default_rng(1)
    network = random_network(rng, 3, 10, size=0.5, skip=False)
    Y = 3 * rng.standard_normal((40, 3))
    limit, late = score_flow(network, Y, math.inf), score_flow(network, Y, 200.0)
    assert limit.complete
    assert limit.at_rest.all()
    np.testing.assert_allclose(network(limit.endpoint), limit.endpoint, atol=1e-12)
    np.testing.assert_allclose(limit.endpoint, late.endpoint, atol=1e-10)


def test_a_saddle_is_the_limit_on_its_stable_manifold():
    V = np.array([[2.0, 0.0], [0.0, 0.3]])
    network = ReLUNetwork([[0.1, 0.1]], [[1.0, 1.0]], [-50.0], V, [0.0, 0.0])
    flow = score_flow(network, [0.0, 3.0], math.inf)
    assert flow.at_rest
    np.testing.assert_allclose(flow.endpoint, 0.0, atol=1e-14)


def test_a_trajectory_without_a_limit_says_so():
    network = ReLUNetwork(np.zeros((0, 1)), np.zeros((0, 1)), np.zeros(0), [[2.0]], [0.0])
    flow = score_flow(network, [[1.0], [0.0]], math.inf)
    assert not flow.complete
    assert "beyond all bounds" in flow.status
    assert np.isnan(flow.endpoint[0, 0])
    assert flow.endpoint[1, 0] == 0.0
    for c in (1.0, 0.0):
        drift = score_flow(ReLUNetwork([[1.0, 0.0]], [[1.0, 0.0]], [0.0], None, [0.0, c]), [1.0, 0.0], math.inf)
        assert drift.complete
        np.testing.assert_allclose(drift.endpoint, [1.0, c], atol=1e-14)


def test_a_cycle_has_no_limit_and_the_flow_says_that_it_stopped():
    flow = score_flow(rotation(5.0, [1.0, 1.0]), [1.0, 0.0], math.inf, max_steps=200)
    assert not flow.complete
    assert "max_steps" in flow.status
    assert flow.reached < math.inf


def test_a_slow_drift_without_limit_is_not_taken_for_rest():
    network = ReLUNetwork(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), [[0.0, -1.0], [-1.0, 0.0]], [1.0, -1.0])
    flow = score_flow(network, [1.0, -2.0], math.inf)
    assert not flow.complete
    assert np.isnan(flow.endpoint).all()


@settings(max_examples=60, deadline=None)
@given(
    p=st.integers(-32, 32).map(lambda n: n / 16),
    a=st.integers(-12, 12).map(lambda n: n / 16),
    bend=st.integers(-16, 1).map(lambda n: n / 16),
    offsets=st.lists(st.floats(-3.0, 3.0).filter(lambda x: abs(x) > 1e-3), min_size=1, max_size=20),
)
def test_a_rest_point_on_a_kink_is_approached_from_either_side_and_never_crossed(p, a, bend, offsets):
    # y' = c − y + a (y + 10) where it matters, exactly zero at the kink p, with another slope beyond. Sixteenths:
    # a rest point that rounding moves off the kink may well be reached by crossing it.
    network = ReLUNetwork([[a], [bend]], [[1.0], [1.0]], [10.0, -p], None, [p - a * (p + 10)])
    Y = p + np.array(offsets)[:, None]
    for horizon in (400.0, math.inf):
        flow = score_flow(network, Y, horizon, times=[1.0, 300.0])
        np.testing.assert_allclose(flow.endpoint, p, atol=1e-13)
        np.testing.assert_allclose(flow.states[1], p, atol=1e-13)
        assert len(flow.events) == 0
        assert flow.complete
    assert flow.at_rest.all()
    rate = np.where(p < Y, 1 - a - bend, 1 - a)
    np.testing.assert_allclose(flow.states[0], p + (Y - p) * np.exp(-rate), atol=1e-12)
