"""Starts so far away that their own rounding matters."""

import math
from fractions import Fraction

import numpy as np
import pytest

from exactnorm.closed_form import collinear, obtuse_simplex
from exactnorm.flow import score_flow

POINTS = np.array([[0.0, 0.0], [3.0, 4.0]])
RHO = 0.75
U = 4.0


def far_starts(distance):
    """In the band between two points on a line, off that line by a distance."""
    along = np.random.default_rng(0).uniform(2.45, 2.55, 20)[:, None] * [0.6, 0.8]
    return along + distance * np.array([-0.8, 0.6])


def known_end(y):
    """(t − 5/2) grows as e^{su}, s = 2ρ/(5 − 2ρ), what is off the line decays; t from the start's own digits."""
    a, b = (Fraction(float(x)) for x in y)
    t, off = (3 * a + 4 * b) / 5, float((3 * b - 4 * a) / 5)
    t = 2.5 + float(t - Fraction(5, 2)) * math.exp(U * 2 * RHO / (5 - 2 * RHO))
    return t * np.array([0.6, 0.8]) + off * math.exp(-U) * np.array([-0.8, 0.6])


@pytest.mark.parametrize("distance", [1e6, 1e8, 1e10])
def test_the_error_that_is_said_of_far_starts_is_about_the_error_that_is_made(distance):
    Y = far_starts(distance)
    flow = score_flow(collinear(POINTS, RHO), Y, U)
    off = np.linalg.norm(flow.endpoint - [known_end(y) for y in Y], axis=1).max()
    assert off > 1e-18 * distance  # rounding does cost something
    assert off < flow.error < 300 * off
    assert f"may have moved an endpoint by {flow.error:.2g}" in flow.status


def test_the_limit_of_far_starts_is_exact_and_so_it_is_said():
    network = obtuse_simplex([[0.0, 0.0], [1.0, 0.0], [-0.7, 1.0]], 0.2)
    flow = score_flow(network, 1e8 * np.random.default_rng(0).standard_normal((20, 2)), math.inf)
    assert np.abs(network(flow.endpoint) - flow.endpoint).max() < 1e-15
    assert flow.error < 1e-14


def test_starts_that_rounding_sends_to_another_limit_are_told():
    middle = 2.5 * np.array([0.6, 0.8]) + np.linspace(1e8, 2e8, 20)[:, None] * [-0.8, 0.6]
    flow = score_flow(collinear(POINTS, RHO), middle, math.inf)
    assert flow.error == pytest.approx(5.0) or flow.error == pytest.approx(2.5)  # from one end, or from the middle


def test_of_near_starts_nothing_is_said():
    flow = score_flow(collinear(POINTS, RHO), far_starts(100.0), U)
    assert flow.error is None
    assert "rounding" not in flow.status
