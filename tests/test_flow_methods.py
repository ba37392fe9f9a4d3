"""Methods with options of their own, and what a probability flow may follow."""

import math

import numpy as np
import pytest

from exactnorm.closed_form import orthogonal
from exactnorm.flow import (
    Closed,
    Family,
    Ivp,
    Levels,
    Pieces,
    closed_probability_flow,
    probability_flow,
    sample,
    score_flow,
)

POINTS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.4]])
Y = np.array([[0.4, 0.9], [0.7, 0.2]])


def path(rho):
    return orthogonal(POINTS, rho)


def follow(**options):
    return probability_flow(path, Y, "edm", alpha=1.0, T=0.3, **options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: score_flow(path(0.1), Y, 1.0, max_steps=5, rtol=1e-3, solver="RK45"),
            "^method 'pieces' does not take .*, .*; it takes max_steps$",
        ),
        (
            lambda: score_flow(path(0.1), Y, 1.0, method="ivp", max_steps=5, horizn=3),
            "^method 'ivp' does not take max_steps (of 'pieces'), horizn; it takes rtol, solver$",
        ),
        (
            lambda: follow(method="closed", steps=3, rtol=1e-3),
            "^method 'closed' does not take steps (of 'pieces'), rtol (of 'ivp'); it takes no options$",
        ),
        (
            lambda: follow(method="ivp", steps=3, box=POINTS, near=0.1),
            "^method 'ivp' does not take steps .*, box .*, near (of 'pieces'); it takes rtol, solver$",
        ),
        (
            lambda: follow(rtol=1e-3, steps=9),
            "^method 'pieces' does not take rtol (of 'ivp'); it takes steps, box, near$",
        ),
        (lambda: follow(method=Ivp(), rtol=1e-3), "^rtol: options go into the record, Ivp(…)"),
    ],
)
def test_one_message_names_every_option_that_a_method_does_not_take(call, message):
    with pytest.raises(TypeError, match=message.replace("(", r"\(").replace(")", r"\)")):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: score_flow(path(0.1), Y, 1.0, method=Closed()),
            "give one of .*, or a record Pieces, Ivp",
        ),
        (lambda: follow(method=Pieces()), "a record Closed, Levels, Ivp"),
        (lambda: Pieces(2.5), "whole number"),
        (lambda: Ivp(1e-9, "Euler"), "solver='Euler'; give one of RK23"),
        (lambda: Ivp(math.nan), "rtol=nan"),
        (lambda: Levels(0), "steps=0"),
        (lambda: Levels(near=0.1), "give its points, too, as box"),
        (lambda: score_flow(path(0.1), Y, 1.0, near=0.1), "give its points, too, as box"),
    ],
)
def test_wrong_methods_and_options_are_refused_with_what_to_give(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_name_with_options_and_a_record_are_the_same_method():
    for name, options, record in [
        ("pieces", {"steps": 30}, Levels(30)),
        ("ivp", {"rtol": 1e-5, "solver": "RK23"}, Ivp(1e-5, "RK23")),
        ("closed", {}, Closed()),
    ]:
        by_name, by_record = follow(method=name, **options), follow(method=record)
        np.testing.assert_array_equal(by_name.endpoint, by_record.endpoint)
        assert by_name.method == by_record.method == name
    coarse, fine = (score_flow(path(0.1), Y, 1.0, method=Ivp(rtol, "RK23")).endpoint for rtol in (1e-3, 1e-11))
    np.testing.assert_array_equal(
        coarse, score_flow(path(0.1), Y, 1.0, method="ivp", rtol=1e-3, solver="RK23").endpoint
    )
    exact = score_flow(path(0.1), Y, 1.0).endpoint
    assert np.abs(fine - exact).max() < 1e-9 < np.abs(coarse - exact).max()


def test_the_solver_that_is_asked_for_is_the_one_that_integrates():
    ends = [follow(method="ivp", rtol=1e-4, solver=solver).endpoint for solver in ("RK23", "RK45", "LSODA")]
    exact = closed_probability_flow(POINTS, 1.0, Y, 0.3)
    assert len({end.tobytes() for end in ends}) == 3
    assert max(np.abs(end - exact).max() for end in ends) < 1e-2


def test_one_denoiser_a_function_and_a_family_are_followed_alike():
    network = path(0.3)
    flows = [
        probability_flow(given, Y, "edm", alpha=1.0, T=0.3, sigma_end=0.03, steps=5)
        for given in (network, lambda _: network, Family(lambda _: network))
    ]
    expected = score_flow(network, Y, math.log(10)).endpoint
    for flow in flows:
        np.testing.assert_allclose(flow.endpoint, expected, rtol=0, atol=1e-13)
    one_step = sample(network, Y, [0.3, 0.0], alpha=1.0)
    np.testing.assert_allclose(one_step, network(Y), rtol=0, atol=1e-15)
    with pytest.raises(TypeError, match="no family of denoisers: give a function of the radius"):
        probability_flow(3.0, Y, "edm", alpha=1.0, T=0.3)
    with pytest.raises(TypeError, match="no denoiser"):
        probability_flow(lambda _: 3.0, Y, "edm", alpha=1.0, T=0.3)


def test_a_family_says_how_far_it_reaches_and_is_not_followed_beyond():
    known = Family(path, POINTS, rho_min=0.05, rho_max=0.2)
    with pytest.raises(ValueError, match=r"the path reaches up to 0\.2 "):
        probability_flow(known, Y, "edm", alpha=1.0, T=0.3)
    flow = probability_flow(known, Y, "edm", alpha=1.0, T=0.3, high_noise="linear", method="ivp")
    assert flow.switch_sigma == 0.2
    step = np.linalg.norm(path(0.05)(flow.endpoint) - flow.endpoint, axis=1).max()
    assert 0 <= flow.residual == step
