"""Each check of a statement on flows fails when what it computes is damaged."""

import numpy as np
import pytest

from exactnorm import ReLUNetwork
from exactnorm.closed_form import obtuse_simplex
from exactnorm.flow import Schedule, cosine
from exactnorm.theorems import STATEMENTS
from exactnorm.theorems.flows import one_step, orthogonal_decay, schedules
from exactnorm.theorems.integrate import probability_endpoint, score_endpoint
from exactnorm.theorems.zeno2025 import equilateral_limits, obtuse_limits, probability_flow, score_flow


def leaking(form):
    """The closed form plus a hundredth of the input: no longer constant on the balls or across the data."""

    def build(*arguments):
        h = form(*arguments)
        return ReLUNetwork(h.a, h.w, h.b, 0.01 * np.eye(h.dimension), h.c)

    return build


@pytest.mark.parametrize(
    ("module", "form", "names"),
    [
        (score_flow, "orthogonal", ["B-4.3", "B-4.3-box", "B-4.3-slide"]),
        (probability_flow, "orthogonal", ["B-4.4", "B-4.4-tau"]),
        (obtuse_limits, "obtuse_simplex", ["B-App.B"]),
        (equilateral_limits, "equilateral_triangle", ["B-App.C"]),
        (one_step, "rays", ["endpoint-is-one-denoising-step"]),
        (orthogonal_decay, "orthogonal", ["orthogonal-component-decays"]),
        (schedules, "orthogonal", ["schedules-agree"]),
    ],
)
def test_a_leaking_denoiser_fails(module, form, names, monkeypatch):
    monkeypatch.setattr(module, form, leaking(getattr(module, form)))
    for name in names:
        assert not STATEMENTS[name]().holds, name


def test_one_denoising_step_is_not_the_endpoint_where_coordinates_couple():
    points, start = np.array([[0.0, 0.0], [1.0, 0.0], [-0.7, 1.0]]), np.array([[0.6, 1.1]])
    end = probability_endpoint(lambda rho: obtuse_simplex(points, rho), start, 1.0, 0.3)
    assert np.linalg.norm(end - obtuse_simplex(points, 0.3)(start)) > 0.4


@pytest.mark.parametrize("wrong", ["scale", "time"])
def test_a_schedule_with_the_scale_or_the_clock_of_another_disagrees(wrong, monkeypatch):
    right = cosine()

    class Late(Schedule):
        def time(self, sigma):
            return super().time(1.001 * sigma)

    other = Schedule("x", right.sigma, lambda t: 1 / (1 + t), right.last)
    late = Late("x", right.sigma, right.scale, right.last)
    monkeypatch.setattr(schedules, "cosine", lambda: other if wrong == "scale" else late)
    assert not STATEMENTS["schedules-agree"]().holds


@pytest.mark.parametrize("rho", [0.05, 0.2, 0.4])
def test_the_two_modes_along_an_edge_of_an_equilateral_triangle_move_at_the_rates_claimed(rho):
    points = equilateral_limits.triangle()
    outward, along = -points[2], points[0] - points[1]
    start = 0.52 * points[0] + 0.48 * points[1] + 0.5 * rho * outward
    end = score_endpoint(equilateral_limits.equilateral_triangle(points, rho), start[None], 0.3)[0]
    rates = np.log([(start @ outward - 0.5) / (end @ outward - 0.5), (end @ along) / (start @ along)]) / 0.3
    np.testing.assert_allclose(rates, [(2 - 4 * rho) / (3 - 4 * rho), 4 * rho / (3 - 4 * rho)], rtol=1e-6)
