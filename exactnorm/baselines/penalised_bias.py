"""Numbers, with biases penalised as weights are: the cost is ∫ √(1 + x²) d|h″|."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import real_array
from exactnorm.network import ReLUNetwork


def penalised_cost(network: ReLUNetwork) -> float:
    """Σ |a_k| ‖(w_k, b_k)‖, the least ½ Σ (a_k² + w_k² + b_k²) of weights that realise these neurons.

    In one dimension it is Σ √(1 + x_k²) |jump of h′ at x_k| over the kinks x_k, since b_k = −w_k x_k.
    """
    return float(np.linalg.norm(network.a, axis=1) @ np.linalg.norm(np.column_stack([network.w, network.b]), axis=1))


def penalised_optimum(points: ArrayLike, rho: float) -> float:
    """Least ∫ √(1 + x²) d|h″| of all h with h = x_n on the interval of radius ρ around x_n.

    It is Σ Δ (√(1 + p²) + √(1 + q²))/(q − p) over the gaps, from p = x_i + ρ to q = x_{i+1} − ρ, and the denoiser
    without penalised biases, a ramp from p to q, attains it.

    Parameters
    ----------
    points : array_like, shape (N,)
    rho : float
        Below half of every gap.

    Raises
    ------
    ValueError
        If intervals touch or overlap.

    Notes
    -----
    Proof. On a gap h″ has mass 0, since h′ = 0 on both sides, and ∫ (q − x) dh″ = Δ. Let ℓ be the affine function with
    ℓ(p) = √(1 + p²), ℓ(q) = −√(1 + q²), of slope −λ: λ > 1, as √(1 + p²) + √(1 + q²) > |p| + |q| ≥ q − p. As the slope
    of √(1 + x²) is between −1 and 1, |ℓ| ≤ √(1 + x²) on the whole gap. So ∫ √(1 + x²) d|h″| ≥ ∫ ℓ dh″ = λΔ.

    The cost is that of arXiv:2303.01353 (paraphrased); what it says of intervals is ours.
    """
    x = np.sort(real_array(points, "points").ravel())
    p, q = x[:-1] + rho, x[1:] - rho
    if not (q > p).all():
        msg = f"rho={rho:g}, and a gap of {float(np.diff(x).min()):g}: intervals touch or overlap; use a smaller rho"
        raise ValueError(msg)
    return float(np.sum(np.diff(x) * (np.hypot(1, p) + np.hypot(1, q)) / (q - p)))
