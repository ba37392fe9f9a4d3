"""Families of dual matrices B, in which the bound of whole patterns is sought: all of them, or those made of pairs.

Along the segment from x_i to x_j, of length L and direction u, a kink at distances y_i < 0 < y_j from its ends is worth
c u (y_i + y_j)/(L − 2ρ) to the bound of segments: c u at the one ball and −c u at the other. With any vector
p_ij = −p_ji in place of c u,

    B_n (w, b) = Σ_i p_in (y_i + y_n)/(L_in − 2ρ),        y_n = w·x_n + b,

adds up, over the balls that are on, to the pairs that a kink tells apart: all others cancel. So these are dual matrices
like any other, worth Σ 2 p_ij·u_ij L/(L − 2ρ) over the pairs. With p_ij in the span of a few directions there are a few
unknowns for each pair, in place of (N − 1) r (r + 1) for all B.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.exact.balls.eliminated import Factored, form_of, hessian
from exactnorm.hulls import hull_gaps


class Family(Protocol):
    """Linear unknowns of which B is made, shape (N − 1, r, r + 1)."""

    @property
    def size(self) -> int:
        """The number of unknowns."""
        ...

    def gradient(self, each: Array) -> Array:
        """What a form that is linear in B is in the unknowns."""
        ...

    def change(self, d: Array) -> Array:
        """B of unknowns."""
        ...

    def begun(self) -> Array:
        """The form in the unknowns of no cells."""
        ...

    def add(self, total: Array, on: NDArray[np.bool_], one: Factored) -> None:
        """Add the forms (`hessian`) of cells that are `on`, shape (P, N − 1)."""
        ...

    def form(self, total: Array) -> Array:
        """The sum as a matrix; total may be overwritten."""
        ...


@dataclass(frozen=True)
class Free:
    """All B of N points of rank r."""

    points: int
    rank: int

    @property
    def size(self) -> int:
        """The number of unknowns."""
        return (self.points - 1) * self.rank * (self.rank + 1)

    def gradient(self, each: Array) -> Array:
        """The entries."""
        return each.ravel()

    def change(self, d: Array) -> Array:
        """From entries."""
        return d.reshape(self.points - 1, self.rank, self.rank + 1)

    def begun(self) -> Array:
        """Blocks for n ≤ m, which are sums over the cells that are on at both balls."""
        count, m = self.points - 1, self.rank * (self.rank + 1)
        return np.zeros((count * (count + 1) // 2, m * m))

    def add(self, total: Array, on: NDArray[np.bool_], one: Factored) -> None:
        """Add to the blocks."""
        first, second = np.triu_indices(self.points - 1)
        total += ((on[:, first] & on[:, second]) * 1.0).T @ hessian(one).reshape(len(on), -1)

    def form(self, total: Array) -> Array:
        """Blocks put together."""
        count, m = self.points - 1, self.rank * (self.rank + 1)
        H = np.empty((count * m, count * m))
        for k, (i, j) in enumerate(zip(*np.triu_indices(count), strict=True)):
            H[j * m : (j + 1) * m, i * m : (i + 1) * m] = total[k].reshape(m, m)
            H[i * m : (i + 1) * m, j * m : (j + 1) * m] = total[k].reshape(m, m)
        return H


@dataclass(frozen=True, eq=False)
class Pairs:
    """B of pairs.

    Parameters
    ----------
    first, second : ndarray of int, shape (E,)
        Rows of the points x_i and x_j, i < j.
    kink : ndarray, shape (E, r + 1)
        The form (w, b) -> (y_i + y_j)/(L − 2ρ).
    along : ndarray, shape (E, k, r)
        What p_ij is made of: k unknowns for a pair.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    kink: Array
    along: Array

    @property
    def size(self) -> int:
        """The number of unknowns."""
        return int(self.along.shape[0] * self.along.shape[1])

    @property
    def points(self) -> int:
        """N."""
        return int(self.second.max()) + 1

    def gradient(self, each: Array) -> Array:
        """What each p_ij meets."""
        whole = np.concatenate([np.zeros((1, *each.shape[1:])), each])
        met = ((whole[self.second] - whole[self.first]) @ self.kink[:, :, None])[:, :, 0]
        return np.asarray(self.along @ met[:, :, None]).ravel()

    def change(self, d: Array) -> Array:
        """Σ over pairs."""
        p = (d.reshape(self.along.shape[:2])[:, None, :] @ self.along)[:, 0]
        each = p[:, :, None] * self.kink[:, None, :]
        B = np.zeros((self.points, *each.shape[1:]))
        np.add.at(B, self.second, each)
        np.add.at(B, self.first, -each)
        return B[1:]

    def begun(self) -> Array:
        """A matrix."""
        return np.zeros((self.size, self.size))

    def add(self, total: Array, on: NDArray[np.bool_], one: Factored) -> None:
        """Of each cell the pairs that it tells apart, an unknown d being worth d·± p·kinkᵀ of B_s."""
        k = self.along.shape[1]
        whole = np.column_stack([np.zeros(len(on), dtype=bool), on])
        sign = whole[:, self.second] * 1.0 - whole[:, self.first]
        for cell, s in enumerate(sign):
            cut = np.flatnonzero(s)
            left = (s[cut, None, None] * self.along[cut]).reshape(len(cut) * k, -1)
            rows = (cut[:, None] * k + np.arange(k)).ravel()
            total[np.ix_(rows, rows)] += form_of(one, cell, left, self.kink[cut].repeat(k, axis=0))

    def form(self, total: Array) -> Array:
        """As it is."""
        return total


def pairs(points: Array, rho: float) -> Pairs:
    """Of all pairs, with p_ij along the segment, the positions of its ends and the altitudes of the points there.

    Positions are seen from the mean of all points; the altitude of a point is the normal of the widest gap between it
    and all others. That these few directions are good ones is measured, not proved; any are valid.
    """
    first, second = np.triu_indices(len(points), 1)
    way = points[second] - points[first]
    length = np.linalg.norm(way, axis=1)
    kink = np.column_stack([points[first] + points[second], np.full(len(first), 2.0)]) / (length - 2 * rho)[:, None]
    position = points - points.mean(axis=0)
    altitude = hull_gaps(points, np.eye(len(points), dtype=bool)).w
    spanned = np.stack([way, position[first], position[second], altitude[first], altitude[second]], axis=2)
    spanned = spanned / np.maximum(np.linalg.norm(spanned, axis=1, keepdims=True), np.finfo(float).tiny)
    return Pairs(first, second, kink, np.swapaxes(np.linalg.qr(spanned)[0], 1, 2))
