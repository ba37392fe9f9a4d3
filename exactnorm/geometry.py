"""Affine hulls and their coordinates, and distances between convex hulls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import lsq_linear, nnls

from exactnorm.arrays import Array
from exactnorm.hulls import hull_gaps


@dataclass(frozen=True, eq=False)
class Frame:
    """Orthonormal coordinates in an affine subspace: y = origin + scale · axesᵀ t.

    Parameters
    ----------
    origin : ndarray, shape (d,)
    axes : ndarray, shape (r, d)
        Orthonormal rows.
    scale : float
        Length of one unit of the coordinates, in the unit of y.
    """

    origin: Array
    axes: Array
    scale: float = 1.0

    @property
    def rank(self) -> int:
        """Dimension r of the subspace."""
        return int(self.axes.shape[0])

    def coordinates(self, y: Array) -> Array:
        """Coordinates (…, r) of the orthogonal projection of y (…, d) onto the subspace."""
        return (y - self.origin) @ self.axes.T / self.scale

    def points(self, t: Array) -> Array:
        """Points (…, d) with coordinates t (…, r)."""
        return self.origin + self.scale * (t @ self.axes)

    def distance(self, y: Array) -> Array:
        """Distance (…,) of y (…, d) from the subspace."""
        return np.asarray(np.linalg.norm(y - self.points(self.coordinates(y)), axis=-1))


def affine_hull(points: Array) -> Frame:
    """Orthonormal coordinates of the affine hull of `points` (N, d): x_0 at the origin, the farthest point at 1.

    Directions in which the points spread by no more than rounding (of the data's size and of its distance
    from the origin) do not count towards the rank.
    """
    origin = points[0]
    offsets = points - origin
    scale = float(np.linalg.norm(offsets, axis=1).max())
    offsets = offsets / scale
    _, singular, axes = np.linalg.svd(offsets, full_matrices=False)
    rounding = np.finfo(float).eps * (1 + float(np.abs(points).max()) / scale)
    rank = max(1, int(np.sum(singular > 8 * rounding * np.sqrt(points.size))))
    return Frame(origin.copy(), np.ascontiguousarray(axes[:rank]), scale)


def length_rounding(dimension: int) -> float:
    """The share of itself by which a computed distance in R^d may be off: of its squares and their sum, and a unit."""
    return float(np.finfo(float).eps) * (4 + dimension / 2)


def separating_hyperplane(ones: Array, zeros: Array) -> tuple[Array, float, float]:
    """Middle of the widest gap between two point sets, given as rows.

    Returns
    -------
    w : ndarray, shape (d,)
        Unit normal (zero where the convex hulls meet).
    b : float
    h : float
        Half the distance between the convex hulls: w·x + b ≥ h on `ones` and ≤ −h on `zeros`.

    Raises
    ------
    ArithmeticError
        If rounding hides the distance; the message says between which two numbers it is, and what to do.
    """
    if (quick := _quickly(ones, zeros)) is not None:
        return quick
    differences = (ones[:, None, :] - zeros[None, :, :]).reshape(-1, ones.shape[1])
    # min ‖Dᵀλ‖² + (1 − Σλ)² over λ ≥ 0: at any fixed direction of λ the best Σλ is 1/(1 + p²), p the norm at Σλ = 1,
    # so λ/Σλ gives the shortest difference of the hulls.
    matrix = np.vstack([differences.T, np.ones(len(differences))])
    target = np.zeros(matrix.shape[0])
    target[-1] = 1.0
    size = float(np.abs(differences).max())
    least, most = 0.0, np.inf
    for solve in (_nnls, _bvls):
        weights = solve(matrix, target)
        shortest = differences.T @ (weights / weights.sum())
        gap = float(np.linalg.norm(shortest))
        if gap <= 1e-14 * size:
            return np.zeros(ones.shape[1]), 0.0, 0.0
        for w in (shortest / gap, _across(differences[weights > 0], shortest)):
            low, high = float((zeros @ w).max()), float((ones @ w).min())
            # The hulls are at most `gap` apart, and this hyperplane keeps them high − low apart: the two must agree.
            # They do not always: nnls of SciPy 1.17 stops at points that are not optimal on some subsets of {0,1}⁴.
            if high - low >= (1 - 1e-9) * gap - 1e-13 * size:
                return w, -(low + high) / 2, max((high - low) / 2, 0.0)
            least, most = max(least, high - low), min(most, gap)
    msg = (
        f"the distance between the hulls of {len(ones)} and {len(zeros)} points in {ones.shape[1]} dimensions could "
        f"not be computed to 9 digits: it is {least / size:.3g} to {most / size:.3g} of their largest difference in a "
        "coordinate. Leave out or move points that lie nearly upon each other, or nearly between others, or take "
        "another radius"
    )
    raise ArithmeticError(msg)


def _quickly(ones: Array, zeros: Array) -> tuple[Array, float, float] | None:
    """The same by an iteration on the hulls, where it gets to the same accuracy; None where it does not."""
    both = np.vstack([ones, zeros]) - zeros[0]
    size = float(np.abs(both).max())
    on = np.arange(len(both)) < len(ones)
    found = hull_gaps(both / size, on[None])
    w, low, high = found.w[0], float(found.low[0]), float(found.high[0])
    if high <= 1e-14:
        return np.zeros(ones.shape[1]), 0.0, 0.0
    if not low >= (1 - 1e-9) * high - 1e-13:
        return None
    # The heights of the points themselves, not of their differences to one of them.
    below, above = float((zeros @ w).max()), float((ones @ w).min())
    return w, -(below + above) / 2, max((above - below) / 2, 0.0)


def _across(support: Array, shortest: Array) -> Array:
    """Unit vector along `shortest` in the directions in which the differences `support` that add up to it are equal.

    A short sum of long vectors has lost digits; the directions in which they do not differ have not.
    """
    _, s, vt = np.linalg.svd(support - support[0])
    across = vt[int(np.sum(s > 1e-12 * float(np.abs(support).max()))) :]
    w = across.T @ (across @ shortest)
    length = float(np.linalg.norm(w))
    return np.asarray(w / length if length > 0 else w)


def _nnls(matrix: Array, target: Array) -> Array:
    return np.asarray(nnls(matrix, target, maxiter=30 * matrix.shape[1])[0])


def _bvls(matrix: Array, target: Array) -> Array:
    return np.asarray(lsq_linear(matrix, target, bounds=(0, np.inf), method="bvls", tol=1e-15).x)
