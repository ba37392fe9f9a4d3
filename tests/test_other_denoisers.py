"""Denoisers of neighbouring theories: formulas against programs, brute force and limits."""

import math
import sys

import numpy as np
import pytest
from scipy.integrate import quad

from exactnorm import min_norm_network
from exactnorm.baselines import (
    EmpiricalMMSE,
    LinearDenoiser,
    SampledLinear,
    divergence,
    divergence_limit,
    expected_trace,
    followed,
    generated,
    inertia_level,
    penalised_cost,
    penalised_optimum,
)
from exactnorm.closed_form import orthogonal, univariate
from exactnorm.experiments import exact_denoiser, exact_score, inertia_end, linear_one_step, other_denoisers
from exactnorm.experiments.inertia_end import circle_distance, normal_lattice
from exactnorm.experiments.score_matching import noisy_numbers
from exactnorm.experiments.training import Objective, augmented_lagrangian, started, value_and_gradient
from exactnorm.flow import closed_probability_flow, sampler_levels

DENOISERS = sys.modules[other_denoisers.__module__].DENOISERS  # the function hides the module of its name


def test_the_divergence_is_the_integral_of_the_log_ratio_of_densities():
    mean, variance = 0.3, 1.7

    def integrand(x):
        p = math.exp(-((x - mean) ** 2) / 2 / variance) / math.sqrt(2 * math.pi * variance)
        return p * (-((x - mean) ** 2) / 2 / variance + (x + 0.2) ** 2 / 2 / 0.8 - math.log(variance / 0.8) / 2)

    claimed = divergence(np.array([mean]), np.array([[variance]]), -0.2, 0.8)
    assert claimed == pytest.approx(quad(integrand, -20, 20)[0], rel=1e-8)
    assert divergence(np.zeros(2), np.diag([1.0, 0.0]), 0, 1) == math.inf


def test_the_limit_is_that_of_many_points_and_its_known_value():
    assert divergence_limit(20, 0.982) == pytest.approx(1.886, abs=5e-4)
    rng = np.random.default_rng(0)
    x, noise = 1.3 + math.sqrt(2) * rng.standard_normal((200_000, 2)), rng.standard_normal((200_000, 2))
    assert divergence(*generated(x, noise, 0.5), 1.3, 2.0) == pytest.approx(divergence_limit(2, 0.5, 2.0), abs=2e-3)


def test_what_is_generated_has_the_moments_of_what_the_fitted_map_makes_of_normal_inputs():
    rng = np.random.default_rng(1)
    x, noise = rng.standard_normal((2, 30, 3))
    y = x + math.sqrt(0.6) * noise
    coefficients = np.linalg.lstsq(np.column_stack([y, np.ones(30)]), x, rcond=None)[0]
    z = x.mean(axis=0) + math.sqrt(y.var(axis=0).mean()) * rng.standard_normal((400_000, 3))
    made = np.column_stack([z, np.ones(len(z))]) @ coefficients
    mean, covariance = generated(x, noise, 0.6)
    assert np.allclose(made.mean(axis=0), mean, atol=5e-3)
    assert np.allclose(np.cov(made.T), covariance, atol=5e-3)


def test_with_many_points_sampled_noise_gives_the_wiener_filter():
    x = np.random.default_rng(2).standard_normal((50_000, 2)) @ [[1.0, 0.4], [0.0, 0.5]]
    y = np.array([[1.0, -2.0], [0.3, 0.1]])
    fitted = SampledLinear(x, np.random.default_rng(3))
    assert np.allclose(fitted(y, 0.7), LinearDenoiser(x)(y, 0.7), atol=0.03)
    assert np.allclose(fitted.score(y, 0.7) * 0.49, fitted(y, 0.7) - y)
    assert fitted(y[0], 0.7).shape == (2,)


def test_the_curve_falls_to_its_limit_and_is_infinite_without_enough_points():
    table = linear_one_step(counts=(4, 8, 400), runs=20, dimension=4)
    few, middle, many = table.records()
    assert few["mean"] is None
    assert middle["median"] > many["median"] > many["limit"]
    assert many["median"] < many["limit"] + 0.1


def test_penalised_biases_cost_on_intervals_what_the_program_says():
    x, rho = np.array([-1.0, 0.3, 2.0]), 0.2
    inputs = x[:, None] + rho * np.linspace(-1, 1, 5)
    found = min_norm_network(inputs.reshape(-1, 1), np.repeat(x, 5), penalise_bias=True)
    assert found.certificate.gap < 1e-6
    assert penalised_optimum(x, rho) == pytest.approx(found.certificate.upper, rel=1e-6)
    assert penalised_cost(univariate(x[:, None], rho)) == pytest.approx(penalised_optimum(x, rho), rel=1e-12)
    assert penalised_cost(found.network) == pytest.approx(found.certificate.upper, rel=1e-6)
    with pytest.raises(ValueError, match="touch or overlap"):
        penalised_optimum(x, 0.7)


