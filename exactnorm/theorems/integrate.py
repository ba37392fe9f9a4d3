"""Plain numerical integration of the flows, for checks of what is known of them in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp

from exactnorm.arrays import Array
from exactnorm.network import ReLUNetwork


def score_endpoint(network: ReLUNetwork, Y: Array, u: float, rtol: float = 1e-9) -> Array:
    """State after flow time u of dy/du = h(y) − y from each row of Y, all coordinates integrated."""
    return _integrate(lambda _, y: network(y) - y, Y, u, rtol)


def probability_endpoint(
    path: Callable[[float], ReLUNetwork], Y: Array, alpha: float, sigma: float, ratio: float = 1e-9, rtol: float = 1e-8
) -> Array:
    """State at noise level ratio·σ of dŷ/d(−log σ) = h_{ασ}(ŷ) − ŷ from each row of Y."""
    return _integrate(lambda u, y: path(alpha * sigma * math.exp(-u))(y) - y, Y, -math.log(ratio), rtol)


def _integrate(field: Callable[[float, Array], Array], Y: Array, u: float, rtol: float) -> Array:
    found = solve_ivp(
        lambda t, flat: field(t, flat.reshape(Y.shape)).ravel(),
        (0.0, u),
        Y.ravel(),
        method="DOP853",
        rtol=rtol,
        atol=1e-3 * rtol * float(np.abs(Y).max()),
    )
    if found.status < 0:
        return np.full(Y.shape, np.nan)  # a failed integration agrees with nothing
    return np.asarray(found.y[:, -1].reshape(Y.shape))
