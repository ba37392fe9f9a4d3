"""Sums of training points, seen from any of them, that rest points turn out to be."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from exactnorm.arrays import Array

MOST = 10
"""Points beyond which sums are so many that one is near any place."""
NEAR = 1e-7
"""Distance, in units of the points' extent, within which a place is a sum."""


def sum_of(points: Array, place: Array) -> tuple[int, tuple[int, ...]] | None:
    """The point x_b and the fewest others whose differences to it add up to a place: x_b + Σ (x_n − x_b).

    `exactnorm.rest_points` names sums where the rays from one point are independent, so that there is one name. Five
    points in the plane have many sums; that a rest point is one of them is worth a name all the same.

    Parameters
    ----------
    points : ndarray, shape (N, d)
    place : ndarray, shape (d,)

    Returns
    -------
    (int, tuple of int) or None
        The row b and those of the others; None if there are none, or more than ten points.
    """
    size, extent = len(points), float(np.ptp(points, axis=0).max())
    if size > MOST:
        return None
    for count in range(2, size):
        for base in range(size):
            others = [n for n in range(size) if n != base]
            for rows in combinations(others, count):
                total = points[list(rows)].sum(axis=0) - (count - 1) * points[base]
                if np.abs(total - place).max() <= NEAR * extent:
                    return base, rows
    return None


def seen_from(points: Array, rows: tuple[int, ...], place: Array) -> int:
    """The point from which the sum of these rows is nearest to a place."""
    others = [n for n in range(len(points)) if n not in rows] or [0]
    totals = points[list(rows)].sum(axis=0) - (len(rows) - 1) * points[others]
    return others[int(np.linalg.norm(totals - place, axis=1).argmin())]


def sum_name(base: int, rows: tuple[int, ...]) -> str:
    """A sum by its rows, and by the point that it is seen from unless that is point 0."""
    return f"{{{', '.join(map(str, rows))}}}" + (f" from {base}" if base else "")
