"""Pre-activations of a network at points, and residuals there, with less rounding than floats leave or none at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.rational import at_points, fractions
from exactnorm.network import ReLUNetwork

Parts = Iterator[tuple[NDArray[np.intp], Array, Array]]
"""Rows of some points at a time, w_k·x_n + b_k and h(x_n) − x_n there."""


SOME = 2**18
"""Pre-activations computed at once."""


def in_fractions(network: ReLUNetwork, X: Array, check: Callable[[], None]) -> Parts:
    """In rational arithmetic; `check` is called after every point, and may raise."""
    for rows in _some(network, X):
        before, off = np.empty((len(rows), network.neurons)), np.empty((len(rows), network.outputs))
        for k, n in enumerate(rows):
            at, value = at_points(network, X[n : n + 1])
            before[k], off[k] = at[0], value[0] - fractions(X[n])
            check()
        yield rows, before, off


def in_longer_floats(network: ReLUNetwork, X: Array, check: Callable[[], None]) -> Parts:
    """The same in the longest floats that there are, some points at a time."""
    a, w, b, c = (one.astype(np.longdouble) for one in (network.a, network.w, network.b, network.c))
    V = None if network.V is None else network.V.astype(np.longdouble)
    for rows in _some(network, X):
        x = X[rows].astype(np.longdouble)
        before = x @ w.T + b
        value = np.maximum(before, 0) @ a + c
        value = value if V is None else value + x @ V.T
        yield rows, before.astype(float), (value - x).astype(float)
        check()


def _some(network: ReLUNetwork, X: Array) -> Iterator[NDArray[np.intp]]:
    step = max(1, SOME // max(network.neurons, 1))
    return (np.arange(start, min(start + step, len(X))) for start in range(0, len(X), step))
