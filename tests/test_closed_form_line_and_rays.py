"""Closed forms on lines and rays map the balls to their centres, at the cost of the lower bound."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactnorm import interpolation_error
from exactnorm.certify.rays import one_sided_rays, rays_lower_bound
from exactnorm.closed_form import collinear, obtuse_simplex, orthogonal, rays, univariate

U, V = np.array([1.0, 0.0]), np.array([np.cos(1.9), np.sin(1.9)])


@pytest.mark.parametrize(
    ("form", "points", "cost"),
    [
        (univariate, [[2.5], [0], [1]], 4.8076923),
        (orthogonal, [[1, 0], [0, 0], [0, 2]], 4.7222222),
        (obtuse_simplex, [[0, 0], [1, 0], [-0.7, 1]], 4.8919050),
        (rays, [2 * V, U, 0 * U, 0.8 * V, 2.2 * U], 9.9666667),
    ],
)
def test_costs_known_from_elsewhere(form, points, cost):
    network = form(points, 0.1)
    assert network.representation_cost == pytest.approx(cost, rel=1e-7)
    assert interpolation_error(network, points, 0.1) < 1e-14


@st.composite
def ray_sets(draw):
    """One-sided rays in R^d with some obtuse angles, rotated, shifted, scaled and shuffled."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    rays_, d = draw(st.integers(1, 4)), draw(st.integers(4, 6))
    directions = np.linalg.qr(rng.standard_normal((d, d)))[0][:rays_]
    if draw(st.booleans()) and rays_ > 1:  # tilt the last away from the others
        directions[-1] -= directions[:-1].T @ rng.uniform(0, 1, rays_ - 1)
        directions[-1] /= np.linalg.norm(directions[-1])
    points = [np.zeros(d)]
    for u in directions:
        steps = rng.uniform(0.3, 2, draw(st.integers(1, 3)))
        points += list(np.outer(np.cumsum(steps), u))
    scale, shift = 10.0 ** draw(st.integers(-8, 8)), 10.0 ** draw(st.sampled_from([-3, 0, 3]))
    X = scale * (np.array(points) + shift * rng.standard_normal(d))
    return X[rng.permutation(len(X))], scale * draw(st.sampled_from([0.0, 1e-3, 0.1, 0.149]))


@settings(max_examples=60, deadline=None)
@given(ray_sets())
def test_rays_fit_the_balls_at_the_cost_of_the_lower_bound(data):
    X, rho = data
    network = rays(X, rho)
    size = np.abs(X).max()
    assert interpolation_error(network, X, rho) < 1e-12 * size
    bound = max(_bound_from(X, rho, n) for n in range(len(X)))
    assert bound > 0
    assert network.representation_cost == pytest.approx(bound, rel=1e-9 + 1e-15 * size / (np.ptp(X) or 1))


def _bound_from(X, rho, centre):
    try:
        return rays_lower_bound(X, rho, centre)
    except ValueError:
        return 0.0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=2, max_size=8, unique=True), st.floats(0, 0.499))
def test_lines_give_the_univariate_denoiser_in_any_direction(numbers, rho):
    x = np.array(numbers, float)[:, None]
    direction = np.array([[2.0, -1.0, 2.0]]) / 3
    one, three = univariate(x, rho), collinear(x @ direction, rho)
    gaps = np.diff(np.sort(x[:, 0]))
    assert one.representation_cost == pytest.approx((2 * gaps / (gaps - 2 * rho)).sum(), rel=1e-9)
    assert three.representation_cost == pytest.approx(one.representation_cost, rel=1e-9)
    y = np.linspace(-60, 60, 400)[:, None]
    # The slope is at most gap / (gap − 2ρ) <= 500, which multiplies the rounding of y.
    np.testing.assert_allclose(three(y @ direction), one(y) @ direction, atol=1e-9)


@pytest.mark.parametrize(
    ("form", "points", "message"),
    [
        (univariate, [[0, 0], [1, 1]], "dimension 1, not 2"),
        (collinear, [[0, 0], [1, 0], [2, 0.001]], "not collinear: point 1"),
        (rays, [[0, 0], [1, 0], [0.5, 1]], "not on one-sided rays"),
        (orthogonal, [[0, 0], [1, 0], [-1, 1]], "135°, not 90°"),
        (orthogonal, [[0, 0], [1, 0], [3, 0], [0, 1]], "are on one ray"),
        (obtuse_simplex, [[0, 0], [1, 0], [-1, 0], [0, 1]], "not affinely independent"),
        (rays, [[0, 0], [0, 0]], "points 0 and 1 are equal"),
        (rays, [[0, 0], [1, 0]], "rho=0.6 but points 0 and 1 are 1 apart"),
    ],
)
def test_a_failed_hypothesis_is_named(form, points, message):
    with pytest.raises(ValueError, match=message):
        form(points, 0.6 if "rho" in message else 0.1)


def test_rays_are_told_apart_from_almost_rays():
    X = np.array([[0, 0, 0], [1, 0, 0], [2, 1e-7, 0], [0, 1, 0]])
    with pytest.raises(ValueError, match="angle"):
        one_sided_rays(X, 0)
    u, ray, t = one_sided_rays(X * [1, 0, 1] + [0, 0, 5] * (X[:, [1]] == 1), 0)
    np.testing.assert_allclose(u, [[1, 0, 0], [0, 0, 1]], atol=1e-15)
    assert ray.tolist() == [-1, 0, 0, 1]
    np.testing.assert_allclose(t, [0, 1, 2, 5])


def test_the_bound_pays_for_rays_that_are_only_nearly_at_right_angles():
    X = np.array([[0, 0], [1, 0], [5e-10, 1]])
    assert rays_lower_bound(X, 0.1, 0) == pytest.approx(5 / (1 + 2 * 2 * 5e-10), rel=1e-15)
    assert rays_lower_bound(X, 0.1, 0) < 5 * (1 - 1e-9)


def test_a_thousand_orthogonal_points_cost_what_two_do_times_500():
    rng = np.random.default_rng(0)
    X = np.vstack([np.zeros(1000), np.diag(rng.uniform(1, 2, 1000))])[rng.permutation(1001)]
    network = orthogonal(X, 0.1)
    lengths = np.linalg.norm(X, axis=1)
    lengths = lengths[lengths > 0]
    assert network.V is None
    assert network.neurons == 2000
    assert network.representation_cost == pytest.approx((2 * lengths / (lengths - 0.2)).sum(), rel=1e-12)
    np.testing.assert_allclose(network(X + 0.1 / np.sqrt(1000)), X, atol=1e-13)
