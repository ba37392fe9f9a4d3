"""Equilateral triangles: only the vertices are stable.

Hypotheses: an equilateral triangle of circumradius R, 0 < ρ < R/2; h the minimum-norm denoiser.

Claims: (equilateral-stable) the stable rest points are the three vertices; (equilateral-rate) centre and midpoints of
the edges are unstable rest points, from which the score flow departs at rate 4ρ/(3R − 4ρ).

Source: this package's documentation. Zeno et al., ICML 2025 (arXiv:2506.19031), treat equilateral triangles in an
appendix that we know in paraphrase only.
Standing: proved (direct computation).
"""

from __future__ import annotations

import numpy as np

from exactnorm.closed_form import equilateral_triangle
from exactnorm.flow.rest_points import RestPoint, rest_points
from exactnorm.theorems.check import Check
from exactnorm.theorems.zeno2023.equilateral import triangle
from exactnorm.training_set import Array

SOURCE = "exactnorm documentation, rest points (after arXiv:2506.19031, appendix)"
RADII = (0.05, 0.2, 0.35, 0.45)


def stable() -> Check:
    """Stable rest points at vertices, less others, over several radii."""
    score = 0
    for rho in RADII:
        points, found = _found(rho)
        for p in found:
            if p.stable is not False:
                at_vertex = float(np.linalg.norm(points - p.position, axis=1).min()) < 1e-9
                score += 1 if at_vertex and p.stable else -1
    return Check(
        name="equilateral-stable",
        source=SOURCE,
        standing="proved",
        claimed=3.0 * len(RADII),
        computed=float(score),
        relation="=",
        tolerance=0.0,
        expected=True,
        detail=f"stable rest points at the vertices, less others, all regions enumerated, rho/R in {RADII}",
    )


def rate() -> Check:
    """Largest growth rate at the centre and at the edges' midpoints, over several radii; the sum of all of them."""
    claimed = computed = 0.0
    for rho in RADII:
        points, found = _found(rho)
        claimed += 4 * 4 * rho / (3 - 4 * rho)
        for place in np.vstack([np.zeros(2), -points / 2]):
            here = [p for p in found if np.linalg.norm(p.position - place) < 1e-9]
            computed += float(here[0].eigenvalues.real.max()) - 1 if len(here) == 1 else float("nan")
    return Check(
        name="equilateral-rate",
        source=SOURCE,
        standing="proved",
        claimed=claimed,
        computed=computed,
        relation="=",
        tolerance=1e-9,
        expected=True,
        detail=f"rates of departure from centre and edge midpoints, summed over the four points and rho/R in {RADII}",
    )


def _found(rho: float) -> tuple[Array, list[RestPoint]]:
    points = triangle()
    return points, rest_points(equilateral_triangle(points, rho))
