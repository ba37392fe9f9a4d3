"""Hulls that nearly meet are told apart."""

import re
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest

from exactnorm import geometry
from exactnorm.geometry import separating_hyperplane, widest_gap
from exactnorm.patterns import kink_patterns


@pytest.mark.parametrize("off", [1e-1, 1e-3, 1e-5, 1e-7, 1e-9])
@pytest.mark.parametrize("ones", [[0, 3], [1, 2], [1], [0, 1]])
def test_segments_that_nearly_cross_are_separated_by_their_distance(off, ones):
    # The diagonals of a planar quadrilateral, pulled apart by ±off; SciPy's nnls alone loses the direction.
    points = np.array([[0, 0, off], [1, 0, -off], [0.4, 0.9, -off], [1.5, 0.8, off]])
    on = np.isin(np.arange(4), ones)
    w, b, half = separating_hyperplane(points[on], points[~on])
    assert np.linalg.norm(w) == pytest.approx(1)
    assert half > 0
    assert (points[on] @ w + b).min() == pytest.approx(half, rel=1e-6)
    assert (points[~on] @ w + b).max() == pytest.approx(-half, rel=1e-6)
    if ones in ([0, 3], [1, 2]):
        # The gap of two skew segments: the offset between their lines along the common normal.
        a, c = points[3] - points[0], points[2] - points[1]
        normal = np.cross(a, c) / np.linalg.norm(np.cross(a, c))
        assert 2 * half == pytest.approx(abs(normal @ (points[1] - points[0])), rel=1e-6)


def test_a_distance_that_rounding_hides_is_told_with_its_bounds_and_with_what_to_do(monkeypatch):
    points = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.4, 0.9, 0.0], [1.5, 0.8, 2.0]])
    _, _, half = separating_hyperplane(points[:2], points[2:])
    found = geometry.hull_gaps
    monkeypatch.setattr(
        geometry, "hull_gaps", lambda *given, **more: replace(one := found(*given, **more), low=one.low / 2)
    )
    monkeypatch.setattr(geometry, "_by_few", lambda *_: None)
    for solve in ("_nnls", "_bvls"):  # as if both stopped at once, at one of the differences
        monkeypatch.setattr(geometry, solve, lambda matrix, _: np.eye(matrix.shape[1])[0])
    with pytest.raises(ArithmeticError, match="hulls of 2 and 2 points in 3 dimensions") as told:
        separating_hyperplane(points[:2], points[2:])
    least, most = map(float, re.search(r"it is (\S+) to (\S+) of how far they differ", str(told.value)).groups())
    assert least < half <= most * (1 + 5e-3)  # of the difference in the third coordinate, 2, and to three digits
    assert "Leave out or move points that lie nearly upon each other" in str(told.value)


def solved(matrix, right):
    """Gaussian elimination in fractions; None for a singular matrix."""
    rows = [[*row, one] for row, one in zip(matrix, right, strict=True)]
    for k in range(len(rows)):
        pivot = next((i for i in range(k, len(rows)) if rows[i][k] != 0), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [one / rows[k][k] for one in rows[k]]
        rows = [
            row if i == k else [p - row[k] * q for p, q in zip(row, rows[k], strict=True)] for i, row in enumerate(rows)
        ]
    return [row[-1] for row in rows]


def exact_square_of_distance(points, on):
    """Of two hulls: of the difference nearest to 0 among those of few vertices, once all points lie beyond it."""
    differences = [
        [Fraction(float(p)) - Fraction(float(q)) for p, q in zip(*pair, strict=True)]
        for pair in product(points[on], points[~on])
    ]

    def dot(u, v):
        return sum(p * q for p, q in zip(u, v, strict=True))

    for count in range(1, points.shape[1] + 2):
        for some in combinations(differences, count):
            gram = [[*(dot(u, v) for v in some), Fraction(1)] for u in some]
            weights = solved([*gram, [Fraction(1)] * count + [Fraction(0)]], [Fraction(0)] * count + [Fraction(1)])
            if weights is None or min(weights[:-1]) < 0:
                continue
            nearest = [dot(weights[:-1], column) for column in zip(*some, strict=True)]
            if all(dot(nearest, v) >= dot(nearest, nearest) for v in differences):
                return dot(nearest, nearest)
    raise AssertionError


def corners_of_a_cube(seed):
    """Some, moved by next to nothing, and a hyperplane's sides."""
    rng = np.random.default_rng(seed)
    r = int(rng.integers(3, 5))
    corners = np.array(list(product([0, 1], repeat=r)), dtype=float)
    count = int(rng.integers(5, min(len(corners), 9) + 1))
    points = corners[rng.permutation(len(corners))[:count]]
    points += 10.0 ** rng.integers(-13, -6) * rng.standard_normal((count, r))
    height = points @ rng.integers(-2, 3, size=r)
    on = height > np.quantile(height, rng.uniform(0.1, 0.9))
    return points, on ^ on[0]


@pytest.mark.parametrize("seed", [580, 1153, 1430])
def test_a_pattern_of_a_gap_of_a_ten_trillionth_is_not_left_out(seed):
    """The distance of hulls that nearly touch along a face was known to 5e-13, and so was the radius that leaves it."""
    points, on = corners_of_a_cube(seed)
    square = exact_square_of_distance(points, on)
    _, _, half, most = widest_gap(points[on], points[~on])
    rho = float(square) ** 0.5 / 2 * (1 - 1e-13)
    assert (2 * Fraction(rho)) ** 2 < square
    assert (2 * Fraction(half)) ** 2 <= square * (1 + Fraction(1, 10**15))
    assert square <= (2 * Fraction(most)) ** 2 * (1 + Fraction(1, 10**15))
    assert (kink_patterns(points, rho) == on).all(axis=1).any()
