"""One-versus-rest denoisers: feasible wherever they exist, based at the cheapest point."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from exactnorm import interpolation_error
from exactnorm.closed_form import equilateral_triangle, one_versus_rest, orthocentre, orthogonal
from exactnorm.closed_form.one_versus_rest import weighted_geometric_median

TRIANGLE = np.exp(1j * np.array([0, 2, 4]) * np.pi / 3)
EQUILATERAL = np.column_stack([TRIANGLE.real, TRIANGLE.imag])


@pytest.mark.parametrize(
    ("form", "points", "rho", "cost"),
    [
        (one_versus_rest, [[0, 0], [1, 0], [0.4, 0.9]], 0.1, 5.16987494),
        (one_versus_rest, [[0, 0], [1, 0], [0.4, 0.9]], 0.4, 37.270625),
        (one_versus_rest, [[0, 0], [4, 0], [1, 3]], 0.8, 7.9965040),
        (one_versus_rest, [[0, 0], [1, 0], [0.5, 1]], 0.42, 48.710923),
        (one_versus_rest, EQUILATERAL, 0.1, 4.6153846),
        (one_versus_rest, np.eye(5), 0.05, 8.785828),
        (one_versus_rest, np.vstack([np.zeros(5), np.eye(5)]), 0.05, 11.1111111),
        (equilateral_triangle, EQUILATERAL, 0.1, 4.6153846),
        (equilateral_triangle, 1e6 + EQUILATERAL @ [[0, 1, 0], [0, 0, 1]], 0.7, 60.0),
    ],
)
def test_costs_known_from_elsewhere(form, points, rho, cost):
    network = form(points, rho)
    assert network.representation_cost == pytest.approx(cost, rel=1e-7)
    assert interpolation_error(network, points, rho) < 1e-14 * (1 + 10 * np.abs(points).max())


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 6), st.floats(0, 0.95), st.sampled_from([1e-8, 1.0, 1e8]))
def test_balls_are_mapped_to_their_centres(seed, size, fraction, unit):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((size, 5))
    free = one_versus_rest(X, 0.0)
    # At ρ = 0 the ramps span the whole gaps, so the smallest one says how large the balls may be.
    gap = np.abs(free.b[: free.neurons // 2] - free.b[free.neurons // 2 :]).min()
    rho = fraction * gap / 2
    network = one_versus_rest(unit * X[::-1], unit * rho)
    assert interpolation_error(network, unit * X, unit * rho) < 1e-12 * unit * np.abs(X).max() / (1 - fraction)
    assert network.representation_cost == pytest.approx(one_versus_rest(X, rho).representation_cost, rel=1e-8)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 7), st.integers(1, 4), st.floats(-3, 3))
def test_no_base_point_is_cheaper(seed, size, rank, spread):
    rng = np.random.default_rng(seed)
    points, weights = rng.standard_normal((size, rank)), np.exp(spread * rng.standard_normal(size))
    c = weighted_geometric_median(points, weights)

    def total(x):
        return float(weights @ np.linalg.norm(points - x, axis=1))

    starts = [*points, points.mean(axis=0), c]
    found = min(minimize(total, start, method="Nelder-Mead", options={"xatol": 1e-10}).fun for start in starts)
    assert total(c) <= found * (1 + 1e-12)
    assert found <= total(c) * (1 + 1e-6)


def test_the_median_is_a_data_point_exactly_when_it_should_be():
    points = np.array([[0.0, 0], [1, 0], [0, 1]])
    assert weighted_geometric_median(points, np.array([1.5, 1, 1])).tolist() == [0, 0]
    assert np.linalg.norm(weighted_geometric_median(points, np.array([1.3, 1, 1]))) > 1e-2
    # √2 is where the pull of the other two equals the weight.


def test_a_point_that_cannot_be_separated_becomes_the_base_point():
    X = np.vstack([np.full(5, 0.2), np.eye(5)])  # the first point is in the hull of the others
    network = one_versus_rest(X, 0.05)
    assert network.c.tolist() == pytest.approx([0.2] * 5)
    assert interpolation_error(network, X, 0.05) < 1e-14
    with pytest.raises(ValueError, match="for all but one"):
        one_versus_rest(np.vstack([X, [[0.21, 0.2, 0.2, 0.2, 0.19]]]), 0.001)


def test_the_orthogonal_denoiser_is_one_of_them():
    rng = np.random.default_rng(1)
    X = np.vstack([np.zeros(4), np.linalg.qr(rng.standard_normal((4, 4)))[0] * rng.uniform(1, 2, (4, 1))])
    one, other = one_versus_rest(X, 0.1), orthogonal(X, 0.1)
    Y = rng.standard_normal((200, 4))
    np.testing.assert_allclose(one(Y), other(Y), atol=1e-12)


def test_the_orthocentre_is_a_feasible_base_point_and_a_dearer_one():
    for X, rho in (([[0, 0], [4, 0], [1, 3]], 0.8), ([[0, 0], [1, 0], [0.4, 0.9]], 0.1)):
        network = orthocentre(X, rho)
        assert interpolation_error(network, X, rho) < 1e-14
        assert network.representation_cost > one_versus_rest(X, rho).representation_cost * (1 + 1e-6)
        x = np.array(X, float)
        assert (network.c - x[0]) @ (x[1] - x[2]) == pytest.approx(0, abs=1e-14)
        assert (network.c - x[1]) @ (x[2] - x[0]) == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize(
    ("form", "points", "rho", "message"),
    [
        (equilateral_triangle, [[0, 0], [1, 0], [0.5, 1]], 0.1, "not equilateral: its sides"),
        (equilateral_triangle, EQUILATERAL, 0.8, "altitude 1.5 is not above"),
        (equilateral_triangle, np.eye(4), 0.1, "three points, not 4"),
        (orthocentre, [[0, 0], [1, 0], [0, 1]], 0.1, "not acute: it has an angle of 90"),
        (orthocentre, [[0, 0], [1, 0], [3, 0]], 0.1, "not acute: it has an angle of 180"),
        (one_versus_rest, [[0, 0], [1, 0], [2, 0], [3, 0]], 0.1, "points 1 and 2 are 0 and 0 from"),
    ],
)
def test_a_failed_hypothesis_is_named(form, points, rho, message):
    with pytest.raises(ValueError, match=message):
        form(points, rho)
