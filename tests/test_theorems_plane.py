"""The program over all directions brackets known optima, and agrees with the block program."""

import numpy as np
import pytest

from exactnorm import min_norm_denoiser
from exactnorm.closed_form import one_versus_rest, rays
from exactnorm.theorems.acute import criterion as acute_criterion
from exactnorm.theorems.acute.criterion import criterion
from exactnorm.theorems.acute.limit import acute_triangles
from exactnorm.theorems.acute.one_versus_rest import altitudes, base_point_inside, cheapest_cost
from exactnorm.theorems.equilateral import radius as equilateral_radius
from exactnorm.theorems.plane import _norms, plane_bracket
from exactnorm.theorems.zeno2023.equilateral import triangle

U, V = np.array([1.0, 0.0]), np.array([np.cos(1.9), np.sin(1.9)])


@pytest.mark.parametrize(
    ("points", "rho", "optimum"),
    [
        ([[0, 0], [1, 0], [0, 2]], 0.1, 4.7222222),
        ([[0, 0], [1, 0], [-0.7, 1]], 0.1, 4.8919050),
        ([[0, 0], [1, 0], [0.4, 0.9]], 0.1, 5.1698749),
        ([[0, 0], [1, 0], [0.4, 0.9]], 0.4, 35.897361),
        ([[0, 0], [4, 0], [1, 3]], 0.8, 7.9964741),
        ([[0, 0], [1, 0], [0.5, 1]], 0.42, 43.405922),
        ([0 * U, U, 2.2 * U, 0.8 * V, 2 * V], 0.1, 9.9666667),
    ],
)
def test_brackets_hold_optima_known_from_elsewhere(points, rho, optimum):
    lower, upper = plane_bracket(np.array(points, float), rho)
    assert upper - lower <= 2e-7 * upper
    assert lower == pytest.approx(optimum, rel=2e-7)


def test_both_programs_agree_on_four_points_in_the_plane():
    points = np.array([[0.0, 0.0], [1.0, 0.1], [0.3, 1.2], [1.5, 1.1]])
    lower, upper = plane_bracket(points, 0.1)
    block = min_norm_denoiser(points, 0.1, method="program", tol=1e-4).certificate
    assert upper - lower <= 1e-6 * upper
    assert block.lower <= upper * (1 + 1e-7)
    assert block.upper >= lower * (1 - 1e-7)
    assert block.gap < 0.02  # so that agreement means something


def test_the_dual_norms_are_those_of_the_ball_patterns():
    rng = np.random.default_rng(0)
    X, rho = np.array([[0.0, 0.0], [1.0, 0.0], [0.4, 0.9]]), 0.1
    B = np.concatenate([np.zeros((1, 2, 3)), rng.standard_normal((2, 2, 3))])
    for angle in rng.uniform(0, 2 * np.pi, 50):
        w = np.array([np.cos(angle), np.sin(angle)])
        best = 0.0
        for pattern in ([0, 1, 0], [0, 0, 1], [0, 1, 1]):
            on = np.array(pattern, bool)
            low, high = rho - (X[on] @ w).min(), -rho - (X[~on] @ w).max()
            for b in (low, high) if low <= high else ():
                best = max(best, float(np.linalg.norm(B[on].sum(axis=0) @ [*w, b])))
        assert _norms(X, rho, B, np.array([angle]))[0] == pytest.approx(best, abs=1e-12)


def test_the_plane_program_refuses_what_no_network_can_fit():
    with pytest.raises(ArithmeticError, match="status"):
        plane_bracket(np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]]), 0.46)


def test_the_criterion_turns_at_the_radius_measured_for_equilateral_triangles():
    assert criterion(triangle(), 0.6613)
    assert not criterion(triangle(), 0.6615)
    assert criterion(3 * triangle() + 5, 3 * 0.6613)


def test_the_criterion_says_nothing_where_the_base_point_is_a_vertex():
    points, rho = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75]]), 0.37
    assert not base_point_inside(points, rho)
    with pytest.raises(ValueError, match="is a vertex; the criterion is for base points inside"):
        criterion(points, rho)


def test_the_cost_and_the_place_of_the_base_point_are_those_of_the_closed_form():
    rng = np.random.default_rng(3)
    places = []
    for points in acute_triangles(12, rng):
        rho = rng.uniform(0.2, 0.98) * float(altitudes(points).min()) / 2
        h = one_versus_rest(points, rho)
        places.append(base_point_inside(points, rho))
        assert places[-1] == (np.linalg.norm(points - h.c, axis=1).min() > 1e-9)
        assert cheapest_cost(points, rho) == pytest.approx(h.representation_cost, rel=1e-10)
    assert {*places} == {True, False}


def test_the_criterion_holds_for_every_acute_triangle_in_the_limit():
    for points in ([[0.0, 0.0], [1.0, 0.0], [0.4, 0.9]], [[0.0, 0.0], [1.0, 0.0], [0.45, 0.8]]):
        assert criterion(np.array(points), 0.0)


def test_a_formula_that_is_dearer_turns_the_radius_and_the_criterion_red(monkeypatch):
    monkeypatch.setattr(equilateral_radius, "agreed_cost", lambda *args: 1.001 * args[0](*args[2:]))
    assert equilateral_radius.check().refuted
    monkeypatch.setattr(acute_criterion, "agreed_cost", lambda *args: 1.001 * args[0](*args[2:]))
    assert acute_criterion.one_versus_rest_is_optimal(triangle(), 0.2) is False


def test_rays_of_the_formula_are_rays_of_the_plane_program():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [-0.3, 1.1], [-0.6, 2.2]])
    lower, upper = plane_bracket(points, 0.07)
    assert lower * (1 - 1e-7) <= rays(points, 0.07).representation_cost <= upper * (1 + 1e-7)
