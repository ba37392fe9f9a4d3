"""Families of denoisers by formula, on orthogonal lines and where coordinates couple, and starts for their flows."""

import numpy as np

from exactnorm.closed_form import obtuse_simplex, orthogonal

POINTS = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.4, 0.0]])


def path(rho):
    return orthogonal(POINTS, rho)


def random_starts(seed, m=6, scale=0.6):
    return np.random.default_rng(seed).normal(0.4, scale, (m, 3))


OBTUSE = np.array([[0.0, 0.0], [1.0, 0.0], [-0.7, 1.0]])


# Where both ramps are active the coordinates couple: beyond both points, seen from the first.
COUPLED = np.array([[0.6, 1.1], [0.4, 1.3], [0.9, 1.6], [0.3, 0.9]])


def obtuse(rho):
    return obtuse_simplex(OBTUSE, rho)
