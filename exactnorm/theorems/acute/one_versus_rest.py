"""What one-versus-rest costs on a triangle in the plane, from the statement alone."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from exactnorm.training_set import Array


def cheapest_cost(points: Array, rho: float, *, factor: float = 2.0, radii: float = 2.0) -> float:
    """Least Σ 2‖x_n − c‖/(m_n − 2ρ) over base points c, m_n the altitudes of an acute triangle.

    Found by a general minimiser and at the vertices, so that it owes nothing to the closed form.
    """
    weights = factor / (altitudes(points) - radii * rho)

    def cost(c: Array) -> float:
        return float(weights @ np.linalg.norm(points - c, axis=1))

    inside = minimize(cost, points.mean(axis=0), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14})
    return min(float(inside.fun), *map(cost, points))


def altitudes(points: Array) -> Array:
    """The altitudes (3,) of a triangle in the plane, twice the area over each side."""
    opposite = np.roll(points, -1, axis=0) - np.roll(points, -2, axis=0)
    p, q = points[1] - points[0], points[2] - points[0]
    return np.asarray(abs(p[0] * q[1] - p[1] * q[0]) / np.linalg.norm(opposite, axis=1))
