"""The lower bound of weighted segments between points, of polynomial size whatever the number of patterns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array


def edges_lower_bound(points: Array, rho: float, edges: NDArray[np.intp], weights: Array) -> float:
    """Σ c_e 2L_e/(L_e − 2ρ) / ‖Σ c_e u_e u_eᵀ‖: no network that maps every ball to its centre costs less.

    Along the segment between two points, L apart with unit direction u, the component of h along u has slope 0 on both
    balls and mean slope L/(L − 2ρ) in between: the neurons whose kinks cross the segment must supply
    Σ_k |u·a_k||u·w_k| ≥ 2L/(L − 2ρ). With weights c_e ≥ 0 on several segments, by Cauchy and Schwarz,
    Σ_e c_e |u_e·a||u_e·w| ≤ ‖Σ c_e u_e u_eᵀ‖ ‖a‖‖w‖.

    Parameters
    ----------
    points : ndarray, shape (N, d)
    rho : float
    edges : ndarray of int, shape (E, 2)
        Rows of two different points.
    weights : ndarray, shape (E,)
        Positive.

    Raises
    ------
    ValueError
        If balls at the ends of a segment touch, or a weight is not positive.
    """
    offsets = points[edges[:, 1]] - points[edges[:, 0]]
    # Dividing first keeps the squares finite and non-zero whatever the unit of the points.
    size = float(np.abs(offsets).max())
    length = np.linalg.norm(offsets / size, axis=1)
    gaps = size * length - 2 * rho
    if not gaps.min() > 0 or not weights.min() > 0:
        msg = "segments between balls that touch, or weights that are not positive, bound nothing"
        raise ValueError(msg)
    u = offsets / size / length[:, None]
    scaled = np.sqrt(weights / weights.max())[:, None] * u
    matrix = scaled.T @ scaled if u.shape[1] <= len(u) else scaled @ scaled.T
    # Eigenvalues have an error of a few units in the last place of the largest times the order.
    largest = float(np.linalg.eigvalsh(matrix)[-1]) * (1 + 1e-15 * (len(matrix) + len(u)))
    return float((weights / weights.max()) @ (2 * size * length / gaps)) / largest
