"""Points on one-sided rays, pairwise at least 90° apart: the rays are denoised independently of each other.

Hypotheses: clean points x_0 + t u_l, t > 0, any number of them on each ray, unit vectors with u_l·u_m ≤ 0, disjoint
balls.

Claim: h(y) = x_0 + Σ_l u_l ψ_l(u_l·(y − x_0)), ψ_l the univariate denoiser on ray l, has the least representation
cost, the sum of 2Δ/(Δ − 2ρ) over all gaps on all rays.

Source: Zeno et al., NeurIPS 2023 (arXiv:2311.06748).
Standing: proved (the documentation gives a proof that needs no activation patterns).
"""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import rays
from exactnorm.theorems.check import Check
from exactnorm.theorems.roads import Data, compare_costs
from exactnorm.theorems.zeno2023.univariate import gap_cost


def data() -> list[Data]:
    """Five points on two rays, and five on three rays in space."""
    u, v = np.array([1.0, 0.0]), np.array([np.cos(1.9), np.sin(1.9)])
    plane = np.array([0 * u, u, 2.2 * u, 0.8 * v, 2 * v])
    space = np.array([[0, 0, 0], [1, 0, 0], [2.5, 0, 0], [0, 1.2, 0], [-0.5, -0.6, 0.9]])
    return [(plane, 0.1), (space, 0.15)]


def check() -> Check:
    """Cost by the formula against the program's bracket."""
    return compare_costs("A-rays", "arXiv:2311.06748, data on rays", "proved", claimed, rays, data())


def claimed(points: Array, rho: float) -> float:
    """The cost that the statement gives for points on rays from the first of them."""
    offsets = points[1:] - points[0]
    distances = np.linalg.norm(offsets, axis=1)
    directions = (offsets / distances[:, None]).round(9)
    on_rays = [distances[(directions == u).all(axis=1)] for u in np.unique(directions, axis=0)]
    return sum(gap_cost(np.diff(np.sort(t), prepend=0.0), rho) for t in on_rays)
