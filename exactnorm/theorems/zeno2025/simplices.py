"""Where the score flow ends on obtuse simplices and equilateral triangles.

Hypotheses: h the minimum-norm denoiser of an obtuse simplex (edges L_n u_n from x_0, u_n·u_m ≤ 0, 2ρ < L_n), or of an
equilateral triangle of circumradius R with ρ < R/2; dy/du = h(y) − y from random starts.

Claims: (B-App.B) the limit is a sum x_0 + Σ_{n∈I} (x_n − x_0) with Σ_{n∈I, n≠m} L_n |u_m·u_n| ≤ ρ for every m ∈ I.
(B-App.C) On an equilateral triangle the limit is the nearest vertex. (B-App.C-edge) A start beyond an edge comes near
that edge long before it comes near a vertex, when ρ is small.

Source: Zeno et al., ICML 2025 (arXiv:2506.19031), appendices B and C, known to us in paraphrase only; the wording here
is ours.
Standing: that only these points are stable is proved (see the statements on rest points). That random starts do end
at stable points, and the order in time, is measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations

import numpy as np
from scipy.optimize import brentq

from exactnorm.closed_form import equilateral_triangle, obtuse_simplex
from exactnorm.theorems.check import Check
from exactnorm.theorems.integrate import score_endpoint
from exactnorm.theorems.zeno2023.equilateral import triangle
from exactnorm.theorems.zeno2023.obtuse import random_obtuse_simplex
from exactnorm.training_set import Array


def obtuse_limits() -> Check:
    """Share of random starts, on several random simplices, that end at one of the sums named."""
    rng = np.random.default_rng(7)
    right = total = several = 0
    for size, most in ((3, 0.1), (4, 0.1), (4, 0.9)):
        points, rho = random_obtuse_simplex(size, rng, most), 0.2
        spread = float(np.linalg.norm(points - points[0], axis=1).max())
        Y = points.mean(axis=0) + spread * rng.standard_normal((40, points.shape[1]))
        ends = score_endpoint(obtuse_simplex(points, rho), Y, 150.0)
        sums, sizes = _stable_sums(points, rho)
        gap = np.linalg.norm(ends[:, None] - sums, axis=2)
        right += int((gap.min(axis=1) < 1e-6).sum())
        several += int((sizes[gap.argmin(axis=1)] >= 2).sum())
        total += len(Y)
    return Check(
        name="B-App.B",
        source="arXiv:2506.19031, appendix B (our wording)",
        standing="measured",
        claimed=1.0,
        computed=right / total,
        relation="=",
        tolerance=0.0,
        expected=True,
        detail=f"share of {total} random starts on three random simplices whose flow, integrated to u = 150, ends at a "
        f"stable sum; {several} at sums of several points",
    )


def equilateral_limits() -> Check:
    """Share of random starts that end at the nearest vertex."""
    rng = np.random.default_rng(9)
    points = triangle()
    centre = points.mean(axis=0)
    Y = centre + 1.2 * rng.standard_normal((60, points.shape[1]))
    ends = score_endpoint(equilateral_triangle(points, 0.2), Y, 150.0)
    nearest = points[np.linalg.norm(Y[:, None] - points, axis=2).argmin(axis=1)]
    return Check(
        name="B-App.C",
        source="arXiv:2506.19031, appendix C (our wording)",
        standing="measured",
        claimed=1.0,
        computed=float((np.linalg.norm(ends - nearest, axis=1) < 1e-6).mean()),
        relation="=",
        tolerance=0.0,
        expected=True,
        detail=f"share of {len(Y)} random starts whose flow, integrated to u = 150, ends at the nearest vertex",
    )


def edge_first() -> Check:
    """Ratio of the times at which the flow from beyond an edge is near the edge and near its vertex."""
    points, rho, near = triangle(), 0.03, 1e-2
    first, second, third = points
    outward = (first + second - 2 * third) / np.linalg.norm(first + second - 2 * third)
    start = 0.6 * first + 0.4 * second + 0.5 * outward
    network = equilateral_triangle(points, rho)

    def time(distance: Callable[[Array], float]) -> float:
        return float(
            brentq(lambda u: math.log(distance(score_endpoint(network, start[None], u)[0]) / near), 0.1, 150.0)
        )

    edge = time(lambda y: abs(float((y - first) @ outward)))
    vertex = time(lambda y: float(np.linalg.norm(y - first)))
    return Check(
        name="B-App.C-edge",
        source="arXiv:2506.19031, appendix C (our wording)",
        standing="measured",
        claimed=0.25,
        computed=edge / vertex,
        relation="<",
        tolerance=1e-6,
        expected=True,
        detail=f"time to come within {near:g} of the edge {edge:.2f}, of the vertex {vertex:.2f}; rho/R = {rho:g}",
    )


def _stable_sums(points: Array, rho: float) -> tuple[Array, Array]:
    edges = points[1:] - points[0]
    lengths = np.linalg.norm(edges, axis=1)
    coupling = np.abs(edges @ edges.T) / lengths[:, None]  # L_n |u_m·u_n|
    kept = [
        rows
        for size in range(len(points))
        for rows in map(list, combinations(range(len(edges)), size))
        if (coupling[np.ix_(rows, rows)].sum(axis=1) - lengths[rows] <= rho).all()
    ]
    return np.array([points[0] + edges[rows].sum(axis=0) for rows in kept]), np.array([len(rows) for rows in kept])
