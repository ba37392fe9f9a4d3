"""What a training point did for a sample: program against formula, scores against gradients, files against arrays."""

import csv
import json

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from exactnorm.closed_form import orthogonal
from exactnorm.experiments import attribution_truth, leave_one_out, on_subsets, write_truth
from exactnorm.experiments.attribution import own_ramps
from exactnorm.experiments.attribution_scores import correlations, datamodeling_score, tracin
from exactnorm.experiments.leave_one_out import normalised_sum, raw_sum, sizes
from exactnorm.experiments.training import Objective, Weights, adam, augmented_lagrangian, started, value_and_gradient

OBTUSE = np.array([[0.0, 0, 0], [1, 0, 0], [-0.5, 1, 0], [-0.5, -0.6, 1]])
RIGHT = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1.3, 0], [0, 0, 1.7]])


def some_inputs(seed, count=60, dimension=3):
    return np.random.default_rng(seed).standard_normal((count, dimension))


@pytest.mark.parametrize("points", [OBTUSE, RIGHT], ids=["obtuse", "orthogonal"])
def test_only_the_own_ramp_moves_when_a_point_other_than_the_first_is_left_out_says_the_program(points):
    Y, rho = some_inputs(0), 0.1
    delta = leave_one_out(points, [rho], Y, method="program").delta[0]
    for n in (1, 2, 3):
        z = points[n] - points[0]
        L = np.sqrt(z @ z)
        ramp = np.array([min(max((y @ z / L - rho) / (L - 2 * rho), 0.0), 1.0) for y in Y])
        assert 0.1 < ramp.mean() < 0.9
        assert np.abs(delta[n] - ramp[:, None] * z).max() < 1e-9
        assert np.abs(own_ramps(points, rho, Y)[n - 1] - ramp[:, None] * z).max() < 1e-14


def test_without_the_first_point_every_ramp_moves():
    # The jump that is left along each axis, far out, is no longer that of the axis's own ramp.
    delta = leave_one_out(RIGHT, [0.1], np.vstack([20 * np.eye(3), -20 * np.eye(3)])).delta[0, 0]
    jumps = delta[:3] - delta[3:]
    for n in range(3):
        assert np.abs(jumps[n]).max() > 0.1
        assert np.linalg.norm(np.delete(jumps[n], n)) > 0.1


def test_differences_vanish_on_the_balls_of_points_that_stay():
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((4, 3))
    Y = OBTUSE + 0.1 * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    length = sizes(leave_one_out(OBTUSE, [0.1], Y).delta)[0]
    off = ~np.eye(4, dtype=bool)
    assert length[off].max() < 1e-5
    assert length[~off].min() > 0.3


def test_a_subset_s_denoiser_is_that_of_its_points():
    Y = some_inputs(2)
    found = on_subsets(RIGHT, [0.05, 0.2], Y, [[True, True, False, True]])
    assert found.delta.shape == (2, 1, 60, 3)
    for level, rho in enumerate((0.05, 0.2)):
        assert np.allclose(found.values[level, 0], orthogonal(RIGHT[[0, 1, 3]], rho)(Y), atol=1e-12)
        assert np.allclose(found.full[level], orthogonal(RIGHT, rho)(Y), atol=1e-12)


def test_the_normalised_sum_forgets_the_unit_of_each_level_and_the_raw_one_does_not():
    scores = np.abs(np.random.default_rng(3).standard_normal((3, 4, 5)))
    units = np.array([1e4, 1.0, 1e-4])[:, None, None]
    assert np.allclose(normalised_sum(scores), normalised_sum(scores * units), rtol=1e-12)
    assert np.allclose(raw_sum(scores * units), 1e4 * scores[0], rtol=1e-2)
    assert (normalised_sum(np.zeros((1, 2, 2))) == 0).all()


def test_gradients_by_hand_are_difference_quotients():
    rng = np.random.default_rng(4)
    weights, way = started(6, 3, rng, 0.7), Weights(*(rng.standard_normal(x.shape) for x in started(6, 3, rng)))
    Y, X, multipliers = rng.standard_normal((3, 5, 3))
    keep = np.where(rng.random((5, 6)) < 0.5, 0.0, 2.0)
    for objective, mask in ((Objective(Y, X), None), (Objective(Y, X, 0.3, 1.7, multipliers), keep)):
        gradient = value_and_gradient(weights, objective, mask)[1]
        step = 1e-6
        ends = (Weights(*(x + s * step * v for x, v in zip(weights, way, strict=True))) for s in (1, -1))
        up, down = (value_and_gradient(end, objective, mask)[0] for end in ends)
        along = sum(float((g * v).sum()) for g, v in zip(gradient, way, strict=True))
        assert along == pytest.approx((up - down) / (2 * step), rel=1e-6)


def test_adam_s_first_step_is_its_rate_in_the_direction_of_the_signs_and_it_finds_a_minimum():
    rng = np.random.default_rng(5)
    start = started(4, 2, rng)
    first = next(adam(start, lambda w: Weights(*(x + 3 for x in w)), 10, 0.1))
    assert all(np.allclose(x - y, 0.1, atol=1e-6) for x, y in zip(start, first, strict=True))
    *_, last = adam(start, lambda w: Weights(*(x - 1 for x in w)), 2000, 0.05, 1e-4)
    assert all(np.allclose(x, 1, atol=1e-3) for x in last)


