"""Exact pieces against two independent integrations, and the cases in which event detection usually fails."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.optimize import brentq

from exactnorm.flow import score_flow
from exactnorm.network import ReLUNetwork


def random_network(rng, d, neurons, size=1.0, skip=True):
    V = 0.3 * rng.standard_normal((d, d)) if skip else None
    return ReLUNetwork(
        size * rng.standard_normal((neurons, d)) / math.sqrt(neurons),
        rng.standard_normal((neurons, d)),
        rng.standard_normal(neurons),
        V,
        rng.standard_normal(d),
    )


def reference_endpoint(network, y, horizon, grid=4000):
    """Region by region with scipy.linalg.expm; the next kink from a fine scan and Brent's method."""
    d, u, crossings = len(y), 0.0, 0
    on_kink = np.zeros(network.neurons, bool)
    active = network.w @ y + network.b > 0
    while u < horizon:
        D = network.a[active].T @ network.w[active] - np.eye(d) + (0 if network.V is None else network.V)
        e = network.a[active].T @ network.b[active] + network.c
        generator = np.zeros((d + 1, d + 1))
        generator[:d, :d], generator[:d, d] = D, e

        def at(s, M=generator, y=y):
            return (expm(s * M) @ np.append(y, 1.0))[:d]

        step = (horizon - u) / grid
        E, z, path = expm(step * generator), np.append(y, 1.0), [y]
        for _ in range(grid):
            z = E @ z
            path.append(z[:d])
        signs = np.array(path) @ network.w.T + network.b > 0
        wrong = signs != active
        wrong[0] = False
        wrong[:2, on_kink] = False
        first = int(np.argmax(wrong.any(axis=1))) if wrong.any() else None
        if first is None:
            return at(horizon - u), crossings
        roots = {
            k: brentq(
                lambda s, k=k, at=at: network.w[k] @ at(s) + network.b[k], (first - 1) * step, first * step, xtol=1e-15
            )
            for k in np.flatnonzero(wrong[first])
        }
        k = min(roots, key=roots.get)
        y, u = at(roots[k]), u + roots[k]
        active[k] = not active[k]
        on_kink[:] = False
        on_kink[k] = True
        crossings += 1
    return y, crossings


@pytest.mark.parametrize("seed", range(4))
def test_pieces_agree_with_matrix_exponentials_and_brent_to_1e_10(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng, 3, 8)
    Y = 2 * rng.standard_normal((3, 3))
    flow = score_flow(network, Y, 2.0)
    assert flow.complete
    crossed = 0
    for y, end, n in zip(Y, flow.endpoint, range(3), strict=True):
        expected, crossings = reference_endpoint(network, y, 2.0)
        assert np.abs(end - expected).max() < 1e-10 * max(1, np.abs(expected).max())
        assert int((flow.events.start == n).sum()) == crossings
        crossed += crossings
    assert crossed > 0


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6), d=st.integers(1, 4), neurons=st.integers(0, 8), scale=st.sampled_from([1e-3, 1.0, 1e3])
)
def test_pieces_agree_with_solve_ivp_on_random_networks(seed, d, neurons, scale):
    rng = np.random.default_rng(seed)
    net = random_network(rng, d, neurons)
    network = ReLUNetwork(scale * net.a, net.w / scale, net.b, net.V, scale * net.c)
    Y = 2 * scale * rng.standard_normal((2, d))
    exact = score_flow(network, Y, 1.5, times=[0.0, 0.4, 1.0])
    stepped = score_flow(network, Y, 1.5, times=[0.0, 0.4, 1.0], method="ivp", rtol=1e-11)
    size = np.abs(exact.endpoint).max() + scale
    assert exact.complete
    assert stepped.complete
    assert np.abs(exact.endpoint - stepped.endpoint).max() < 1e-7 * size
    assert np.abs(exact.states - stepped.states).max() < 1e-7 * size
    np.testing.assert_array_equal(exact.states[0], Y)


