"""Upper bounds on max ‖q + A v‖ over the unit sphere, by weak duality."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from exactnorm.arrays import Array


def sphere_maximum(A: Array, q: Array) -> float:
    """Upper bound, tight up to rounding, on max over ‖v‖ = 1 of ‖q + A v‖, for A (m, n) and q (m,).

    For every λ ≥ ‖A‖², ‖q + A v‖² ≤ ‖q‖² + λ + (Aᵀq)ᵀ(λI − AᵀA)⁻¹(Aᵀq); the best λ is the root of the secular
    equation (Moré and Sorensen, 1983). Any λ gives a bound, so the search for the best one is not trusted.
    """
    size = float(max(np.abs(A).max(initial=0.0), np.abs(q).max(initial=0.0)))
    return size * _unit_maximum(A / size, q / size) if size > 0 else 0.0


def _unit_maximum(A: Array, q: Array) -> float:
    """The same where the largest entry is 1, so that fourth powers are numbers."""
    _, s, vt = np.linalg.svd(A, full_matrices=False)
    top = float(s.max(initial=0.0)) ** 2
    linear = (vt @ (A.T @ q)) ** 2
    base = float(q @ q)
    if not linear.any():
        return float(np.sqrt(base + top))
    keep = linear > 0
    linear, curvature = linear[keep], s[keep] ** 2
    # At the optimum Σ linear/(λ−curvature)² ≤ 1, hence λ ≤ top + √Σ linear. A search in log(λ − top).
    span = float(np.sqrt(linear.sum()))

    def bound(log_shift: float) -> float:
        shift = float(np.exp(log_shift))
        return base + top + shift + float((linear / (shift + (top - curvature))).sum())

    best = minimize_scalar(bound, bounds=(np.log(span) - 40.0, np.log(span)), method="bounded", options={"xatol": 1e-9})
    return float(np.sqrt(min(best.fun, bound(float(np.log(span))))))
