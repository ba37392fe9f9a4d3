"""How far from its kinks a denoiser is used."""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.network import ReLUNetwork


def clearance(network: ReLUNetwork, y: Array) -> float:
    """Distance of y from the nearest kink: the radius of the largest ball around y on which h is affine."""
    return float((np.abs(network.w @ y + network.b) / np.linalg.norm(network.w, axis=1)).min())
