"""Coordinates in which cells are round, however thin they are: at its analytic centre a cell's barrier bends equally.

Where a pattern's gap is hardly wider than two radii, its kinks are nearly one kink, and multipliers are as large as the
square of one over the width. In these coordinates they are of order 1.
"""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import cone_form

STEPS = 60
"""Newton steps to the analytic centres; two dozen are usual."""


def round_maps(G: Array, r: int, start: Array) -> Array:
    """For each cell L with ẑ = L ζ, the Hessian of −Σ log g·ẑ − log(t² − ‖w‖²) being the identity in ζ at its centre.

    Parameters
    ----------
    G : ndarray, shape (P, R, n)
        Rows of the cells.
    r : int
    start : ndarray, shape (P, n)
        Inside the cells, with t = 1.

    Raises
    ------
    LinAlgError
        If some cell has no interior to speak of.
    """
    z = start.copy()
    for _ in range(STEPS):
        gradient, H = _bends(G, r, z)
        # On the slice t = 1: along the cone the barrier only falls.
        step = np.zeros_like(z)
        step[:, :-1] = -np.linalg.solve(H[:, :-1, :-1], gradient[:, :-1, None])[:, :, 0]
        decrement = np.sqrt(np.maximum(0.0, -(gradient * step).sum(axis=1)))
        z = z + step * np.where(decrement < 0.25, 1.0, 1 / (1 + decrement))[:, None]
        if not decrement.max() > 1e-3:
            break
    C = np.linalg.cholesky(_bends(G, r, z)[1])
    return np.asarray(np.swapaxes(np.linalg.inv(C), 1, 2))


def _bends(G: Array, r: int, z: Array) -> tuple[Array, Array]:
    """Gradient and Hessian of the barrier."""
    inverse = 1 / np.einsum("prn,pn->pr", G, z)
    J = cone_form(z.shape[1], r)
    Jz = z @ J
    gap = -(z * Jz).sum(axis=1)
    gradient = -np.einsum("prn,pr->pn", G, inverse) + 2 * Jz / gap[:, None]
    scaled = G * inverse[:, :, None]
    H = np.swapaxes(scaled, 1, 2) @ scaled + 2 * J / gap[:, None, None]
    H += 4 * Jz[:, :, None] * Jz[:, None, :] / (gap**2)[:, None, None]
    return gradient, H
