"""Values of a network at some points without rounding, in rational arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.network import ReLUNetwork


def at_points(network: ReLUNetwork, points: Array) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Pre-activations (M, K) and values (M, q) at points (M, d), as fractions."""
    a, w, b, c, X = (fractions(one) for one in (network.a, network.w, network.b, network.c, points))
    before = X @ w.T + b
    values = np.maximum(before, 0) @ a + c
    return before, values if network.V is None else values + X @ fractions(network.V).T


def on_sides(network: ReLUNetwork, x: Array, on: NDArray[np.bool_]) -> NDArray[np.object_]:
    """The value (q,) at a point if exactly these neurons (K,) are on, whatever their pre-activations, as fractions."""
    a, w, b, c, at = (fractions(one) for one in (network.a[on], network.w[on], network.b[on], network.c, x))
    value = (w @ at + b) @ a + c
    return np.asarray(value if network.V is None else value + fractions(network.V) @ at)


def fractions(array: Array) -> NDArray[np.object_]:
    """The same numbers as fractions."""
    return np.asarray(np.frompyfunc(Fraction, 1, 1)(array), dtype=object)
