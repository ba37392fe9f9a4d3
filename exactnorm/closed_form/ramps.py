"""Networks that are sums of ramps, c + Σ_k jump_k φ_k(u_k·y): the shape of every closed form."""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.network import ReLUNetwork


def ramp_network(u: Array, start: Array, width: Array, jump: Array, c: Array) -> ReLUNetwork:
    """The network c + Σ_k jump_k φ_k(u_k·y), where φ_k rises linearly from 0 at start_k to 1 at start_k + width_k.

    Parameters
    ----------
    u : ndarray, shape (K, d)
        Unit vectors.
    start, width : ndarray, shape (K,)
        In the unit of the points, width > 0. Far from the origin the ends of a ramp are known to fewer digits than
        its width, so the width is not computed from them.
    jump : ndarray, shape (K, d)
    c : ndarray, shape (d,)

    Returns
    -------
    ReLUNetwork
        2K neurons, without linear part, of cost Σ_k 2‖jump_k‖/width_k. Neurons that share a kink are
        not merged: at ρ = 0 the end of one ramp is the start of the next, and this cost is the limit for ρ → 0+.
    """
    slope = jump / width[:, None]
    ends = np.concatenate([start, start + width])
    return ReLUNetwork(np.vstack([slope, -slope]), np.vstack([u, u]), -ends, None, c)


def chain(x: Array, following: Array, u: Array, rho: float) -> tuple[Array, Array, Array]:
    """Starts, widths and jumps of the ramps that lead from each ball to the following one along u.

    Parameters
    ----------
    x, following : ndarray, shape (K, d)
        Centres of the two balls of each gap.
    u : ndarray, shape (K, d)
        Unit vector from the first to the second.
    rho : float
        Radius of the balls.
    """
    jump = following - x
    return np.einsum("kd,kd->k", u, x) + rho, np.einsum("kd,kd->k", u, jump) - 2 * rho, jump
