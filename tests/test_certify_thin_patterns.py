"""Multipliers of patterns whose gap is hardly wider than the balls: they are large, and their terms cancel."""

import numpy as np
import pytest

from exactnorm import TrainingSet
from exactnorm.certify.balls.cell import Cell, blurred, surely_definite
from exactnorm.certify.balls.faces import largest_dual_value
from exactnorm.exact.balls.joint import path
from exactnorm.exact.balls.living import proved
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.deadline import Deadline
from exactnorm.hulls import hull_gaps

POINTS = np.random.default_rng(3).standard_normal((6, 5))
LONGER = np.finfo(np.longdouble).eps < 1e-18


def narrowest(k):
    """Width of the k-th narrowest gap of all ways to cut the points in two."""
    on = (np.arange(1, 32)[:, None] >> np.arange(5)) % 2 == 1
    return np.sort(hull_gaps(POINTS, np.column_stack([np.zeros(31, dtype=bool), on])).low)[k]


@pytest.mark.skipif(not LONGER, reason="no floats here are longer than double precision")
@pytest.mark.parametrize(("k", "share"), [(0, 1e-5), (5, 1e-5), (5, 1e-7)])
def test_a_thin_pattern_costs_the_bound_nothing(k, share):
    problem = reduced(TrainingSet(POINTS, narrowest(k) / 2 * (1 - share)))
    for point in path(problem, 10.0, Deadline(None)):
        if point.ahead < 1e-2:
            break
    assert point.lower > 10
    # The last digits of the coordinates, of which there are some in so narrow a gap, are left off.
    last = 2e-15 * problem.frame.scale / (narrowest(k) * share)
    assert point.lower * (1 - 1e-9 - last) <= proved(problem, point).lower <= point.lower * (1 + 1e-9)
    # The faces know nothing of multipliers.
    assert largest_dual_value(problem.points, problem.rho, problem.patterns, point.B, 0.5) < 1 + 1e-9


@pytest.mark.parametrize("gamma", [1e-6, 1e-8])
@pytest.mark.parametrize("turn", [0.0, 0.4])
def test_the_last_digits_of_coordinates_move_the_dual_function_by_no_more_than_is_left_off(gamma, turn):
    """Across the gap of two points the function is the height in its middle, in units of half the gap."""
    u = np.array([np.cos(turn), np.sin(turn)])
    on, eps = np.array([False, True]), float(np.finfo(float).eps)
    points, rho = np.array([0 * u, u]), 0.5 - gamma
    B = np.concatenate([np.outer(u, u) / 2, u[:, None]], axis=1)[None] / gamma
    cell = Cell(on, -1, np.zeros((0, 2)))
    here, moved = (
        largest_dual_value(X, rho, on[None], B, 0.5) for X in (points, points + 2 * eps * np.outer([-1, 1], u))
    )
    assert here == pytest.approx(1, abs=8 * eps / gamma)
    assert here * (1 + eps / gamma) < moved <= here * (1 + blurred(cell, points, rho))


def turned(values, seed=0):
    Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(values), len(values))))[0]
    return Q, Q @ np.diag(np.asarray(values, dtype=np.longdouble)) @ Q.T


def test_small_eigenvalues_beside_large_ones_are_seen_along_the_eigenvectors():
    Q, S = turned([1e9, 1.0, 1e-3, 1e-3])
    none = np.zeros((4, 4))
    assert surely_definite(Q.T @ S @ Q, none)
    assert not surely_definite(Q.T @ S @ Q, np.full((4, 4), 2e-3))


@pytest.mark.parametrize("least", [0.0, -1e-9, -1e-3, -1e9, np.nan])
def test_what_is_not_definite_is_never_taken_for_it(least):
    for seed in range(20):
        Q, S = turned([1e9, 1.0, 1e-3, least], seed)
        # Entries are off by the rounding of the large eigenvalue; so much is to be allowed for.
        rounding = np.full((4, 4), 64 * float(np.finfo(np.longdouble).eps) * 1e9)
        assert not surely_definite(Q.T @ S @ Q, rounding)
        assert not surely_definite(S, rounding)
