"""The error that a probability flow says of itself is the error it makes, or more."""

import re

import numpy as np
import pytest
from probability_paths import POINTS, obtuse, path, random_starts

from exactnorm.closed_form import orthogonal
from exactnorm.flow import (
    closed_probability_flow,
    probability_flow,
)


def reported_flow(**options):
    """On the edge of two balls, where frozen kinks cost most; the exact endpoint is one denoising step."""
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.4]])
    flow = probability_flow(lambda rho: orthogonal(points, rho), [0.3, 0.3], "edm", alpha=1.0, T=0.3, **options)
    return flow, float(np.linalg.norm(flow.endpoint - orthogonal(points, 0.3)([0.3, 0.3])))


def test_the_closed_form_is_the_default_where_there_is_one_and_it_makes_no_error():
    flow, off = reported_flow()
    assert (flow.method, flow.error, flow.residual, flow.complete) == ("closed", 0.0, 0.0, True)
    assert flow.status == "the trajectory reached sigma=0 in closed form"
    assert off < 1e-14
    Y, sigmas = random_starts(2), [0.25, 0.1, 0.0]
    flow = probability_flow(path, Y, "edm", alpha=1.0, T=0.3, sigmas=sigmas, sigma_end=0.0)
    exact = [closed_probability_flow(POINTS, 1.0, Y, 0.3, sigma) for sigma in sigmas]
    np.testing.assert_allclose(flow.states, exact, rtol=0, atol=1e-13)
    stopped = probability_flow(path, Y, "vp", alpha=1.0, T=0.02, sigma_end=0.01)
    stepped = probability_flow(path, Y, "vp", alpha=1.0, T=0.02, sigma_end=0.01, method="ivp", rtol=1e-11)
    assert (stopped.method, stopped.residual) == ("closed", None)
    np.testing.assert_allclose(stopped.endpoint, stepped.endpoint, rtol=0, atol=1e-8)


@pytest.mark.parametrize("options", [{"method": "pieces"}, {"steps": 50}, {"steps": 400}, {"method": "ivp"}])
def test_the_error_that_is_said_is_the_error_that_is_made(options):
    flow, off = reported_flow(**options)
    assert off > 1e-9
    assert off < 1.2 * flow.error
    if flow.method == "pieces":
        assert flow.error < 2 * off
        assert f"with an error of about {flow.error:.2g}, judged by where fewer levels would take it" in flow.status
    assert f"another step would move it by at most {flow.residual:.2g}" in flow.status


def on_lines(frame, lengths, share, steps, Y):
    """Error made and error said for points on orthogonal lines, balls that take the share of half the least gap."""
    points = np.vstack([np.zeros(len(frame[0])), np.array(lengths)[:, None] * frame])
    T = share * min(lengths) / 2
    flow = probability_flow(lambda rho: orthogonal(points, rho), Y, "edm", alpha=1.0, T=T, steps=steps)
    exact = closed_probability_flow(points, 1.0, np.atleast_2d(Y), T)
    return float(np.linalg.norm(np.atleast_2d(flow.endpoint) - exact, axis=1).max()), flow


@pytest.mark.parametrize(("steps", "share", "y"), [(10, 0.96, 0.4875), (20, 0.96, 0.48), (20, 0.95, 0.475)])
def test_where_half_as_many_levels_end_nearer_than_the_truth_more_is_said(steps, share, y):
    off, flow = on_lines(np.eye(2)[:1], [1.0], share, steps, [y, 0.0])
    _, half = on_lines(np.eye(2)[:1], [1.0], share, steps // 2, [y, 0.0])
    assert np.linalg.norm(flow.endpoint - half.endpoint) < off / 1.2
    assert off < flow.error < 10 * off


@pytest.mark.parametrize("seed", range(24))
def test_few_levels_say_at_least_the_error_that_they_make(seed):
    rng = np.random.default_rng(seed)
    d, lines = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    frame = np.linalg.qr(rng.standard_normal((d + 1, d + 1)))[0][: min(d, lines)]
    lengths = rng.uniform(0.5, 2.0, len(frame))
    corners = rng.integers(0, 2, (20, len(frame))) * lengths @ frame
    Y = corners + rng.uniform(0.1, 1.0) * rng.standard_normal((20, d + 1))
    off, flow = on_lines(frame, lengths, rng.uniform(0.05, 0.99), 20, Y)
    assert 1e-9 < off < flow.error


def test_of_fewer_than_eight_levels_no_error_is_said():
    flow, _ = reported_flow(steps=7)
    assert flow.error is None
    assert "with too few levels to judge the error by" in flow.status
    assert reported_flow(steps=8)[0].error > 0


def test_where_coordinates_couple_the_error_of_pieces_bounds_what_a_finer_grid_changes():
    Y = np.random.default_rng(7).standard_normal((6, 2))
    options = {"alpha": 0.8, "T": 0.3}
    best = probability_flow(obtuse, Y, "edm", steps=400, **options).endpoint
    for steps in (20, 60):
        flow = probability_flow(obtuse, Y, "edm", steps=steps, **options)
        off = float(np.linalg.norm(flow.endpoint - best, axis=1).max())
        assert 1e-6 < off < 1.2 * flow.error


def test_the_status_of_many_says_the_error_of_the_worst_and_of_the_middle_one():
    """Three starts of an obtuse triangle, each followed alone as well, one with far more error than the others."""
    Y = np.array([[0.3, 0.3], [2.0, 0.1], [0.5, 0.0]])
    options = {"alpha": 0.8, "T": 0.3, "steps": 20}
    alone = sorted(probability_flow(obtuse, y, "edm", **options).error for y in Y)
    flow = probability_flow(obtuse, Y, "edm", **options)
    assert alone[2] > 10 * alone[1]
    np.testing.assert_allclose(flow.error, alone[2], rtol=1e-6)
    said = re.search("with an error of about (.*) at worst and (.*) in the median, judged by", flow.status)
    np.testing.assert_allclose([float(said[1]), float(said[2])], [alone[2], alone[1]], rtol=0.06)
