"""The posterior mean given the training points, and its smoothed version."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist

from exactnorm.arrays import Array, real_number, restore_read_only
from exactnorm.baselines.inputs import noise_level, one_or_many, training_points


@dataclass(frozen=True, eq=False)
class EmpiricalMMSE:
    """Posterior mean of the uniform distribution on the training points: Σ_n x_n p_n(y), p_n ∝ exp(−‖y − x_n‖²/2σ²).

    No denoiser has a smaller mean squared error on noisy training points, and none memorises them more.

    Parameters
    ----------
    points : array_like, shape (N, d)
        Clean points, at least one.

    Raises
    ------
    ValueError
        If the points are not a finite array of that shape.
    """

    points: Array

    __setstate__ = restore_read_only

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", training_points(self.points))

    def __call__(self, y: ArrayLike, sigma: float) -> Array:
        """Denoised points, of the shape (d,) or (m, d) of `y`, at noise level σ > 0."""
        Y, shape = one_or_many(y, self.points.shape[1])
        return (Y + self._towards(Y, noise_level(sigma))).reshape(shape)

    def score(self, y: ArrayLike, sigma: float) -> Array:
        """Score (h(y) − y)/σ²: the gradient of the log density of the points blurred by noise of level σ."""
        Y, shape = one_or_many(y, self.points.shape[1])
        return (self._towards(Y, noise_level(sigma)) / sigma**2).reshape(shape)

    def _towards(self, Y: Array, sigma: float) -> Array:
        """The displacement h(y) − y, to full relative accuracy also where σ is far below the distances."""
        squares = cdist(Y, self.points, "sqeuclidean")
        nearest = squares.argmin(axis=1)
        rows = np.arange(len(Y))
        with np.errstate(under="ignore"):
            p = np.exp(-(squares - squares[rows, nearest][:, None]) / (2 * sigma**2))
        p /= p.sum(axis=1, keepdims=True)
        p[rows, nearest] = 0.0
        X = self.points[nearest]
        # Relative to the nearest point: the others enter with their weight, however small.
        return np.asarray((X - Y) + p @ self.points - p.sum(axis=1, keepdims=True) * X)


@dataclass(frozen=True, eq=False)
class SmoothedClosedForm:
    """The empirical denoiser with its score averaged over a Gaussian neighbourhood, which makes it generalise.

    score(y) = mean over k of s(y + width·ε_k), s the score of `EmpiricalMMSE` and ε_k standard normal, drawn once
    and in opposite pairs. The denoised point y + σ² score(y) is then a mean of training points.

    Parameters
    ----------
    points : array_like, shape (N, d)
        Clean points.
    width : float
        Standard deviation of the smoothing, ≥ 0, in the unit of the points; 0 gives `EmpiricalMMSE`.
    rng : numpy.random.Generator
        For the ε_k; the denoiser is a fixed function afterwards.
    pairs : int
        Number of pairs ±ε.

    Raises
    ------
    ValueError
        If the points are not a finite array, `width` is negative or `pairs` is below 1.

    References
    ----------
    Scarvelis, Sáez de Ocáriz Borde and Solomon, Closed-Form Diffusion Models, TMLR 2025 (arXiv:2310.12395).
    """

    points: Array
    width: float
    rng: np.random.Generator = field(repr=False)
    pairs: int = 32
    offsets: Array = field(init=False, repr=False)
    """The smoothing displacements width·ε_k, shape (2·pairs, d)."""

    __setstate__ = restore_read_only

    def __post_init__(self) -> None:
        points, width = training_points(self.points), real_number(self.width, "width")
        if width < 0 or self.pairs < 1:
            msg = f"width={width:g}, pairs={self.pairs}: give width >= 0 and at least one pair"
            raise ValueError(msg)
        half = width * self.rng.standard_normal((self.pairs, points.shape[1]))
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "offsets", np.vstack([half, -half]))

    def __call__(self, y: ArrayLike, sigma: float) -> Array:
        """Denoised points, of the shape (d,) or (m, d) of `y`, at noise level σ > 0."""
        Y, shape = one_or_many(y, self.points.shape[1])
        empirical = EmpiricalMMSE(self.points)
        total = np.zeros_like(Y)
        for offset in self.offsets:
            total += empirical(Y + offset, sigma)
        return (total / len(self.offsets)).reshape(shape)

    def score(self, y: ArrayLike, sigma: float) -> Array:
        """Averaged score, in the shape of `y`."""
        Y, shape = one_or_many(y, self.points.shape[1])
        empirical = EmpiricalMMSE(self.points)
        total = np.zeros_like(Y)
        for offset in self.offsets:
            total += empirical.score(Y + offset, sigma)
        return (total / len(self.offsets)).reshape(shape)
