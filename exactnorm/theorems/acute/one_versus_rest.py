"""What one-versus-rest costs on a triangle in the plane, and where its base point is, from the statement alone."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from exactnorm.arrays import Array


def slopes(points: Array, rho: float, *, factor: float = 2.0, radii: float = 2.0) -> Array:
    """The prices 2/(m_n − 2ρ) of the vertices' distances from the base point, m_n the altitudes."""
    return factor / (altitudes(points) - radii * rho)


def cheapest_cost(points: Array, rho: float) -> float:
    """Least Σ 2‖x_n − c‖/(m_n − 2ρ) over base points c of an acute triangle.

    Found by a general minimiser and at the vertices, so that it owes nothing to the closed form.
    """
    prices = slopes(points, rho)

    def cost(c: Array) -> float:
        return float(prices @ np.linalg.norm(points - c, axis=1))

    inside = minimize(cost, points.mean(axis=0), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14})
    return min(float(inside.fun), *map(cost, points))


def base_point_inside(points: Array, rho: float) -> bool:
    """Whether the cheapest base point of an acute triangle is inside it, and not one of its vertices.

    It is a vertex iff the pull of the two others, each its price in size, does not exceed the vertex's own price.
    """
    prices = slopes(points, rho)
    offsets = points - points[:, None]
    distances = np.linalg.norm(offsets, axis=2) + np.eye(3)
    pulls = np.linalg.norm(np.einsum("nm,nmi->ni", prices / distances, offsets), axis=1)
    return bool((pulls > prices).all())


def altitudes(points: Array) -> Array:
    """The altitudes (3,) of a triangle in the plane, twice the area over each side."""
    opposite = np.roll(points, -1, axis=0) - np.roll(points, -2, axis=0)
    p, q = points[1] - points[0], points[2] - points[0]
    return np.asarray(abs(p[0] * q[1] - p[1] * q[0]) / np.linalg.norm(opposite, axis=1))
