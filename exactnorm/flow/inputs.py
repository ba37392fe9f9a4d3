"""Where flows start."""

from __future__ import annotations

from numpy.typing import ArrayLike

from exactnorm.arrays import Array, real_array
from exactnorm.network import image_advice


def starts(start: ArrayLike, dimension: int, name: str = "start") -> Array:
    """Validated starts, or other points of the denoiser's space, shape (d,) or (m, d)."""
    Y = real_array(start, name)
    if Y.ndim not in (1, 2) or Y.shape[-1] != dimension:
        msg = f"{name} has shape {Y.shape}; this denoiser takes ({dimension},) or (m, {dimension})"
        raise ValueError(msg + image_advice(Y.shape, dimension))
    return Y
