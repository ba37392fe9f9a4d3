"""Flows in closed form against the exact pieces and an integrator, on every kind of data they are for."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from exactnorm.closed_form import rays
from exactnorm.flow import (
    Lines,
    band_exit_time,
    box_time,
    closed_probability_flow,
    closed_score_flow,
    orthogonal_lines,
    probability_flow,
    score_flow,
    vertex_radius,
)
from exactnorm.flow.hyperbox.closed import BLOCK, MANY


def data(kind, seed):
    """Points of the named kind, far from the origin and in a random position."""
    rng = np.random.default_rng(seed)
    d = 4
    Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
    lengths = rng.uniform(0.5, 2.0, (3, 1))
    sets = {
        "univariate": np.cumsum(rng.uniform(0.5, 2, (4, 1)), axis=0),
        "collinear": np.cumsum(rng.uniform(0.5, 2, (4, 1)), axis=0) * Q[0],
        "orthogonal": np.vstack([np.zeros((1, d)), lengths * Q[:3]]),
        "whole space": np.vstack([np.zeros((1, d)), Q]),
        "rays": np.vstack([np.zeros((1, d)), Q[:2], 2.3 * Q[:2], [3.1 * Q[0], -0.9 * Q[0]]]),
    }
    points = sets[kind]
    points = points + rng.normal(0, 3, points.shape[1])
    return points[rng.permutation(len(points))], rng


KINDS = ["univariate", "collinear", "orthogonal", "whole space", "rays"]


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 10**6),
    share=st.floats(0.02, 0.95),
    u=st.sampled_from([0.0, 0.3, 2.0, 30.0, 40.0, 200.0, math.inf]),
)
def test_the_score_flow_agrees_with_the_exact_pieces(kind, seed, share, u):
    points, rng = data(kind, seed)
    rho = share * min(math.dist(a, b) for i, a in enumerate(points) for b in points[:i]) / 2
    Y = points.mean(axis=0) + 2 * rng.standard_normal((8, points.shape[1]))
    closed = closed_score_flow(points, rho, Y, u)
    if u == 0:
        np.testing.assert_allclose(closed, Y, atol=1e-13)
        return
    exact = score_flow(rays(points, rho), Y, u)
    assert exact.complete
    # Near contact the ramps are steep: an error in the start of the band is stretched by its slope.
    assert np.abs(closed - exact.endpoint).max() < 1e-11 / (1 - share)


@pytest.mark.parametrize("kind", KINDS)
def test_the_probability_flow_agrees_with_the_integrator(kind):
    points, rng = data(kind, 7)
    Y = points.mean(axis=0) + rng.standard_normal((4, points.shape[1]))
    for end in (0.0, 0.05):
        closed = closed_probability_flow(points, 0.8, Y, 0.2, end)
        stepped = probability_flow(
            lambda rho: rays(points, rho), Y, "edm", alpha=0.8, T=0.2, sigma_end=end, method="ivp"
        )
        assert np.abs(closed - stepped.endpoint).max() < 1e-7


def test_the_time_to_leave_the_band_is_that_of_the_first_kink():
    points, rng = data("orthogonal", 3)
    rho = 0.1
    Y = points.mean(axis=0) + 0.2 * rng.standard_normal((30, 4))
    wait = band_exit_time(points, rho, Y)
    flow = score_flow(rays(points, rho), Y, 1e4)
    exits = np.sort(wait[(wait > 0) & np.isfinite(wait)])
    assert len(exits) > 20
    # Each coordinate leaves its band once; all other crossings lead into a band, and start outside of one.
    crossings = np.sort(flow.events.time)
    assert len(crossings) >= len(exits)
    np.testing.assert_allclose(crossings[np.abs(crossings[:, None] - exits).argmin(axis=0)], exits, atol=1e-9)


@pytest.mark.parametrize("u", [1.0, 20.0, 36.0, 37.0, 40.0, 60.0])
@pytest.mark.parametrize("rho", [1e-3, 0.05, 0.49])
def test_starts_in_the_bands_go_where_the_exact_pieces_lead_them(rho, u):
    points = np.vstack([np.zeros(3), np.diag([1.0, 2.0, 5.0])])
    Y = np.random.default_rng(0).random((1000, 3)) * [1, 2, 5]
    exact = score_flow(rays(points, rho), Y, u).endpoint
    np.testing.assert_allclose(closed_score_flow(points, rho, Y, u), exact, rtol=0, atol=1e-10)


def test_lines_may_be_found_once_and_used_again():
    points, rng = data("rays", 2)
    lines = orthogonal_lines(points)
    assert lines.separation == pytest.approx(min(math.dist(a, b) for i, a in enumerate(points) for b in points[:i]))
    Y = rng.standard_normal((5, 4))
    np.testing.assert_array_equal(closed_score_flow(lines, 0.1, Y, 1.0), closed_score_flow(points, 0.1, Y, 1.0))
    np.testing.assert_array_equal(vertex_radius(lines, Y), vertex_radius(points, Y))


@pytest.mark.parametrize("rho", [0.02, 0.2])
def test_the_box_is_reached_after_the_same_time_at_every_radius(rho):
    points = np.vstack([np.zeros(3), np.diag([1.0, 1.5, 0.0])[:2]])
    y = np.array([1.8, 0.6, -0.7])
    u = float(box_time(points, y, 1e-3))
    at = score_flow(rays(points, rho), y, u, method="ivp", rtol=1e-11).endpoint
    inside = np.array([np.clip(at[0], 0, 1), np.clip(at[1], 0, 1.5), 0])
    assert np.abs(at - inside).max() == pytest.approx(1e-3, rel=1e-6)
    assert box_time(points, [[0.2, 0.3, 0.0], [0.2, 0.3, 1.0]], 1e-3) == pytest.approx([0.0, math.log(1000)])


def test_the_middle_of_a_band_is_never_left():
    points = np.array([[0.0], [2.0]])
    assert band_exit_time(points, 0.3, [1.0])[0] == math.inf
    for u in (1.0, 1e6, math.inf):
        assert closed_score_flow(points, 0.3, [1.0], u)[0] == 1.0


def test_next_to_the_middle_the_flow_grows_by_hundreds_of_orders_without_overflow():
    points, rho = np.array([[-1.0], [1.0]]), 0.45
    rate = rho / (1 - rho)
    for u in (700.0, 800.0):
        grown = closed_score_flow(points, rho, [1e-300], u)[0]
        assert grown == pytest.approx(math.exp(math.log(1e-300) + rate * u), rel=1e-12)
    # At u = 2000 the growth would be e^1636, and everything but the middle itself has left.
    np.testing.assert_array_equal(closed_score_flow(points, rho, [[0.0], [-1e-300], [5e-324]], 2000.0).T, [[0, -1, 1]])


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 10**6), log_size=st.integers(-150, 150))
def test_closed_flows_do_not_depend_on_the_unit_of_length(kind, seed, log_size):
    points, rng = data(kind, seed)
    lines, unit = orthogonal_lines(points), 2.0**log_size
    scaled = Lines(lines.origin * unit, lines.axes, lines.knots * unit, lines.rows)
    Y = points.mean(axis=0) + rng.standard_normal((6, points.shape[1]))
    Y[-1] *= 1e8
    for u in (0.3, 30.0, math.inf):
        expected = closed_score_flow(lines, 0.1, Y, u)
        np.testing.assert_array_equal(closed_score_flow(scaled, 0.1 * unit, Y * unit, u), expected * unit)
    expected = closed_probability_flow(lines, 1.0, Y, 0.1, 0.03)
    np.testing.assert_array_equal(
        closed_probability_flow(scaled, 1.0, Y * unit, 0.1 * unit, 0.03 * unit), expected * unit
    )


def test_the_vertex_radius_is_where_the_endpoint_becomes_a_vertex():
    points, rng = data("orthogonal", 5)
    lines = orthogonal_lines(points)
    middles = lines.knots[:, :2].mean(axis=1)
    for share in rng.uniform(-0.9, 0.9, (10, 3)):
        y = lines.origin + (np.sign(middles) * 0.2 * (1 + share)) @ lines.axes
        radius = float(vertex_radius(points, y))
        ends = [closed_probability_flow(points, 1.0, y, radius * f) for f in (1.001, 0.999)]
        off = [
            min(np.abs(lines.coordinates(end[None])[0][0][:, None] - lines.knots).min(axis=1).max(), 1.0)
            for end in ends
        ]
        assert off[0] < 1e-12
        assert off[1] > 1e-5


@pytest.mark.parametrize("kind", ["whole space", "rays"])
def test_many_starts_shared_out_to_threads_go_where_each_goes_alone(kind):
    points, rng = data(kind, 1)
    lines, Y = orthogonal_lines(points), rng.standard_normal((700_001, 4))
    assert Y.size > MANY * BLOCK
    blas = threadpool_info()
    for flow in (
        lambda some: closed_score_flow(lines, 0.1, some, 3.0),
        lambda some: closed_probability_flow(lines, 1.0, some, 0.2, 0.1),
    ):
        alone = np.vstack([flow(some) for some in np.array_split(Y, 7)])
        np.testing.assert_allclose(flow(Y), alone, rtol=0, atol=1e-14)
    assert threadpool_info() == blas


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: closed_score_flow([[0.0, 0.0], [1.0, 0.0], [-0.7, 1.0]], 0.1, [0.0, 0.0], 1.0), "not orthogonal"),
        (lambda: closed_score_flow([[0.0, 0.0], [1.0, 0.0], [0.5, 0.8]], 0.1, [0.0, 0.0], 1.0), "rays"),
        (lambda: closed_score_flow([[0.0], [1.0]], 0.5, [0.0], 1.0), "overlap; use 0 < rho < 0.5"),
        (lambda: closed_score_flow([[0.0], [1.0]], 0.0, [0.0], 1.0), "positive"),
        (lambda: closed_score_flow([[0.0], [1.0]], 0.1, [0.0], -1.0), "u >= 0"),
        (lambda: closed_score_flow([[0.0], [1.0]], 0.1, [0.0], "long"), "u >= 0"),
        (lambda: closed_score_flow([[0.0], [1.0]], 0.1, [0.0, 1.0], 1.0), "takes"),
        (lambda: closed_probability_flow([[0.0], [1.0]], 1.0, [0.0], 0.2, 0.3), "between 0"),
    ],
)
def test_wrong_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
