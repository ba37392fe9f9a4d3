"""A claim that fails: that the orthocentre is the base point of an acute triangle's minimum-norm denoiser.

Hypotheses: an acute triangle, ρ > 0 with 2ρ below its altitudes m_n.

Claim: c + Σ_n (x_n − c) φ_n, with c the orthocentre and one ramp along each altitude, has the least representation
cost: Σ_n 2‖x_n − c‖/(m_n − 2ρ).

Source: a formula in use for acute triangles.
Standing: measured, to be false. It is right in the limit ρ → 0, and for equilateral triangles with ρ ≤ R/2.

The check expects the failure, which has to be shown: the network must cost what the formula says, and the bracket on
the optimum must lie below. A formula or a network that is wrong is not the failure expected.
"""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import orthocentre
from exactnorm.theorems.acute.one_versus_rest import slopes
from exactnorm.theorems.check import Check
from exactnorm.theorems.plane import plane_bracket
from exactnorm.theorems.roads import agreed_cost


def check() -> Check:
    """Whether the optimum of one scalene triangle is at least the cost with the orthocentre."""
    points, rho = np.array([[0.0, 0.0], [4.0, 0.0], [1.0, 3.0]]), 0.8
    claimed = agreed_cost(orthocentre_cost, orthocentre, points, rho)
    lower, upper = plane_bracket(points, rho)
    return Check(
        name="acute-orthocentre",
        source="a formula in use for acute triangles",
        standing="measured",
        claimed=claimed,
        computed=upper,
        relation=">=",
        tolerance=1e-6,
        expected=False,
        lower=lower,
        upper=upper,
        detail=f"triangle (0,0), (4,0), (1,3) with rho={rho}: the orthocentre costs {claimed / upper - 1:.3%} more "
        "than a network that a program over all directions found",
    )


def orthocentre_cost(points: Array, rho: float) -> float:
    """Σ 2‖x_n − c‖/(m_n − 2ρ), c where two altitudes meet."""
    sides = np.roll(points, -1, axis=0) - np.roll(points, -2, axis=0)
    c = np.linalg.solve(sides[:2], np.einsum("ni,ni->n", sides, points)[:2])
    return float(slopes(points, rho) @ np.linalg.norm(points - c, axis=1))
