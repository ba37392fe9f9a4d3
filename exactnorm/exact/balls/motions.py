"""Isometries that permute points, and how they move kinks and patterns.

With b measured at the centre of the points, an isometry takes a neuron (a, w, b) to (g a, g w, b). A kink that is then
on at x_0 is turned over, which changes neither a nor B_s z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.exact.balls.kinks import Kinks

Patterns = NDArray[np.bool_]

FIXED = 1e-7
"""How far an eigenvalue of an average of orthogonal maps may be below 1, for a vector that all of them leave."""


@dataclass(frozen=True, eq=False)
class Motions:
    """G isometries of coordinates that permute the points.

    Parameters
    ----------
    permutation : ndarray of int, shape (G, N)
        Point n goes to point ``permutation[g, n]``.
    turn : ndarray, shape (G, r, r)
        Orthogonal, around the centre.
    centre : ndarray, shape (r,)
    """

    permutation: NDArray[np.intp]
    turn: Array
    centre: Array

    def __len__(self) -> int:
        return len(self.turn)

    def __getitem__(self, some: NDArray[np.intp]) -> Motions:
        return Motions(self.permutation[some], self.turn[some], self.centre)

    @property
    def back(self) -> Motions:
        """Their inverses."""
        return Motions(np.argsort(self.permutation, axis=1), np.swapaxes(self.turn, 1, 2), self.centre)

    def error(self, points: Array) -> float:
        """The largest distance of an image from the point that it stands for."""
        X = points - self.centre
        images = np.einsum("gij,nj->gni", self.turn, X)
        return float(np.linalg.norm(images - X[self.permutation], axis=2).max(initial=0.0))


def motions(points: Array, permutations: NDArray[np.intp]) -> Motions:
    """The isometries that permute points (N, r), which span the space, in these ways."""
    centre = points.mean(axis=0)
    X = points - centre
    inverse = np.linalg.pinv(X)
    linear = np.einsum("jn,gni->gij", inverse, X[permutations])
    U, _, Vt = np.linalg.svd(linear)
    return Motions(permutations, U @ Vt, centre)


def moved(kinks: Kinks, by: Motions) -> Kinks:
    """Each kink moved by its own isometry, and turned over where it is then on at x_0."""
    w = np.einsum("kij,kj->ki", by.turn, kinks.w)
    b = kinks.b + (kinks.w - w) @ by.centre
    pattern, over = moved_patterns(kinks.pattern, by.permutation)
    sign = np.where(over, -1.0, 1.0)
    return Kinks(w * sign[:, None], b * sign, pattern)


def moved_patterns(patterns: Patterns, permutation: NDArray[np.intp]) -> tuple[Patterns, NDArray[np.bool_]]:
    """Each pattern with its balls permuted, off at the first ball, and whether it was turned over for that."""
    out = np.empty_like(patterns)
    np.put_along_axis(out, np.broadcast_to(permutation, patterns.shape), patterns, axis=1)
    over = out[:, 0].copy()
    return out ^ over[:, None], over


def fixed_by(mean: Array) -> Array:
    """Orthonormal vectors, as columns, that orthogonal maps with this mean (n, n) all leave as they are."""
    values, vectors = np.linalg.eigh((mean + mean.T) / 2)
    return np.asarray(vectors[:, values > 1 - FIXED])
