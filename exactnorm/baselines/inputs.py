"""What all baselines ask of their inputs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array, numbers, real_array, real_number

Denoiser = Callable[[Array, float], Array]
"""From noisy points (m, d) and σ to denoised points (m, d)."""


def training_points(points: ArrayLike) -> Array:
    """Return a read-only copy of the points, shape (N, d), N ≥ 1; raise ``ValueError`` for anything else."""
    array = real_array(points, "points")
    if array.ndim != 2 or array.size == 0:
        msg = f"points has shape {array.shape}; give an array of shape (N, d), one point a row"
        raise ValueError(msg)
    array.flags.writeable = False
    return array


def one_or_many(y: ArrayLike, dimension: int) -> tuple[Array, tuple[int, ...]]:
    """Return the inputs as rows, and the shape (d,) or (m, d) to give back; raise ``ValueError`` for any other."""
    Y = numbers(y, "inputs")
    if Y.ndim not in (1, 2) or Y.shape[-1] != dimension:
        msg = f"inputs have shape {Y.shape}; this denoiser takes ({dimension},) or (m, {dimension})"
        raise ValueError(msg)
    return np.atleast_2d(Y), Y.shape


def noise_level(sigma: float) -> float:
    """Return σ as a float; raise ``ValueError`` unless σ > 0 and finite."""
    level = real_number(sigma, "sigma")
    if level <= 0:
        msg = f"sigma={level:g}; give a noise level sigma > 0"
        raise ValueError(msg)
    return level
