"""Where the score flow ends on equilateral triangles, and on which way.

Hypotheses: h the minimum-norm denoiser of an equilateral triangle of circumradius R, 0 < ρ < R/2; dy/du = h(y) − y.

Claims: (B-App.C) From random starts the limit is the nearest vertex. (B-App.C-edge) A start beyond an edge comes near
that edge long before it comes near a vertex, when ρ is small. Let z be the distance from the centre at right angles to
the edge and d = t_1 − t_2 the difference of the coordinates t_n = u_n·y of the edge's ends. While the ramps of both
are in their bands and that of the third vertex is off, z − R/2 shrinks at rate (2R − 4ρ)/(3R − 4ρ) and d grows at rate
4ρ/(3R − 4ρ). Both bands are left at once, for z = R/2, at d = 3R/2 − 2ρ, a distance of 2ρ/√3 from the vertex, which
shrinks at rate 1 from there on.

Source: Zeno et al., ICML 2025 (arXiv:2506.19031), appendix C, known to us in paraphrase only; the wording and the rates
are ours.
Standing: that only the vertices are stable is proved (see equilateral-stable), that random starts end at the nearest
one is measured. The times of B-App.C-edge are proved (see the documentation).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from exactnorm.arrays import Array
from exactnorm.closed_form import equilateral_triangle
from exactnorm.theorems.check import Check
from exactnorm.theorems.integrate import score_endpoint
from exactnorm.theorems.zeno2023.equilateral import triangle

RHO, NEAR = 0.03, 1e-2


def nearest() -> Check:
    """Share of random starts, and of some nearly as near to two vertices, that end at the nearest vertex."""
    rng = np.random.default_rng(9)
    points = triangle()
    Y = 1.2 * rng.standard_normal((60, points.shape[1]))
    # Along the line between each two vertices and beyond, nearer to one of them by 1 % of the edge.
    middles = (points + np.roll(points, 1, axis=0)) / 2
    sideways = 0.005 * (points - np.roll(points, 1, axis=0))
    Y = np.vstack([Y, *(far * middles + side * sideways for far in (0.5, 1.0, 2.5) for side in (-1, 1))])
    ends = score_endpoint(equilateral_triangle(points, 0.2), Y, 150.0)
    expected = points[np.linalg.norm(Y[:, None] - points, axis=2).argmin(axis=1)]
    return Check(
        name="B-App.C",
        source="arXiv:2506.19031, appendix C (our wording)",
        standing="measured",
        claimed=1.0,
        computed=float((np.linalg.norm(ends - expected, axis=1) < 1e-6).mean()),
        relation="=",
        tolerance=0.0,
        expected=True,
        detail=f"share of {len(Y)} starts, some nearly as near to two vertices, whose flow, integrated to u = 150, "
        "ends at the nearest vertex",
        unseen=(("equilateral_triangle.rho", "the limit is the nearest vertex for every rho; but see B-App.C-edge"),),
    )


def edge_first() -> Check:
    """Ratio of the times at which the flow from beyond an edge is near the edge and near its vertex."""
    points = triangle()
    first, second, third = points
    outward = -third
    start = 0.6 * first + 0.4 * second + 0.5 * outward
    network = equilateral_triangle(points, RHO)

    def time(distance: Callable[[Array], float]) -> float:
        return float(
            brentq(lambda u: math.log(distance(score_endpoint(network, start[None], u)[0]) / NEAR), 0.1, 150.0)
        )

    edge = time(lambda y: abs(float((y - first) @ outward)))
    vertex = time(lambda y: float(np.linalg.norm(y - first)))
    difference = float(start @ (first - second))
    return Check(
        name="B-App.C-edge",
        source="arXiv:2506.19031, appendix C (our wording)",
        standing="proved",
        claimed=edge_time(0.5, RHO) / vertex_time(difference, RHO),
        computed=edge / vertex,
        relation="=",
        tolerance=1e-6,
        expected=True,
        detail=f"time to come within {NEAR:g} of the edge {edge:.2f}, of the vertex {vertex:.2f}; rho/R = {RHO:g}",
    )


def edge_time(distance: float, rho: float, *, fall: float = 2.0, width: float = 3.0, radii: float = 4.0) -> float:
    """Time in which the rate (2R − 4ρ)/(3R − 4ρ), R = 1, brings a distance from the edge's line down to 0.01."""
    return (width - radii * rho) / (fall - radii * rho) * math.log(distance / NEAR)


def vertex_time(
    d: float, rho: float, *, rise: float = 4.0, width: float = 3.0, radii: float = 4.0, last: float = 2.0
) -> float:
    """Time in which d grows to 3R/2 − 2ρ at rate 4ρ/(3R − 4ρ), R = 1, and a distance of 2ρ/√3 shrinks to 0.01."""
    band = width - radii * rho
    return band / (rise * rho) * math.log(band / 2 / d) + math.log(last * rho / math.sqrt(3) / NEAR)
