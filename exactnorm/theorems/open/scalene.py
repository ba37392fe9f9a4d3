"""An open question: when one-versus-rest is optimal for a scalene acute triangle with balls of positive radius.

Hypotheses: an acute triangle with three different sides, 0 < 2ρ < its altitudes.

Claims: (open-scalene) never, where the cheapest base point is inside the triangle; (open-vertex) always, where it is
one of the vertices.

Source: this package's documentation.
Standing: open. What is found is an observation about the triangles tried, and says nothing of others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import one_versus_rest
from exactnorm.theorems.acute.criterion import MARGIN
from exactnorm.theorems.acute.limit import acute_triangles
from exactnorm.theorems.acute.one_versus_rest import altitudes, base_point_inside, cheapest_cost
from exactnorm.theorems.check import Check
from exactnorm.theorems.plane import plane_bracket
from exactnorm.theorems.roads import agreed_cost

FRACTIONS = (0.8, 0.9)  # of the largest radius; for smaller balls the difference is too small to be seen


def inside() -> Check:
    """Number of cases with the base point inside in which a cheaper network is found."""
    return _check("open-scalene", "inside the triangle", wanted=False)


def vertex() -> Check:
    """Number of cases with the base point at a vertex in which no network is cheaper."""
    return _check("open-vertex", "at a vertex", wanted=True)


def _check(name: str, where: str, wanted: bool) -> Check:
    cases = [case for case in _cases() if base_point_inside(case.points, case.rho) == (where == "inside the triangle")]
    costs = [agreed_cost(cheapest_cost, one_versus_rest, case.points, case.rho) for case in cases]
    excess = np.array(costs) / [case.lower for case in cases] - 1
    found = int(((excess <= MARGIN) == wanted).sum())
    return Check(
        name=name,
        source="exactnorm documentation, acute triangles",
        standing="open",
        claimed=float(len(cases)),
        computed=float("nan") if np.isnan(excess).any() else float(found),
        relation="=",
        tolerance=0.0,
        expected=None,
        detail=f"cases, base point {where}, in which one-versus-rest is {'optimal' if wanted else 'beaten'}; random "
        f"scalene triangles, 2 rho/(smallest altitude) in {FRACTIONS}; relative excess {excess.min():.1e} to "
        f"{excess.max():.1e}",
    )


@dataclass(frozen=True)
class _Case:
    points: Array
    rho: float
    lower: float


@cache
def _cases() -> list[_Case]:
    """Triangles and radii with the lower end of the bracket on the optimum, which both checks share."""
    found = []
    for points in acute_triangles(14, np.random.default_rng(12)):
        for fraction in FRACTIONS:
            rho = fraction * float(altitudes(points).min()) / 2
            found.append(_Case(points, rho, plane_bracket(points, rho)[0]))
    return found
