"""How far a network is from mapping whole noise balls to their centres."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.certify.trust_region import sphere_maximum
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import Array, real_array, real_number


def interpolation_error(network: ReLUNetwork, points: ArrayLike, rho: float) -> float:
    """Bound on the supremum, over all n and all y in B(x_n, ρ), of ‖h(y) − x_n‖.

    Parameters
    ----------
    network : ReLUNetwork
    points : array_like, shape (N, d)
    rho : float
        Radius of the balls, ρ ≥ 0. At ρ = 0 the value at the points themselves is taken.

    Returns
    -------
    float
        In the unit of the points. It is the supremum itself (to rounding) when no kink enters a ball, and
        an upper bound otherwise: a kink that enters a ball by a depth δ adds ‖a_k‖ δ.

    Notes
    -----
    With each neuron on or off on all of a ball, h is affine there, y ↦ x_n + e + D(y − x_n), and the supremum
    is max ‖e + ρ D v‖ over unit v: a trust-region problem.
    """
    X = real_array(points, "points")
    rho = real_number(rho, "rho")
    before = X @ network.w.T + network.b
    depth = np.maximum(rho * np.linalg.norm(network.w, axis=1) - np.abs(before), 0.0)
    intrusion = depth @ np.linalg.norm(network.a, axis=1)
    values = network(X)
    return max(
        _affine_error(network, before[n] > 0, values[n] - X[n], rho) + float(intrusion[n]) for n in range(len(X))
    )


def _affine_error(network: ReLUNetwork, active: np.ndarray, e: Array, rho: float) -> float:
    """Return max ‖e + ρ D v‖ over ‖v‖ = 1, D the Jacobian with the neurons `active` switched on."""
    if rho == 0:
        return float(np.linalg.norm(e))
    if network.V is not None or 2 * int(active.sum()) > network.dimension:
        D = network.a[active].T @ network.w[active]
        return sphere_maximum(rho * (D if network.V is None else D + network.V), e)
    # Few neurons in many dimensions: D v = aᵀ(w v) depends on v only through the span of the active w.
    basis = np.linalg.qr(network.w[active].T)[0]
    return sphere_maximum(rho * network.a[active].T @ (network.w[active] @ basis), e)
