"""Affine hulls and their coordinates, and distances between convex hulls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear, nnls

from exactnorm.arrays import Array
from exactnorm.hulls import hull_gaps

LONGER = 2**26
"""Products of numbers, up to which coordinates are computed in longer floats: a fraction of a second."""
FARTHER = 2
"""How many times as large as others coordinates are whose rounding says nothing of theirs."""
DIFFERENCES = 2**15
"""Numbers in the differences of two sets of points, up to which all are looked at where few do not tell their distance:
a fraction of a second."""


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

    def sharp_coordinates(self, y: Array) -> Array:
        """The same of points (N, d), for axes made orthonormal, to the last digit, where `longdouble` has more of them.

        In thousands of dimensions sums are off by tens of units in the last place, and axes by hundreds: next to
        nothing of the set, and much of a narrow gap. Where the points are too many for that, they are as they are.
        """
        if y.size * self.rank > LONGER:
            return self.coordinates(y)
        return np.asarray((self._from_origin(y) @ self._orthonormal().T) / np.longdouble(self.scale), dtype=float)

    def beside(self, y: Array) -> Array:
        """What of y − origin is across the subspace, shape (N, d), for axes made orthonormal; as above."""
        if y.size * self.rank > LONGER:
            return np.asarray(y - self.points(self.coordinates(y)))
        axes, offsets = self._orthonormal(), self._from_origin(y)
        return np.asarray(offsets - (offsets @ axes.T) @ axes, dtype=float)

    def _from_origin(self, y: Array) -> Array:
        return np.asarray(y.astype(np.longdouble) - self.origin)

    def _orthonormal(self) -> Array:
        """The axes in longer floats, without what they are off orthonormal by rounding."""
        axes = self.axes.astype(np.longdouble)
        return np.asarray(axes - (axes @ axes.T - np.eye(self.rank)) @ axes / 2)

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


def shells(points: Array) -> Iterator[NDArray[np.bool_]]:
    """Rows (N,) of points with coordinates of about the same size, or smaller: all, and fewer and fewer.

    What is rounding of large coordinates is none of small ones: one point that is far away excuses nothing of others.
    """
    size = np.abs(points).max(axis=1)
    most = float(size.max())
    while (inside := size <= most).sum() > 2:
        yield inside
        most = float(size[size <= most / FARTHER].max(initial=-1.0))


def length_rounding(dimension: int) -> float:
    """The share of itself by which a computed distance in R^d may be off: of its squares and their sum, and a unit."""
    return float(np.finfo(float).eps) * (4 + dimension / 2)


def separating_hyperplane(
    ones: Array, zeros: Array, watch: Callable[[], None] = lambda: None
) -> tuple[Array, float, float]:
    """Middle of the widest gap between two point sets, given as rows.

    Returns
    -------
    w : ndarray, shape (d,)
        Unit normal (zero where the convex hulls meet).
    b : float
    h : float
        Half the distance between the convex hulls: w·x + b ≥ h on `ones` and ≤ −h on `zeros`.

    `watch` is called again and again; what it raises ends the computation.

    Raises
    ------
    ArithmeticError
        If rounding hides the distance; the message says between which two numbers it is, and what to do.
    """
    return widest_gap(ones, zeros, watch)[:3]


def widest_gap(
    ones: Array, zeros: Array, watch: Callable[[], None] = lambda: None
) -> tuple[Array, float, float, float]:
    """As `separating_hyperplane`, and half of a distance that the hulls do not exceed, which is h but for rounding.

    Where points nearly lie in a flat of a cube, h may be some 1e-12 of their size less than what it is.
    """
    both = np.vstack([ones, zeros]) - zeros[0]
    size = float(np.abs(both).max())
    on = np.arange(len(both)) < len(ones)
    found = hull_gaps(both / size, on[None], watch=watch)
    w, low, high = found.w[0], float(found.low[0]), float(found.high[0])
    if high <= 1e-14:
        return np.zeros(ones.shape[1]), 0.0, 0.0, 0.0
    if low >= (1 - 1e-9) * high - 1e-13:
        # The heights of the points themselves, not of their differences to one of them.
        below, above = float((zeros @ w).max()), float((ones @ w).min())
        return w, -(below + above) / 2, max((above - below) / 2, 0.0), high * size / 2
    support, some = found.support, found.support.weight[0] > 0
    gathered = _by_few(ones, zeros, support.p[0, some], support.q[0, some] - len(ones), watch)
    if gathered is not None:
        return gathered
    if len(ones) * len(zeros) * ones.shape[1] <= DIFFERENCES:
        differences = (ones[:, None, :] - zeros[None, :, :]).reshape(-1, ones.shape[1])
        for solve in (_nnls, _bvls):
            watch()
            exact, _ = _widest(ones, zeros, differences, solve)
            if exact is not None:
                return exact
    msg = (
        f"the distance between the hulls of {len(ones)} and {len(zeros)} points in {ones.shape[1]} dimensions could "
        f"not be computed to 9 digits: it is {low:.3g} to {high:.3g} of how far they differ in a coordinate. Leave out "
        "or move points that lie nearly upon each other, or nearly between others, or take another radius"
    )
    raise ArithmeticError(msg)


def _by_few(
    ones: Array, zeros: Array, p: NDArray[np.intp], q: NDArray[np.intp], watch: Callable[[], None]
) -> tuple[Array, float, float, float] | None:
    """The same from the differences of few pairs of points p, q, to which those are added that are nearest.

    None where there are no more to add, and rounding has kept them from the distance.
    """
    pairs = list(dict.fromkeys(zip(p.tolist(), q.tolist(), strict=True)))
    for _ in range(30 + 8 * ones.shape[1]):
        watch()
        chosen = np.array(pairs)
        found, tried = _widest(ones, zeros, ones[chosen[:, 0]] - zeros[chosen[:, 1]], _nnls)
        if found is not None:
            return found
        new = [(int((ones @ w).argmin()), int((zeros @ w).argmax())) for w in tried]
        more = [pair for pair in dict.fromkeys(new) if pair not in pairs]
        if not more:
            return None
        pairs += more
    return None


def _widest(
    ones: Array, zeros: Array, differences: Array, solve: Callable[[Array, Array], Array]
) -> tuple[tuple[Array, float, float, float] | None, list[Array]]:
    """The gap across the shortest vector in the hull of some differences, if it is the widest; and normals tried."""
    # min ‖Dᵀλ‖² + (1 − Σλ)² over λ ≥ 0: at any fixed direction of λ the best Σλ is 1/(1 + p²), p the norm at Σλ = 1,
    # so λ/Σλ gives the shortest difference of the hulls.
    matrix = np.vstack([differences.T, np.ones(len(differences))])
    target = np.zeros(matrix.shape[0])
    target[-1] = 1.0
    size = float(np.abs(differences).max())
    weights = solve(matrix, target)
    shortest = differences.T @ (weights / weights.sum())
    gap = float(np.linalg.norm(shortest))
    if gap <= 1e-14 * size:
        return (np.zeros(ones.shape[1]), 0.0, 0.0, 0.0), []
    tried = [shortest / gap, _across(differences[weights > 0], shortest)]
    for w in tried:
        low, high = float((zeros @ w).max()), float((ones @ w).min())
        # The hulls are at most `gap` apart, and this hyperplane keeps them high − low apart: the two must agree.
        # They do not always: nnls of SciPy 1.17 stops at points that are not optimal on some subsets of {0,1}⁴.
        if high - low >= (1 - 1e-9) * gap - 1e-13 * size:
            return (w, -(low + high) / 2, max((high - low) / 2, 0.0), gap / 2), tried
    return None, tried


def _across(support: Array, shortest: Array) -> Array:
    """Unit vector along `shortest` in the directions in which the differences `support` that add up to it are equal.

    A short sum of long vectors has lost digits; the directions in which they do not differ have not.
    """
    _, s, vt = np.linalg.svd(support - support[0])
    across = vt[int(np.sum(s > 1e-12 * float(np.abs(support).max()))) :]
    w = across.T @ (across @ shortest)
    length = float(np.linalg.norm(w))
    return np.asarray(w / length if length > 0 else w)


def non_negative(matrix: Array, target: Array) -> tuple[Array, float]:
    """Weights ≥ 0 of the columns of a matrix whose sum is as near to the target as was found, and how near that is.

    SciPy's nnls may stop at weights that are not the best, and then says that their sum is the target (issue 25389).
    What it says is not believed, therefore.
    """
    try:
        weights = np.asarray(nnls(matrix, target, maxiter=30 * matrix.shape[1])[0])
    except RuntimeError:  # no end
        weights = np.zeros(matrix.shape[1])
    return weights, float(np.linalg.norm(matrix @ weights - target))


def _nnls(matrix: Array, target: Array) -> Array:
    weights = non_negative(matrix, target)[0]
    return weights if weights.any() else _bvls(matrix, target)


def _bvls(matrix: Array, target: Array) -> Array:
    return np.asarray(lsq_linear(matrix, target, bounds=(0, np.inf), method="bvls", tol=1e-15).x)