def test_the_augmented_lagrangian_comes_to_the_least_cost_of_two_points_on_a_line():
    # By theory 2L/(L − 2ρ) = 2.5 for L = 1, ρ = 0.1; samples at the ends of the balls ask for the same.
    Y, X = np.array([[-0.1], [0.1], [0.9], [1.1]]), np.array([[0.0], [0.0], [1.0], [1.0]])
    found = []
    for seed in range(3):  # training may stop elsewhere: the best of three
        start = started(64, 1, np.random.default_rng(seed), 0.5)
        h = augmented_lagrangian(start, Y, X, rounds=20, penalty=3e4).network()
        found.append((np.abs(h(Y) - X).max(), h.representation_cost))
    costs = [cost for error, cost in found if error < 2e-3]
    assert costs
    assert min(abs(cost - 2.5) for cost in costs) < 0.025


def test_tracin_is_the_inner_product_of_gradients():
    rng = np.random.default_rng(6)
    weights = started(5, 2, rng, 0.6)
    inputs, points = rng.standard_normal((3, 4, 2)), rng.standard_normal((3, 2))
    queries, targets = rng.standard_normal((2, 6, 2))

    def gradient(Y, X):  # of the mean of ½‖h(y) − x‖²
        return np.concatenate([g.ravel() for g in value_and_gradient(weights, Objective(Y, X))[1]])

    scores = tracin([(0.5, weights), (0.25, weights)], inputs, points, queries, targets)
    for n in range(3):
        mine = gradient(inputs[n], np.tile(points[n], (4, 1)))
        for j in range(6):
            assert scores[n, j] == pytest.approx(0.75 * mine @ gradient(queries[[j]], targets[[j]]), rel=1e-10)


def test_correlations_are_those_of_scipy_and_say_nothing_of_constants():
    rng = np.random.default_rng(7)
    one, two = np.round(rng.standard_normal((2, 9, 4)), 1)
    assert np.allclose(
        correlations(one, two, ranks=False), [pearsonr(*pair)[0] for pair in zip(one.T, two.T, strict=True)]
    )
    assert np.allclose(
        correlations(one, two, ranks=True), [spearmanr(*pair)[0] for pair in zip(one.T, two.T, strict=True)]
    )
    assert np.isnan(correlations(np.ones((5, 1)), rng.standard_normal((5, 1)), ranks=True)).all()


def test_scores_of_which_values_of_subsets_are_sums_have_datamodeling_score_one():
    rng = np.random.default_rng(8)
    scores, subsets = rng.standard_normal((6, 3)), rng.random((12, 6)) < 0.5
    values = np.array([[sum(scores[n, j] for n in range(6) if s[n]) for j in range(3)] for s in subsets])
    assert np.allclose(datamodeling_score(scores, subsets, 3 * values**3), 1)
    assert np.allclose(datamodeling_score(-scores, subsets, values), -1)


def test_the_ground_truth_in_files_is_that_of_the_formula(tmp_path):
    samples = np.array([[1.0, 1.3, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.5]])
    truth = attribution_truth(RIGHT, [0.1], samples, samples[None], subsets=60)
    names = write_truth(tmp_path / "truth", truth)
    effect = np.load(tmp_path / "truth" / "loo_effect.npy")[0]
    # Without a point that is part of a vertex the sample is restored but for that part, ½‖x_n − x_0‖² away.
    assert np.allclose(effect[1:, 0], [0.5, 0.845, 0.0], atol=1e-12)
    assert np.allclose(effect[1:, 1], [0.5, 0.0, 0.0], atol=1e-12)
    with (tmp_path / "truth" / "effects.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert all(float(r["effect"]) == effect[int(r["removed"]), int(r["sample"])] for r in rows)
    assert json.loads((tmp_path / "truth" / "truth.json").read_text())["arrays"].keys() == set(names) - {
        "effects.csv", "truth.json",
    }  # fmt: skip
    indices = np.load(tmp_path / "truth" / "subset_indices.npy")
    assert indices.shape[1] == 2
    assert len({tuple(row) for row in indices}) == len(indices)
    values = np.load(tmp_path / "truth" / "subset_values.npy")[0]
    k = [tuple(row) for row in indices].index((0, 1))
    assert np.allclose(values[k], -0.5 * ((orthogonal(RIGHT[:2], 0.1)(samples) - samples) ** 2).sum(axis=1))
    with pytest.raises(FileExistsError, match="new directory"):
        write_truth(tmp_path / "truth", truth)


def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match="do not fit"):
        leave_one_out(RIGHT, [0.1, 0.2], np.zeros((3, 5, 3)))
    with pytest.raises(ValueError, match="two points in each row"):
        on_subsets(RIGHT, [0.1], np.zeros((1, 3)), [[True, False, False, False]])


def test_each_point_s_picture_shows_its_own_difference():
    from exactnorm import plot

    X = np.vstack([np.zeros(4), np.eye(4)])
    found = leave_one_out(X, [0.1], X[1:] * 0.9)
    axes = plot.attribution(found, 2)
    images = [image.get_array() for image in axes.images]
    assert len(images) == 12
    shown = [np.abs(image).max() for image in images[3::2]]
    assert shown[3] == pytest.approx(1.0)
    assert max(shown[1], shown[2], shown[4]) < 1e-12
    with pytest.raises(ValueError, match="no square image"):
        plot.attribution(leave_one_out(RIGHT, [0.1], RIGHT), 0)
