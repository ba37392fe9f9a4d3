"""PyTorch modules hold the same network; round trips lose nothing."""

import numpy as np
import pytest

from exactnorm import ReLUNetwork, closed_form, interop, min_norm_denoiser, problems

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def torch():
    # Imported, not skipped: where these tests are asked for, PyTorch must be there.
    import torch

    return torch


@pytest.fixture(scope="module")
def network():
    return min_norm_denoiser(problems.acute().train).network


@pytest.fixture
def with_skip():
    rng = np.random.default_rng(0)
    return ReLUNetwork(
        rng.standard_normal((4, 3)),
        rng.standard_normal((4, 3)),
        rng.standard_normal(4),
        rng.standard_normal((3, 3)),
        rng.standard_normal(3),
    )


def test_a_round_trip_returns_the_same_weights_bit_for_bit(network, with_skip):
    for net in (network, with_skip):
        back = interop.from_torch(interop.to_torch(net))
        for name in ("a", "w", "b", "c"):
            assert np.array_equal(getattr(back, name), getattr(net, name))
        assert (back.V is None and net.V is None) or np.array_equal(back.V, net.V)


@pytest.mark.parametrize(("precision", "digits"), [("float64", 1e-13), ("float32", 1e-5)])
def test_values_agree_to_rounding_in_both_precisions_and_for_any_leading_shape(torch, with_skip, precision, digits):
    module = interop.to_torch(with_skip, dtype=getattr(torch, precision))
    y = np.random.default_rng(1).standard_normal((2, 5, 3))
    value = module(torch.tensor(y, dtype=getattr(torch, precision)))
    assert value.shape == (2, 5, 3)
    assert value.dtype == getattr(torch, precision)
    expected = with_skip(y.reshape(-1, 3)).reshape(2, 5, 3)
    assert np.abs(value.detach().numpy() - expected).max() < digits * np.abs(expected).max()


def test_the_gradient_is_the_network_s_jacobian_and_every_parameter_has_one(torch, with_skip):
    module = interop.to_torch(with_skip)
    y = torch.tensor([0.3, -0.2, 0.7], dtype=torch.float64, requires_grad=True)
    jacobian = torch.autograd.functional.jacobian(module, y)
    assert np.allclose(jacobian.numpy(), with_skip.jacobian(y.detach().numpy()), rtol=0, atol=1e-13)
    module(y).square().sum().backward()
    assert all(parameter.grad is not None for parameter in module.parameters())
    assert len(list(module.parameters())) == 5


def test_training_the_module_leaves_the_network_as_it_is(torch, network):
    before = network.a.copy()
    module = interop.to_torch(network)
    with torch.no_grad():
        module.a.add_(1.0)
    assert np.array_equal(network.a, before)


def test_a_trained_sequential_network_can_be_read(torch):
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(3, 7), torch.nn.ReLU(), torch.nn.Linear(7, 3)).double()
    network = interop.from_torch(module)
    y = np.random.default_rng(2).standard_normal((6, 3))
    assert np.allclose(network(y), module(torch.tensor(y)).detach().numpy(), rtol=0, atol=1e-14)
    with pytest.raises(TypeError, match="cannot read a two-layer ReLU network from Linear"):
        interop.from_torch(torch.nn.Linear(2, 2))


def test_a_sampler_in_pytorch_gets_tensors_of_its_own_dtype(torch):
    points = problems.orthogonal().train.points
    denoise = interop.EDMDenoiser(lambda rho: closed_form.orthogonal(points, rho), 0.1)
    x = torch.tensor([[0.5, 0.1], [0.2, 1.9]], dtype=torch.float32)
    value = denoise(x, torch.tensor([1.0, 2.0]))
    assert value.dtype == torch.float32
    assert np.allclose(value.numpy(), denoise(x.numpy().astype(float), [1.0, 2.0]), atol=1e-6)
