"""Samplers in PyTorch get tensors of their own dtype, and end where the flow does."""

from itertools import pairwise

import numpy as np
import pytest

from exactnorm import ReLUNetwork, closed_form, interop, min_norm_denoiser, problems

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def torch():
    # Imported, not skipped: where these tests are asked for, PyTorch must be there.
    import torch

    return torch


def test_a_sampler_in_pytorch_gets_tensors_of_its_own_dtype(torch):
    points = problems.orthogonal().train.points
    denoise = interop.EDMDenoiser(lambda rho: closed_form.orthogonal(points, rho), 0.1)
    x = torch.tensor([[0.5, 0.1], [0.2, 1.9]], dtype=torch.float32)
    value = denoise(x, torch.tensor([1.0, 2.0]))
    assert value.dtype == torch.float32
    assert np.allclose(value.numpy(), denoise(x.numpy().astype(float), [1.0, 2.0]), atol=1e-6)


POINTS = problems.orthogonal().train.points


def edm_sampler(torch, net, latents, class_labels=None, num_steps=18, sigma_min=0.002, sigma_max=80, rho=7):
    """The sampler of Karras et al. (2022) as its authors' code calls a network, without churn."""
    sigma_min, sigma_max = max(sigma_min, net.sigma_min), min(sigma_max, net.sigma_max)
    step_indices = torch.arange(num_steps, dtype=torch.float64)
    powers = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    t_steps = (powers[0] + step_indices / max(num_steps - 1, 1) * (powers[1] - powers[0])) ** rho
    t_steps = torch.cat([net.round_sigma(t_steps), torch.zeros_like(t_steps[:1])])
    x_next = latents.to(torch.float64) * t_steps[0]
    for i, (t_cur, t_next) in enumerate(pairwise(t_steps)):
        x_hat, t_hat = x_next, net.round_sigma(t_cur)
        d_cur = (x_hat - net(x_hat, t_hat, class_labels).to(torch.float64)) / t_hat
        x_next = x_hat + (t_next - t_hat) * d_cur
        if i < num_steps - 1:
            d_prime = (x_next - net(x_next, t_next, class_labels).to(torch.float64)) / t_next
            x_next = x_hat + (t_next - t_hat) * (0.5 * d_cur + 0.5 * d_prime)
    return x_next


@pytest.mark.parametrize("num_steps", [1, 2, 18, 1000])
def test_the_heun_loop_of_edm_ends_where_the_flow_ends_from_the_largest_level_there_is(torch, num_steps):
    ramp = min_norm_denoiser([[0.0], [1.0]], 0.1).network

    def path(rho):  # the closed form of two points, h(y) = [(y − ρ)_+ − (y − 1 + ρ)_+]/(1 − 2ρ)
        return ReLUNetwork(np.array([[1.0], [-1.0]]) / (1 - 2 * rho), np.ones((2, 1)), [-rho, rho - 1], None, [0.0])

    assert np.allclose(path(0.1)([[0.3]]), ramp([[0.3]]), rtol=0, atol=1e-12)
    net = interop.EDMDenoiser(path, 0.1, max_rho=0.4)
    latents = torch.linspace(-1, 1, 9, dtype=torch.float32).reshape(9, 1, 1, 1)
    end = edm_sampler(torch, net, latents, num_steps=num_steps)
    assert net.sigma_max == pytest.approx(4, rel=1e-5)
    exact = path(0.1 * net.sigma_max)(net.sigma_max * latents.double().numpy().reshape(9, 1))
    assert end.shape == latents.shape
    # Every coordinate is affine in σ: no step makes an error; from σ = 4 to 0.002 rounding grows 2000-fold.
    assert np.abs(end.numpy().reshape(9, 1) - exact).max() < 2000 * 64 * np.finfo(float).eps


@pytest.mark.parametrize("precision", ["bfloat16", "float16", "float32", "float64"])
def test_a_batch_of_images_is_returned_in_its_own_precision_for_a_level_of_any_kind(torch, precision):
    dtype = getattr(torch, precision)
    denoise = interop.EDMDenoiser(lambda rho: closed_form.orthogonal(POINTS, rho), 0.1)
    x = torch.tensor([[0.5, 0.125], [0.25, 1.875]], dtype=dtype).reshape(2, 1, 1, 2)
    expected = closed_form.orthogonal(POINTS, 0.05)(x.double().numpy().reshape(2, 2)).reshape(x.shape)
    for sigma in (0.5, torch.tensor(0.5), torch.tensor([0.5]), torch.full((2,), 0.5, dtype=dtype), np.float32(0.5)):
        value = denoise(x, sigma)
        assert (value.dtype, value.shape) == (dtype, x.shape)
        assert np.abs(value.double().numpy() - expected).max() <= torch.finfo(dtype).eps * 2
    with_graph = x.clone().requires_grad_()
    assert torch.equal(denoise(with_graph, 0.5), denoise(x, 0.5))
    assert torch.equal(denoise(x, torch.zeros(2)), x)


def test_bytes_are_numbers_and_their_denoised_values_are_not_cut_to_integers(torch):
    denoise = interop.EDMDenoiser(lambda rho: closed_form.orthogonal(4 * POINTS, rho), 0.1)
    for dtype in (torch.uint8, torch.int64):
        value = denoise(torch.tensor([[0, 1], [1, 2]], dtype=dtype), 2.0)
        assert value.dtype == torch.float32
        # Ramps from 0.2 to 3.8 and to 7.8.
        expected = [[0, 8 * 0.8 / 7.6], [4 * 0.8 / 3.6, 8 * 1.8 / 7.6]]
        assert np.allclose(value.numpy(), expected, rtol=0, atol=1e-6)
    with pytest.raises(ValueError, match="complex"):
        denoise(torch.zeros(1, 2, dtype=torch.complex64), 1.0)


def test_noise_predictions_take_tensors_of_steps(torch):
    signal = torch.cumprod(1 - torch.linspace(1e-4, 2e-2, 100), 0)
    predict = interop.EpsilonPrediction(
        interop.EDMDenoiser(lambda rho: closed_form.orthogonal(POINTS, rho), 0.1), signal
    )
    x = torch.tensor([[0.5, 0.1], [0.2, 1.9]]).reshape(2, 1, 1, 2)
    together = predict(x, torch.tensor([30, 60]))
    assert (together.dtype, together.shape) == (torch.float32, x.shape)
    for n, t in enumerate((30, 60)):
        assert torch.allclose(predict(x, torch.tensor(t))[n], together[n], rtol=0, atol=1e-6)
