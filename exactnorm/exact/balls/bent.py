"""How the peaks of the dual function change with B, to second order.

At a peak z of its face ‖B_s z‖² is φ(B_s), with the slope 2 y zᵀ for y = B_s z. To second order in a change D of B_s it
is ‖D z‖², and what the kink gains by moving along: with moves m on the face, on which ‖B_s z‖² bends by −2 K, and
c_m = (D m)·y + (B_s m)·(D z), that is cᵀ K⁻¹ c. Both are squares: φ is convex.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactnorm.arrays import Array
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.balls.tracked import Tracked

FLATTEST = 1e-3
"""Least bend that counts, as a share of the largest possible: flatter peaks would seem to move anywhere."""


@dataclass(frozen=True, eq=False)
class Bent:
    """K peaks with their derivatives.

    Parameters
    ----------
    z : ndarray, shape (K, r + 1)
    y : ndarray, shape (K, r)
        B_s z.
    rows : ndarray, shape (R, r (r + 1))
        C with cᵀ K⁻¹ c = ‖C D‖², the rows of one peak after those of another.
    of : ndarray of int, shape (R,)
        The peak of each row.
    """

    z: Array
    y: Array
    rows: Array
    of: Array

    @property
    def slope(self) -> Array:
        """2 y zᵀ, shape (K, r, r + 1)."""
        return 2 * self.y[:, :, None] * self.z[:, None, :]

    def second(self, D: Array) -> Array:
        """What ‖B_s z‖² gains to second order as B_s changes by D, shape (K, r, r + 1)."""
        rise: Array = (np.einsum("kij,kj->ki", D, self.z) ** 2).sum(axis=1)
        moved = (self.rows * D.reshape(len(D), -1)[self.of]).sum(axis=1) ** 2
        return rise + np.bincount(self.of, moved, minlength=len(D))


def bent(problem: Reduced, Bs: Array, peaks: Tracked) -> Bent:
    """The derivatives of peaks, `Bs` being B_s of all patterns."""
    z, r = peaks.kinks(problem).z, problem.rank
    y = np.einsum("kij,kj->ki", Bs[peaks.of], z)
    size = peaks.touched.sum(axis=1)
    rows, of = [np.zeros((0, r * (r + 1)))], [np.zeros(0, dtype=np.intp)]
    for k in range(1, r):
        some = np.flatnonzero(size == k)
        if len(some):
            rows.append(_rows(problem, Bs[peaks.of[some]], peaks[some], z[some], y[some]).reshape(-1, r * (r + 1)))
            of.append(np.repeat(some, r - k))
    return Bent(z, y, np.concatenate(rows), np.concatenate(of))


def _rows(problem: Reduced, B: Array, peaks: Tracked, z: Array, y: Array) -> Array:
    """C of peaks that touch k balls each, shape (K, r − k, r (r + 1))."""
    k = int(peaks.touched[0].sum())
    balls = np.nonzero(peaks.touched)[1].reshape(len(peaks), k)
    x = problem.points[balls[:, 0]]
    apart = np.swapaxes(problem.points[balls[:, 1:]] - x[:, None], 1, 2)
    # Along the last columns w moves while it keeps its length and stays at all balls.
    Q = np.linalg.qr(np.concatenate([apart, peaks.w[:, :, None]], axis=2), mode="complete")[0]
    flat, along = Q[:, :, : k - 1], Q[:, :, k:]
    moves = np.concatenate([along, -np.einsum("kr,krm->km", x, along)[:, None, :]], axis=1)
    M = B[:, :, :-1] - B[:, :, -1:] * x[:, None, :]
    free = peaks.w - np.einsum("krf,kf->kr", flat, np.einsum("krf,kr->kf", flat, peaks.w))
    # The multiplier of ‖w‖ = 1 on the face.
    lam = (free * np.einsum("kij,ki->kj", M, y)).sum(axis=1) / (free**2).sum(axis=1)
    bend = lam[:, None, None] * np.eye(along.shape[2]) - np.swapaxes(M @ along, 1, 2) @ (M @ along)
    values, vectors = np.linalg.eigh(bend)
    values = np.maximum(values, FLATTEST * np.maximum(lam, FLATTEST)[:, None])
    Bm = np.swapaxes(B @ moves, 1, 2)
    C = y[:, None, :, None] * np.swapaxes(moves, 1, 2)[:, :, None, :] + Bm[:, :, :, None] * z[:, None, None, :]
    C = C.reshape(*C.shape[:2], -1)
    return np.asarray(np.swapaxes(vectors / np.sqrt(values)[:, None, :], 1, 2) @ C)
