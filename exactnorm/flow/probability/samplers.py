"""The steps that common diffusion samplers take along the probability flow, to compare with the flow itself."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array, real_array
from exactnorm.flow.family import Family, Given, HasFamily, family_of
from exactnorm.network import HasNetwork, ReLUNetwork


def sampler_levels(count: int, sigma_min: float, sigma_max: float, exponent: float = 7.0) -> Array:
    """Noise levels of the EDM sampler: `count` levels evenly spaced in σ^{1/exponent}, and then 0."""
    if count < 2 or not 0 < sigma_min < sigma_max:
        msg = f"count={count}, sigma_min={sigma_min:g}, sigma_max={sigma_max:g}; give count >= 2, 0 < min < max"
        raise ValueError(msg)
    root = np.linspace(sigma_max ** (1 / exponent), sigma_min ** (1 / exponent), count)
    return np.append(root**exponent, 0.0)


def sample(
    path: Family | HasFamily | ReLUNetwork | HasNetwork | Given,
    start: ArrayLike,
    sigmas: ArrayLike,
    *,
    alpha: float,
    order: Literal["euler", "heun"] = "euler",
) -> Array:
    """Endpoint of a sampler with the given decreasing noise levels, the last of which may be 0.

    Parameters
    ----------
    path : callable, DenoiserPath, denoiser or Family
        As for `probability_flow`.
    start : array_like, shape (d,) or (m, d)
        ŷ at the first level (scale 1).
    sigmas : array_like, shape (n,)
    alpha : float
        ρ = ασ.
    order : {"euler", "heun"}
        "euler" is the deterministic DDIM step; "heun" corrects it with the slope at its end, except at σ = 0.

    Returns
    -------
    ndarray, of the shape of `start`

    Raises
    ------
    ValueError
        If the levels do not decrease, or the order is unknown.
    """
    levels = real_array(sigmas, "sigmas")
    if levels.ndim != 1 or len(levels) < 2 or np.any(np.diff(levels) >= 0) or levels[-1] < 0:
        msg = "sigmas must be at least two decreasing noise levels; the last may be 0"
        raise ValueError(msg)
    if order not in ("euler", "heun"):
        msg = f"order={order!r}; give 'euler' or 'heun'"
        raise ValueError(msg)
    family = family_of(path)
    y = real_array(start, "start")
    for high, low in pairwise(levels):
        slope = (y - family(alpha * high)(y)) / high
        following = y + (low - high) * slope
        if order == "heun" and low > 0:
            after = (following - family(alpha * low)(following)) / low
            following = y + (low - high) * (slope + after) / 2
        y = following
    return y
