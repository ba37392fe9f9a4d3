"""Orthogonal sets: the stable rest points are the sums of training points, 2^{N−1} of 3^{N−1}.

Hypotheses: x_n − x_0 pairwise orthogonal, n = 1 … N−1, of length L_n, 0 < 2ρ < L_n; h the minimum-norm denoiser.

Claims: (B-4.2) the stable rest points of h are exactly the points x_0 + Σ_{n∈I} (x_n − x_0), I ⊆ {1, …, N−1}, the
vertices of a hyperbox; (orthogonal-rest-points) there are 3^{N−1} rest points in all.

Source: Zeno et al., ICML 2025 (arXiv:2506.19031), Theorem 4.2, for the stable ones; the count of all is ours.
Standing: proved (the coordinates do not interact, and each has the rest points 0, L_n/2 and L_n, the middle one
unstable).
"""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np

from exactnorm.closed_form import orthogonal
from exactnorm.flow.rest_points import RestPoint, rest_points
from exactnorm.theorems.check import Check
from exactnorm.training_set import Array

SIZES = range(2, 9)


def stable() -> Check:
    """Number of sums that are stable rest points, less the stable rest points that are no sums, for N = 2 … 8."""
    matched = 0
    for points in _data():
        sums = np.array([points[0] + (points[list(rows)] - points[0]).sum(axis=0) for rows in _subsets(len(points))])
        for p in _all(points):
            if p.stable is not False:
                near = bool((np.abs(sums - p.position).max(axis=1) < 1e-9).any())
                matched += 1 if near and p.stable else -1
    return Check(
        name="B-4.2",
        source="arXiv:2506.19031, Theorem 4.2",
        standing="proved",
        claimed=float(sum(2 ** (size - 1) for size in SIZES)),
        computed=float(matched),
        relation="=",
        tolerance=0.0,
        expected=True,
        detail="stable rest points that are sums of training points, less others, over orthogonal sets of 2 to 8 "
        "points; all regions between kinks were enumerated",
    )


def every() -> Check:
    """Number of rest points for N = 2 … 8."""
    return Check(
        name="orthogonal-rest-points",
        source="exactnorm documentation, rest points",
        standing="proved",
        claimed=float(sum(3 ** (size - 1) for size in SIZES)),
        computed=float(sum(len(_all(points)) for points in _data())),
        relation="=",
        tolerance=0.0,
        expected=True,
        detail="rest points found by enumeration of all regions between kinks, over orthogonal sets of 2 to 8 points",
    )


def _data() -> list[Array]:
    rng = np.random.default_rng(7)
    frames = [np.linalg.qr(rng.standard_normal((size, size)))[0][: size - 1] for size in SIZES]
    return [np.vstack([0 * f[:1], rng.uniform(1, 2, (len(f), 1)) * f]) for f in frames]


def _all(points: Array) -> list[RestPoint]:
    return rest_points(orthogonal(points, 0.15))


def _subsets(size: int) -> list[tuple[int, ...]]:
    return list(chain.from_iterable(combinations(range(1, size), k) for k in range(size)))
