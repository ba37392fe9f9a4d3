"""Whether a network that was read computes what the model computes that it was read from."""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.network import ReLUNetwork, lengths, without_kink

COUNT = 32
SIZES = (0.1, 1.0, 10.0, 1000.0)
DEPTHS = (0.0, 1e-3, 0.1, 1.0)
"""Pre-activations at which a smooth activation, or a leaky one, is told from a ReLU."""


def probes(network: ReLUNetwork) -> Array:
    """Inputs (m, d) around all kinks: some of all sizes, and some at which one neuron is barely on, or off."""
    rng = np.random.default_rng(0)
    d = network.dimension
    norms = lengths(network.w)
    live = np.flatnonzero(~without_kink(network))
    reach = 1.0 + float(np.median(np.abs(network.b[live]) / norms[live])) if len(live) else 1.0
    around = [size * reach * rng.standard_normal((COUNT, d)) for size in SIZES]
    for depth in DEPTHS if len(live) else ():
        chosen = rng.choice(live, COUNT)
        y = reach * rng.standard_normal((COUNT, d))
        wanted = depth * rng.choice([-1.0, 1.0], COUNT)
        unit = network.w[chosen] / norms[chosen, None]
        move = (wanted - network.b[chosen]) / norms[chosen] - np.einsum("md,md->m", unit, y)
        around.append(y + move[:, None] * unit)
    return np.vstack(around)


def disagreement(
    network: ReLUNetwork, y: Array, values: Array, precision: float = float(np.finfo(float).eps)
) -> tuple[float, float]:
    """How far given values (m, q) are at most from the network's, as a share of its terms, and what rounding explains.

    Infinite where shapes differ or a value is no number.
    """
    rounding = 8 * (network.neurons + network.dimension + 8) * precision
    if values.shape != (len(y), network.outputs):
        return np.inf, rounding
    terms = (np.abs(y) @ np.abs(network.w).T + np.abs(network.b)) @ np.abs(network.a) + np.abs(network.c)
    if network.V is not None:
        terms = terms + np.abs(y) @ np.abs(network.V).T
    off = np.abs(values - network(y)) / np.maximum(terms.max(axis=1, keepdims=True), np.finfo(float).tiny)
    return float(np.max(np.where(np.isfinite(off), off, np.inf), initial=0.0)), rounding
