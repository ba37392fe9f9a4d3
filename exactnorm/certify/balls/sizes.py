"""What it costs to make up for misses of which the sizes are known: between neighbours on a line, or by slabs."""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.certify.balls.slabs import Slabs, seen
from exactnorm.network import lengths
from exactnorm.training_set import TrainingSet


def cost_on_a_line(train: TrainingSet, t: Array, e: Array, D: Array, off: Array | None) -> float:
    """Between neighbours on the line, heights t, a value and a slope: differences of two misses, seen from the middle.

    Where the misses themselves are known, `off`, neighbours may differ by little.
    """
    order = np.argsort(t, kind="stable")
    gaps = np.diff(t[order])
    if not gaps.min() > 2 * train.rho:
        return np.inf
    e, slope = e[order], D[order][1:] + D[order][:-1]
    value = e[1:] + e[:-1]
    if off is not None:
        unsure = e - lengths(off[order])
        value = np.minimum(value, lengths(np.diff(off[order], axis=0)) + np.abs(unsure[1:]) + np.abs(unsure[:-1]))
    return float(np.sum(2 * (value + slope * gaps / 2) / (gaps - 2 * train.rho) + slope))


def cost_of_sizes(slabs: Slabs, points: Array, rho: float, e: Array, D: Array) -> float:
    """Bound on the cost of making up for misses of at most e_n and D_n, whatever their directions, by slabs."""
    _, far, across = seen(slabs, points, rho)
    value, slope = e[1:] + e[0], D[1:] + D[0]
    if not np.array_equal(slabs.on[:, 1:], np.eye(len(value), dtype=bool)):
        on = slabs.on[:, 1:].T.astype(float)
        share = np.abs(np.linalg.inv(on) if len(on) == len(on.T) else np.linalg.pinv(on))
        value, slope = share @ value, share @ slope
    return float(np.sum((value + slope * far) / slabs.half + (1 + across) * slope))


def norms(matrices: Array) -> Array:
    """Frobenius' norm of each matrix (N, r, r)."""
    return np.asarray(np.linalg.norm(matrices, axis=(1, 2)))
