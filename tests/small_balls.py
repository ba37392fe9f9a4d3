"""Points in a row with one beside it, networks of kinks through points, and what a check says of them at ρ = 0."""

import numpy as np

from exactnorm import ReLUNetwork, check_certificate
from exactnorm.certify import Certificate, Nothing

IN_A_ROW = np.array([[0.3, 1.0], [0, 0], [1, 0], [2, 0], [1.6, -1.2]])


def supported(network, train):
    """The upper value that is recomputed, of a network alone."""
    return check_certificate(Certificate(0.0, np.inf, 1e-6, Nothing()), train, network)[1]


def kinks_through_points(points, count, rng):
    """Kinks z = (w, b), shape (count, r + 1), through some of the points each, and on which sides they passed them."""
    size, r = points.shape
    z, pattern = np.empty((count, r + 1)), rng.random((count, size)) < 0.5
    for k in range(count):
        while True:
            on_it = rng.choice(size, rng.integers(1, r + 1), replace=False)
            Q = np.linalg.qr((points[on_it[1:]] - points[on_it[0]]).T)[0]
            w = rng.standard_normal(r)
            for _ in range(3):  # to rounding
                w -= Q @ (Q.T @ w)
                w /= np.linalg.norm(w)
            height = (points - points[on_it[0]]) @ w
            away = np.delete(np.arange(size), on_it)
            if (np.abs(height[away]) > 1e-2).all():
                break
        pattern[k, away] = height[away] > 0
        z[k] = np.append(w, -w @ points[on_it[0]])
    return off_at_the_first(z, pattern)


def off_at_the_first(z, pattern):
    """The same kinks seen from the other side where the first point is on."""
    first = pattern[:, :1]
    return np.where(first, -z, z), pattern ^ first


def network_of_kinks(points, z, pattern, given=None, near=0.0):
    """The network over these kinks with output weights nearest to some that maps every point to itself, with no slope.

    `pattern` (K, N) may hold shares of neurons that are on. Output weights of the last neurons may be `given`.
    """
    size, r = points.shape
    given = np.zeros((0, r)) if given is None else given
    near = np.zeros((len(z) - len(given), r)) + near
    matrix = (pattern.T[1:, None, :] * z.T[None]).reshape(-1, len(z))
    target = np.concatenate([np.zeros((size - 1, r, r)), (points[1:] - points[0])[:, None, :]], axis=1).reshape(-1, r)
    free = len(z) - len(given)
    missed = target - matrix @ np.vstack([near, given])
    a = np.vstack([near + np.linalg.lstsq(matrix[:, :free], missed, rcond=None)[0], given])
    assert np.abs(matrix @ a - target).max() < 1e-9
    return ReLUNetwork(a, z[:, :-1], z[:, -1], None, points[0])
