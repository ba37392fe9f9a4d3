"""A point x_0 and others in orthogonal directions from it: one ramp for each.

Hypotheses: (x_n − x_0)·(x_m − x_0) = 0 for n ≠ m, disjoint balls.

Claim: h(y) = x_0 + Σ_n (x_n − x_0) φ_n(u_n·(y − x_0)), ramps from ρ to L_n − ρ, has the least representation cost,
Σ_n 2L_n/(L_n − 2ρ), where L_n = ‖x_n − x_0‖.

Source: Zeno et al., NeurIPS 2023 (arXiv:2311.06748), and Zeno et al., ICML 2025 (arXiv:2506.19031).
Standing: proved (rays with one point each).
"""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import orthogonal
from exactnorm.theorems.check import Check
from exactnorm.theorems.roads import Data, compare_costs
from exactnorm.theorems.zeno2023.univariate import gap_cost


def data() -> list[Data]:
    """A right triangle, and three orthogonal directions in R^4."""
    rng = np.random.default_rng(3)
    directions = np.linalg.qr(rng.standard_normal((4, 4)))[0][:3] * rng.uniform(0.8, 2, (3, 1))
    return [
        (np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), 0.1),
        (np.vstack([np.zeros(4), directions]) + rng.standard_normal(4), 0.2),
    ]


def check() -> Check:
    """Cost by the formula against the program's bracket."""
    source = "arXiv:2311.06748 and arXiv:2506.19031, orthogonal data"
    return compare_costs("A-orthogonal", source, "proved", claimed, orthogonal, data())


def claimed(points: Array, rho: float) -> float:
    """The cost that the statement gives, for the first point as x_0."""
    return gap_cost(np.linalg.norm(points[1:] - points[0], axis=1), rho)
