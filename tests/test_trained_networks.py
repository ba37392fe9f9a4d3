"""Trained networks beside exact ones: the table's numbers from the networks themselves, and against PyTorch."""

import numpy as np
import pytest

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


def test_weight_decay_and_the_augmented_lagrangian_cost_less_than_training_without():
    table = trained_networks(widths=(48,), points=3, samples=12, steps=500, starts=20, sizes=(2, 3))
    rows = {r["way"]: r for r in table.records() if r["size"] == 2}
    assert rows["Adam, weight decay"]["cost"] < rows["Adam"]["cost"]
    assert rows["augmented Lagrangian"]["cost"] < rows["Adam"]["cost"]
    for row in table.records():
        assert row["sums"] == (3 if row["size"] == 2 else 1)
        assert 0 <= row["stable"] <= row["sums"]
        assert row["misses_samples"] <= row["misses_balls"] * (1 + 1e-9)
        least = 3 * 2 / (1 - 2 * 0.1)  # Σ 2L/(L − 2ρ)
        assert row["above_bound"] == pytest.approx(row["cost"] / least - 1, rel=1e-9)
        # A network that interpolates whole balls cannot cost less than the bound.
        assert row["above_bound"] > -1e-6 or row["misses_balls"] > 1e-6


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
