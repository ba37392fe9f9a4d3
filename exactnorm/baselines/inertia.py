"""Stopping a flow early, and ending it with one denoising step."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array, real_array
from exactnorm.baselines.inputs import Denoiser


def inertia_level(count: int, dimension: int, unit: float = 1.0) -> float:
    """The noise level n^{−1/(d + 4)}·unit at which the flow is left, with n points in d dimensions.

    arXiv:2505.02508, paraphrased: its unit of length is not known to us; `unit` is ours.
    """
    return unit * math.pow(count, -1 / (dimension + 4))


def followed(denoiser: Denoiser, start: ArrayLike, levels: ArrayLike) -> Array:
    """Where the flow ŷ′ = (ŷ − h(ŷ, σ))/σ leads, in one Euler step between any two levels, the last of which may be 0.

    The step from σ to 0 is the denoiser itself, h(ŷ, σ): a flow that is left at σ and ended with one denoising step is
    one whose levels are cut off there and followed by 0.
    """
    y = real_array(start, "start")
    for high, low in pairwise(real_array(levels, "levels")):
        y = y + (low - high) / high * (y - denoiser(y, float(high)))
    return np.asarray(y)
