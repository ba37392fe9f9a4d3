"""Denoisers as the callables that samplers of other libraries expect.

The conventions: D(x, σ) estimates the clean image from x = x_0 + σ ε (Karras et al., 2022, and the samplers written
after it); a noise prediction ε(x_t, t) belongs to x_t = √ᾱ_t x_0 + √(1−ᾱ_t) ε. Arrays are batch first, of any trailing
shape; PyTorch tensors are taken and returned as well, without gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from exactnorm.arrays import Array, real_array
from exactnorm.network import ReLUNetwork


@dataclass(frozen=True)
class EDMDenoiser:
    """D(x, σ) over a family of minimum-norm denoisers, one for each noise radius ρ = α σ.

    Parameters
    ----------
    path : callable
        ``path(rho) -> ReLUNetwork``, for example ``lambda rho: closed_form.orthogonal(points, rho)``.
    alpha : float
        Noise radius in units of the noise level.
    high_noise : callable, optional
        ``high_noise(y, sigma)``, shapes (m, d) to (m, d), that stands in where ρ ≥ `max_rho`: there the balls may
        overlap and `path` has no network to give.
    max_rho : float
        Where the stand-in takes over; infinite by default, so that `path` is always asked.
    """

    path: Callable[[float], ReLUNetwork]
    alpha: float = 1.0
    high_noise: Callable[[Array, float], Array] | None = None
    max_rho: float = math.inf

    def __call__(self, x: Any, sigma: Any, **_: Any) -> Any:
        """Denoised batch, of the shape of x (m, …); sigma is one level, or one for each of the m images."""
        images = _numpy(x)
        rows = images.reshape(len(images), -1)
        levels = np.broadcast_to(_numpy(sigma).reshape(-1), len(rows))
        denoised = np.empty_like(rows)
        for level in np.unique(levels):
            chosen = levels == level
            denoised[chosen] = self._level(rows[chosen], float(level))
        return _like(denoised.reshape(images.shape), x)

    def _level(self, rows: Array, sigma: float) -> Array:
        if not sigma > 0:
            msg = f"sigma={sigma:g}; a denoiser needs a noise level sigma > 0"
            raise ValueError(msg)
        rho = self.alpha * sigma
        if rho < self.max_rho or self.high_noise is None:
            return self.path(rho)(rows)
        return np.asarray(self.high_noise(rows, sigma), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class EpsilonPrediction:
    """ε(x_t, t) of a denoiser D(x, σ), for schedules given by ᾱ_t, as in DDPM and DDIM.

    Parameters
    ----------
    denoiser : callable
        D(x, σ), such as an `EDMDenoiser`.
    alphas_cumprod : array_like, shape (T,)
        ᾱ_t, between 0 and 1, exclusive. Copied, and read-only afterwards.

    Raises
    ------
    ValueError
        If ᾱ is not such a list.
    """

    denoiser: Callable[[Array, Array], Array]
    alphas_cumprod: Array

    def __post_init__(self) -> None:
        levels = real_array(_numpy(self.alphas_cumprod), "alphas_cumprod")
        if levels.ndim != 1 or not levels.size or levels.min() <= 0 or levels.max() >= 1:
            msg = "alphas_cumprod: give one number strictly between 0 and 1 for each step"
            raise ValueError(msg)
        levels.flags.writeable = False
        object.__setattr__(self, "alphas_cumprod", levels)

    def __call__(self, x: Any, t: Any, **_: Any) -> Any:
        """Predicted noise, of the shape of x (m, …); t is one step, or one for each image.

        Raises
        ------
        ValueError
            If t is not a step 0, …, T − 1: ᾱ is a list, and counting from its end would be silent nonsense.
        """
        images, steps = _numpy(x), _numpy(t).reshape(-1)
        if not np.isin(steps, np.arange(len(self.alphas_cumprod))).all():
            msg = f"t={steps.tolist()}: give steps from 0 to {len(self.alphas_cumprod) - 1}, places in alphas_cumprod"
            raise ValueError(msg)
        signal = self.alphas_cumprod[steps.astype(np.intp)]
        signal = np.broadcast_to(signal, len(images)).reshape(-1, *[1] * (images.ndim - 1))
        clean = self.denoiser(images / np.sqrt(signal), np.sqrt((1 - signal) / signal).reshape(-1))
        return _like((images - np.sqrt(signal) * clean) / np.sqrt(1 - signal), x)


def _numpy(values: Any) -> Array:
    """Values as a fresh float64 array; a PyTorch tensor is taken off its device and graph."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    return np.array(values, dtype=np.float64)


def _like(values: Array, example: Any) -> Any:
    """The values as a tensor on the example's device if it is a tensor, else as an array of its floating dtype."""
    if hasattr(example, "new_tensor"):
        return example.new_tensor(values)
    dtype = getattr(example, "dtype", np.dtype(np.float64))
    return values.astype(dtype, copy=False) if np.issubdtype(dtype, np.floating) else values
