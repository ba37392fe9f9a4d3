"""Both local maximisers of ‖q + A v‖ on many spheres ‖v‖ = R at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array

NEWTON = 8
"""Newton steps to the other maximum; what has not converged then, a root that is nearly double, is left to halving."""


class Sphere:
    """Functions ‖q + A v‖ on ‖v‖ = R in the eigenbasis of AᵀA; one a row.

    A maximiser solves (λ − AᵀA) v = Aᵀq with ‖v‖ = R: at λ ≥ λ_1, the largest eigenvalue, if it is global, and at the
    only suitable λ between λ_2 and λ_1 if it is not.

    Parameters
    ----------
    A : ndarray, shape (F, r, m)
    q : ndarray, shape (F, r)
    R : ndarray, shape (F,)
    """

    def __init__(self, A: Array, q: Array, R: Array) -> None:
        self.A, self.q, self.R = A, q, R
        values, vectors = np.linalg.eigh(np.swapaxes(A, 1, 2) @ A)
        self.basis = vectors[:, :, ::-1]
        self.top = values[:, -1]
        self.drop = values[:, -1:] - values[:, ::-1]
        self.g = np.einsum("fim,fi->fm", A @ self.basis, q)

    def values(self, rows: NDArray[np.intp], v: Array) -> Array:
        """‖q + A v‖ for the given rows."""
        return np.asarray(np.linalg.norm(self.q[rows] + np.einsum("fim,fm->fi", self.A[rows], v), axis=1))

    def crude(self) -> Array:
        """Upper bounds ‖q + A v‖² ≤ ‖q‖² + 2 R ‖Aᵀq‖ + λ_1 R², as norms."""
        square = (self.q**2).sum(axis=1) + 2 * self.R * np.linalg.norm(self.g, axis=1)
        return np.asarray(np.sqrt(square + np.maximum(self.top, 0.0) * self.R**2))

    def maximum(self, rows: NDArray[np.intp]) -> tuple[Array, Array]:
        """Upper bounds on max ‖q + A v‖, tight to rounding, and maximisers v, for the given rows.

        Any δ > 0 gives the bound ‖q‖² + (λ_1 + δ) R² + Σ g²/(δ + λ_1 − λ_i); the best one solves the secular equation
        Σ g²/(δ + λ_1 − λ_i)² = R² (Moré and Sorensen, 1983).
        """
        g, d, R = self.g[rows], self.drop[rows], self.R[rows]
        length = np.maximum(R, 1e-150)
        low = np.maximum((np.abs(g) / length[:, None] - d).max(axis=1), 1e-300)
        high = np.maximum(np.linalg.norm(g, axis=1) / length, low)
        for _ in range(9):
            middle = (low + high) / 2
            left = ((g / (middle[:, None] + d)) ** 2).sum(axis=1) > R**2
            low, high = np.where(left, middle, low), np.where(left, high, middle)
            # 1/√φ is concave, so that Newton's step from the left of the root stays there.
            ratio = (g / (low[:, None] + d)) ** 2
            phi = ratio.sum(axis=1)
            with np.errstate(divide="ignore", invalid="ignore"):
                step = phi / (ratio / (low[:, None] + d)).sum(axis=1) * (np.sqrt(phi) / length - 1)
            low = np.clip(low + np.where(step > 0, step, 0.0), low, high)
        u = g / (low[:, None] + d)
        bound = (self.q[rows] ** 2).sum(axis=1) + (self.top[rows] + low) * R**2 + (g * u).sum(axis=1)
        v = np.einsum("fim,fm->fi", self.basis[rows], _placed(u, g[:, 0], R, 1.0))
        return np.sqrt(np.maximum(bound, 0.0)), v

    def other_maximum(self, rows: NDArray[np.intp]) -> Array:
        """The local maximisers that are not global, for the given rows; nan where there is none.

        λ = λ_1 − δ with 0 < δ < λ_1 − λ_2, on the branch on which φ = Σ g²/(λ − λ_i)² falls with δ to R² (Martínez,
        1994). Where that branch only just misses R² its end is taken: better a peak too many.
        """
        g, d, R = self.g[rows], self.drop[rows], self.R[rows]
        root, sure = _from_the_pole(g, d, R)
        root[~sure] = np.nan
        rest = np.flatnonzero(~sure & (_least(g, d) <= R**2 * (1 + 1e-7)))
        root[rest] = _on_the_branch(g[rest], d[rest], R[rest])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            u = _placed(_pulled(g, d, root), g[:, 0], R, -1.0)
        return np.asarray(np.einsum("fim,fm->fi", self.basis[rows], u))


def polished(A: Array, q: Array, R: Array, v: Array) -> tuple[Array, Array]:
    """Lower maxima near v by Newton's method, and upper bounds on ‖q + A v‖ there, in floats of any length.

    (λ − AᵀA) s = Aᵀ(q + A v) − λ v + μ v with v·s = 0 is solved in the eigenbasis of AᵀA, to a few digits each time.
    """
    rough = A.astype(float)
    values, vectors = np.linalg.eigh(np.swapaxes(rough, 1, 2) @ rough)
    for _ in range(5):
        g = np.einsum("fim,fi->fm", A, q + np.einsum("fim,fm->fi", A, v))
        shift = (v * g).sum(axis=1) / np.maximum(R, 1e-150) ** 2
        along = np.einsum("fmk,fm->fk", vectors, g - shift[:, None] * v), np.einsum("fmk,fm->fk", vectors, v)
        with np.errstate(all="ignore"):
            s, p = (one / (shift[:, None] - values) for one in along)
            step = s - ((along[1] * s).sum(axis=1) / (along[1] * p).sum(axis=1))[:, None] * p
        step = np.where(np.isfinite(step).all(axis=1, keepdims=True), step, 0.0)
        moved = v + np.einsum("fmk,fk->fm", vectors, step)
        v = moved * (R / np.maximum(np.sqrt((moved**2).sum(axis=1)), 1e-150))[:, None]
    y = q + np.einsum("fim,fm->fi", A, v)
    # Slopes are known to so many last places of ‖A‖ (‖q‖ + ‖A‖ R), and across v they fall by λ − λ_2 at least.
    bend, size = shift - values[:, -2], np.sqrt(np.maximum(values[:, -1], 0.0))
    noise = np.finfo(A.dtype).eps * size * (np.sqrt((q**2).sum(axis=1)) + size * R)
    missed = np.where(bend > 0, noise**2 / np.where(bend > 0, bend, 1.0), np.inf)
    return v, np.sqrt((y**2).sum(axis=1) + missed)


def _from_the_pole(g: Array, d: Array, R: Array) -> tuple[Array, NDArray[np.bool_]]:
    """The least δ > 0 with φ = R² by Newton's method, and where that is sure.

    Between two poles 1/√φ is concave too (Cauchy and Schwarz), and at δ = 0 it is 0 with slope 1/|g_1|: Newton's steps
    towards 1/R from there stay on the left of the first root.
    """
    with np.errstate(all="ignore"):
        t = np.abs(g[:, 0]) / R
        for _ in range(NEWTON):
            phi = (_pulled(g, d, t) ** 2).sum(axis=1)
            # (1/√φ)′ = −φ^(−3/2) Σ g²/(d − t)³, which is positive on the branch.
            t = t + phi * (np.sqrt(phi) / R - 1) / -_slope(g, d, t)
        off = np.abs((_pulled(g, d, t) ** 2).sum(axis=1) / R**2 - 1)
        sure = (off < 1e-12) & (_slope(g, d, t) < 0) & (t > 0) & (t < d[:, 1])
    return t, sure


def _least(g: Array, d: Array) -> Array:
    """A lower bound on φ between the two poles: the least value of its first two terms, and the others at δ = 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        near = np.cbrt(np.abs(g[:, :2])).T ** 2
        rest = np.where(g[:, 2:] == 0, 0.0, (g[:, 2:] / d[:, 2:]) ** 2).sum(axis=1)
        return np.asarray(near.sum(axis=0) ** 3 / d[:, 1] ** 2 + rest)


