"""Sets whose brackets are proved in tests, one for each kind of evidence; solved and proved once a session."""

from functools import cache

import numpy as np

import exactnorm
from exactnorm.prover import rigorous

SQRT3 = np.sqrt(3.0)
ACUTE = np.array([[0.0, 0], [1, 0], [0.4, 0.9]])
TWO_RAYS = [
    [0, 0],
    [1, 0],
    [2.2, 0],
    [0.8 * np.cos(1.9), 0.8 * np.sin(1.9)],
    [2 * np.cos(1.9), 2 * np.sin(1.9)],
]
TURNED = np.linalg.qr(np.random.default_rng(7).standard_normal((3, 3)))[0]
SETS = {
    "line": ([[0.0], [1.0], [2.5]], 0.1),
    "orthogonal": ([[0.0, 0], [1, 0], [0, 2]], 0.1),
    # Collinear and at 108.9° to rounding only.
    "rays by floats": (TWO_RAYS, 0.1),
    "rays by floats, small balls": (TWO_RAYS, 0.0),
    # At right angles to rounding only, off the origin.
    "a turned cross, small balls": (np.vstack([np.zeros(3), TURNED, -2 * TURNED, 3 * TURNED[:1]]) + 0.3, 0.0),
    "a line through space": (np.outer([0, 1, 2.5, 3.7], [0.6, 0.7, 0.1]) + np.array([1, 2, 3]), 0.1),
    "four points on each of three axes": (np.vstack([np.zeros(3), *(k * np.eye(3) for k in range(1, 5))]), 0.1),
    "acute": (ACUTE, 0.1),
    "acute, near contact": (ACUTE, 0.4),
    "small balls": (ACUTE, 0.0),
    "collinear points and one beside, small balls": ([[0.0, 0], [1, 0], [2, 0], [0.3, 1]], 0.0),
    "five in the plane": (np.random.default_rng(3).standard_normal((5, 2)), 0.05),
    "a near pair": ([[0, 0], [1e-5, 0], [0.4, 0.9], [1, 0.2]], 3e-6),
    "far from the origin": (ACUTE + 1e6, 0.1),
    "huge": (ACUTE * 1e100, 1e99),
    "one-hot rows": (np.eye(5), 0.05),
    # At equal distances to rounding only.
    "corners of a simplex by floats": (np.vstack([np.eye(3), np.full(3, -1 / 3)]), 0.1),
}


@cache
def solved(name):
    """The certified denoiser of a set."""
    points, rho = SETS[name]
    return exactnorm.min_norm_denoiser(np.array(points, dtype=float), rho=rho)


@cache
def proved(name):
    """The proved bracket of a set."""
    return rigorous(solved(name))


def problem_of(name):
    """Points and radius."""
    points, rho = SETS[name]
    return np.array(points, dtype=float), rho
