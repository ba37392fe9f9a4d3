"""Thousands of points on a line: memory stays small, and blocks give the numbers that one piece gives."""

import math
import time
import tracemalloc

import numpy as np
import pytest

from exactnorm import ReLUNetwork, check_certificate, interpolation_error, min_norm_denoiser, score_flow
from exactnorm.certify import along_lines, interpolation
from exactnorm.certify.along_lines import error_along_lines
from exactnorm.certify.sharper import in_fractions
from exactnorm.closed_form.rays import find_rays
from exactnorm.flow.score import line
from exactnorm.flow.score.reduction import Block
from exactnorm.training_set import closest_pair

pytestmark = pytest.mark.usefixtures("alone")  # memory is measured


def peak_of(call):
    """What a call returns, and the most bytes that it had at one time."""
    tracemalloc.start()
    try:
        return call(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_four_thousand_points_on_a_line_need_no_array_of_balls_by_neurons():
    points = np.cumsum(1 + np.random.default_rng(0).random(4000))[:, None]
    denoiser, peak = peak_of(lambda: min_norm_denoiser(points, 0.2))
    together = 8 * len(points) * denoiser.network.neurons  # bytes of one such array
    assert peak < together / 2
    error = denoiser.certificate.interpolation_error
    assert error < 1e-6
    values, peak = peak_of(lambda: denoiser(points))
    assert peak < together / 2
    # Two ways to add up thousands of terms: they agree to the rounding of the sum.
    rounding = float(interpolation.rounding_at(denoiser.network, points).max())
    assert np.abs(values - points).max() <= error + rounding
    assert np.abs(values - points).max() < 1e-6
    flow, peak = peak_of(lambda: score_flow(denoiser, points[:20] + 0.7, math.inf))
    assert peak < together / 2
    assert flow.complete
    # The middle of a gap Δ is unstable: from 0.7 on the way goes to the right where Δ < 1.4, else back.
    right = np.diff(points[:21, 0]) < 1.4
    np.testing.assert_allclose(flow.endpoint, np.where(right[:, None], points[1:21], points[:20]), atol=1e-6)


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize(("neurons", "d", "rank"), [(3, 6, 3), (9, 2, 2), (40, 5, 2), (40, 3, 3)])
def test_the_error_over_balls_is_the_largest_value_on_them_in_blocks_of_any_size(neurons, d, rank, skip, monkeypatch):
    rng = np.random.default_rng(neurons)
    w = rng.standard_normal((neurons, rank)) @ np.linalg.qr(rng.standard_normal((d, d)))[0][:rank]
    points, V = rng.standard_normal((7, d)), rng.standard_normal((d, d)) if skip else None
    network = ReLUNetwork(rng.standard_normal((neurons, d)), w, rng.standard_normal(neurons), V, rng.standard_normal(d))
    size = np.linalg.norm(w, axis=1)
    rho = 0.99 * float((np.abs(points @ w.T + network.b) / size).min())  # no kink enters a ball
    error = interpolation_error(network, points, rho)
    # Projected ascent on each sphere from several starts: a convex function's maximum lies there.
    best = 0.0
    for x in points:
        J, e = network.jacobian(x), network(x) - x
        D = J  # h(y) − x_n = e + D (y − x_n)
        v = rng.standard_normal((20, d))
        for _ in range(1000):
            v /= np.linalg.norm(v, axis=1, keepdims=True)
            v = v + 10 * (e + rho * v @ D.T) @ D / (rho * np.linalg.norm(D, 2) ** 2)
        v /= np.linalg.norm(v, axis=1, keepdims=True)
        best = max(best, float(np.linalg.norm(network(x + rho * v) - x, axis=1).max()))
    assert error == pytest.approx(best, rel=1e-6)
    for block in (1, 3 * neurons):
        monkeypatch.setattr(interpolation, "BLOCK", block)
        assert interpolation_error(network, points, rho) == pytest.approx(error, rel=1e-9)


def test_the_field_at_all_kinks_and_its_slopes_in_two_passes_are_those_at_each():
    rng = np.random.default_rng(0)
    for _ in range(50):
        K = int(rng.integers(1, 30))
        a, w, b = rng.standard_normal((K, 1)), rng.choice([-1.0, 1.0], (K, 1)), 10 * rng.standard_normal(K)
        b = np.round(b) if rng.random() < 0.5 else b  # several neurons on one kink
        block = Block(np.eye(1), a, w, b, -np.eye(1), np.array([0.3]), np.arange(K), 1e-16 * np.abs(b))
        knots, which = np.unique(-b * w[:, 0], return_inverse=True)
        slopes, value, noise = line._along(block, knots, which)
        middles = np.concatenate([knots[:1] - 1, (knots[1:] + knots[:-1]) / 2, knots[-1:] + 1])
        active = middles[:, None] * w[:, 0] + b > 0
        assert np.allclose(slopes, active @ (a[:, 0] * w[:, 0]) - 1, rtol=0, atol=1e-13)
        expected = [np.maximum(t * w[:, 0] + b, 0) @ a[:, 0] - t + 0.3 for t in knots]
        assert (np.abs(value - expected) <= noise).all()
        assert (noise < 1e-11).all()


@pytest.mark.parametrize("d", [1, 3, 8])
def test_the_closest_pair_of_many_points_is_that_of_brute_force(d):
    rng = np.random.default_rng(d)
    points = rng.standard_normal((2500, d)) ** 3
    i, j, distance = closest_pair(points)
    each = [np.linalg.norm(points[n + 1 :] - points[n], axis=1).min() for n in range(len(points) - 1)]
    assert i == int(np.argmin(each))
    assert distance == pytest.approx(min(each), rel=1e-12)
    assert distance == pytest.approx(float(np.linalg.norm(points[i] - points[j])), rel=1e-12)
    twice = np.vstack([points, points[:1]])
    assert closest_pair(twice) == (0, 2500, 0.0)


def test_fifteen_thousand_points_on_a_line_take_a_second_and_their_check_is_decided():
    points = np.arange(15_000) + np.random.default_rng(0).uniform(-0.2, 0.2, 15_000)
    start = time.process_time()
    denoiser = min_norm_denoiser(points[:, None], 0.1)
    lower, upper, error = check_certificate(denoiser.certificate, denoiser.train, denoiser.network)
    assert time.process_time() - start < 5  # going through balls times neurons takes half a minute
    gaps = np.diff(points)
    assert (lower, upper) == pytest.approx((2 * (gaps / (gaps - 0.2)).sum(),) * 2, rel=1e-12)
    assert error < 1e-7


def test_many_points_on_a_few_rays_are_as_quick():
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.standard_normal((20, 20)))[0][:5]
    t = np.cumsum(1 + rng.random((5, 500)), axis=1)
    points = np.vstack([np.zeros((1, 20)), *(t[k][:, None] * axes[k] for k in range(5))])
    start = time.process_time()
    denoiser = min_norm_denoiser(rng.permutation(points), 0.2)
    assert time.process_time() - start < 5
    gaps = np.diff(t, axis=1, prepend=0)
    assert denoiser.certificate.kind == "theorem"
    assert denoiser.certificate.lower == pytest.approx((2 * gaps / (gaps - 0.4)).sum(), rel=1e-6)
    assert denoiser.certificate.interpolation_error < 1e-8


