"""Obtuse simplices: which sums of training points are stable, and that nothing else is.

Hypotheses: an obtuse simplex with edges x_n − x_0 = L_n u_n, u_n·u_m ≤ 0, 0 < 2ρ < L_n; h the minimum-norm denoiser.

Claims: (obtuse-stable-sums) x_0 + Σ_{n∈I} (x_n − x_0) is a stable rest point, with no kink through it, iff
Σ_{n∈I, n≠m} L_n |u_m·u_n| < ρ for every m ∈ I; (obtuse-unstable-rest) every other rest point is unstable: Dh has an
eigenvalue of at least L_m/(L_m − 2ρ) > 1 for every m whose ramp is in its band, and just that where there is one only.

Source: this package's documentation. Zeno et al., ICML 2025 (arXiv:2506.19031), treat obtuse simplices in an
appendix that we know in paraphrase only, as saying that the stable points are some of the sums; the wording is ours.
Standing: proved (Dh = Σ s_m u_m u_mᵀ over the ramps in their band has an eigenvalue of at least s_m > 1).
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import obtuse_simplex
from exactnorm.flow.rest.rest_points import rest_points
from exactnorm.theorems.check import Check
from exactnorm.theorems.kinks import clearance
from exactnorm.theorems.zeno2023.obtuse import random_obtuse_simplex
from exactnorm.theorems.zeno2025.orthogonal_rest_points import growth

SOURCE = "exactnorm documentation, rest points (after arXiv:2506.19031, appendix)"


def sums() -> Check:
    """Number of subsets of random simplices on which the criterion and direct evaluation of h agree."""
    agree = total = stable = 0
    for points, rho in _data():
        h = obtuse_simplex(points, rho)
        for size in range(len(points)):
            for rows in combinations(range(1, len(points)), size):
                y = points[0] + (points[list(rows)] - points[0]).sum(axis=0)
                clear = clearance(h, y) > 1e-9
                rests = np.abs(h(y) - y).max() < 1e-9
                growth = np.linalg.eigvals(h.jacobian(y)).real.max()
                seen = bool(clear and rests and growth < 1)
                agree += seen == is_stable_sum(points, rho, rows)
                stable += seen and size >= 2
                total += 1
    return Check(
        name="obtuse-stable-sums",
        source=SOURCE,
        standing="proved",
        claimed=float(total),
        computed=float(agree),
        relation="=",
        tolerance=0.0,
        expected=True,
        detail=f"subsets on which criterion and direct evaluation agree; {stable} sums of several points are stable",
    )


def others() -> Check:
    """Number of rest points of random simplices that are neither stable sums nor unstable as claimed."""
    exceptions = found = single = 0
    for points, rho in _data(sizes=(3, 4, 5)):
        edges = points[1:] - points[0]
        lengths = np.linalg.norm(edges, axis=1)
        for p in rest_points(obtuse_simplex(points, rho), points):
            found += 1
            t = edges @ (p.position - points[0]) / lengths
            slopes = growth(lengths, rho)[(t > rho) & (t < lengths - rho)]
            excess = p.eigenvalues.real.max() - slopes.max(initial=0.0)
            unstable = len(slopes) > 0 and (excess > -1e-9 if len(slopes) > 1 else abs(excess) < 1e-9)
            exceptions += not (unstable and p.stable is False if p.kind == "other" else p.stable and len(slopes) == 0)
            single += len(slopes) == 1
    return Check(
        name="obtuse-unstable-rest",
        source=SOURCE,
        standing="proved",
        claimed=0.0,
        computed=float(exceptions) if single else float("nan"),
        relation="=",
        tolerance=0.0,
        expected=True,
        detail=f"of {found} rest points, all regions enumerated, those neither stable sums nor unstable at the rate "
        f"claimed; {single} have one ramp in its band",
    )


def is_stable_sum(points: Array, rho: float, rows: tuple[int, ...], *, radii: float = 1.0) -> bool:
    """Whether Σ_{n∈I, n≠m} L_n |u_m·u_n| < ρ for every m ∈ I."""
    edges = points[list(rows)] - points[0]
    lengths = np.linalg.norm(edges, axis=1)
    products = np.abs(edges @ edges.T) / lengths[:, None]  # L_n |u_m·u_n|
    return bool((products.sum(axis=1) - lengths < radii * rho).all())


def _data(sizes: tuple[int, ...] = (3, 4, 5, 6)) -> list[tuple[Array, float]]:
    """Random obtuse simplices, some nearly orthogonal, so that sums of both kinds occur."""
    rng = np.random.default_rng(8)
    return [
        (random_obtuse_simplex(size, rng, most), float(rng.uniform(0.05, 0.35)))
        for size in sizes
        for most in (0.02, 0.1, 0.3, 0.9)
    ]
