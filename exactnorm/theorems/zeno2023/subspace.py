"""Points in a subspace: the denoiser is that of the subspace, and the space around it costs nothing.

Hypotheses: clean points whose affine hull S has dimension r < d.

Claim: the least representation cost is that of the points in coordinates of S, and y ↦ P h(P y), P the orthogonal
projection onto S, attains it.

Source: Zeno et al., NeurIPS 2023 (arXiv:2311.06748), data in a subspace.
Standing: proved (y ↦ P h(P y) is feasible whenever h is, at no larger cost).

The program drops directions in which the points do not spread, so it cannot be asked directly. Its answer for points
moved off the subspace by ±ε, where every dimension counts, is the same for ε and −ε: three values of ε give the limit
up to terms in ε^6.
"""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import collinear, rays
from exactnorm.theorems.check import Check
from exactnorm.theorems.roads import agreed_cost, program_bracket
from exactnorm.theorems.zeno2023.rays import claimed as rays_cost

RHO = 0.1
OFF = (0.1, 0.05, 0.025)
WEIGHTS = np.array([1, -20, 64]) / 45  # of the values at ε, ε/2 and ε/4 in their limit: ε² and ε⁴ cancel


def check() -> Check:
    """Costs by the formulas on a line and in a plane against the program for points moved off them, in the limit."""
    line = np.array([[0.0, 0.0], [1.0, 0.0], [2.5, 0.0]])
    plane = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.3, 0.0, 0.0], [0.0, 1.2, 0.0]])
    claimed = agreed_cost(rays_cost, collinear, line, RHO) + agreed_cost(rays_cost, rays, plane, RHO)
    ends = np.array([_limit(line), _limit(plane)]).sum(axis=0)
    return Check(
        name="A-subspace",
        source="arXiv:2311.06748, data in a subspace",
        standing="proved",
        claimed=claimed,
        computed=float(ends.mean()),
        relation="=",
        tolerance=1e-5,
        expected=True,
        lower=float(ends[0]),
        upper=float(ends[1]),
        detail=f"three points on a line in R^2 plus four in a plane in R^3; the program at distances {OFF} off them",
    )


def _limit(points: Array) -> tuple[float, float]:
    """Bracket on the extrapolated optimum of the points with their last coordinate moved by ±ε."""
    signs = (-1.0) ** np.arange(len(points))
    moved = [points + eps * signs[:, None] * np.eye(points.shape[1])[-1] for eps in OFF]
    lower, upper = np.array([program_bracket(some, RHO) for some in moved]).T
    high, low = np.maximum(WEIGHTS, 0), np.minimum(WEIGHTS, 0)
    return float(high @ lower + low @ upper), float(high @ upper + low @ lower)