@pytest.mark.parametrize(
    ("rates", "u"),
    [((-0.7, -0.9), u) for u in (5.0, 20.0, 40.0, math.inf)] + [((-1.2, 0.1), u) for u in (5.0, 20.0, 40.0)],
)
def test_a_start_far_away_leaves_no_rounding_behind(rates, u):
    c, y = np.array([0.3, -2.0]), np.array([1e8, 3.0])
    network = ReLUNetwork(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.diag(rates) + np.eye(2), c)
    rest = -c / rates
    expected = rest + np.exp(np.array(rates) * u) * (y - rest)
    assert np.abs(score_flow(network, y, u).endpoint - expected).max() < 2e-13 * np.abs(expected).max()


def test_blocks_in_one_dimension_agree_with_the_general_pieces_and_with_ivp():
    rng = np.random.default_rng(3)
    Q = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    a = rng.standard_normal((6, 1)) * Q[[0, 0, 1, 1, 2, 2]]
    split = ReLUNetwork(a, Q[[0, 0, 1, 1, 2, 2]], rng.standard_normal(6), None, rng.standard_normal(4))
    # A negligible skip connection keeps the coordinates together.
    joined = ReLUNetwork(split.a, split.w, split.b, 1e-300 * np.ones((4, 4)), split.c)
    Y = 2 * rng.standard_normal((20, 4))
    one, many = score_flow(split, Y, 3.0, times=[1.0]), score_flow(joined, Y, 3.0, times=[1.0])
    assert np.abs(one.endpoint - many.endpoint).max() < 1e-12
    assert np.abs(one.states - many.states).max() < 1e-12
    assert len(one.events) == len(many.events) > 10
    np.testing.assert_allclose(one.events.time, many.events.time, atol=1e-12)
    stepped = score_flow(split, Y[:3], 3.0, method="ivp", rtol=1e-11)
    assert np.abs(one.endpoint[:3] - stepped.endpoint).max() < 1e-8


def test_what_is_orthogonal_to_the_network_decays_as_an_exponential():
    rng = np.random.default_rng(0)
    small = random_network(rng, 2, 5, skip=False)
    axes = np.linalg.qr(rng.standard_normal((40, 2)))[0].T
    wide = ReLUNetwork(small.a @ axes, small.w @ axes, small.b, None, small.c @ axes)
    y = rng.standard_normal(40)
    flow = score_flow(wide, y, 1.3)
    outside = np.eye(40) - axes.T @ axes
    np.testing.assert_allclose(outside @ flow.endpoint, math.exp(-1.3) * (outside @ y), atol=1e-13)
    np.testing.assert_allclose(axes @ flow.endpoint, score_flow(small, axes @ y, 1.3).endpoint, atol=1e-12)


@pytest.mark.parametrize(
    "V", [[[1, 1], [0, 1]], [[2, 1], [0, 2]], [[1, 0], [0, 0]], [[1, -1], [1, 1]], [[1, 0], [0, 1]]]
)
def test_defective_and_singular_fields_are_the_matrix_exponential(V):
    network = ReLUNetwork(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.array(V, float), np.array([0.3, -0.2]))
    y = np.array([1.0, 2.0])
    generator = np.zeros((3, 3))
    generator[:2, :2], generator[:2, 2] = np.array(V) - np.eye(2), network.c
    expected = (expm(5.0 * generator) @ np.append(y, 1.0))[:2]
    np.testing.assert_allclose(score_flow(network, y, 5.0).endpoint, expected, rtol=1e-12)


def rotation(kink_offset, a):
    """y' = J y (unit circles) plus one neuron whose kink is y_1 = kink_offset."""
    V = np.array([[1.0, -1.0], [1.0, 1.0]])
    return ReLUNetwork([a], [[1.0, 0.0]], [-kink_offset], V, [0.0, 0.0])


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


