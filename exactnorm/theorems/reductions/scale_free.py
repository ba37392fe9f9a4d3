"""The least cost does not change when points and balls are moved, turned or scaled together.

Hypotheses: any training set.

Claim: for an orthogonal Q, a shift v and a scale s > 0, the points s (Q x_n + v) with balls of radius sρ have the
same least representation cost.

Source: this package's documentation.
Standing: proved (a_k is scaled by s and w_k by 1/s; shifts go into the biases, which are free).
"""

from __future__ import annotations

import numpy as np

from exactnorm.theorems.check import Check
from exactnorm.theorems.roads import program_bracket


def check() -> Check:
    """Largest and smallest optimum of five copies of a triangle and one of them embedded in R^10."""
    rng = np.random.default_rng(9)
    points, rho = np.array([[0.0, 0.0], [1.0, 0.0], [0.4, 0.9]]), 0.1
    known = float(np.mean(program_bracket(points, rho)))
    ends = []
    for scale, shift, dimension in ((1e-8, 1, 2), (1e8, 1, 2), (1, 1e4, 2), (3, 10, 3), (0.2, 1, 10)):
        axes = np.linalg.qr(rng.standard_normal((dimension, dimension)))[0][:2]
        moved = scale * (points[rng.permutation(3)] @ axes + shift * rng.standard_normal(dimension))
        # What the statement makes of the copy's bracket for the original.
        ends.append(np.array(program_bracket(moved, radius(rho, scale))) / cost_factor(scale))
    lower, upper = float(np.min(ends)), float(np.max(ends))
    return Check(
        name="cost-is-scale-free",
        source="exactnorm documentation, reductions",
        standing="proved",
        claimed=known,
        computed=(lower + upper) / 2,
        relation="=",
        tolerance=2e-6,
        expected=True,
        lower=lower,
        upper=upper,
        detail="a triangle, and five copies of it scaled by 1e-8 to 1e8, shifted by up to 1e4, rotated, in up to R^10",
    )


def radius(rho: float, scale: float, *, power: float = 1.0) -> float:
    """Radius of the copy's balls, sρ."""
    return float(scale**power * rho)


def cost_factor(scale: float, *, power: float = 0.0) -> float:
    """The copy's cost over the original's, s^0."""
    return float(scale**power)
