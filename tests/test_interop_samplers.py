"""Samplers written outside the package, from their published formulas, run on the package's denoisers."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from exactnorm import closed_form, problems
from exactnorm.interop import EDMDenoiser, EpsilonPrediction

POINTS = problems.orthogonal().train.points
ALPHA = 0.1


def path(rho):
    return closed_form.orthogonal(POINTS, rho)


def levels(steps, top=2.0, low=1e-3, rho=7.0):
    """Noise levels of Karras et al. (2022), equation 5, with 0 at the end."""
    i = np.arange(steps) / (steps - 1)
    return np.append((top ** (1 / rho) + i * (low ** (1 / rho) - top ** (1 / rho))) ** rho, 0.0)


def euler(denoise, x, sigmas):
    for sigma, after in pairwise(sigmas):
        x = x + (after - sigma) * (x - denoise(x, sigma)) / sigma
    return x


def heun(denoise, x, sigmas):
    """Algorithm 1 of Karras et al. (2022)."""
    for sigma, after in pairwise(sigmas):
        d = (x - denoise(x, sigma)) / sigma
        euler_step = x + (after - sigma) * d
        if after > 0:
            d = (d + (euler_step - denoise(euler_step, after)) / after) / 2
        x = x + (after - sigma) * d
    return x


def starts():
    return 0.4 + 0.6 * np.random.default_rng(1).standard_normal((20, 2))


@pytest.mark.parametrize("sampler", [euler, heun])
def test_on_orthogonal_data_any_number_of_steps_ends_exactly_at_the_flow_s_endpoint(sampler):
    # Every coordinate of the flow is affine in σ between the balls and on them, so that these steps make no error;
    # and the endpoint is one denoising step at the first radius (both proved).
    exact = path(ALPHA * 2.0)(starts())
    # A Heun step from σ = 2 to 1e-3 divides a difference by 1e-3 and multiplies it by 2: rounding grows 2000-fold.
    rounding = 2000 * np.finfo(float).eps
    for steps in (2, 7, 50):
        assert np.abs(sampler(EDMDenoiser(path, ALPHA), starts(), levels(steps)) - exact).max() < 4 * rounding


@pytest.mark.parametrize(("sampler", "order"), [(euler, 1), (heun, 2)])
def test_a_sampler_converges_at_its_order_where_coordinates_couple(sampler, order):
    points = problems.acute().train.points
    denoise = EDMDenoiser(lambda rho: closed_form.one_versus_rest(points, rho), ALPHA)
    x = np.array([[0.1, 0.8], [0.45, 0.3], [0.9, 0.5]])
    low = 1e-2

    def slope(log_sigma, flat):
        y = flat.reshape(x.shape)
        return (y - denoise(y, np.exp(log_sigma))).ravel()

    exact = solve_ivp(slope, np.log([2.0, low]), x.ravel(), rtol=1e-10, atol=1e-12).y[:, -1].reshape(x.shape)
    counts = np.array([10, 20, 40, 80])
    errors = [np.abs(sampler(denoise, x, levels(steps, low=low)[:-1]) - exact).max() for steps in counts]
    # Kinks cost a second-order method some of its order.
    assert -np.polyfit(np.log(counts), np.log(errors), 1)[0] > 0.75 * order


def test_one_euler_step_is_the_published_formula():
    denoise = EDMDenoiser(path, ALPHA)
    x = starts()
    by_hand = x + (0.5 - 1.0) * (x - path(ALPHA * 1.0)(x)) / 1.0
    assert np.allclose(euler(denoise, x, [1.0, 0.5]), by_hand, rtol=0, atol=1e-15)


def test_images_keep_their_shape_and_every_image_its_own_noise_level():
    images = problems.digits5().train
    denoise = EDMDenoiser(lambda rho: closed_form.one_versus_rest(images.points, rho), 1.0)
    x = images.points.reshape(5, 1, 8, 8) + 1.0
    sigma = np.array([1.0, 2.0, 1.0, 3.0, 2.0])
    together = denoise(x, sigma)
    assert together.shape == x.shape
    for n in range(5):
        alone = denoise(x[n : n + 1], sigma[n])[0]
        assert np.allclose(together[n], alone, rtol=0, atol=1e-12)
    assert not np.allclose(together[1], denoise(x[1:2], sigma[0])[0])


def test_float32_is_returned_as_float32_and_results_do_not_alias_inputs():
    x = starts().astype(np.float32)
    before = x.copy()
    result = EDMDenoiser(path, ALPHA)(x, 0.5)
    assert result.dtype == np.float32
    assert not np.shares_memory(result, x)
    assert np.array_equal(x, before)


def test_the_stand_in_takes_over_where_balls_may_overlap_and_without_one_the_path_s_error_is_raised():
    x = starts()
    stand_in = EDMDenoiser(path, ALPHA, high_noise=lambda y, sigma: y / (1 + sigma), max_rho=0.4)
    assert np.allclose(stand_in(x, 9.0), x / 10, rtol=1e-15, atol=0)
    assert np.array_equal(stand_in(x, 1.0), path(0.1)(x))
    with pytest.raises(ValueError, match=r"use rho < 0\.5"):
        EDMDenoiser(path, ALPHA)(x, 9.0)
    with pytest.raises(ValueError, match="sigma > 0"):
        EDMDenoiser(path, ALPHA)(x, 0.0)


def test_noise_prediction_inverts_the_forward_process_and_ddim_ends_at_the_same_point():
    # DDIM (Song et al., 2021) with a linear β schedule as in DDPM, from σ_T = √((1−ᾱ)/ᾱ).
    alphas_cumprod = np.cumprod(1 - np.linspace(1e-4, 2e-2, 400))
    model = EpsilonPrediction(EDMDenoiser(path, ALPHA), alphas_cumprod)
    last = 300
    sigma = np.sqrt((1 - alphas_cumprod) / alphas_cumprod)
    assert ALPHA * sigma[last] < 0.5
    x = np.sqrt(alphas_cumprod[last]) * starts()
    for t in range(last, -1, -1):
        noise = model(x, t)
        clean = (x - np.sqrt(1 - alphas_cumprod[t]) * noise) / np.sqrt(alphas_cumprod[t])
        assert np.allclose(clean, EDMDenoiser(path, ALPHA)(x / np.sqrt(alphas_cumprod[t]), sigma[t]), atol=1e-9)
        before = alphas_cumprod[t - 1] if t else 1.0
        x = np.sqrt(before) * clean + np.sqrt(1 - before) * noise
    exact = path(ALPHA * sigma[last])(starts())
    # First-order steps, 300 of them.
    assert np.abs(x - exact).max() < 0.02


@pytest.mark.parametrize("levels", [[], [[0.5]], [0.5, 1.0], [0.0, 0.5], [0.5, np.nan]])
def test_a_noise_prediction_refuses_what_is_no_schedule(levels):
    with pytest.raises(ValueError, match="alphas_cumprod"):
        EpsilonPrediction(EDMDenoiser(path, ALPHA), levels)


@pytest.mark.parametrize("t", [-1, 3, 0.5, [0, -1], float("nan")])
def test_a_step_that_is_no_place_in_the_schedule_is_refused(t):
    predict = EpsilonPrediction(EDMDenoiser(path, ALPHA), [0.9, 0.5, 0.1])
    with pytest.raises(ValueError, match="steps from 0 to 2"):
        predict(starts()[:2], t)
    assert np.isfinite(predict(starts()[:2], [0, 2])).all()
