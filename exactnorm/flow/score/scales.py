"""Regions with slow and fast motion: what is left once the fast part has died out.

At a small radius ρ a denoiser's regions hold motion of rate 1 and motion of rate ρ. Steps as short as the fast part
wants would be 1/ρ in number; once it is down to rounding, the slow part is followed alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import schur, solve_sylvester, solve_triangular

from exactnorm.arrays import Array
from exactnorm.flow.score.region import contraction

APART = 8.0
"""Ratio of rates from which on they are two scales: below it, following the fast one costs a few steps."""


@dataclass(frozen=True, eq=False)
class Slow:
    """The slow part of one region's motion y' = A y + e, where all faster motion contracts.

    Parameters
    ----------
    A : ndarray, shape (r, r)
        A on the slow invariant subspace, 0 on the fast one.
    projector : ndarray, shape (r, r)
        Onto the slow subspace along the fast one.
    fast : ndarray, shape (r, p)
        Velocities f (m, r) have fast coordinates f @ fast.
    root : ndarray, shape (p, p)
        Upper triangular R in whose norm ‖R x‖ the fast coordinates shrink at `rate`.
    gauge : ndarray, shape (K,)
        How far each kink sees a fast displacement of unit norm.
    rate : float
    """

    A: Array
    projector: Array
    fast: Array
    root: Array
    gauge: Array
    rate: float

    def left_over(self, f: Array) -> Array:
        """Bound on what the fast part of velocities f (m, r) will ever add to the distance from each kink, (m, K)."""
        return np.asarray(np.linalg.norm(f @ self.fast @ self.root.T, axis=1)[:, None] / self.rate * self.gauge)

    def rounding(self, f_noise: Array) -> Array:
        """The same for velocities of which no more is known than a length f_noise (m,)."""
        return np.asarray(f_noise[:, None] * np.linalg.norm(self.fast @ self.root.T, 2) / self.rate * self.gauge)


def slow_parts(A: Array, w: Array) -> list[tuple[Slow, ...]]:
    """The slow parts of matrices (m, r, r), slowest first, one for each gap between the sizes of the eigenvalues."""
    eigenvalues = np.linalg.eigvals(A)  # of all at once: most matrices have no gap
    size = np.sort(np.abs(eigenvalues), axis=1)
    gaps = size[:, 1:] > APART * size[:, :-1]
    return [_parts(*one, w) if one[-1].any() else () for one in zip(A, eigenvalues, size, gaps, strict=True)]


def _parts(A: Array, eigenvalues: NDArray[Any], size: Array, gaps: NDArray[np.bool_], w: Array) -> tuple[Slow, ...]:
    parts = []
    for n in np.flatnonzero(gaps) + 1:
        fast = eigenvalues[np.abs(eigenvalues) > size[n - 1]]
        if (fast.real < -np.abs(fast) / 4).all():
            parts.append(_slow_part(A, w, float(np.sqrt(max(size[n - 1], 1e-300) * size[n]))))
    return tuple(parts)


def _slow_part(A: Array, w: Array, limit: float) -> Slow:
    """With the eigenvalues below the limit as the slow ones."""
    T, Z, q = schur(A, output="real", sort=lambda re, im: np.hypot(re, im) < limit)
    mixing = solve_sylvester(T[:q, :q], -T[q:, q:], T[:q, q:])
    coordinates = Z[:, :q].T + mixing @ Z[:, q:].T
    fast_basis = Z[:, q:] - Z[:, :q] @ mixing
    root, rate = contraction(T[q:, q:])
    gauge = np.linalg.norm(solve_triangular(root, (w @ fast_basis).T, trans="T"), axis=0)
    return Slow(Z[:, :q] @ T[:q, :q] @ coordinates, Z[:, :q] @ coordinates, Z[:, q:], root, np.asarray(gauge), rate)
