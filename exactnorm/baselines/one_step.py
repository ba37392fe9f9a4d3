"""The linear denoiser that is fitted to sampled noise, and how far what one step of it generates is from the truth."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array, real_array
from exactnorm.baselines.inputs import noise_level, one_or_many, training_points


@dataclass(frozen=True, eq=False)
class SampledLinear:
    """The affine map of least squares from noisy samples to their points: `LinearDenoiser` with noise that was drawn.

    One noise vector a point, drawn once and scaled by σ, so that the denoiser is a fixed function afterwards. Where
    there are no more points than dimensions, of all maps that fit the one of least norm.

    Parameters
    ----------
    points : array_like, shape (N, d)
        Clean points, two at least.
    rng : numpy.random.Generator

    Raises
    ------
    ValueError
        If the points are not a finite array of that shape.
    """

    points: Array
    rng: np.random.Generator = field(repr=False)
    noise: Array = field(init=False, repr=False)
    """Standard normal, shape (N, d)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", training_points(self.points))
        object.__setattr__(self, "noise", self.rng.standard_normal(self.points.shape))

    def fitted(self, sigma: float) -> tuple[Array, Array]:
        """A (d, d) and b (d,) of the map y ↦ A y + b at noise level σ > 0."""
        return least_squares(self.points, self.points + noise_level(sigma) * self.noise)

    def __call__(self, y: ArrayLike, sigma: float) -> Array:
        """Denoised points, of the shape (d,) or (m, d) of `y`, at noise level σ > 0."""
        Y, shape = one_or_many(y, self.points.shape[1])
        A, b = self.fitted(sigma)
        return np.asarray(Y @ A.T + b).reshape(shape)

    def score(self, y: ArrayLike, sigma: float) -> Array:
        """Score (h(y) − y)/σ²."""
        return np.asarray((self(y, sigma) - np.asarray(y, dtype=np.float64)) / noise_level(sigma) ** 2)


def least_squares(targets: Array, inputs: Array) -> tuple[Array, Array]:
    """A and b that minimise Σ ‖A y + b − x‖²; of least norm ‖A‖ where that leaves a choice."""
    x, y = targets.mean(axis=0), inputs.mean(axis=0)
    A = np.linalg.lstsq(inputs - y, targets - x, rcond=None)[0].T
    return A, np.asarray(x - A @ y)


def generated(points: ArrayLike, noise: ArrayLike, ell: float) -> tuple[Array, Array]:
    """Mean (d,) and covariance (d, d) of what one step of the fitted linear denoiser generates.

    It is fitted to x and y = x + √ℓ·noise, and then applied to normal inputs with the mean of the points and, in every
    coordinate, the mean variance of the y. An Ornstein–Uhlenbeck process that ran for a time T has ℓ = λ(e^{2T} − 1),
    with λ its stationary variance; its factor e^{−T} changes nothing of what is generated.
    """
    points, noise = real_array(points, "points"), real_array(noise, "noise")
    if points.ndim != 2 or noise.shape != points.shape or not ell >= 0:
        msg = f"points of shape {points.shape}, noise of shape {noise.shape}, ell={ell:g}: give a noise vector a point"
        raise ValueError(msg)
    inputs = points + math.sqrt(ell) * noise
    A, b = least_squares(points, inputs)
    variance = float(inputs.var(axis=0).mean())
    return np.asarray(A @ points.mean(axis=0) + b), variance * A @ A.T


def divergence(mean: ArrayLike, covariance: ArrayLike, true_mean: float, true_variance: float) -> float:
    """KL(N(mean, covariance) ‖ N(true_mean·1, true_variance·I)); infinite for a singular covariance."""
    mean, covariance = real_array(mean, "mean"), real_array(covariance, "covariance")
    d = mean.size
    if mean.shape != (d,) or covariance.shape != (d, d):
        msg = f"mean of shape {mean.shape} and covariance of shape {covariance.shape}: give (d,) and (d, d)"
        raise ValueError(msg)
    values = np.linalg.eigvalsh(covariance) / true_variance
    if values[0] <= d * np.finfo(float).eps * values[-1]:
        return math.inf
    off = float(np.sum((mean - true_mean) ** 2)) / true_variance
    return 0.5 * (float(np.sum(values - 1 - np.log(values))) + off)


def expected_trace(count: int, dimension: int, ell: float) -> float:
    """The expectation of tr S, S the covariance that `generated` gives of `count` standard normal points; or infinity.

    With W = YᵀY of the centred inputs y, of variance τ² = 1 + ℓ, E[A Aᵀ | Y] has the trace d/τ⁴ + (ℓ/τ²) d tr W^{-1}
    with ν = n − 1 degrees of freedom, and the variance of the inputs is tr W/(nd). For W/τ² standard Wishart its trace
    is independent of W/tr W, so that E[tr W tr W^{-1}] = d(νd − 2)/(ν − d − 1), which is finite for n > d + 2 only.
    """
    d, freedom, square = dimension, count - 1, 1 + ell
    if count <= d + 2:
        return math.inf
    return square / count * (freedom * d / square**2 + ell / square**2 * d * (freedom * d - 2) / (freedom - d - 1))


def divergence_limit(dimension: int, ell: float, variance: float = 1.0) -> float:
    """(d/2)(r − 1 − log r), r = variance/(variance + ℓ): the divergence that is left with infinitely many points."""
    r = variance / (variance + ell)
    return 0.5 * dimension * (r - 1 - math.log(r))