def test_score_matching_and_denoising_are_one_program():
    x, sigma, decay = [0.0, 1.0, 2.5], 0.3, 0.01
    score = exact_score(x, sigma, decay, np.random.default_rng(4))
    denoiser = exact_denoiser(x, sigma, decay, np.random.default_rng(4))
    y = np.linspace(-1, 4, 60)[:, None]
    assert score.network.neurons > 0
    assert np.abs(y[:, 0] + sigma**2 * score(y).ravel() - denoiser(y).ravel()).max() < 1e-4
    assert score.certificate.upper == pytest.approx(denoiser.certificate.upper / sigma**4, rel=1e-5)


def test_no_trained_network_has_a_smaller_score_matching_objective():
    sigma, decay = 0.3, 0.05
    bracket = exact_score([0.0, 1.0], sigma, decay, np.random.default_rng(5)).certificate
    x, y = noisy_numbers([0.0, 1.0], sigma, np.random.default_rng(5), 8)
    objective = Objective(y[:, None], ((x - y) / sigma**2)[:, None], decay)
    values = []
    for seed in range(4):
        start = started(100, 1, np.random.default_rng(seed), 0.5)
        # One round without multipliers minimises the objective divided by the weight decay.
        data = objective.inputs, objective.targets
        values.append(value_and_gradient(augmented_lagrangian(start, *data, rounds=1, penalty=1 / decay), objective)[0])
    assert bracket.lower <= min(values) * (1 + 1e-9)
    assert min(values) < 1.05 * bracket.upper


def test_large_weight_decay_leaves_the_line_of_least_squares():
    x, y = noisy_numbers([0.0, 1.0, 2.5], 0.3, np.random.default_rng(7), 8)
    found = exact_score([0.0, 1.0, 2.5], 0.3, 1e3, np.random.default_rng(7))
    line = np.polyval(np.polyfit(y, (x - y) / 0.09, 1), [0.5, 3.0])
    assert np.allclose(found([[0.5], [3.0]]).ravel(), line, atol=1e-4)


def test_euler_steps_of_the_minimum_norm_denoiser_end_where_the_flow_does_on_orthogonal_data():
    X = np.vstack([np.zeros(3), np.diag([1.0, 1.3, 1.7])])
    start = X.mean(axis=0) + 0.8 * np.random.default_rng(8).standard_normal((40, 3))
    levels = sampler_levels(9, 1e-3, 0.8)
    ends = followed(lambda y, sigma: orthogonal(X, 0.5 * sigma)(y), start, levels)
    assert np.allclose(ends, closed_probability_flow(X, 0.5, start, 0.8), atol=1e-9)


def test_an_inertia_end_is_one_denoising_step_and_its_level_falls_with_the_number_of_points():
    X, y = np.array([[0.0], [1.0]]), np.array([[0.3]])
    h = EmpiricalMMSE(X)
    assert followed(h, y, np.array([0.4, 0.0])) == pytest.approx(h(y, 0.4))
    assert inertia_level(1, 3) == 1
    assert inertia_level(32, 1, unit=2.0) == pytest.approx(2 * 32**-0.2)


def test_empirical_flows_end_at_training_points_and_others_in_known_places():
    table = other_denoisers(starts=60, levels=8, sets=("line", "orthonormal"))
    found = {(r["data"], r["denoiser"]): r for r in table.records()}
    assert found["orthonormal", "empirical MMSE"]["training"] == 1
    for name in ("linear", "linear, sampled noise", "smoothed closed form", "empirical MMSE"):
        assert found["orthonormal", name]["virtual"] == 0
    assert found["orthonormal", "minimum norm"]["virtual"] > 0.1
    # On intervals penalised biases change the cost and not the minimiser; samples at their ends ask for as much.
    for column in ("training", "memorised"):
        assert found["line", "penalised bias"][column] == found["line", "minimum norm"][column]
    for row in table.records():
        assert sum(row[k] for k in ("training", "virtual", "boundary", "interior", "elsewhere")) == pytest.approx(1)


