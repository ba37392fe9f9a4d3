"""Orthogonal sets: the stable rest points are the sums of training points, 2^{N−1} of 3^{N−1}.

Hypotheses: x_n − x_0 pairwise orthogonal, n = 1 … N−1, of length L_n, 0 < 2ρ < L_n; h the minimum-norm denoiser.

Claims: (B-4.2) the stable rest points of h are exactly the points x_0 + Σ_{n∈I} (x_n − x_0), I ⊆ {1, …, N−1}, the
vertices of a hyperbox, and h is constant on the ball of radius ρ around each of them, on none larger;
(orthogonal-rest-points) there are 3^{N−1} rest points in all, with t_n ∈ {0, L_n/2, L_n}; the eigenvalues of Dh are
L_n/(L_n − 2ρ) for each n with t_n = L_n/2, and 0.

Source: Zeno et al., ICML 2025 (arXiv:2506.19031), Theorem 4.2, for the stable ones; balls, the count of all and the
eigenvalues are ours.
Standing: proved (the coordinates do not interact, and each has the rest points 0, L_n/2 and L_n, the middle one
unstable).
"""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import orthogonal
from exactnorm.flow.rest.rest_points import rest_points
from exactnorm.theorems.check import Check
from exactnorm.theorems.kinks import clearance

SIZES = range(2, 9)
RHO = 0.15


def stable() -> Check:
    """Number of sums that are stable, with the balls claimed, less the stable rest points that are not, N = 2 … 8."""
    matched = 0
    for points in _data():
        h = orthogonal(points, RHO)
        sums = np.array([points[0] + (points[list(rows)] - points[0]).sum(axis=0) for rows in _subsets(len(points))])
        for p in rest_points(h):
            if p.stable is not False:
                near = bool((np.abs(sums - p.position).max(axis=1) < 1e-9).any())
                as_claimed = p.stable and near and abs(clearance(h, p.position) - ball(RHO)) < 1e-9
                matched += 1 if as_claimed else -1
    return Check(
        name="B-4.2",
        source="arXiv:2506.19031, Theorem 4.2",
        standing="proved",
        claimed=sum(stable_count(size) for size in SIZES),
        computed=float(matched),
        relation="=",
        tolerance=0.0,
        expected=True,
        detail="stable rest points that are sums of training points, h constant on the ball of radius rho around them, "
        "on none larger, less others, over orthogonal sets of 2 to 8 points; all regions were enumerated",
    )


def every() -> Check:
    """Number of rest points with the eigenvalues claimed, less all others, for N = 2 … 8."""
    matched = 0
    for points in _data():
        edges = points[1:] - points[0]
        lengths = np.linalg.norm(edges, axis=1)
        for p in rest_points(orthogonal(points, RHO)):
            share = edges @ (p.position - points[0]) / lengths**2
            claimed = np.where(np.abs(share - 0.5) < 1e-9, growth(lengths, RHO), 0.0)
            in_place = (np.minimum(np.abs(share), np.abs(share - 1)) < 1e-9) | (claimed > 0)
            right = np.abs(np.sort(p.eigenvalues.real) - np.sort(claimed)).max() < 1e-9
            matched += 1 if in_place.all() and right else -1
    return Check(
        name="orthogonal-rest-points",
        source="exactnorm documentation, rest points",
        standing="proved",
        claimed=sum(count(size) for size in SIZES),
        computed=float(matched),
        relation="=",
        tolerance=0.0,
        expected=True,
        detail="rest points found by enumeration of all regions between kinks, over orthogonal sets of 2 to 8 points, "
        "with the eigenvalues claimed, less others",
    )


def stable_count(size: int, *, base: float = 2.0) -> float:
    """2^{N−1}."""
    return float(base ** (size - 1))


def count(size: int, *, base: float = 3.0) -> float:
    """3^{N−1}."""
    return float(base ** (size - 1))


def ball(rho: float, *, radii: float = 1.0) -> float:
    """The radius of the ball around a stable point on which h is constant, ρ."""
    return radii * rho


def growth(lengths: Array, rho: float, *, radii: float = 2.0) -> Array:
    """Eigenvalues L/(L − 2ρ) of coordinates at L/2."""
    return lengths / (lengths - radii * rho)


def _data() -> list[Array]:
    rng = np.random.default_rng(7)
    frames = [np.linalg.qr(rng.standard_normal((size, size)))[0][: size - 1] for size in SIZES]
    return [np.vstack([0 * f[:1], rng.uniform(1, 2, (len(f), 1)) * f]) for f in frames]


def _subsets(size: int) -> list[tuple[int, ...]]:
    return list(chain.from_iterable(combinations(range(1, size), k) for k in range(size)))
