"""Kinks that pass points on the wrong side by less than is told apart: what that costs is part of the upper value."""

from functools import cache
from itertools import product

import cvxpy as cp
import numpy as np
import pytest
from scipy.optimize import linprog

from exactnorm import ReLUNetwork, TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import Certificate, Nothing
from exactnorm.certify.balls import correction
from exactnorm.certify.balls.missed import wrong_sides

AWAY = np.random.default_rng(1).standard_normal((4, 2))
OTHERS = np.random.default_rng(1).standard_normal((3, 3)) * 1.2 + [1.5, 0, 0]
OFF, LEAST = 1e-9, 9.518844
"""How far four points are off a line, so that kinks through them may count as on any side; what seven cost at least."""


def seven(off):
    line = np.column_stack([np.arange(4.0), off * AWAY / np.abs(AWAY).max()])
    return np.vstack([line, OTHERS])


def nearest(height):
    """The affine function of 0, 1, 2, 3 nearest to four numbers in the largest difference: slope, offset."""
    unit = float(np.abs(height).max())
    M = np.column_stack([np.arange(4.0), np.ones(4)])
    rows = np.vstack([np.column_stack([M, -np.ones(4)]), np.column_stack([-M, -np.ones(4)])])
    free = [(None, None)] * 2 + [(0, None)]
    return unit * linprog([0, 0, 1], rows, np.concatenate([height, -height]) / unit, bounds=free).x[:2]


@cache
def forged():
    """A network with kinks along the line, each on any sides of its four points, at whatever angle to the line.

    Only some angles make some sides, at whatever price: the least cost of those that ask for nothing is below that of
    all networks for these points.
    """
    flat = seven(0.0)
    honest = min_norm_denoiser(flat, 0, tol=1e-8).network  # kinks that are off by less than is told apart
    kinks = []
    for w, b in zip(honest.w, honest.b, strict=True):
        height = (flat @ w + b) / np.linalg.norm(w)
        free = np.flatnonzero(np.abs(height) < 1e-7)
        kinks += [(w, b, height, free, bits) for bits in product([False, True], repeat=len(free))]
    for angle in np.linspace(0, 2 * np.pi, 45, endpoint=False):
        w = np.array([0.0, np.cos(angle), np.sin(angle)])
        slope, offset = nearest(seven(OFF)[:4] @ w)
        moved = w - [slope, 0, 0]
        kinks += [(moved, -offset, flat @ w, np.arange(4), bits) for bits in product([False, True], repeat=4)]
    size = np.array([np.linalg.norm(w) for w, *_ in kinks])
    w, b = np.array([w for w, *_ in kinks]) / size[:, None], np.array([b for _, b, *_ in kinks]) / size
    height = np.array([np.where(np.abs(height) < 1e-7, 0.0, height) for *_, height, _, _ in kinks])
    on = height > 0
    for k, (*_, free, bits) in enumerate(kinks):
        on[k, free] = bits
    a, V, c = cp.Variable(w.shape), cp.Variable((3, 3)), cp.Variable(3)
    conditions = [V + a.T @ (on[:, [n]] * w) == 0 for n in range(7)]
    conditions += [V @ flat[n] + c + a.T @ (on[:, n] * height[:, n]) == flat[n] for n in range(7)]
    cp.Problem(cp.Minimize(cp.sum(cp.norm(a, axis=1))), conditions).solve(
        solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-11
    )
    kept = np.linalg.norm(a.value, axis=1) > 1e-8
    return ReLUNetwork(a.value[kept], w[kept], b[kept], V.value, c.value)


def supported(network, train):
    """The upper value that the check finds for a certificate that claims nothing else."""
    told = Certificate(0.0, 1e3, interpolation_error=1e-7, evidence=Nothing())
    return check_certificate(told, train, network)[1]


def test_the_least_cost_of_these_seven_points_is_what_is_said_here():
    bracket = min_norm_denoiser(seven(OFF), 0, tol=1e-8).certificate  # to more digits than `LEAST` has
    assert LEAST < bracket.lower <= bracket.upper < LEAST + 1e-5


@pytest.mark.parametrize("many", [100, 3], ids=["as they are", "by their sizes"])
def test_kinks_on_the_wrong_sides_of_points_are_charged(monkeypatch, many):
    """The second way, meant for more than a hundred points, had charged nothing: 9.5143 was supported."""
    monkeypatch.setattr(correction, "MANY", many)
    network = forged()
    assert network.representation_cost < LEAST - 4e-3
    assert supported(network, TrainingSet(seven(OFF), 0.0)) > LEAST


def test_what_a_kink_does_at_a_point_that_it_counts_as_off_at_is_missed_as_well():
    train = TrainingSet([[0.0], [1.0], [2.0]], 0.0)
    network = ReLUNetwork([[3.0]], [[1.0]], [5e-10], None, [0.0])
    sides = np.packbits(np.array([[False], [True], [True]]), axis=1)
    value, slope, bent = wrong_sides(network, train, sides, lambda: None)
    np.testing.assert_allclose(value, [1.5e-9] * 3, atol=1e-14)  # moved to the point, it does so much less everywhere
    assert not slope.any()
    assert not bent
