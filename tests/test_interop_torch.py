"""PyTorch modules hold the same network; round trips lose nothing."""

import copy

import numpy as np
import pytest

from exactnorm import ReLUNetwork, compare, interop, min_norm_denoiser, problems

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


@pytest.mark.parametrize(("d", "q"), [(3, 1), (2, 5), (1, 4)])
@pytest.mark.parametrize("skip", [True, False])
def test_a_network_from_one_space_to_another_is_the_same_function_and_comes_back(torch, d, q, skip):
    rng = np.random.default_rng(d)
    a, w, b = rng.standard_normal((6, q)), rng.standard_normal((6, d)), rng.standard_normal(6)
    V, c = rng.standard_normal((q, d)) if skip else None, rng.standard_normal(q)
    module = interop.to_torch(ReLUNetwork(a, w, b, V, c))
    y = rng.standard_normal((7, d))
    value = module(torch.tensor(y))
    # By hand: Σ_k a_k [w_k·y + b_k]_+ + V y + c, one sample at a time.
    bent = [sum(max(w[k] @ one + b[k], 0.0) * a[k] for k in range(6)) for one in y]
    expected = np.array(bent) + c + (y @ V.T if skip else 0.0)
    assert value.shape == (7, q)
    assert np.allclose(value.detach().numpy(), expected, rtol=0, atol=1e-13)
    back = interop.from_torch(module)
    for name, values in (("a", a), ("w", w), ("b", b), ("V", V), ("c", c)):
        assert (values is None and getattr(back, name) is None) or np.array_equal(getattr(back, name), values)
    layers = [torch.nn.Linear(d, 6), torch.nn.Linear(6, q)]
    plain = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1])
    read = interop.from_torch(plain)
    assert (read.dimension, read.outputs) == (d, q)
    off = plain.double()(torch.tensor(y)).detach().numpy() - read(y)
    assert np.abs(off).max() < 1e-13


def test_training_the_module_leaves_the_network_as_it_is(torch, network):
    before = network.a.copy()
    module = interop.to_torch(network)
    with torch.no_grad():
        module.a.add_(1.0)
    assert np.array_equal(network.a, before)


def modules(torch):
    """Modules whose networks are known: name → (module, function that says its value)."""
    nn = torch.nn
    torch.manual_seed(0)

    class Denoiser(nn.Module):
        """Layers defined in another order than they are used in, a functional ReLU, all of one shape."""

        def __init__(self, combine):
            super().__init__()
            self.bypass, self.down, self.up = nn.Linear(4, 4, bias=False), nn.Linear(4, 4), nn.Linear(4, 4)
            self.combine = combine

        def forward(self, y):
            return self.combine(y, self.down(nn.functional.relu(self.up(y))), self.bypass)

    sequential = nn.Sequential(nn.Linear(3, 7), nn.ReLU(), nn.Linear(7, 3))
    return {
        "Sequential": sequential,
        "in bfloat16": copy.deepcopy(sequential).bfloat16(),
        "other outputs, no bias": nn.Sequential(nn.Linear(3, 7, bias=False), nn.ReLU(), nn.Linear(7, 2, bias=False)),
        "one neuron": nn.Sequential(nn.Linear(3, 1), nn.ReLU(), nn.Linear(1, 3)),
        "images, with dropout": nn.Sequential(
            nn.Flatten(), nn.Sequential(nn.Linear(9, 5), nn.ReLU(), nn.Dropout()), nn.Linear(5, 9),
            nn.Unflatten(1, (1, 3, 3)),
        ),
        "weight norm": nn.Sequential(
            nn.utils.parametrizations.weight_norm(nn.Linear(3, 7)), nn.ReLU(), nn.Linear(7, 3)
        ),
        "no bypass": Denoiser(lambda y, ramps, bypass: ramps),  # noqa: ARG005
        "bypass": Denoiser(lambda y, ramps, bypass: ramps + bypass(y)),
        "residual": Denoiser(lambda y, ramps, bypass: y + ramps),  # noqa: ARG005
        "noise": Denoiser(lambda y, ramps, bypass: y - ramps),  # noqa: ARG005
    }  # fmt: skip


def test_two_linear_layers_and_a_relu_are_found_wherever_they_are(torch):
    for name, module in modules(torch).items():
        module.train()
        network = interop.from_torch(module)
        assert module.training, name
        exact = copy.deepcopy(module).double().eval()
        y = 2 * np.random.default_rng(2).standard_normal((50, network.dimension))
        value = exact(torch.tensor(y)).detach().numpy().reshape(50, -1)
        assert np.ptp(value) > 0.01, name
        assert np.abs(network(y) - value).max() < 1e-13, name
        # The network is a copy.
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.fill_(7.0)
        assert np.abs(network(y) - value).max() < 1e-13, name


def test_a_state_dict_is_read_by_the_names_of_its_layers(torch):
    found = modules(torch)
    module = found["bypass"]
    by_names = interop.from_torch(module.state_dict(), first="up", last="down", skip="bypass")
    read = interop.from_torch(module)
    for name in ("a", "w", "b", "c", "V"):
        assert np.array_equal(getattr(by_names, name), getattr(read, name))
    assert interop.from_torch(module.state_dict(), first="up", last="down").V is None
    with pytest.raises(ValueError, match="give first= and last= of '0' 7×3, '2' 3×7"):
        interop.from_torch(found["Sequential"].state_dict())
    with pytest.raises(ValueError, match="there is no layer '5'"):
        interop.from_torch(found["Sequential"].state_dict(), first="0", last="5")
    with pytest.raises(ValueError, match="layers of 7 to 3, 4 to 7 do not fit"):
        interop.from_torch({**found["Sequential"].state_dict(), "0.weight": torch.ones(7, 4)}, first="2", last="0")


