"""Equilateral triangles: only the vertices are stable.

Hypotheses: an equilateral triangle of circumradius R, 0 < ρ < R/2; h the minimum-norm denoiser.

Claims: (equilateral-stable) the stable rest points are the three vertices, and h is constant on the ball of radius ρ
around each of them, on none larger; (equilateral-rate) centre and midpoints of
the edges are unstable rest points, from which the score flow departs at rate 4ρ/(3R − 4ρ).

Source: this package's documentation. Zeno et al., ICML 2025 (arXiv:2506.19031), treat equilateral triangles in an
appendix that we know in paraphrase only.
Standing: proved (direct computation).
"""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import equilateral_triangle
from exactnorm.flow.rest.rest_points import RestPoint, rest_points
from exactnorm.theorems.check import Check
from exactnorm.theorems.kinks import clearance
from exactnorm.theorems.zeno2023.equilateral import triangle
from exactnorm.theorems.zeno2025.orthogonal_rest_points import ball

SOURCE = "exactnorm documentation, rest points (after arXiv:2506.19031, appendix)"
RADII = (0.05, 0.2, 0.35, 0.45)


def stable() -> Check:
    """Stable rest points at vertices, with the balls claimed, less others, over several radii."""
    score = 0
    for rho in RADII:
        points, found = _found(rho)
        for p in found:
            if p.stable is not False:
                at_vertex = float(np.linalg.norm(points - p.position, axis=1).min()) < 1e-9
                fitting = abs(clearance(equilateral_triangle(points, rho), p.position) - ball(rho)) < 1e-9
                score += 1 if at_vertex and fitting and p.stable else -1
    return Check(
        name="equilateral-stable",
        source=SOURCE,
        standing="proved",
        claimed=vertices() * len(RADII),
        computed=float(score),
        relation="=",
        tolerance=0.0,
        expected=True,
        detail="stable rest points at the vertices, h constant on the ball of radius rho around them, on none larger, "
        f"less others, all regions enumerated, rho/R in {RADII}",
    )


def vertices(*, count: float = 3.0) -> float:
    """How many stable points there are."""
    return count


def rate() -> Check:
    """Largest growth rate at the centre and at the edges' midpoints, over several radii; the sum of all of them."""
    claimed = computed = 0.0
    for rho in RADII:
        points, found = _found(rho)
        claimed += 4 * departure(rho)  # from four points
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


def departure(rho: float, *, factor: float = 4.0, width: float = 3.0, radii: float = 4.0) -> float:
    """4ρ/(3R − 4ρ) for R = 1."""
    return factor * rho / (width - radii * rho)


def _found(rho: float) -> tuple[Array, list[RestPoint]]:
    points = triangle()
    return points, rest_points(equilateral_triangle(points, rho))
