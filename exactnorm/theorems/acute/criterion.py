"""When one-versus-rest is the minimum-norm denoiser of an acute triangle.

Hypotheses: an acute triangle, 2ρ below its altitudes m_n; the cheapest base point c* inside it.

Claim: one-versus-rest has the least cost iff numbers g_n exist with Σ_n λ_n q_nᵀ + g_n (Q v_n)(Q u_n)ᵀ = 0 and
g_n² ≤ γ_n = κ(2 − κx)/(2 − x). Here u_n are the unit normals of the sides, v_n the unit vectors from c* to the
vertices, λ_n = 2 v_n/(m_n − 2ρ), q_n the midpoint of x_n and its foot on the opposite side, Q the rotation by 90°,
κ = m_n/(m_n − 2ρ) and x = 1 − cos θ at the largest tilt θ, at which m_n cos θ − 2ρ = p sin θ, p being the shorter
distance from the foot to an end of the side.

Source: this package's documentation.
Standing: proved, where c* is inside the triangle.
"""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import one_versus_rest
from exactnorm.closed_form.one_versus_rest import weighted_geometric_median
from exactnorm.theorems.acute.one_versus_rest import altitudes, base_point_inside, cheapest_cost
from exactnorm.theorems.check import Check
from exactnorm.theorems.plane import plane_bracket
from exactnorm.theorems.roads import Data, agreed_cost
from exactnorm.theorems.zeno2023.equilateral import triangle

QUARTER_TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
MARGIN = 1e-6  # relative; ten times the width of the brackets
NEAR = 6e-4  # relative distance of two radii from where the answer changes; 1 % of any constant shifts that by more


def check() -> Check:
    """Number of triangles on which the criterion and a bracket on the optimum agree, an undecided one not counting."""
    sets = data()
    seen = [one_versus_rest_is_optimal(points, rho) for points, rho in sets]
    both = {True, False} <= set(seen)
    agree = sum(answer == criterion(points, rho) for answer, (points, rho) in zip(seen, sets, strict=True))
    return Check(
        name="acute-criterion",
        source="exactnorm documentation, acute triangles",
        standing="proved",
        claimed=float(len(sets)),
        computed=float(agree) if both else float("nan"),
        relation="=",
        tolerance=0.0,
        expected=True,
        detail="triangles on which the criterion and the program over all directions agree on whether one-versus-rest "
        f"is optimal: by the program it is for {seen.count(True)}, not for {seen.count(False)}, undecided "
        f"{seen.count(None)}; one triangle within {NEAR:.2%} of the radius where the answer changes, on either side",
        unseen=(("weighted_geometric_median.weights", "only the ratios of the weights count"),),
    )


def one_versus_rest_is_optimal(points: Array, rho: float) -> bool | None:
    """Whether a bracket on the optimum says so; None if it cannot tell."""
    cost = agreed_cost(cheapest_cost, one_versus_rest, points, rho)
    lower, upper = plane_bracket(points, rho)
    if lower >= cost * (1 - MARGIN):
        return True
    return False if upper < cost * (1 - MARGIN) else None


def data() -> list[Data]:
    """Isosceles triangles, one around the radius where the answer changes; scalene ones where it can be seen."""
    sets: list[Data] = []
    for height in (0.9, 1.1, 1.4):
        points = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, height]])
        sets += [(points, fraction * altitudes(points).min() / 2) for fraction in (0.6, 0.96)]
    rng = np.random.default_rng(11)
    for _ in range(6):
        points = triangle() + 0.15 * rng.standard_normal((3, 2))
        sets.append((points, 0.45 * altitudes(points).min()))
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75]])
    near = [(points, turning_radius(points) * (1 + step)) for step in (-NEAR, NEAR)]
    return [(points, rho) for points, rho in sets if base_point_inside(points, rho)] + near


def turning_radius(points: Array) -> float:
    """The radius from which on one-versus-rest is not optimal, by bisection on brackets, to a sixth of `NEAR`."""
    low, high = 0.3 * altitudes(points).min(), 0.48 * altitudes(points).min()
    while high - low > NEAR / 6 * low:
        middle = (low + high) / 2
        low, high = (middle, high) if one_versus_rest_is_optimal(points, middle) else (low, middle)
    return float(low + high) / 2


def criterion(
    points: Array,
    rho: float,
    tolerance: float = 1e-9,
    *,
    radii: float = 2.0,
    slope: float = 2.0,
    half: float = 0.5,
    rise: float = 2.0,
    fall: float = 2.0,
) -> bool:
    """Whether the numbers g_n of the claim exist; `tolerance` is relative, for the equation.

    Raises
    ------
    ValueError
        If the base point is a vertex, of which the criterion says nothing.
    """
    u, m, foot, ends = _altitudes(points)
    c = weighted_geometric_median(points, 1 / (m - radii * rho))
    v = points - c
    if (distances := np.linalg.norm(v, axis=1)).min() == 0:
        msg = f"the cheapest base point {c} is a vertex; the criterion is for base points inside the triangle"
        raise ValueError(msg)
    v /= distances[:, None]
    slopes = slope / (m - radii * rho)
    fixed = np.einsum("n,ni,nj->ij", slopes, v, half * (points + foot) - c).ravel()
    free = np.einsum("ni,nj->nij", v @ QUARTER_TURN.T, u @ QUARTER_TURN.T).reshape(3, 4).T
    g = np.linalg.lstsq(free, -fixed, rcond=None)[0]
    if np.abs(free @ g + fixed).max() > tolerance * np.abs(fixed).max():
        return False
    p = np.linalg.norm(ends - foot[:, None], axis=2).min(axis=1)
    tilt = np.arccos(radii * rho / np.hypot(m, p)) - np.arctan2(p, m)
    x, kappa = 1 - np.cos(tilt), m / (m - radii * rho)
    return bool((g**2 <= kappa * (rise - kappa * x) / (fall - x)).all())


def _altitudes(points: Array) -> tuple[Array, Array, Array, Array]:
    """Unit normals (3, 2) of the sides opposite to each vertex, altitudes (3,), their feet (3, 2), the sides' ends."""
    ends = np.stack([np.roll(points, -1, axis=0), np.roll(points, -2, axis=0)], axis=1)
    along = ends[:, 1] - ends[:, 0]
    along /= np.linalg.norm(along, axis=1)[:, None]
    across = points - ends[:, 0]
    foot = ends[:, 0] + np.einsum("ni,ni->n", across, along)[:, None] * along
    m = np.linalg.norm(points - foot, axis=1)
    return (points - foot) / m[:, None], m, foot, ends
