"""The minimum-norm denoiser of numbers is piecewise linear between the balls and constant on them.

Hypotheses: clean points x_0 < … < x_{N−1} in R, 2ρ < every gap Δ_i = x_{i+1} − x_i.

Claim: the least representation cost is Σ_i 2Δ_i/(Δ_i − 2ρ), attained only by the function that is x_i on the ball
of x_i and linear between the balls.

Source: Zeno et al., NeurIPS 2023 (arXiv:2311.06748).
Standing: proved (the mean slope on each gap, and slope zero on the balls, force that much total variation).
"""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import univariate
from exactnorm.theorems.check import Check
from exactnorm.theorems.roads import Data, compare_costs


def gap_cost(gaps: Array, rho: float, *, factor: float = 2.0, radii: float = 2.0) -> float:
    """Σ 2Δ/(Δ − 2ρ) over gaps Δ."""
    return float((factor * gaps / (gaps - radii * rho)).sum())


def data() -> list[Data]:
    """Sets of two to six numbers."""
    rng = np.random.default_rng(1)
    sets: list[Data] = [(np.array([[0.0], [1.0], [2.5]]), 0.1)]
    for size in (2, 4, 6):
        x = np.cumsum(rng.uniform(0.5, 2, size))[:, None]
        sets.append((x, rng.uniform(0.05, 0.2)))
    return sets


def check() -> Check:
    """Cost by the formula against the program's bracket."""
    source = "arXiv:2311.06748, univariate denoisers"
    return compare_costs("A-univariate", source, "proved", claimed, univariate, data())


def claimed(points: Array, rho: float) -> float:
    """The cost that the statement gives for numbers (N, 1)."""
    return gap_cost(np.diff(np.sort(points[:, 0])), rho)