def test_where_most_ends_of_one_set_are_at_training_points_the_statement_that_they_are_not_differs(monkeypatch):
    """Five digits in 64 dimensions: an inertia end stops so late that it hardly ends anywhere else."""
    # Digits take a program a level, which has nothing to do with this.
    monkeypatch.setitem(DENOISERS, "minimum norm", lambda points, _: LinearDenoiser(points))
    table = other_denoisers(starts=60, levels=8, sets=("obtuse", "digits"))
    at = {r["data"]: r["training"] for r in table.records() if r["denoiser"] == "empirical MMSE, inertia end"}
    assert at["obtuse"] < 0.2
    assert at["digits"] > 0.8
    verdicts = {s.text.split(" (")[0]: s.verdict for s in table.statements}
    assert verdicts["An inertia end generates samples that are not the training points"] == "differs"
    assert verdicts["Smoothing the closed-form score makes flows end between training points"] == "agrees"


def test_the_reading_says_how_many_ends_of_the_minimum_norm_denoiser_are_at_sums():
    table = other_denoisers(starts=60, levels=8, sets=("orthonormal",))
    (ours,) = [r for r in table.records() if r["denoiser"] == "minimum norm"]
    assert f"up to {ours['virtual']:.0%} are at sums" in table.reading
    assert f"up to {ours['boundary']:.0%} elsewhere" in table.reading
    obtuse = other_denoisers(starts=60, levels=8, sets=("obtuse",))
    assert "up to 0% are at sums" in obtuse.reading


def test_the_trace_that_is_expected_of_what_is_generated_is_its_mean_and_infinite_for_too_few_points():
    rng = np.random.default_rng(9)
    n, d, ell = 14, 3, 0.7
    traces = [np.trace(generated(*rng.standard_normal((2, n, d)), ell)[1]) for _ in range(4000)]
    assert abs(np.mean(traces) - expected_trace(n, d, ell)) < 4 * np.std(traces) / math.sqrt(len(traces))
    assert expected_trace(10**7, d, ell) == pytest.approx(d / (1 + ell), rel=1e-5)  # that of the Wiener filter
    assert expected_trace(d + 2, d, ell) == math.inf
    assert math.isfinite(expected_trace(d + 3, d, ell))


def test_a_score_without_a_skip_connection_costs_more_by_its_slope_at_most():
    x, sigma, decay = [0.0, 1.0, 2.5], 0.3, 0.3
    free, bare = (exact_score(x, sigma, decay, np.random.default_rng(4), skip=skip) for skip in (True, False))
    assert bare.certificate.gap < 1e-6
    assert bare.network.V is None
    # V y + c is one neuron of cost |V| whose kink is below all samples, and a constant.
    most = free.certificate.upper + decay * abs(float(free.network.V[0, 0]))
    assert free.certificate.upper * 1.01 < bare.certificate.lower
    assert bare.certificate.upper < most * (1 + 1e-6)


def test_without_a_skip_connection_large_weight_decay_leaves_a_constant():
    x, y = noisy_numbers([0.0, 1.0, 2.5], 0.3, np.random.default_rng(7), 8)
    found = exact_score([0.0, 1.0, 2.5], 0.3, 1e3, np.random.default_rng(7), skip=False)
    assert np.allclose(found([[0.5], [3.0]]), np.mean((x - y) / 0.09), atol=1e-4)


def test_distances_along_the_circle_are_those_that_are_known():
    for n in (1, 2, 5):  # each of n even places is the nearest to an arc of 2π/n
        even = 0.3 + 2 * math.pi * np.arange(n) / n
        assert circle_distance(even) == pytest.approx(math.pi / (2 * n), rel=1e-3)
    assert circle_distance(np.linspace(0, 2 * math.pi, 5001)[1:]) < 1e-3
    half = np.linspace(0, math.pi, 4001)[1:]  # from the half circle every point is carried on by a quarter, on average
    assert circle_distance(half) == pytest.approx(math.pi / 4, rel=1e-2)


def test_blurred_points_are_where_the_flow_of_the_empirical_denoiser_is_left():
    X = np.array([[1.0, 0], [0, 1], [-0.6, -0.8]])
    h, level, far = EmpiricalMMSE(X), 0.7, 30.0
    start = X.mean(axis=0) + far * normal_lattice(3000)
    ends = followed(h, start, [*np.geomspace(far, level, 300), 0.0])
    made = np.concatenate([h(x + level * normal_lattice(1000), level) for x in X])
    assert np.allclose(ends.mean(axis=0), made.mean(axis=0), atol=0.02)
    assert np.allclose(np.cov(ends.T), np.cov(made.T), atol=0.02)


def test_the_distance_of_an_inertia_end_is_no_less_than_any_function_of_slope_one_shows():
    (row,) = inertia_end(counts=(6, 9), sets=1).records()[:1]
    # 1 − ‖y‖ has slope one and is 0 on the circle.
    assert row["distance"] > row["inwards"] > 0.05
    assert row["scaled"] == pytest.approx(row["distance"] * 6**0.4)
    with pytest.raises(ValueError, match="two numbers of points"):
        inertia_end(counts=(6,))
