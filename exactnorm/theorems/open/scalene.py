"""An open question: when one-versus-rest is optimal for a scalene acute triangle with balls of positive radius.

Hypotheses: an acute triangle with three different sides, 0 < 2ρ < its altitudes.

Claims: (open-scalene) never, where the cheapest base point is inside the triangle; (open-vertex) always, where it is
one of the vertices.

Source: this package's documentation.
Standing: open. What is found is an observation about the triangles tried, and says nothing of others.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from exactnorm.closed_form import one_versus_rest
from exactnorm.theorems.acute.criterion import MARGIN, base_point_inside, smallest_altitude
from exactnorm.theorems.acute.limit import acute_triangles
from exactnorm.theorems.check import Check
from exactnorm.theorems.plane import plane_bracket
from exactnorm.theorems.roads import formula_cost

FRACTIONS = (0.8, 0.9)  # of the largest radius; for smaller balls the difference is too small to be seen


def inside() -> Check:
    """Number of cases with the base point inside in which a cheaper network is found."""
    return _check("open-scalene", "inside the triangle", wanted=False)


def vertex() -> Check:
    """Number of cases with the base point at a vertex in which no network is cheaper."""
    return _check("open-vertex", "at a vertex", wanted=True)


def _check(name: str, where: str, wanted: bool) -> Check:
    excess = [value for is_inside, value in _excesses() if is_inside == (where == "inside the triangle")]
    found = sum((value <= MARGIN) == wanted for value in excess)
    return Check(
        name=name,
        source="exactnorm documentation, acute triangles",
        standing="open",
        claimed=float(len(excess)),
        computed=float(found),
        relation="=",
        tolerance=0.0,
        expected=None,
        detail=f"cases, base point {where}, in which one-versus-rest is {'optimal' if wanted else 'beaten'}; random "
        f"scalene triangles, 2 rho/(smallest altitude) in {FRACTIONS}; relative excess {min(excess):.1e} to "
        f"{max(excess):.1e}",
    )


@cache
def _excesses() -> list[tuple[bool, float]]:
    """Whether the base point is inside, and by how much one-versus-rest exceeds the optimum's lower bound."""
    cases = []
    for points in acute_triangles(14, np.random.default_rng(12)):
        for fraction in FRACTIONS:
            rho = fraction * smallest_altitude(points) / 2
            lower, _ = plane_bracket(points, rho)
            cases.append((base_point_inside(points, rho), formula_cost(one_versus_rest, points, rho) / lower - 1))
    return cases
