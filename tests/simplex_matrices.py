"""The dual matrices of the theorems on regular simplices, written out: what faces find of them is what is claimed."""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.certify.balls.contact import near_contact


def simplex_matrices(points: Array, rho: float) -> Array:
    """The dual matrices of the theorem for all corners but the first, in the points' coordinates, (N − 1, r, r + 1).

    Parameters
    ----------
    points : ndarray, shape (N, N − 1)
        The first at the origin.
    """
    count, r = points.shape
    centre, R, u = from_centre(points)
    slope = 2 / (R * count / (count - 1) - 2 * rho)
    M = R / 2 * (u[:, :, None] * u[:, None, :] - np.eye(r) / (count - 1))
    # w·y + b with y seen from the first corner: b + w·centre is what the formula calls b.
    M = M + u[:, :, None] * centre[None, None, :]
    return np.asarray(slope * np.concatenate([M, u[:, :, None]], axis=2))[1:]


def contact_matrices(points: Array, rho: float) -> Array:
    """The dual matrices for all corners but the first, in the points' coordinates, shape (N − 1, r, r + 1).

    Parameters
    ----------
    points : ndarray, shape (N, N − 1)
        The first at the origin.
    """
    count, r = points.shape
    centre, R, u = from_centre(points)
    height = R * count / (count - 1)
    one = near_contact(count, rho / height)
    M = (count - 1) * one.spread * u[:, :, None] * u[:, None, :] - one.spread * np.eye(r)
    value = one.slope / height * u
    return np.asarray(np.concatenate([M + value[:, :, None] * centre, value[:, :, None]], axis=2))[1:]


def from_centre(corners: Array) -> tuple[Array, float, Array]:
    """The centre of a regular simplex, its circumradius R, and the unit vectors from the centre to the corners."""
    centre = corners.mean(axis=0)
    R = float(np.linalg.norm(corners - centre, axis=1).mean())
    return centre, R, (corners - centre) / R
