"""What the minimum-norm denoiser would say without some of its training points: exact counterfactuals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactnorm.arrays import Array, real_array
from exactnorm.experiments.solved import solved_denoiser
from exactnorm.tables import one_line
from exactnorm.training_set import training_set

Masks = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Counterfactuals:
    """Values of the denoisers of all points and of subsets of them, at the same inputs, level by level.

    Parameters
    ----------
    points : ndarray, shape (N, d)
    radii : ndarray, shape (L,)
        Noise radii ρ, one a level.
    inputs : ndarray, shape (L, m, d)
        What is denoised at each level.
    subsets : ndarray of bool, shape (K, N)
        Which points each denoiser knows; row n of the identity's complement leaves out point n.
    full : ndarray, shape (L, m, d)
        h_{D,ρ}(y).
    values : ndarray, shape (L, K, m, d)
        h_{S,ρ}(y).
    gap : ndarray, shape (L, K + 1)
        Relative gaps of the certificates, the one of all points last.
    """

    points: Array
    radii: Array
    inputs: Array
    subsets: Masks
    full: Array
    values: Array
    gap: Array

    __repr__ = one_line

    @property
    def delta(self) -> Array:
        """What the points that are left out add: h_{D,ρ}(y) − h_{S,ρ}(y), shape (L, K, m, d)."""
        return np.asarray(self.full[:, None] - self.values)


def leave_one_out(
    points: ArrayLike, radii: ArrayLike, inputs: ArrayLike, *, method: str = "auto", tol: float = 1e-7
) -> Counterfactuals:
    """Leave every point out in turn: Δ_n(y, ρ) = h_{D,ρ}(y) − h_{D∖n,ρ}(y) is the result's `delta`.

    Parameters
    ----------
    points : array_like, shape (N, d)
        Three points at least.
    radii, inputs, method, tol
        As for `on_subsets`.

    Returns
    -------
    Counterfactuals
        Row n of its subsets is without point n.
    """
    return on_subsets(points, radii, inputs, ~np.eye(len(np.asarray(points)), dtype=bool), method=method, tol=tol)


def on_subsets(
    points: ArrayLike,
    radii: ArrayLike,
    inputs: ArrayLike,
    subsets: ArrayLike,
    *,
    method: str = "auto",
    tol: float = 1e-7,
) -> Counterfactuals:
    """Denoise the same inputs with the minimum-norm denoisers of all points and of subsets of them.

    Parameters
    ----------
    points : array_like, shape (N, d)
    radii : array_like, shape (L,)
    inputs : array_like, shape (m, d) or (L, m, d)
        The same at all levels, or each level's own.
    subsets : array_like of bool, shape (K, N)
        At least two points in each.
    method, tol
        As for `min_norm_denoiser`: "auto" takes closed forms where they are proved, "program" never does. The gap is
        small by default because values of the denoiser settle slower than its cost, as the square root of the gap.

    Raises
    ------
    ValueError
        If shapes do not fit, a subset has fewer than two points, or the points and radii are not admissible.
    """
    X = training_set(points).points
    rho = np.atleast_1d(real_array(radii, "radii"))
    Y, masks = real_array(inputs, "inputs"), np.asarray(subsets, dtype=bool)
    Y = np.broadcast_to(Y, (len(rho), *Y.shape)) if Y.ndim == 2 else Y
    if rho.ndim != 1 or Y.ndim != 3 or len(Y) != len(rho) or Y.shape[2] != X.shape[1]:
        msg = f"radii {rho.shape} and inputs {Y.shape} do not fit points {X.shape}; give (L,) and (m, d) or (L, m, d)"
        raise ValueError(msg)
    if masks.ndim != 2 or masks.shape[1] != len(X) or (masks.sum(axis=1) < 2).any():
        msg = f"subsets have shape {masks.shape}; give (K, {len(X)}), two points in each row at least"
        raise ValueError(msg)
    values = np.empty((len(rho), len(masks) + 1, *Y.shape[1:]))
    gap = np.empty(values.shape[:2])
    for level, radius in enumerate(rho):
        for k, mask in enumerate([*masks, np.ones(len(X), dtype=bool)]):
            h = solved_denoiser(X[mask], float(radius), method=method, tol=tol)
            values[level, k], gap[level, k] = h(Y[level]), h.certificate.gap
    return Counterfactuals(X, rho, Y, masks, values[:, -1], values[:, :-1], gap)


def sizes(delta: Array) -> Array:
    """Lengths ‖Δ_n(y, ρ)‖, shape (L, K, m)."""
    return np.asarray(np.linalg.norm(delta, axis=-1))


def raw_sum(scores: Array) -> Array:
    """Σ_ρ of scores (L, K, m) as they are: levels at which they are large count more."""
    return np.asarray(scores.sum(axis=0))


def normalised_sum(scores: Array) -> Array:
    """Σ_ρ of scores (L, K, m) divided by their root mean square at each level; a level that says nothing counts 0."""
    rms = np.sqrt(np.mean(scores**2, axis=(1, 2), keepdims=True))
    return np.asarray((scores / np.where(rms > 0, rms, 1.0)).sum(axis=0))


def fit(values: Array, targets: Array) -> Array:
    """How well samples are denoised to themselves: −½‖h(y) − target‖², for values (…, m, d) and targets (m, d)."""
    return np.asarray(-0.5 * np.sum((values - targets) ** 2, axis=-1))


def effect(found: Counterfactuals, targets: Array) -> Array:
    """What the points left out did for the fit of each sample, f(D) − f(S), shape (L, K, m); positive: they helped."""
    return np.asarray(fit(found.full, targets)[:, None] - fit(found.values, targets))
