"""Hulls that nearly meet are told apart."""

import re
from dataclasses import replace

import numpy as np
import pytest

from exactnorm import geometry
from exactnorm.geometry import separating_hyperplane


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
