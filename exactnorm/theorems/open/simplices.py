"""An open question: what acute simplices cost for small balls.

Hypotheses: r + 1 points in R^r, all dihedral angles acute, ρ → 0.

Claim: the least cost tends to 2r, as it does for triangles and for orthogonal and obtuse simplices.

Source: this package's documentation.
Standing: open for r ≥ 3, but for regular simplices, which one-versus-rest is proved for at cost 2r. What is found is an
observation about the simplices tried, none of them regular. One-versus-rest costs more there.
"""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import one_versus_rest
from exactnorm.theorems.check import Check
from exactnorm.theorems.roads import network_cost, program_bracket


def check() -> Check:
    """The program's brackets for random acute simplices in the limit of small balls, relative to 2r."""
    rng = np.random.default_rng(13)
    simplices = [acute_simplex(3, rng), acute_simplex(3, rng), acute_simplex(4, rng)]
    brackets = np.array([program_bracket(x, 0.0) for x in simplices])
    dear = np.array([network_cost(one_versus_rest, x, 0.0) for x in simplices]) / brackets[:, 1] - 1
    lower, upper = brackets.T / [claimed(x.shape[1]) for x in simplices]
    return Check(
        name="open-acute-simplices",
        source="exactnorm documentation, acute triangles",
        standing="open",
        claimed=1.0,
        computed=float(lower.min() + upper.max()) / 2 if (dear > 0).all() else float("nan"),
        relation="=",
        tolerance=2e-6,
        expected=None,
        lower=float(lower.min()),
        upper=float(upper.max()),
        detail="optimum divided by 2r at rho -> 0, two acute simplices in R^3 and one in R^4; one-versus-rest costs "
        f"{min(dear):.1%} to {max(dear):.1%} more than the program's networks",
        unseen=(("one_versus_rest.rho", "the claim is on the limit, in which rho is 0"),),
    )


def claimed(r: int, *, per_dimension: float = 2.0) -> float:
    """The limit in R^r, 2r."""
    return per_dimension * r


def acute_simplex(r: int, rng: np.random.Generator) -> Array:
    """Vertices (r + 1, r) of a random simplex near a regular one, with all dihedral angles acute."""
    regular = np.vstack([np.eye(r), np.full(r, (1 - np.sqrt(1 + r)) / r)])
    while True:
        x = regular + 0.12 * rng.standard_normal((r + 1, r))
        # The inner normals of the facets are the gradients of the barycentric coordinates.
        normals = np.linalg.inv(np.column_stack([x, np.ones(r + 1)]))[:r].T
        if (normals @ normals.T)[np.triu_indices(r + 1, 1)].max() < 0:
            return x
