"""Samplers written outside the package, from their published formulas, run on the package's denoisers."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from exactnorm import DenoiserPath, ReLUNetwork, closed_form, min_norm_denoiser, problems
from exactnorm.interop import EDMDenoiser, EpsilonPrediction

POINTS = problems.orthogonal().train.points
ALPHA = 0.1


def path(rho):
    return closed_form.orthogonal(POINTS, rho)


def levels(steps, top=2.0, low=1e-3, rho=7.0):
    """Noise levels of Karras et al. (2022), equation 5, with 0 at the end."""
    i = np.arange(steps) / max(steps - 1, 1)
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


def by_hand(rho):
    """The closed form of the three points, written out: a ramp along each axis."""
    slopes, ends = [1, 2] / np.array([1 - 2 * rho, 2 - 2 * rho]), np.array([1, 2]) - rho
    a = np.vstack([np.diag(slopes), -np.diag(slopes)])
    return ReLUNetwork(a, np.vstack([np.eye(2), np.eye(2)]), np.append([-rho, -rho], -ends), None, np.zeros(2))


@pytest.mark.parametrize("sampler", [euler, heun])
def test_on_orthogonal_data_any_number_of_steps_ends_exactly_at_the_flow_s_endpoint(sampler):
    # Every coordinate of the flow is affine in σ between the balls and on them, so that these steps make no error;
    # and the endpoint is one denoising step at the first radius (both proved).
    exact = path(ALPHA * 2.0)(starts())
    # A Heun step from σ = 2 to 1e-3 divides a difference by 1e-3 and multiplies it by 2: rounding grows 2000-fold.
    rounding = 2000 * np.finfo(float).eps
    assert np.abs(by_hand(0.2)(starts()) - exact).max() < 1e-14
    for steps in (1, 2, 18, 1000):
        assert np.abs(sampler(EDMDenoiser(by_hand, ALPHA), starts(), levels(steps)) - exact).max() < 4 * rounding


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
    with pytest.raises(ValueError, match=r"balls touch or overlap; exactnorm\.max_radius"):
        EDMDenoiser(path, ALPHA)(x, 9.0)


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


@pytest.mark.parametrize("t", [-1, 3, 2.5, [0, -1]])
def test_a_step_that_is_no_place_in_the_schedule_is_refused(t):
    predict = EpsilonPrediction(EDMDenoiser(path, ALPHA), [0.9, 0.5, 0.1])
    with pytest.raises(ValueError, match="steps from 0 to 2"):
        predict(starts()[:2], t)
    assert np.isfinite(predict(starts()[:2], [0, 2])).all()
    with pytest.raises(ValueError, match="t holds nan"):
        predict(starts()[:2], float("nan"))
    with pytest.raises(ValueError, match="t has 3 entries for a batch of 2"):
        predict(starts()[:2], [0, 1, 2])


def test_between_two_steps_the_noise_level_is_interpolated():
    signal = np.array([0.9, 0.5, 0.1])
    sigma = np.sqrt((1 - signal) / signal)
    predict = EpsilonPrediction(EDMDenoiser(path, ALPHA), signal)
    between = (0.75 * sigma[1]) + 0.25 * sigma[2]
    x = starts()
    y = x * np.sqrt(1 + between**2)
    assert np.allclose(predict(x, 1.25), (y - path(ALPHA * between)(y)) / between, rtol=0, atol=1e-12)


def test_at_no_noise_the_batch_comes_back_and_no_value_is_lost_of_the_others():
    x, denoise = starts(), EDMDenoiser(path, ALPHA)
    assert np.array_equal(denoise(x, 0.0), x)
    assert not np.shares_memory(denoise(x, 0), x)
    sigma = np.where(np.arange(20) % 2, 0.5, 0.0)
    mixed = denoise(x, sigma)
    assert np.array_equal(mixed[::2], x[::2])
    assert np.array_equal(mixed[1::2], denoise(x[1::2], 0.5))
    for wrong, message in (
        (-1e-9, "not negative"),
        (np.nan, "sigma holds nan"),
        (np.ones(3), "3 entries for a batch of 20"),
    ):
        with pytest.raises(ValueError, match=message):
            denoise(x, wrong)


def test_a_level_is_taken_as_a_number_and_as_an_array_of_any_shape():
    x, denoise = starts(), EDMDenoiser(path, ALPHA)
    for sigma in (0.5, np.float32(0.5), np.array(0.5), np.array([0.5]), np.full(20, 0.5), np.full((20, 1, 1, 1), 0.5)):
        assert np.array_equal(denoise(x, sigma), denoise(x, 0.5))
    # Class labels, as samplers hand them on, by place or by name.
    assert np.array_equal(denoise(x, 0.5, None, class_labels=None, augment=1), denoise(x, 0.5))


def test_bytes_are_numbers_and_their_denoised_values_are_not_cut_to_integers():
    x = np.array([[0, 1], [1, 2], [255, 3]], dtype=np.uint8)
    value = EDMDenoiser(lambda rho: closed_form.orthogonal(4 * POINTS, rho), ALPHA)(x, 2.0)
    assert value.dtype == np.float64
    # Ramps from 0.2 to 3.8 and to 7.8; 255 is as good as 4.
    assert np.allclose(value[:, 0], [0, 4 * 0.8 / 3.6, 4], rtol=0, atol=1e-13)
    assert np.allclose(value[:, 1], [8 * 0.8 / 7.6, 8 * 1.8 / 7.6, 8 * 2.8 / 7.6], rtol=0, atol=1e-13)


@pytest.mark.parametrize("x", [np.zeros((4, 3)), np.zeros((4, 1, 2, 2)), np.zeros(2)])
def test_a_batch_of_other_images_is_told_its_shape(x):
    with pytest.raises(
        ValueError, match=r"x has shape \(.*the denoiser is of points with 2: give a batch, the batch first"
    ):
        EDMDenoiser(path, ALPHA)(x, 1.0)
    with pytest.raises(ValueError, match="single number"):
        EDMDenoiser(path, ALPHA)(0.5, 1.0)


def test_beyond_the_radii_there_is_one_clear_error_or_the_chosen_stand_in():
    x = starts()
    with pytest.raises(
        ValueError, match=r"sigma=9 asks for the radius rho = alpha·sigma = 0\.9, where the path has no"
    ):
        EDMDenoiser(path, ALPHA)(x, 9.0)
    short = EDMDenoiser(path, ALPHA, max_rho=0.3)
    with pytest.raises(
        ValueError, match=r"beyond 0\.3: begin at sigma_max=2\.99999, or give a stand-in by high_noise="
    ):
        short(x, 3.0)
    assert short(x, 2.99999).shape == x.shape  # what the message names can be asked
    solved = DenoiserPath(POINTS, [0.1, 0.2])
    known = EDMDenoiser(solved, ALPHA)
    assert np.array_equal(known(x, 1.9), solved(0.2)(x))
    with pytest.raises(ValueError, match=r"beyond 0\.2: begin at sigma_max=1\.99999"):
        known(x, 2.1)  # the path itself would give the denoiser of the nearest radius
    stand_in = EDMDenoiser(solved, ALPHA, high_noise=lambda y, sigma: y / sigma)
    assert np.array_equal(stand_in(x, 2.1), x / 2.1)
    assert np.array_equal(stand_in(x, 2.0), solved(0.2)(x))


def test_a_stand_in_that_would_never_be_asked_is_refused_with_what_is_missing():
    with pytest.raises(ValueError, match="give max_rho="):
        EDMDenoiser(path, ALPHA, high_noise=lambda y, sigma: y)  # noqa: ARG005
    for wrong in ({"alpha": 0.0}, {"max_rho": -1.0}, {"max_rho": np.nan}, {"max_rho": "1"}):
        with pytest.raises(ValueError, match="give positive numbers"):
            EDMDenoiser(path, **wrong)


@pytest.mark.parametrize("wrong", [min_norm_denoiser(POINTS, 0.1), path(0.1), "denoiser.npz", None])
def test_a_denoiser_of_one_radius_is_no_family(wrong):
    with pytest.raises(TypeError, match="give a function of the radius"):
        EDMDenoiser(wrong)


def test_levels_are_what_samplers_of_that_convention_ask_for():
    unbounded = EDMDenoiser(path, ALPHA)
    assert (unbounded.sigma_min, unbounded.sigma_max, unbounded.round_sigma(0.3)) == (0.0, np.inf, 0.3)
    assert EDMDenoiser(path, ALPHA, lambda y, sigma: y, 0.4).sigma_max == np.inf  # noqa: ARG005
    for bounded in (EDMDenoiser(path, ALPHA, max_rho=0.4), EDMDenoiser(DenoiserPath(POINTS, [0.2, 0.4]), ALPHA)):
        top = np.float32(bounded.sigma_max)  # as a sampler in single precision has it
        assert 3.99 < top < 4
        assert np.isfinite(bounded(starts(), top)).all()


@settings(max_examples=20, deadline=None)
@given(st.floats(-1e100, -1e-9), st.integers(0, 2))
def test_no_step_before_the_first_and_no_level_below_zero_is_taken(below, image):
    denoiser, x = EDMDenoiser(path, ALPHA), np.ones((3, 2))
    levels_, steps = np.ones(3), np.zeros(3)
    levels_[image] = steps[image] = below
    with pytest.raises(ValueError, match="a noise level is not negative"):
        denoiser(x, levels_)
    for t in (steps, below, -1):
        with pytest.raises(ValueError, match="give steps from 0 to 1"):
            EpsilonPrediction(denoiser, [0.9, 0.5])(x, t)
