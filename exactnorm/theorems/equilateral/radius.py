"""The radius at which the equilateral triangle's formula stops being the optimum.

Hypotheses: an equilateral triangle of circumradius R, ρ < 3R/4.

Claim: one-versus-rest based at the centre, of cost 12R/(3R − 4ρ), is optimal up to ρ = 0.66139 R, where
κ(1 + 4x) = 9 with κ = 3R/(3R − 4ρ) and x = 1 − cos θ at the largest tilt, (3/2)R cos θ − (√3/2)R sin θ = 2ρ; and not
beyond.

Source: this package's documentation.
Standing: measured.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from exactnorm.closed_form import equilateral_triangle
from exactnorm.theorems.check import Check
from exactnorm.theorems.plane import plane_bracket
from exactnorm.theorems.roads import agreed_cost
from exactnorm.theorems.zeno2023.equilateral import claimed as cost
from exactnorm.theorems.zeno2023.equilateral import triangle

MARGIN = 1e-6  # relative; beyond the radius the formula's excess grows by 0.008 for every hundredth of R


def check() -> Check:
    """The radius by bisection on whether a network cheaper than the formula exists."""
    low, high = 0.5, 0.74
    while high - low > 1e-6:
        middle = (low + high) / 2
        _, upper = plane_bracket(triangle(), middle)
        formula = agreed_cost(cost, equilateral_triangle, triangle(), middle)
        if np.isnan(formula):
            low = high = formula
        elif upper < formula * (1 - MARGIN):
            high = middle
        else:
            low = middle
    return Check(
        name="equilateral-radius",
        source="exactnorm documentation, equilateral triangles",
        standing="measured",
        claimed=float(brentq(excess, 0.5, 0.74)),
        computed=(low + high) / 2,
        relation="=",
        tolerance=1e-5,
        expected=True,
        detail="rho/R at which a program over all directions first finds a cheaper network, by bisection",
    )


def excess(
    rho: float, *, width: float = 3.0, radii: float = 4.0, tilts: float = 4.0, bound: float = 9.0, balls: float = 2.0
) -> float:
    """κ(1 + 4x) − 9 for R = 1."""
    tilt = np.arccos(balls * rho / np.sqrt(3)) - np.pi / 6  # (3/2) cos θ − (√3/2) sin θ = √3 cos(θ + 30°)
    return float(width / (width - radii * rho) * (1 + tilts * (1 - np.cos(tilt))) - bound)
