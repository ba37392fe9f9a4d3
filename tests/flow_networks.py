"""Networks whose flows several tests follow."""

import math

import numpy as np

from exactnorm.network import ReLUNetwork


def random_network(rng, d, neurons, size=1.0, skip=True):
    V = 0.3 * rng.standard_normal((d, d)) if skip else None
    return ReLUNetwork(
        size * rng.standard_normal((neurons, d)) / math.sqrt(neurons),
        rng.standard_normal((neurons, d)),
        rng.standard_normal(neurons),
        V,
        rng.standard_normal(d),
    )


def rotation(kink_offset, a):
    """y' = J y (unit circles) plus one neuron whose kink is y_1 = kink_offset."""
    V = np.array([[1.0, -1.0], [1.0, 1.0]])
    return ReLUNetwork([a], [[1.0, 0.0]], [-kink_offset], V, [0.0, 0.0])


def degenerate_network(rng):
    """Small integers, so that kinks coincide, meet in points, pass through starts, and trajectories run along them."""
    d, neurons = int(rng.integers(1, 5)), int(rng.integers(1, 9))
    a, w, b, c = (rng.integers(-2, 3, s).astype(float) for s in ((neurons, d), (neurons, d), neurons, d))
    kind = rng.integers(4)
    V = [None, rng.integers(-2, 3, (d, d)) / 2, np.eye(d) + np.triu(np.ones((d, d)), 1), np.zeros((d, d))][kind]
    if rng.random() < 0.3:
        b[:] = 0
    if rng.random() < 0.3:
        w[-1], b[-1] = -w[0], -b[0]
    return ReLUNetwork(a / neurons, w, b, V, c), rng.integers(-2, 3, (2, d)).astype(float)
