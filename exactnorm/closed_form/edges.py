"""Weights of segments between points, for a lower bound that needs no activation patterns."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array

ALL_PAIRS = 60
"""Points up to which all segments are taken."""
AT_LEAST = 30
"""Times that they are improved whatever the clock says: tenths of a second for a thousand points."""
WIDE = 200
"""Coordinates beyond which it is asked from the first time on, and the times are fewer: one eigendecomposition takes as
long as all of those."""
STEPS = 600
"""Times that the weights are improved."""
QUICK = 100
"""Times that come within a few percent of that, in a sixth of the time: for few points, whose program follows."""


def best_edges(
    points: Array, rho: float, stop: Callable[[], bool] = lambda: False, most: int = STEPS
) -> Iterator[tuple[NDArray[np.intp], Array]]:
    """Yield segments and weights that raise the bound of `edges_lower_bound` more and more, the last nearly most.

    Multiplicative weights: what lies along large eigenvectors of Σ c u uᵀ weighs less each time.

    Parameters
    ----------
    points : ndarray, shape (N, d)
    rho : float
    stop : callable
        Asked again and again whether the best so far will do.
    most : int
        Times that the weights are improved, in steps that are the larger the fewer they are.
    """
    edges = _candidates(points)
    offsets = points[edges[:, 1]] - points[edges[:, 0]]
    length = np.linalg.norm(offsets, axis=1)
    u, gain = offsets / length[:, None], 2 * length / (length - 2 * rho)
    wide = max(1, points.shape[1] / WIDE)
    steps, least = max(1, int(most / wide)), AT_LEAST if wide == 1 else 0
    c = 1 / gain
    best, told, kept = 0.0, 0.0, c
    for step in range(steps):
        values, vectors = np.linalg.eigh((u.T * c) @ u)
        values = np.maximum(values, 0.0)
        bound = float(c @ gain) / values[-1]
        if bound > best:
            best, kept = bound, c
        over = step == steps - 1 or (step >= least and stop())
        if best > (1.0 if over else 1.1) * told:
            told = best
            some = kept > 1e-6 * kept.max()
            yield edges[some], kept[some]
        if over:
            return
        # Ascent of log Σ c gain − log ‖Σ c u uᵀ‖_p with Schatten's norm: p grows, and ‖·‖_p comes down to ‖·‖.
        p = 4 * 1.01 ** (step * STEPS / most)
        share = (values / values[-1]) ** (p - 1)
        load = ((u @ vectors) ** 2) @ (share / (share @ values))
        c = c * np.clip(gain / float(c @ gain) / load, 0.3, 3.0) ** min(0.5, 4 / p)
        c = c / c.max()


def _candidates(points: Array) -> NDArray[np.intp]:
    """Pairs of rows: all of few points; of many, each with the nearest to it and with a few others."""
    size = len(points)
    if size <= ALL_PAIRS:
        return np.column_stack(np.triu_indices(size, 1))
    rng = np.random.default_rng(0)
    some = rng.permutation(size)[:1000]
    square = (points**2).sum(axis=1)
    distance = square[some, None] + square - 2 * points[some] @ points.T
    distance[np.arange(len(some)), some] = np.inf
    pairs = [np.column_stack([some, distance.argmin(axis=1)])]
    pairs += [np.column_stack([some, rng.integers(size, size=len(some))])]
    edges = np.sort(np.vstack(pairs), axis=1)
    return np.unique(edges[edges[:, 0] < edges[:, 1]], axis=0)
