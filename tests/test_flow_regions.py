"""The regions that a flow says it visited, against the signs of the neurons on the way."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactnorm.closed_form import orthogonal
from exactnorm.flow import probability_flow, score_flow
from exactnorm.network import ReLUNetwork


def on_the_way(network, y, flow, trajectory):
    """Signs of the neurons halfway between the times at which regions were entered."""
    entered = np.append(flow.visited(trajectory)[0], flow.horizon)
    middle = (entered[1:] + entered[:-1]) / 2
    return score_flow(network, y, flow.horizon, times=middle).states @ network.w.T + network.b


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    d=st.integers(1, 3),
    blocks=st.booleans(),
    method=st.sampled_from(["pieces", "ivp"]),
    stopped=st.booleans(),
)
def test_the_regions_visited_are_those_of_the_states_on_the_way(seed, d, blocks, method, stopped):
    rng = np.random.default_rng(seed)
    w = rng.standard_normal((7, d))
    a = w * rng.standard_normal((7, 1)) if d == 1 or not blocks else np.eye(d)[np.arange(7) % d]
    w = a.copy() if blocks else w
    network = ReLUNetwork(0.5 * a, w, rng.standard_normal(7), None, rng.standard_normal(d))
    Y = 2 * rng.standard_normal((4, d))
    box = [[0.0] * d, *(3 * np.eye(d))] if blocks and not stopped else None
    flow = score_flow(network, Y, 2.0, method=method, box=box)
    for n in range(4):
        entered, active = flow.visited(n)
        assert len(entered) == len(active) == flow.regions[n]
        signs = on_the_way(network, Y[n], flow, n)
        clear = np.abs(signs) > 1e-9
        np.testing.assert_array_equal(active[clear], signs[clear] > 0)


POINTS = [[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]


@pytest.mark.parametrize("start", [0.1, 0.9])
def test_a_start_on_a_kink_belongs_to_the_region_it_goes_to(start):
    network = orthogonal(POINTS, 0.1)  # on [0, 0.1] to 0, on [0.9, 1] to 1, and from the kinks the same way
    flow = score_flow(network, [start, 0.7], math.inf)
    here = np.flatnonzero(np.abs(network.w @ [start, 0.7] + network.b) < 1e-12)
    beside = network.w[here] @ [start + (0.01 if start > 0.5 else -0.01), 0.7] + network.b[here]
    assert len(here) == 1
    np.testing.assert_array_equal(flow.visited()[1][0, here], beside > 0)
    assert flow.active.shape == (network.neurons,)


def test_a_probability_flow_has_no_regions_that_stand_still():
    flow = probability_flow(lambda rho: orthogonal(POINTS, rho), [0.3, 0.4], "ve", alpha=0.1, T=1.0)
    with pytest.raises(ValueError, match="move with the noise level"):
        flow.visited()
    with pytest.raises(IndexError):
        score_flow(orthogonal(POINTS, 0.1), [[0.3, 0.4]], 1.0).visited(1)
