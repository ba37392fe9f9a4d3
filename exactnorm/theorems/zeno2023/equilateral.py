"""An equilateral triangle: one ramp a vertex, based at the centre, for balls up to half the circumradius.

Hypotheses: an equilateral triangle of circumradius R, ρ ≤ R/2.

Claim: h(y) = c + Σ_n (x_n − c) φ_n(u_n·(y − c)), c the centre, ramps from −R/2 + ρ to R − ρ, has the least
representation cost, 12R/(3R − 4ρ).

Source: Zeno et al., NeurIPS 2023 (arXiv:2311.06748).
Standing: proved for ρ ≤ R/2. Above 0.66139 R the formula is not the optimum, see equilateral-radius.
"""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import equilateral_triangle
from exactnorm.theorems.check import Check
from exactnorm.theorems.roads import compare_costs


def triangle(R: float = 1.0) -> Array:
    """Vertices (3, 2) of an equilateral triangle of circumradius R around the origin."""
    angles = np.array([0, 2, 4]) * np.pi / 3
    return R * np.column_stack([np.cos(angles), np.sin(angles)])


def check() -> Check:
    """Cost by the formula against the program's bracket, at small and at the largest proved balls."""
    sets = [(triangle(), 0.1), (triangle(2.0) + 1.0, 0.6), (triangle(), 0.5)]
    return compare_costs("A-equilateral", "arXiv:2311.06748, triangles", "proved", claimed, equilateral_triangle, sets)


def claimed(points: Array, rho: float, *, factor: float = 12.0, width: float = 3.0, radii: float = 4.0) -> float:
    """12R/(3R − 4ρ)."""
    R = float(np.linalg.norm(points[0] - points.mean(axis=0)))
    return factor * R / (width * R - radii * rho)