def _on_the_branch(g: Array, d: Array, R: Array) -> Array:
    """The same by halving, first for the end of the branch; nan where that ends above R²."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        turn, _ = _bisected(lambda t: _slope(g, d, t) < 0, np.zeros(len(g)), d[:, 1])
        turn = np.maximum(turn, 1e-300)  # 0 where g is 0 in the first coordinate: there is no pole then
        _, root = _bisected(lambda t: (_pulled(g, d, t) ** 2).sum(axis=1) > R**2, np.zeros(len(g)), turn)
        least = (_pulled(g, d, turn) ** 2).sum(axis=1)
    return np.where((least <= R**2 * (1 + 1e-8)) & (d[:, 1] > 0), root, np.nan)


def _pulled(g: Array, d: Array, t: Array) -> Array:
    """g/(λ − λ_i) at λ = λ_1 − t."""
    return np.asarray(g / (d - t[:, None]))


def _slope(g: Array, d: Array, t: Array) -> Array:
    """Half the derivative of Σ g²/(λ_1 − t − λ_i)² in t, which grows with t."""
    return np.asarray((g**2 / (d - t[:, None]) ** 3).sum(axis=1))


def _bisected(is_left: Callable[[Array], NDArray[np.bool_]], low: Array, high: Array) -> tuple[Array, Array]:
    """Where `is_left` ends to hold between low and high, from its left and from its right."""
    for _ in range(40):
        middle = (low + high) / 2
        left = is_left(middle)
        low, high = np.where(left, middle, low), np.where(left, high, middle)
    return low, high


def _placed(u: Array, g: Array, R: Array, way: float) -> Array:
    """The vector with its first entry such that ‖u‖ = R: near the pole λ_1 the others are known better."""
    rest = (u[:, 1:] ** 2).sum(axis=1)
    u = u.copy()
    u[:, 0] = way * np.where(g < 0, -1.0, 1.0) * np.sqrt(np.maximum(R**2 - rest, 0.0))
    length = np.linalg.norm(u, axis=1)
    return u * (R / np.where(length > 0, length, 1.0))[:, None]