@pytest.mark.parametrize("seed", range(20))
def test_the_error_along_lines_is_that_of_rational_arithmetic_up_to_its_stated_rounding(seed, monkeypatch):
    monkeypatch.setattr(along_lines, "LARGE", 0)
    rng = np.random.default_rng(seed)
    d, lines, K, N = (int(rng.integers(*ends)) for ends in ((1, 4), (1, 3), (16, 60), (2, 30)))
    w = rng.standard_normal((lines, d))[np.sort(rng.integers(lines, size=K))]
    points = 10.0 ** rng.integers(0, 6) * rng.standard_normal(d) + rng.standard_normal((N, d))
    b = 0.3 * rng.standard_normal(K) - (w * points[rng.integers(N, size=K)]).sum(axis=1)
    network = ReLUNetwork(rng.standard_normal((K, d)), w, b, None, rng.standard_normal(d))
    rho = float(rng.choice([0, 0.01, 0.1]))  # kinks enter balls
    error, rounding, _ = error_along_lines(network, points, rho)
    values = in_fractions(network, points, lambda: None)
    exact = interpolation._over_balls(network, points, rho, lambda: None, np.zeros(N), values).error
    assert (
        abs(error - exact) <= rounding + (1e-7 if rho > 0 and lines > 1 else 1e-12) * exact
    )  # of the search on spheres
    # No more than a last place of the sum of all terms for each addition.
    reach = float(np.linalg.norm(points, axis=1).max()) + rho
    terms = network.representation_cost * reach + np.linalg.norm(network.a, axis=1) @ np.abs(b)
    assert rounding <= (16 + K + d) * np.finfo(float).eps * (terms + np.linalg.norm(network.c))


def test_points_beside_a_line_are_refused_with_the_two_at_fault_however_rays_are_gone_through():
    points = np.column_stack([np.arange(100.0), np.zeros(100)])
    points[70, 1] = 1e-3
    with pytest.raises(ValueError, match="one-sided rays"):
        find_rays(points)


@pytest.mark.parametrize(
    ("points", "expected"),
    [(np.eye(400), math.sqrt(2)), (np.stack(np.meshgrid(*[np.arange(20.0)] * 2), -1).reshape(-1, 2), 1.0)],
)
def test_the_closest_pair_of_points_that_are_all_equally_near_is_found_at_once(points, expected):
    start = time.process_time()
    i, j, distance = closest_pair(points)
    assert time.process_time() - start < 2
    assert distance == math.dist(points[i], points[j]) == pytest.approx(expected)
