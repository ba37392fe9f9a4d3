"""Trained networks beside exact ones: the table's numbers from the networks themselves, and against PyTorch."""

import numpy as np
import pytest

from exactnorm import ReLUNetwork
from exactnorm.closed_form import orthogonal
from exactnorm.experiments import trained_networks
from exactnorm.experiments.trained_networks import median_r2, score_flow_ends
from exactnorm.experiments.training import Objective, adam, noisy, started, value_and_gradient
from exactnorm.flow import closed_score_flow


def test_samples_lie_on_the_spheres_around_their_points():
    X = np.random.default_rng(0).standard_normal((4, 3))
    inputs, targets = noisy(X, 0.2, 5, np.random.default_rng(1))
    assert np.allclose(np.linalg.norm(inputs - targets, axis=1), 0.2)
    assert (targets.reshape(4, 5, 3) == X[:, None]).all()


def test_euler_s_score_flow_ends_where_the_exact_one_does():
    X = np.vstack([np.zeros(3), np.eye(3)])
    Y = X.mean(axis=0) + np.random.default_rng(2).standard_normal((50, 3))
    ends, exact = score_flow_ends(orthogonal(X, 0.2), Y), closed_score_flow(X, 0.2, Y, np.inf)
    assert np.mean(np.linalg.norm(ends - exact, axis=1) < 1e-6) > 0.95  # the others left the middle late


def test_the_exact_endpoints_have_r2_one_and_the_mean_has_none():
    exact, mean = np.random.default_rng(3).standard_normal((7, 4)), np.zeros(4)
    assert median_r2(exact, exact, mean) == 1
    assert median_r2(np.zeros((7, 4)), exact, mean) == pytest.approx(0)


def test_each_row_is_what_its_network_costs_and_misses_and_the_augmented_lagrangian_comes_near_the_bound():
    table = trained_networks(widths=(48,), points=3, samples=12, steps=200, starts=20, sizes=(2, 3))
    least = 3 * 2 / (1 - 2 * 0.2)  # Σ 2L/(L − 2ρ)
    for row in table.records():
        assert row["sums"] == (3 if row["size"] == 2 else 1)
        assert 0 <= row["stable"] <= row["sums"]
        assert row["misses_samples"] <= row["misses_balls"] * (1 + 1e-9)
        assert row["least"] == pytest.approx(least, rel=1e-9)
        assert row["above_bound"] == pytest.approx(row["cost"] / least - 1, rel=1e-9)
        # A network that interpolates whole balls cannot cost less than the bound.
        assert row["above_bound"] > -1e-6 or row["misses_balls"] > 1e-6
    best = {row["way"]: row for row in table.records()}["augmented Lagrangian"]
    assert best["misses_samples"] < 0.02
    assert abs(best["above_bound"]) < 0.2
    assert best["kinks_found"] >= 4


def test_an_unknown_way_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="'SGD' is none; give some of 'Adam'"):
        trained_networks(ways=("SGD",))


@pytest.mark.torch
def test_adam_by_hand_is_adam_of_pytorch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(4)
    X = rng.standard_normal((3, 2))
    objective = Objective(*noisy(X, 0.2, 4, rng), 1e-3)
    start = started(10, 2, rng, 0.5)
    *_, last = adam(start, lambda weights: value_and_gradient(weights, objective)[1], 50, 1e-2)
    a, w, b, V, c = weights = [torch.tensor(one, requires_grad=True) for one in start]
    inputs, targets = torch.tensor(objective.inputs), torch.tensor(objective.targets)
    optimiser = torch.optim.Adam(weights, lr=1e-2)
    for _ in range(50):
        optimiser.zero_grad()
        off = torch.relu(inputs @ w.T + b) @ a + inputs @ V.T + c - targets
        loss = 0.5 * (off**2).sum() / len(off) + 0.5e-3 * ((a**2).sum() + (w**2).sum())
        loss.backward()
        optimiser.step()
    for ours, theirs in zip(last, weights, strict=True):
        assert np.allclose(ours, theirs.detach().numpy(), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("size", [1e-200, 1e-30])
def test_neurons_that_decayed_to_nothing_join_no_others_and_give_no_nan(size):
    # Two kinks a thousandth apart, and a dead neuron whose kink is 1/size away.
    a = np.array([[1.0], [-2.0], [size]])
    h = ReLUNetwork(a, [[1.0], [1.0], [size]], [0.0, -1e-3, 1.0], None, [0.0])
    Y = np.linspace(-1, 1, 2001)[:, None]
    merged = h.merged()
    assert np.abs(merged(Y) - h(Y)).max() < 1e-12
    assert merged.representation_cost == pytest.approx(3.0)
    assert np.abs(h.balanced()(Y) - h(Y)).max() < 1e-12
