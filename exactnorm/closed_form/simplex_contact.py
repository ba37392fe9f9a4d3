"""The corners of a regular simplex whose balls nearly fill its height: kinks that are tilted from one versus rest."""

from __future__ import annotations

from collections.abc import Sized

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.certify.balls.contact import near_contact
from exactnorm.certify.balls.simplex import nearest_regular
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import training_set

TOLERANCE = 1e-9
"""How far a corner may be off, in units of the circumradius."""
MOST = 100
"""Corners; there are as many neurons as their square."""


def regular_simplex_near_contact(points: ArrayLike, rho: float) -> ReLUNetwork:
    """Denoiser of the corners of a regular simplex at radii for which one-versus-rest is not minimal.

    For every corner one neuron whose kink touches the balls of the opposite face, and N − 1 with the largest tilts at
    which a hyperplane cuts the corner off: each touches the balls of all corners but one. Output weights are along
    B_n z, with the dual matrices of `exactnorm.certify.balls.contact`; their two sizes and the skip connection make
    the slope 0 and the value x_n on every ball. It costs what these matrices bound the cost by.

    Parameters
    ----------
    points : array_like, shape (N, d)
        N from 3 to 100, all equally far from each other, in any order.
    rho : float
        Radius of the noise balls, below half of the height and near it.

    Returns
    -------
    ReLUNetwork
        N² neurons.

    Raises
    ------
    ValueError
        If the points are not such corners, or ρ is not near contact.
    """
    few = f"this network is for 3 to {MOST} corners"
    if isinstance(points, Sized) and len(points) > MOST:  # before all their distances are taken
        msg = f"{len(points)} points: {few}"
        raise ValueError(msg)
    train = training_set(points, rho)
    X, count = train.points, train.size
    if count < 3:
        msg = f"{count} points: {few}"
        raise ValueError(msg)
    R, off = nearest_regular(X)
    if not off <= TOLERANCE * R:
        msg = f"the points are not equally far from each other: off by {off / R:.3g} of the circumradius"
        raise ValueError(msg)
    height = R * count / (count - 1)
    one = near_contact(count, train.rho / height)
    across = -one.spread * one.sine
    slope = across * one.sine * (count - 1) / (count - 2)  # what the neurons' slopes add up to on every ball
    facing = slope - (count - 1) * one.along * one.cosine
    tilted = one.radius / (facing * one.facing + (count - 1) * one.along * one.tilted)
    if not (facing > 0 and tilted > 0):
        msg = f"the weights near contact are not positive at a radius of {train.rho / height:.6g} of the height"
        raise ValueError(msg)
    centre = X.mean(axis=0)
    u = (X - centre) / np.linalg.norm(X - centre, axis=1)[:, None]
    n, m = np.nonzero(~np.eye(count, dtype=bool))
    away = -(u[m] + u[n] / (count - 1)) / np.sqrt(1 - 1 / (count - 1) ** 2)
    w = np.vstack([u, one.cosine * u[n] + one.sine * away])
    a = tilted * np.vstack([facing * u, one.along * u[n] + across * away])
    b = height * np.repeat([one.facing, one.tilted], [count, len(n)]) - w @ centre
    V = -tilted * slope * (count - 1) / count * u.T @ u
    return ReLUNetwork(a, w, b, V, centre - V @ centre)
