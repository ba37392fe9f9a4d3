"""Denoisers of lattices, each coordinate by itself, and the upper value that the check gives to a network."""

import numpy as np

from exactnorm import ReLUNetwork, TrainingSet, check_certificate, interpolation_error
from exactnorm.certify import Certificate, Nothing


def ramps(heights, axis, rho):
    """Weights a, w, b of the univariate denoiser of these heights along one of two axes."""
    t, e = np.sort(heights), np.eye(2)[axis]
    slope = (t[1:] - t[:-1]) / (t[1:] - t[:-1] - 2 * rho)
    a = np.concatenate([slope, -slope])[:, None] * e
    return a, np.tile(e, (len(a), 1)), -np.concatenate([t[:-1] + rho, t[1:] - rho])


def by_coordinates(first, second, rho):
    """The denoiser of a lattice, each coordinate by itself; the last point may be anywhere else."""
    parts = zip(ramps(first, 0, rho), ramps(second, 1, rho), strict=True)
    return ReLUNetwork(*(np.concatenate(pair) for pair in parts), None, [np.min(first), np.min(second)])


def bracket(network, points, rho, room=1e-12):
    train = TrainingSet(points, rho)
    told = interpolation_error(network, train) + room
    return check_certificate(Certificate(0.0, np.inf, told, Nothing()), train, network)[:2]


def lattice(columns, rows):
    return np.array([[x, y] for x in range(columns) for y in range(rows)], dtype=float)
