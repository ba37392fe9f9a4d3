"""The corners of a regular simplex, such as one-hot rows: one versus rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.certify.balls.simplex import nearest_regular
from exactnorm.closed_form.ramps import ramp_network
from exactnorm.network import ReLUNetwork
from exactnorm.tables import limit
from exactnorm.training_set import training_set

FEWEST = 4
"""Corners: an equilateral triangle and two points have forms of their own."""
TOLERANCE = 1e-9
"""How far a corner may be off, in units of the circumradius: rounding of points given to about ten digits."""


def regular_simplex(points: ArrayLike, rho: float) -> ReLUNetwork:
    """Denoiser of the corners of a regular simplex: c + Σ_n (x_n − c) φ_n(u_n·y), c the centre.

    Each ramp rises over the gap between a corner and the others, shrunk by ρ on both sides, so that the cost is
    N · 2R/(m − 2ρ) with the circumradius R and the height m = R N/(N − 1).

    Parameters
    ----------
    points : array_like, shape (N, d)
        N ≥ 4, all equally far from each other, in any order.
    rho : float
        Radius of the noise balls, below m/2.

    Returns
    -------
    ReLUNetwork
        2N neurons.

    Raises
    ------
    ValueError
        If the points are not such corners, or ρ ≥ m/2.

    Notes
    -----
    Proved minimal for the radii that `exactnorm.certify.balls.simplex.missing_inequality` admits: up to 0.466 m for
    N = 4 and nearer to contact at m/2 for more. Beyond, `regular_simplex_near_contact` is, and it costs less.
    """
    train = training_set(points, rho)
    X, count = train.points, train.size
    if count < FEWEST:
        msg = f"{count} points: a regular simplex has at least {FEWEST} corners here"
        raise ValueError(msg)
    R, off = nearest_regular(X)
    if not off <= TOLERANCE * R:
        msg = f"the points are not equally far from each other: off by {off / R:.3g} of the circumradius"
        raise ValueError(msg)
    centre = X.mean(axis=0)
    u = (X - centre) / np.linalg.norm(X - centre, axis=1)[:, None]
    height = (X - centre) @ u.T
    corner = np.diag(height).copy()
    np.fill_diagonal(height, -np.inf)
    width = corner - height.max(axis=0) - 2 * train.rho
    if not width.min() > 1e-9 * R:
        msg = f"rho={train.rho:g} leaves no gap: use rho < {limit(R * count / (count - 1) / 2)}, half the height"
        raise ValueError(msg)
    start = u @ centre + height.max(axis=0) + train.rho
    return ramp_network(u, start, width, X - centre, centre)
