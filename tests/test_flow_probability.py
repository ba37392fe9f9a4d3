"""The probability flow: pieces, the integrator and the closed form; stand-ins; samplers; what is refused."""

import math

import numpy as np
import pytest
from probability_paths import COUPLED, POINTS, obtuse, path, random_starts

from exactnorm.closed_form import equilateral_triangle, orthogonal, rays
from exactnorm.flow import (
    Family,
    box_time,
    closed_probability_flow,
    probability_flow,
    sample,
    sampler_levels,
    score_flow,
)
from exactnorm.flow.probability.high_noise import stand_in_flow
from exactnorm.network import ReLUNetwork


def test_the_integrator_agrees_with_the_closed_form_and_pieces_converge_to_it():
    Y = random_starts(0, m=40)
    exact = closed_probability_flow(POINTS, 1.0, Y, 0.3)
    stepped = probability_flow(path, Y[:6], "edm", alpha=1.0, T=0.3, method="ivp")
    assert np.abs(stepped.endpoint - exact[:6]).max() < 1e-7
    errors = []
    for steps in (20, 80, 320):
        flow = probability_flow(path, Y, "edm", alpha=1.0, T=0.3, steps=steps)
        assert flow.complete
        errors.append(np.abs(flow.endpoint - exact).mean())
    assert errors[0] > 1e-5  # levels do cost something
    assert errors[1] < errors[0] / 3
    assert errors[2] < errors[1] / 3


def test_only_families_on_orthogonal_lines_are_taken_for_one():
    turned = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0][:3]
    on_lines = [
        POINTS,
        3 + np.array([[0.0, 0, 0, 0], *(np.diag([1.0, 2, 3]) @ turned)]),
        np.array([[0.0], [1.0], [2.5]]),
        np.array([[0.0, 0], [1, 0], [2.5, 0], [-2, 0], [0, 3], [0, -1]]),
    ]
    for points in on_lines:
        y = np.random.default_rng(1).standard_normal((50, points.shape[1])) + points.mean(axis=0)
        flow = probability_flow(lambda rho, X=points: rays(X, rho), y, "edm", alpha=1.0, T=0.3)
        assert flow.method == "closed"
        np.testing.assert_allclose(flow.endpoint, rays(points, 0.3)(y), rtol=0, atol=1e-12)
    nearly = np.array([[0.0, 0.0], [1.0, 0.0], [-1e-4, 1.4]])
    others = [
        obtuse,
        lambda rho: rays(nearly, rho),
        lambda rho: orthogonal(POINTS, min(rho, 0.2)),  # another family below the first radius
        lambda rho: orthogonal(POINTS, 1.01 * rho),
    ]
    for other in others:
        y = np.zeros(other(0.1).dimension)
        assert probability_flow(other, y, "edm", alpha=1.0, T=0.3, sigma_end=0.1).method == "pieces"
        with pytest.raises(ValueError, match="not recognised as those of data on orthogonal lines"):
            probability_flow(other, y, "edm", alpha=1.0, T=0.3, method="closed")


def test_states_at_asked_noise_levels_are_those_of_the_closed_form():
    Y = random_starts(1)
    sigmas = [0.3, 0.17, 0.05, 0.0]
    exact = np.stack([closed_probability_flow(POINTS, 1.0, Y, 0.3, s) for s in sigmas])
    flow = probability_flow(path, Y, "edm", alpha=1.0, T=0.3, sigmas=sigmas, method="ivp")
    assert np.abs(flow.states - exact).max() < 1e-7
    assert flow.times[0] == 0
    assert flow.times[-1] == math.inf
    pieces = probability_flow(path, Y, "edm", alpha=1.0, T=0.3, sigmas=sigmas, steps=400)
    assert np.abs(pieces.states - exact).max() < 5e-3


def test_one_start_and_a_batch_of_one_give_the_same_numbers():
    y = np.array([0.3, 0.8, 0.2])
    one = probability_flow(path, y, "ve", alpha=1.0, T=0.05, steps=20)
    many = probability_flow(path, y[None], "ve", alpha=1.0, T=0.05, steps=20)
    assert one.endpoint.shape == (3,)
    np.testing.assert_array_equal(one.endpoint, many.endpoint[0])
    assert one.regions == many.regions[0]


def obtuse_reference():
    return probability_flow(obtuse, COUPLED, "edm", alpha=0.8, T=0.3, method="ivp", rtol=1e-7).endpoint


