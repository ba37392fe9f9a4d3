"""A simplex whose angles at one vertex x_0 are all at least 90°: the orthogonal set's formula.

Hypotheses: affinely independent clean points, (x_n − x_0)·(x_m − x_0) ≤ 0 for n ≠ m, disjoint balls.

Claim: h(y) = x_0 + Σ_n (x_n − x_0) φ_n(u_n·(y − x_0)), ramps from ρ to L_n − ρ, has the least representation cost,
Σ_n 2L_n/(L_n − 2ρ), where L_n = ‖x_n − x_0‖.

Source: Zeno et al., NeurIPS 2023 (arXiv:2311.06748), and Zeno et al., ICML 2025 (arXiv:2506.19031).
Standing: proved (rays with one point each).
"""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import obtuse_simplex
from exactnorm.theorems.check import Check
from exactnorm.theorems.roads import Data, compare_costs
from exactnorm.theorems.zeno2023.orthogonal import claimed


def random_obtuse_simplex(size: int, rng: np.random.Generator, most: float = 0.9) -> Array:
    """Vertices (size, size − 1) of a simplex with all angles at the first one at least 90°.

    The cosines of the angles are random, at least −1 and on each row of their matrix at least −`most` in total, which
    keeps it positive definite for `most` below 1.
    """
    opposing = np.triu(rng.uniform(0, 1, (size - 1, size - 1)), 1)
    opposing += opposing.T
    opposing *= most / max(float(opposing.sum(axis=1).max()), 1.0)
    u = np.linalg.cholesky(np.eye(size - 1) - opposing)
    return np.vstack([np.zeros(size - 1), rng.uniform(0.8, 2, (size - 1, 1)) * u])


def data() -> list[Data]:
    """An obtuse triangle, and an obtuse simplex in space."""
    return [
        (np.array([[0.0, 0.0], [1.0, 0.0], [-0.7, 1.0]]), 0.1),
        (random_obtuse_simplex(4, np.random.default_rng(4)), 0.15),
    ]


def check() -> Check:
    """Cost by the formula against the program's bracket."""
    source = "arXiv:2311.06748 and arXiv:2506.19031, obtuse simplices"
    return compare_costs("A-obtuse", source, "proved", claimed, obtuse_simplex, data())
