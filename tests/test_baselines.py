"""Baselines are the posterior means they are said to be, down to tiny noise, and their scores are gradients."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from exactnorm.baselines import EmpiricalMMSE, LinearDenoiser, SmoothedClosedForm


def some_points(seed, size=6, dimension=3):
    return np.random.default_rng(seed).standard_normal((size, dimension))


def all_baselines(X):
    return [EmpiricalMMSE(X), LinearDenoiser(X), SmoothedClosedForm(X, 0.3, np.random.default_rng(0))]


def gradient(f, y, step):
    basis = step * np.eye(len(y))
    return np.array([(f(y + e) - f(y - e)) / (2 * step) for e in basis])


@pytest.mark.parametrize("sigma", [0.1, 1.0, 30.0])
def test_empirical_scores_are_gradients_of_the_blurred_density(sigma):
    X, y = some_points(0), some_points(1, 1)[0]

    def log_density(z):
        return logsumexp(-((X - z) ** 2).sum(axis=1) / (2 * sigma**2))

    expected = gradient(log_density, y, 1e-5 * sigma)
    np.testing.assert_allclose(EmpiricalMMSE(X).score(y, sigma), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("sigma", [0.1, 1.0, 30.0])
def test_linear_scores_are_gradients_of_the_normal_density(sigma):
    X, y = some_points(0), some_points(1, 1)[0]
    density = multivariate_normal(X.mean(axis=0), np.cov(X.T, bias=True) + sigma**2 * np.eye(3))
    expected = gradient(density.logpdf, y, 1e-4 * sigma)
    np.testing.assert_allclose(LinearDenoiser(X).score(y, sigma), expected, rtol=1e-6, atol=1e-8)


def test_the_empirical_denoiser_is_exact_at_tiny_noise():
    # Two points, y a hair off the middle: the exact weight from rational arithmetic, against floats at σ = 1e-8.
    X, sigma = np.array([[0.0], [1.0]]), 1e-8
    for y in (0.5, 0.5 + 2.0**-53, 0.5 - 2.0**-54):
        exponent = (Fraction(y) ** 2 - (Fraction(y) - 1) ** 2) / (2 * Fraction(sigma) ** 2)
        expected = 1 / (1 + np.exp(-float(exponent)))
        assert EmpiricalMMSE(X)([y], sigma)[0] == pytest.approx(expected, rel=0.3)
    assert EmpiricalMMSE(X)([0.3], sigma).tolist() == [0.0]
    assert EmpiricalMMSE(X).score([1 + 1e-9], sigma)[0] == pytest.approx(-1e-9 / 1e-16, rel=1e-6)
    assert np.isfinite(EmpiricalMMSE(X).score([[1e6], [-1e6]], sigma)).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.floats(-8, 3), st.sampled_from([1e-6, 1.0, 1e6]))
def test_denoised_point_and_score_tell_the_same(seed, exponent, unit):
    X, Y, sigma = unit * some_points(seed), unit * some_points(seed + 1, 4), unit * 10**exponent
    for denoiser in all_baselines(X):
        towards = denoiser(Y, sigma) - Y
        np.testing.assert_allclose(denoiser.score(Y, sigma) * sigma**2, towards, rtol=1e-6, atol=1e-14 * unit)
        for y, row in zip(Y, denoiser(Y, sigma), strict=True):
            np.testing.assert_allclose(denoiser(y, sigma), row, rtol=1e-12, atol=1e-14 * unit)


def test_limits_of_small_and_large_noise():
    X = some_points(3)
    for denoiser in (EmpiricalMMSE(X), LinearDenoiser(X)):
        np.testing.assert_allclose(denoiser(X, 1e5), np.tile(X.mean(axis=0), (6, 1)), atol=1e-8)
        np.testing.assert_allclose(denoiser(X, 1e-6), X, atol=1e-11)
    flat = LinearDenoiser(np.column_stack([X, np.zeros(6)]))
    assert flat([0.0, 0, 0, 1], 1e-3)[3] == pytest.approx(0, abs=1e-12)


def test_the_linear_denoiser_has_the_least_error_of_all_affine_maps():
    X, sigma = some_points(4, 8), 0.7
    best = LinearDenoiser(X)
    A = np.array([best(e, sigma) - best(np.zeros(3), sigma) for e in np.eye(3)]).T

    def error(A, b):  # E ‖A(x + σε) + b − x‖² over points and noise
        return np.mean(((X @ A.T + b - X) ** 2).sum(axis=1)) + sigma**2 * (A**2).sum()

    b, rng = best(np.zeros(3), sigma), np.random.default_rng(0)
    for _ in range(20):
        assert error(A, b) < error(A + 1e-2 * rng.standard_normal((3, 3)), b + 1e-2 * rng.standard_normal(3))


def test_smoothing_averages_scores_and_gives_means_of_training_points():
    X, Y, sigma = some_points(5), some_points(6, 7), 0.2
    smooth = SmoothedClosedForm(X, 0.4, np.random.default_rng(1), pairs=50)
    by_hand = np.mean([EmpiricalMMSE(X).score(Y + e, sigma) for e in smooth.offsets], axis=0)
    np.testing.assert_allclose(smooth.score(Y, sigma), by_hand, rtol=1e-12)
    np.testing.assert_allclose(smooth.offsets.mean(axis=0), 0, atol=1e-16)
    assert smooth.offsets.std() == pytest.approx(0.4, rel=0.15)
    sharp = SmoothedClosedForm(X, 0.0, np.random.default_rng(1), pairs=2)
    np.testing.assert_allclose(sharp(Y, sigma), EmpiricalMMSE(X)(Y, sigma), rtol=1e-12)
    # Between two points the sharp denoiser is a step, the smooth one a ramp of that width.
    two = np.array([[0.0], [1.0]])
    ramp = SmoothedClosedForm(two, 0.2, np.random.default_rng(2), pairs=2000)([[0.3], [0.5], [0.7]], 1e-3)[:, 0]
    np.testing.assert_allclose(ramp, [0.1587, 0.5, 0.8413], atol=0.03)
    again = SmoothedClosedForm(X, 0.4, np.random.default_rng(1), pairs=50)
    assert np.array_equal(again(Y, sigma), smooth(Y, sigma))


@pytest.mark.parametrize("sigma", [0.0, -1.0, float("nan"), float("inf")])
def test_noise_levels_must_be_positive(sigma):
    for denoiser in all_baselines(some_points(0)):
        for method in (denoiser, denoiser.score):
            with pytest.raises(ValueError, match="sigma="):
                method(np.zeros(3), sigma)


def test_shapes_and_points_are_validated():
    for form in (EmpiricalMMSE, LinearDenoiser, lambda X: SmoothedClosedForm(X, 0.1, np.random.default_rng(0))):
        with pytest.raises(ValueError, match="one point a row"):
            form([1.0, 2.0])
        with pytest.raises(ValueError, match="must be finite"):
            form([[np.nan]])
        with pytest.raises(ValueError, match=r"takes \(1,\)"):
            form([[1.0], [2.0]])(np.zeros(2), 1.0)
    with pytest.raises(ValueError, match="width=-1"):
        SmoothedClosedForm([[1.0]], -1, np.random.default_rng(0))