def test_pieces_and_samplers_converge_to_the_integrator_where_coordinates_couple():
    reference = obtuse_reference()
    one_step = obtuse(0.24)(COUPLED)
    assert np.abs(one_step - reference).max() > 0.01  # not exact in one step: the comparison is not vacuous
    ways = {
        "pieces": lambda n: probability_flow(obtuse, COUPLED, "edm", alpha=0.8, T=0.3, steps=n).endpoint,
        "euler": lambda n: sample(obtuse, COUPLED, sampler_levels(n, 1e-5, 0.3), alpha=0.8),
        "heun": lambda n: sample(obtuse, COUPLED, sampler_levels(n, 1e-5, 0.3), alpha=0.8, order="heun"),
    }
    for name, way in ways.items():
        coarse, fine = (np.abs(way(n) - reference).mean() for n in (15, 120))
        assert 1e-7 < fine < coarse / (30 if name == "heun" else 4), name  # Heun steps are of second order


@pytest.mark.slow
def test_flows_to_no_noise_reach_their_limit_where_they_near_it_more_slowly_than_the_noise_vanishes():
    angles = np.array([0.3, 0.3 + 2 * np.pi / 3, 0.3 + 4 * np.pi / 3])
    points = np.column_stack([np.cos(angles), np.sin(angles)])
    Y = np.random.default_rng(0).normal(0, 0.7, (20, 2))

    def ends(**options):
        return probability_flow(lambda rho: equilateral_triangle(points, rho), Y, "edm", alpha=0.8, T=0.3, **options)

    limit = ends(sigma_end=3e-14, method="ivp", rtol=1e-9).endpoint
    early = ends(sigma_end=3e-6, method="ivp", rtol=1e-9).endpoint
    assert np.abs(equilateral_triangle(points, 0.8 * 3e-6)(early) - limit).max() > 1e-4  # one step is no limit yet
    assert np.abs(ends(method="ivp", rtol=1e-9).endpoint - limit).max() < 1e-7
    pieces = ends()
    assert np.abs(pieces.endpoint - limit).max() < 3e-5
    assert pieces.residual < 1e-11
    assert pieces.status.endswith(f"would move them by at most {pieces.residual:.2g}")
    assert ends(sigma_end=0.1).residual is None


def ending(rho_min):
    """A path that ends at some radius."""
    return Family(lambda rho: path(max(rho, rho_min)), rho_min=rho_min)


@pytest.mark.parametrize("smallest", [1e-12, 1e-9, 1e-3])
def test_states_below_the_last_denoiser_are_those_of_its_flow_and_then_of_its_step(smallest):
    Y, sigmas = random_starts(1), [0.3 * smallest * share for share in (0.9, 0.1)] + [0.0]
    flow = probability_flow(ending(0.3 * smallest), Y, "edm", alpha=1.0, T=0.3, sigmas=sigmas, method="ivp", rtol=1e-11)
    exact = [closed_probability_flow(POINTS, 1.0, Y, 0.3, sigma) for sigma in sigmas]
    np.testing.assert_allclose(flow.states, exact, rtol=0, atol=1e-8)
    np.testing.assert_array_equal(flow.states[-1], flow.endpoint)
    left = flow.states - flow.endpoint  # what is orthogonal to the points decays as sigma, to the last
    np.testing.assert_allclose(left[:2, :, 2], np.array(sigmas[:2])[:, None] / 0.3 * Y[:, 2], rtol=1e-2)


def test_the_residual_is_what_another_step_of_the_last_denoiser_would_do():
    flow = probability_flow(ending(0.03), random_starts(1), "edm", alpha=1.0, T=0.3)
    step = np.linalg.norm(path(0.03)(flow.endpoint) - flow.endpoint, axis=1).max()
    assert 1e-3 < flow.residual == step


@pytest.mark.parametrize("near", [1e-4, 2e-10, 1e-11])
def test_the_box_is_reached_when_the_distance_from_it_is_small_enough_in_the_last_step_too(near):
    Y = random_starts(7, scale=1.0)
    flow = probability_flow(ending(3e-10), Y, "edm", alpha=1.0, T=0.3, box=POINTS, near=near)
    box = flow.events.of("box")
    assert len(box) >= 4  # the others end inside
    np.testing.assert_allclose(box.time, box_time(POINTS, Y, near)[box.start], atol=1e-3)


def test_a_stand_in_takes_over_where_the_balls_overlap_and_the_switch_is_recorded():
    Y = 3 * random_starts(3)
    for kind in ("linear", "empirical-mmse"):
        flow = probability_flow(
            path, Y, "edm", alpha=1.0, T=5.0, high_noise=kind, train=POINTS, sigmas=[5.0, 2.0, 0.1], steps=40
        )
        assert flow.complete
        assert flow.switch_sigma == pytest.approx(0.5, rel=1e-5)
        np.testing.assert_allclose(flow.states[0], Y, rtol=1e-14)
        below = probability_flow(
            path,
            stand_in_flow(kind, POINTS, Y, np.array([5.0, flow.switch_sigma]), 1e-8)[0][-1],
            "edm",
            alpha=1.0,
            T=flow.switch_sigma,
            steps=40,
            sigmas=[0.1],
        )
        np.testing.assert_allclose(flow.endpoint, below.endpoint, atol=1e-2)
    with pytest.raises(ValueError, match="stand-in"):
        probability_flow(path, Y, "edm", alpha=1.0, T=5.0, train=POINTS)
    with pytest.raises(ValueError, match="train"):
        probability_flow(path, Y, "edm", alpha=1.0, T=5.0, high_noise="linear")