@pytest.mark.parametrize(
    ("start", "horizon", "options", "message"),
    [
        ([[0.0, 1.0, 2.0]], 1.0, {}, "takes"),
        ([0.0, math.nan], 1.0, {}, "finite"),
        ([0.0, 1.0], 0.0, {}, "horizon"),
        ([0.0, 1.0], -1.0, {}, "horizon"),
        ([0.0, 1.0], math.nan, {}, "horizon"),
        ([0.0, 1.0], math.inf, {"method": "ivp"}, "infinite"),
        ([0.0, 1.0], "long", {}, "horizon"),
        ([0.0, 1.0], 1.0, {"rtol": 0.0, "method": "ivp"}, "rtol"),
        ([0.0, 1.0], 1.0, {"max_steps": 0}, "max_steps"),
        ([0.0, 1.0], 1.0, {"method": "euler"}, "pieces"),
        ([0.0, 1.0], 1.0, {"times": [0.5, 0.2]}, "increasing"),
        ([0.0, 1.0], 1.0, {"times": [0.5, 2.0]}, "horizon"),
        ([0.0, 1.0], 1.0, {"method": "ivp", "solver": "RK9"}, "DOP853, Radau"),
        ([1e200, 1.0], math.inf, {}, "larger unit of length"),
    ],
)
def test_wrong_input_is_refused_with_what_to_do(start, horizon, options, message):
    with pytest.raises(ValueError, match=message):
        score_flow(rotation(1.0, [0.0, 1.0]), start, horizon, **options)


def test_what_is_no_denoiser_is_refused_by_name():
    with pytest.raises(TypeError, match=r"lambda.* is no denoiser"):
        score_flow(lambda y: y, [0.0, 1.0], 1.0)


def degenerate_network(rng):
    """Small integers, so that kinks coincide, meet in points, pass through starts, and trajectories run along them."""
    d, neurons = int(rng.integers(1, 5)), int(rng.integers(1, 9))
    a, w, b, c = (rng.integers(-2, 3, s).astype(float) for s in ((neurons, d), (neurons, d), neurons, d))
    kind = rng.integers(4)
    V = [None, rng.integers(-2, 3, (d, d)) / 2, np.eye(d) + np.triu(np.ones((d, d)), 1), np.zeros((d, d))][kind]
    if rng.random() < 0.3:
        b[:] = 0
    if rng.random() < 0.3:
        w[-1], b[-1] = -w[0], -b[0]
    return ReLUNetwork(a / neurons, w, b, V, c), rng.integers(-2, 3, (2, d)).astype(float)


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


def test_a_slow_drift_without_limit_is_not_taken_for_rest():
    network = ReLUNetwork(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), [[0.0, -1.0], [-1.0, 0.0]], [1.0, -1.0])
    flow = score_flow(network, [1.0, -2.0], math.inf)
    assert not flow.complete
    assert np.isnan(flow.endpoint).all()


@pytest.mark.parametrize("unit", [1e-120, 1e-30, 1e30, 1e120])
def test_the_unit_of_length_does_not_matter(unit):
    rng = np.random.default_rng(4)
    net, Y = random_network(rng, 3, 9, size=0.5, skip=False), 2 * rng.standard_normal((20, 3))
    scaled = ReLUNetwork(unit * net.a, net.w / unit, net.b, None, unit * net.c)
    for horizon in (2.0, math.inf):
        expected, found = score_flow(net, Y, horizon), score_flow(scaled, unit * Y, horizon)
        assert len(expected.events) == len(found.events) > 0
        np.testing.assert_allclose(found.endpoint / unit, expected.endpoint, atol=1e-11)


@pytest.mark.parametrize("method", ["pieces", "ivp"])
def test_no_starts_make_an_empty_flow(method):
    flow = score_flow(rotation(1.0, [0.0, 1.0]), np.empty((0, 2)), 1.0, method=method, times=[0.5])
    assert flow.endpoint.shape == (0, 2)
    assert flow.states.shape == (1, 0, 2)
    assert flow.regions.shape == (0,)
    assert flow.complete


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