def test_names_choose_among_the_layers_of_a_module_and_cannot_make_it_what_it_is_not(torch):
    module = modules(torch)["no bypass"]
    expected = interop.from_torch(module, first="up", last="down")
    assert np.array_equal(expected.w, module.up.weight.detach().numpy())
    with pytest.raises(ValueError, match="differ from its own values"):
        interop.from_torch(module, first="down", last="up")
    with pytest.raises(ValueError, match="there is no Linear 'out' in it; there are 'bypass', 'down', 'up'"):
        interop.from_torch(module, first="out", last="down")


@pytest.mark.parametrize(
    ("activation", "message"),
    [
        (lambda nn: nn.SiLU(), "its SiLU has no kinks"),
        (lambda nn: nn.GELU(), "its GELU has no kinks"),
        (lambda nn: nn.Tanh(), "its Tanh has no kinks"),
        (lambda nn: nn.Softplus(beta=1e6), "its Softplus has no kinks"),
        (lambda nn: nn.LeakyReLU(0.2), r"its LeakyReLU is s·t \+ \(1 − s\)\[t\]_\+"),
        (lambda nn: nn.ReLU6(), "its ReLU6 bends otherwise"),
        (lambda nn: nn.Sequential(nn.BatchNorm1d(7), nn.ReLU()), "its BatchNorm1d is no part"),
        (lambda nn: nn.Sequential(nn.LayerNorm(7), nn.ReLU()), "its LayerNorm is no part"),
        (lambda nn: nn.Identity(), "differ from its own values, by .* on random inputs"),
        (lambda nn: nn.Sequential(nn.ReLU(), nn.Linear(7, 7), nn.ReLU()), "it has 2 layers of ReLU, .*single hidden"),
        (lambda nn: nn.Sequential(*[nn.Linear(7, 7) for _ in range(3)]), "it has 5 Linear layers; name two"),
    ],
)
def test_a_module_that_is_no_two_layer_relu_network_is_told_why(torch, activation, message):
    nn = torch.nn
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 7), activation(nn), nn.Linear(7, 3))
    with pytest.raises(ValueError, match=message):
        interop.from_torch(module)


def test_what_a_leaky_network_is_told_is_the_same_function(torch):
    nn = torch.nn
    torch.manual_seed(0)
    module, s = nn.Sequential(nn.Linear(3, 7), nn.LeakyReLU(0.2), nn.Linear(7, 3)).double(), 0.2
    w, b, aT, c = (one.detach().numpy() for one in module.parameters())
    same = ReLUNetwork((1 - s) * aT.T, w, b, s * aT @ w, c + s * aT @ b)
    y = np.random.default_rng(0).standard_normal((20, 3))
    assert np.abs(same(y) - module(torch.tensor(y)).detach().numpy()).max() < 1e-14


def test_a_functional_smooth_activation_and_a_bounded_output_do_not_pass_for_a_relu(torch):
    nn, F = torch.nn, torch.nn.functional
    torch.manual_seed(0)
    layers = nn.ModuleList([nn.Linear(3, 7), nn.Linear(7, 3)])

    class Other(nn.Module):
        def __init__(self, between, after=lambda h: h):
            super().__init__()
            self.layers, self.between, self.after = layers, between, after

        def forward(self, y):
            return self.after(self.layers[1](self.between(self.layers[0](y))))

    interop.from_torch(Other(F.relu))
    for other in (Other(F.silu), Other(lambda t: F.softplus(t, beta=1e6)), Other(F.relu, lambda h: h.clamp(-100, 100))):
        with pytest.raises(ValueError, match="differ from its own values"):
            interop.from_torch(other)


def test_what_is_no_module_and_what_takes_more_than_an_input_is_refused(torch):
    nn = torch.nn

    class AtNoise(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(3, 7), nn.ReLU(), nn.Linear(7, 3))

        def forward(self, y, sigma):
            return self.net(y) / sigma

    with pytest.raises(ValueError, match=r"could not be evaluated .* 'sigma'\); wrap it so that y alone is its input"):
        interop.from_torch(AtNoise())
    with pytest.raises(ValueError, match="it has 1 Linear layer;"):
        interop.from_torch(nn.Linear(2, 2))
    with pytest.raises(ValueError, match="its Conv2d is not a dense layer"):
        interop.from_torch(nn.Conv2d(1, 1, 3))
    for wrong in (None, "model.pt", np.eye(2), {"model": {}}):
        with pytest.raises(TypeError, match=r"from_torch takes a module of two torch\.nn\.Linear"):
            interop.from_torch(wrong)


@pytest.mark.usefixtures("torch")
def test_a_denoiser_is_taken_for_its_network_and_a_dtype_that_is_none_is_refused(network):
    denoiser = min_norm_denoiser(problems.acute().train)
    assert np.array_equal(interop.to_torch(denoiser).a.detach().numpy(), denoiser.network.a)
    with pytest.raises(TypeError, match=r"exactnorm\.load"):
        interop.to_torch("denoiser.npz")
    with pytest.raises(TypeError, match="give a floating one of PyTorch"):
        interop.to_torch(network, dtype="float32")


def test_a_trained_module_is_compared_with_the_exact_denoiser(torch):
    exact = min_norm_denoiser(problems.univariate().train)
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(1, 20), torch.nn.ReLU(), torch.nn.Linear(20, 1))
    found = compare(interop.from_torch(module), exact)
    assert found.cost < exact.certificate.lower
    assert not found.interpolates
    assert "only means that it does not interpolate" in found.reading
