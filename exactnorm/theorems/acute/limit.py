"""For small balls every acute triangle costs 4.

Hypotheses: an acute triangle, ρ → 0.

Claim: the least representation cost tends to 4, whatever the triangle, and one-versus-rest with the orthocentre as
base point attains it.

Source: this package's documentation.
Standing: proved (one-versus-rest with the orthocentre as base point costs 4 in the limit, and a dual bound attains it).
"""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import orthocentre
from exactnorm.theorems.check import Check
from exactnorm.theorems.roads import network_cost, program_bracket


def acute_triangles(count: int, rng: np.random.Generator) -> list[Array]:
    """Triangles with a side of length 1 whose angles are all below 85°."""
    found: list[Array] = []
    while len(found) < count:
        x = np.vstack([[0.0, 0.0], [1.0, 0.0], rng.uniform([0, 0.4], [1, 1.4])])
        sides = np.linalg.norm(x - np.roll(x, 1, axis=0), axis=1) ** 2
        # Law of cosines, for the angle opposite to each side.
        a, b = np.roll(sides, 1), np.roll(sides, 2)
        if np.degrees(np.arccos((a + b - sides) / (2 * np.sqrt(a * b)))).max() < 85:
            found.append(x)
    return found


def check() -> Check:
    """The program's brackets and the networks for four triangles, in the limit of small balls."""
    triangles = acute_triangles(4, np.random.default_rng(6))
    costs = [network_cost(orthocentre, x, 0.0) for x in triangles]
    ends = np.array([[*program_bracket(x, 0.0), cost] for x, cost in zip(triangles, costs, strict=True)])
    lower, upper = float(ends.min()), float(ends.max())
    return Check(
        name="acute-limit-is-4",
        source="exactnorm documentation, acute triangles",
        standing="proved",
        claimed=claimed(),
        computed=(lower + upper) / 2,
        relation="=",
        tolerance=1e-6,
        expected=True,
        lower=lower,
        upper=upper,
        detail="smallest and largest of the program's brackets and of the costs with the orthocentre, rho -> 0, "
        f"{len(triangles)} triangles",
        unseen=(("orthocentre.rho", "the claim is on the limit, in which rho is 0"),),
    )


def claimed(*, cost: float = 4.0) -> float:
    """The limit, whatever the triangle."""
    return cost
