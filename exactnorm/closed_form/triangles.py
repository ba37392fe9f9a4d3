"""Equilateral triangles, and the orthocentre as base point of acute ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array
from exactnorm.closed_form.ramps import ramp_network
from exactnorm.geometry import Frame, affine_hull
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import training_set


def orthocentre(points: ArrayLike, rho: float) -> ReLUNetwork:
    """One-versus-rest denoiser of an acute triangle with the orthocentre as base point: **not** minimal for ρ > 0.

    It has been put forward as the minimum-norm denoiser. In the limit ρ → 0 it is one: its cost tends to 4, the
    optimum. For ρ > 0 `one_versus_rest`, which moves the base point, is in general cheaper.

    Parameters
    ----------
    points : array_like, shape (3, d)
    rho : float
        Radius of the noise balls, below half of each altitude.

    Returns
    -------
    ReLUNetwork
        Of cost Σ_n 2‖x_n − c‖/(m_n − 2ρ), m_n the altitudes and c the orthocentre.

    Raises
    ------
    ValueError
        If the points are not a training set, not an acute triangle, or an altitude is not above 2ρ.
    """
    train = training_set(points, rho)
    frame = acute_triangle(train.points)
    x = frame.coordinates(train.points)
    tangents = np.tan([_angle(x, n) for n in range(3)])
    return _on_altitudes(frame, x, train.rho, tangents @ x / tangents.sum())


def equilateral_triangle(points: ArrayLike, rho: float, *, tolerance: float = 1e-9) -> ReLUNetwork:
    """Denoiser of an equilateral triangle: one ramp a vertex, based at the centre.

    With R the circumradius, the ramps run from −R/2 + ρ to R − ρ along the lines from the centre to the vertices;
    the cost is 12R/(3R − 4ρ).

    Parameters
    ----------
    points : array_like, shape (3, d)
    rho : float
        Radius of the noise balls, below 3R/4. The cost is minimal for ρ ≤ R/2, which is proved; it is not
        minimal for ρ > 0.66139 R.
    tolerance : float
        Largest relative difference of two sides.

    Returns
    -------
    ReLUNetwork

    Raises
    ------
    ValueError
        If the points are not a training set, not an equilateral triangle, or ρ ≥ 3R/4.

    References
    ----------
    Zeno et al., NeurIPS 2023 (arXiv:2311.06748), equilateral triangles.
    """
    train = training_set(points, rho)
    frame = acute_triangle(train.points)
    x = frame.coordinates(train.points)
    sides = np.linalg.norm(x - np.roll(x, 1, axis=0), axis=1)
    if np.ptp(sides) > tolerance * sides.max():
        msg = f"the triangle is not equilateral: its sides are {(sides * frame.scale).tolist()}"
        raise ValueError(msg)
    return _on_altitudes(frame, x, train.rho, x.mean(axis=0))


def acute_triangle(points: Array) -> Frame:
    """Coordinates of the plane of three points that form an acute triangle.

    Raises
    ------
    ValueError
        If they do not, with the angle.
    """
    if len(points) != 3:
        msg = f"a triangle has three points, not {len(points)}"
        raise ValueError(msg)
    frame = affine_hull(points)
    x = frame.coordinates(points)
    angles = np.degrees([_angle(x, n) for n in range(3)]) if frame.rank == 2 else np.array([180.0])
    if angles.max() >= 90:
        msg = f"the triangle is not acute: it has an angle of {angles.max():.6g}°"
        raise ValueError(msg)
    return frame


def _angle(x: Array, n: int) -> float:
    p, q = x[n - 1] - x[n], x[n - 2] - x[n]
    return float(np.arctan2(abs(p[0] * q[1] - p[1] * q[0]), p @ q))


def _on_altitudes(frame: Frame, x: Array, rho: float, c: Array) -> ReLUNetwork:
    """Ramps along the three altitudes of the triangle x, in the coordinates of `frame`, with base point c."""
    rho = rho / frame.scale
    side = np.roll(x, -1, axis=0) - np.roll(x, -2, axis=0)
    u = side[:, ::-1] * [1, -1] / np.linalg.norm(side, axis=1)[:, None]
    foot, height = (np.einsum("nr,nr->n", u, end) for end in (np.roll(x, 1, axis=0), x))
    sign = np.where(height > foot, 1, -1)
    u, foot, height = sign[:, None] * u, sign * foot, sign * height
    if (height - foot).min() <= 2 * rho:
        smallest, diameter = (height - foot).min() * frame.scale, 2 * rho * frame.scale
        msg = f"the smallest altitude {smallest:g} is not above 2·rho = {diameter:g}"
        raise ValueError(msg)
    return ramp_network(u, foot + rho, height - foot - 2 * rho, x - c, c).lifted(frame)