def test_the_linear_stand_in_solves_its_equation():
    Y, h = random_starts(4), 1e-5
    mean = POINTS.mean(axis=0)
    C = np.cov(POINTS.T, bias=True)
    states, problem = stand_in_flow("linear", POINTS, Y, np.array([2.0, 1.0 + h, 1.0, 1.0 - h]), 1e-8)
    assert not problem
    slope = (states[1] - states[3]) / (2 * h)
    denoised = mean + (states[2] - mean) @ np.linalg.solve(C + np.eye(3), C).T
    np.testing.assert_allclose(slope, states[2] - denoised, atol=1e-8)


def test_the_empirical_stand_in_solves_its_equation():
    Y, h = random_starts(4), 1e-4
    states, problem = stand_in_flow("empirical-mmse", POINTS, Y, np.array([2.0, 0.7 + h, 0.7, 0.7 - h]), 1e-11)
    assert not problem
    slope = (states[1] - states[3]) / (2 * h)
    for y, dy in zip(states[2], slope, strict=True):
        weights = [math.exp(-((y - x) ** 2).sum() / (2 * 0.49)) for x in POINTS]
        np.testing.assert_allclose(dy, (y - np.average(POINTS, axis=0, weights=weights)) / 0.7, atol=1e-6)


def test_euler_and_heun_steps_are_exact_on_orthogonal_data_however_few():
    Y = random_starts(5)
    exact = closed_probability_flow(POINTS, 1.0, Y, 0.3)
    levels = sampler_levels(5, 0.01, 0.3)
    for order in ("euler", "heun"):
        np.testing.assert_allclose(sample(path, Y, levels, alpha=1.0, order=order), exact, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alpha": 0.0}, "alpha"),
        ({"alpha": math.nan}, "alpha"),
        ({"T": 0.0}, "T"),
        ({"T": 2.0, "schedule": "vp"}, "0 < T <= 1"),
        ({"sigma_end": 0.5}, "sigma_end"),
        ({"sigma_end": -0.1}, "sigma_end"),
        ({"start": [1.0, 2.0]}, "takes"),
        ({"start": [1.0, 2.0, math.inf]}, "finite"),
        ({"sigmas": [0.1, 0.2]}, "decreasing"),
        ({"steps": 0}, "level"),
        ({"steps": 1.5}, "whole number"),
        ({"high_noise": "empirical"}, "'linear' or 'empirical-mmse'"),
        ({"rtol": 0.0, "method": "ivp"}, "rtol"),
        ({"method": "euler"}, "pieces"),
        ({"T": 0.9}, "no denoiser at the first radius"),
    ],
)
def test_wrong_input_is_refused_with_what_to_do(change, message):
    arguments = {"start": [0.1, 0.2, 0.3], "schedule": "edm", "alpha": 1.0, "T": 0.3} | change
    start, schedule = arguments.pop("start"), arguments.pop("schedule")
    with pytest.raises(ValueError, match=message):
        probability_flow(path, start, schedule, **arguments)


def test_with_one_denoiser_at_all_radii_it_is_the_score_flow_with_the_same_crossings():
    network, Y = path(0.2), random_starts(6, m=20)
    score = score_flow(network, Y, math.log(10.0))
    flow = probability_flow(lambda _: network, Y, "edm", alpha=1.0, T=0.3, sigma_end=0.03, steps=7)
    np.testing.assert_allclose(flow.endpoint, score.endpoint, atol=1e-13)
    assert len(score.events) > 5
    np.testing.assert_array_equal(flow.events.start, score.events.start)
    np.testing.assert_allclose(flow.events.time, score.events.time, atol=1e-12)


def test_an_incomplete_level_is_reported():
    growing = ReLUNetwork(np.zeros((0, 1)), np.zeros((0, 1)), np.zeros(0), [[1e4]], [0.0])
    flow = probability_flow(lambda _: growing, [1.0], "edm", alpha=1.0, T=1.0, steps=2)
    assert not flow.complete
    assert "between sigma" in flow.status
    assert np.isnan(flow.endpoint).all()
    assert np.isnan(flow.reached)


@pytest.mark.parametrize("method", ["pieces", "ivp"])
def test_no_starts_make_an_empty_flow(method):
    flow = probability_flow(path, np.empty((0, 3)), "edm", alpha=1.0, T=0.3, method=method, sigmas=[0.1])
    assert flow.endpoint.shape == (0, 3)
    assert flow.states.shape == (1, 0, 3)
