"""The best affine denoiser."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array, restore_read_only
from exactnorm.baselines.inputs import noise_level, one_or_many, training_points


@dataclass(frozen=True, eq=False)
class LinearDenoiser:
    """Wiener filter μ + C (C + σ²I)^{-1} (y − μ), with mean μ and covariance C of the training points.

    Of all affine maps it has the smallest mean squared error on noisy training points; it is the posterior mean of
    the normal distribution with their mean and covariance (divided by N).

    Parameters
    ----------
    points : array_like, shape (N, d)
        Clean points.

    Raises
    ------
    ValueError
        If the points are not a finite array of that shape.
    """

    points: Array
    mean: Array = field(init=False, repr=False)
    """Mean of the points, shape (d,)."""
    axes: Array = field(init=False, repr=False)
    """Principal axes, orthonormal rows, shape (r, d)."""
    variances: Array = field(init=False, repr=False)
    """Variances along them, shape (r,); zero in all other directions."""

    __setstate__ = restore_read_only

    def __post_init__(self) -> None:
        points = training_points(self.points)
        mean = points.mean(axis=0)
        _, s, axes = np.linalg.svd(points - mean, full_matrices=False)
        fields = {"points": points, "mean": mean, "axes": axes, "variances": s**2 / len(points)}
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def __call__(self, y: ArrayLike, sigma: float) -> Array:
        """Denoised points, of the shape (d,) or (m, d) of `y`, at noise level σ > 0."""
        Y, shape = one_or_many(y, len(self.mean))
        gain = self.variances / (self.variances + noise_level(sigma) ** 2)
        return np.asarray(self.mean + ((Y - self.mean) @ self.axes.T * gain) @ self.axes).reshape(shape)

    def score(self, y: ArrayLike, sigma: float) -> Array:
        """Score (h(y) − y)/σ²: the gradient of the log density of the normal distribution blurred by the noise."""
        Y, shape = one_or_many(y, len(self.mean))
        square = noise_level(sigma) ** 2
        along = (Y - self.mean) @ self.axes.T
        across = (Y - self.mean) - along @ self.axes
        return np.asarray(-(along / (self.variances + square)) @ self.axes - across / square).reshape(shape)
