"""Exact pieces against two independent integrations, in every unit and from everywhere; what is refused."""

import math

import mpmath
import numpy as np
import pytest
from flow_networks import random_network, rotation
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.optimize import brentq

from exactnorm.flow import score_flow
from exactnorm.network import ReLUNetwork


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


def in_forty_digits(network, y, entered, active, kinks, horizon):
    """Times at which the given kinks are crossed one after the other, and the endpoint, in 40-digit arithmetic."""
    with mpmath.workdps(40):
        d, u, times = len(y), mpmath.mpf(0), []
        z = mpmath.matrix([*y, 1.0])
        for n, on in enumerate(active):
            M = mpmath.zeros(d + 1)
            a, w, b = (mpmath.matrix(x.tolist()) for x in (network.a * on[:, None], network.w, network.b))
            M[:d, :d] = a.T * w + mpmath.matrix(network.V.tolist()) - mpmath.eye(d)
            M[:d, d] = a.T * b + mpmath.matrix(network.c.tolist())
            left = horizon - u
            if n < len(kinks):
                row = mpmath.matrix([[*network.w[kinks[n]], network.b[kinks[n]]]])

                def distance(s, M=M, z=z, row=row):
                    return (row * (mpmath.expm(s * M) * z))[0]

                left = mpmath.findroot(distance, mpmath.mpf(entered[n + 1]) - u)
            z, u = mpmath.expm(left * M) * z, u + left
            times.append(u)
        return np.array(times[:-1], dtype=float), np.array([float(z[k]) for k in range(d)])


@pytest.mark.parametrize("seed", range(4))
def test_crossings_and_endpoints_are_those_of_forty_digits(seed):
    rng = np.random.default_rng(seed)
    network, Y = random_network(rng, 3, 8), 2 * rng.standard_normal((3, 3))
    flow = score_flow(network, Y, 2.0)
    for n in range(3):
        entered, active = flow.visited(n)
        kinks = flow.events.kink[flow.events.start == n]
        times, end = in_forty_digits(network, Y[n], entered, active, kinks, 2)
        np.testing.assert_allclose(entered[1:], times, rtol=0, atol=1e-12)
        np.testing.assert_allclose(flow.endpoint[n], end, rtol=0, atol=1e-13 * max(1, np.abs(end).max()))


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
    with pytest.raises(TypeError, match=r"a function is no denoiser"):
        score_flow(lambda y: y, [0.0, 1.0], 1.0)


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
