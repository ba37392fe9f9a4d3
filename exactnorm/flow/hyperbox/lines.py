"""Data on orthogonal lines through one of them, where each coordinate of a flow is on its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array
from exactnorm.closed_form.rays import find_rays
from exactnorm.flow.record import Indices
from exactnorm.training_set import training_set


@dataclass(frozen=True, eq=False)
class Lines:
    """Clean points on orthogonal lines through one of them.

    Parameters
    ----------
    origin : ndarray, shape (d,)
        The point x_0 on all lines.
    axes : ndarray, shape (k, d)
        Unit vectors of the lines, pairwise orthogonal.
    knots : ndarray, shape (k, q)
        Coordinates of the points on each line, increasing, 0 for x_0 among them, filled up with ∞.
    rows : ndarray of int, shape (k, q)
        The points they belong to; −1 where filled up.
    """

    origin: Array
    axes: Array
    knots: Array
    rows: Indices

    @property
    def separation(self) -> float:
        """Smallest distance between two of the points: the smallest gap on a line."""
        real = np.isfinite(self.knots)
        gaps = np.where(real[:, 1:], self.knots[:, 1:], np.inf) - np.where(real[:, :-1], self.knots[:, :-1], 0.0)
        return float(gaps.min())

    @property
    def ends(self) -> tuple[Array, Array]:
        """Lowest and highest coordinate of a point on each line: the ranges of the hyperbox."""
        return self.knots[:, 0], np.where(np.isfinite(self.knots), self.knots, -np.inf).max(axis=1)

    @cached_property
    def gaps(self) -> tuple[Array, Array, Array]:
        """The gaps between neighbouring points on each line, as the centre of the hyperbox that they span sees them.

        Returns
        -------
        centre : ndarray, shape (d,)
        middle : ndarray, shape (g, k, 1)
            Coordinate of the middle of each line's first, second, … gap, from the centre.
        half : ndarray, shape (g, k, 1)
            Half the length of each; 0 on lines with fewer gaps.
        """
        real = np.isfinite(self.knots)
        knots = np.where(real, self.knots, 0.0)
        middle = sum(self.ends) / 2
        low, high = knots[:, :-1].T, np.where(real[:, 1:], knots[:, 1:], knots[:, :-1]).T
        return self.origin + middle @ self.axes, ((low + high) / 2 - middle)[..., None], ((high - low) / 2)[..., None]

    def coordinates(self, Y: Array) -> tuple[Array, Array]:
        """Coordinates (m, k) of Y (m, d) along the lines, and what is orthogonal to all of them (m, d)."""
        offset = Y - self.origin
        t = offset @ self.axes.T
        return t, offset - t @ self.axes


def orthogonal_lines(points: ArrayLike, *, tolerance: float = 1e-9) -> Lines:
    """Lines of univariate, collinear or orthogonal data, or of data on orthogonal rays.

    Raises
    ------
    ValueError
        If the points are not of this kind; the message says why. `tolerance` is the largest cosine between two
        lines that counts as 0: room for the rounding of the points.
    """
    train = training_set(points)
    centre, u, ray, distances = find_rays(train.points)
    signed, line = _lines_of_rays(u, tolerance)
    members, k = np.flatnonzero(ray >= 0), len(signed)
    side = np.sign(np.einsum("ij,ij->i", u, signed[line]))[ray[members]]
    which = np.concatenate([line[ray[members]], np.arange(k)])  # x_0 is on every line
    values = np.concatenate([distances[members] * side, np.zeros(k)])
    index = np.concatenate([members, np.full(k, centre)])
    order, count = np.lexsort((values, which)), np.bincount(which)
    which = which[order]
    place = np.arange(len(order)) - (np.cumsum(count) - count)[which]
    knots, rows = np.full((k, count.max()), np.inf), np.full((k, count.max()), -1)
    knots[which, place], rows[which, place] = values[order], index[order]
    return Lines(train.points[centre].copy(), signed, knots, rows)


def _lines_of_rays(u: Array, tolerance: float) -> tuple[Array, Indices]:
    """Join opposite rays to lines; the line of each ray."""
    cosines = u @ u.T
    opposite, own = cosines < -1 + tolerance, np.arange(len(u))
    first = np.where(opposite.any(axis=1), np.minimum(own, opposite.argmax(axis=1)), own)
    chosen, line = np.unique(first, return_inverse=True)
    axes = np.asarray(u[chosen])
    off = np.abs(axes @ axes.T - np.eye(len(axes)))
    if off.max(initial=0.0) > tolerance:
        msg = (
            f"the rays from the common point are not orthogonal: two have a cosine of {off.max():.3g}; "
            "no closed form of the flow is known there, use score_flow or probability_flow"
        )
        raise ValueError(msg)
    return axes, line


def neighbours(knots: Array, t: Array) -> tuple[Array, Array]:
    """The clean points to the left and right of each coordinate t (m, k); ∓∞ beyond the ends."""
    if knots.shape[1] == 2:  # one point a line besides x_0: no search
        low, high = knots[:, 0], knots[:, 1]
        left = np.where(t < low, -np.inf, np.where(t < high, low, high))
        right = np.where(t < low, low, np.where(t < high, high, np.inf))
        return left, right
    left, right = np.full_like(t, -np.inf), np.full_like(t, np.inf)
    for j in range(knots.shape[1]):
        knot = knots[:, j]
        passed = t >= knot
        left = np.where(passed, knot, left)
        right = np.where(passed, right, np.minimum(right, knot))
    return left, right
