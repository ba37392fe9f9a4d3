"""Trained networks beside exact ones: the table's numbers from the networks themselves, and against PyTorch."""

import math
import tracemalloc
from itertools import combinations

import numpy as np
import pytest

from exactnorm import ReLUNetwork
from exactnorm.closed_form import orthogonal
from exactnorm.experiments import trained_networks
from exactnorm.experiments.trained_networks import COLUMNS, falling, median_r2, score_flow_ends
from exactnorm.experiments.training import Objective, adam, noisy, started, value_and_gradient
from exactnorm.experiments.virtual_points import perturbed, stable_counts, sums
from exactnorm.flow import closed_score_flow

pytestmark = pytest.mark.usefixtures("alone")  # memory is measured


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


@pytest.mark.parametrize("block", [1, 7, 20, 4096])
def test_blocks_hold_every_sum_once_and_in_order(block):
    axes = np.random.default_rng(5).standard_normal((6, 4))
    found = list(sums(axes, 3, block))
    assert {len(one) for one in found[:-1]} <= {block}
    assert [row.tolist() for one in found for row in one] == [
        (axes[i] + axes[j] + axes[k]).tolist() for i, j, k in combinations(range(6), 3)
    ]


@pytest.mark.parametrize(("size", "total"), [(2, 435), (3, 4060), (4, 27405)])
def test_sums_of_points_that_a_network_does_not_know_move_and_all_others_stay(size, total):
    """The exact denoiser of 0 and twenty of thirty orthonormal points takes what lies along the other ten to 0."""
    axes = np.eye(30)
    twenty, thirty = (
        orthogonal(np.vstack([np.zeros(30), known]), 0.2) for known in (axes[np.arange(30) % 3 > 0], axes)
    )
    assert stable_counts(twenty, axes, size, (0.2, 1e-9), 300) == ([math.comb(20, size)] * 2, total)
    assert stable_counts(thirty, axes, size, (0.2, 1e-9), 300) == ([total] * 2, total)


def test_sums_of_four_are_counted_as_one_sum_and_one_neuron_at_a_time():
    rng = np.random.default_rng(6)
    axes = np.linalg.qr(rng.standard_normal((8, 8)))[0]
    h = perturbed(orthogonal(np.vstack([np.zeros(8), axes]), 0.2), 0.15, rng)
    neurons = list(zip(h.a.tolist(), h.w.tolist(), h.b.tolist(), strict=True))
    moved = []
    for rows in combinations(axes.tolist(), 4):
        first = y = [sum(entries) for entries in zip(*rows, strict=True)]
        for _ in range(60):
            on = [max(sum(p * q for p, q in zip(w, y, strict=True)) + b, 0.0) for _, w, b in neurons]
            y = [c + sum(z * a[i] for z, (a, _, _) in zip(on, neurons, strict=True)) for i, c in enumerate(h.c)]
        moved.append(max(abs(p - q) for p, q in zip(y, first, strict=True)))
    thresholds = (0.5, 0.2, 0.05)
    brute = [sum(one <= threshold for one in moved) for threshold in thresholds]
    assert 0 < brute[1] < len(moved)
    assert min(abs(one - threshold) for one in moved for threshold in thresholds) > 1e-9
    assert stable_counts(h, axes, 4, thresholds, 60) == (brute, math.comb(8, 4))


def test_a_quarter_of_a_million_sums_of_four_are_never_in_memory_together():
    h = orthogonal(np.vstack([np.zeros(50), np.eye(50)]), 0.2)  # no row moves, so that one iteration is all
    tracemalloc.start()
    counted = stable_counts(h, np.eye(50), 4, (0.2,), 300)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counted == ([230300], 230300)
    assert peak < 230300 * 50 * 8 / 4  # a quarter of the sums alone


def test_a_network_that_throws_its_inputs_to_infinity_keeps_no_sum_and_warns_of_nothing():
    h = ReLUNetwork(np.zeros((1, 3)), np.zeros((1, 3)), [0.0], 1e3 * np.eye(3), np.zeros(3))
    assert stable_counts(h, np.eye(3), 2, (0.2,), 300) == ([0], 3)
    assert np.isfinite(score_flow_ends(h, np.eye(3))).all()


def test_the_order_of_the_shares_is_that_of_each_network():
    def row(way, size, stable, total):
        known = {"way": way, "width": 8, "samples": 4, "size": size, "stable": stable, "sums": total}
        return tuple(known.get(name, 0.0) for name in COLUMNS)

    down = (row("Adam", 3, 4, 8), row("Adam", 2, 9, 10))
    up = (row("Adam, dropout", 2, 1, 10), row("Adam, dropout", 3, 4, 8))
    none = (row("augmented Lagrangian", 2, 0, 10), row("augmented Lagrangian", 3, 0, 8))
    assert falling(down + up + none) == (1, 2)
    assert falling(none) == falling(down[:1]) == (0, 0)


def test_each_row_is_what_its_network_costs_and_misses_and_the_augmented_lagrangian_comes_near_the_bound():
    table = trained_networks(widths=(48,), points=3, samples=(12,), steps=200, starts=20, sizes=(2, 3))
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


def test_a_network_for_each_number_of_samples_and_the_published_counts_beside_thirty_points_only():
    how = {"ways": ("Adam",), "widths": (8, 9), "steps": 1, "starts": 3}
    records = trained_networks(points=4, samples=(3, 5), sizes=(2, 3, 4), **how).records()
    assert [(r["samples"], r["width"], r["size"]) for r in records] == [
        (M, width, size) for M in (3, 5) for width in (8, 9) for size in (2, 3, 4)
    ]
    assert [r["sums"] for r in records[:3]] == [6, 4, 1]
    assert {r["published"] for r in records} == {None}
    assert records == [
        r for M in (3, 5) for r in trained_networks(points=4, samples=(M,), sizes=(2, 3, 4), **how).records()
    ]
    of_thirty = trained_networks(points=30, samples=(1,), sizes=(2, 4), **how | {"widths": (8,)}).records()
    assert [(r["sums"], r["published"]) for r in of_thirty] == [(435, 429), (27405, 6965)]


def test_weight_decay_is_what_was_asked_for_and_none_is_adam_alone():
    how = {"widths": (24,), "points": 3, "samples": (12,), "steps": 300, "starts": 3, "sizes": (2,)}

    def costs(decay):
        return trained_networks(ways=("Adam", "Adam, weight decay"), decay=decay, **how).column("cost")

    none, some, much = costs(0.0), costs(1e-3), costs(3e-2)
    assert none[0] == some[0] == much[0] == none[1]
    assert none[1] > some[1] > much[1]


def test_a_sum_is_stable_within_the_threshold_after_the_iterations_asked_for():
    how = {"ways": ("Adam",), "widths": (16,), "points": 4, "samples": (5,), "steps": 50, "starts": 3, "sizes": (2,)}

    def stable(**asked):
        return trained_networks(**how, **asked).column("stable")[0]

    assert stable(threshold=1e9, iterations=1) == 6
    assert stable(threshold=1e-9) == 0
    # One step of a network that is hardly trained moves sums less than three hundred do.
    assert stable(threshold=0.3, iterations=300) <= stable(threshold=0.3, iterations=1)
    with pytest.raises(ValueError, match="threshold=0; give a positive distance"):
        trained_networks(threshold=0.0)


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
