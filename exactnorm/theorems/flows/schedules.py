"""The probability flow is the same for all noise schedules but for its clock and its scale.

Hypotheses: h_ρ minimum-norm denoisers, ρ = ασ; y_t = s_t (x + σ_t ε); 2ασ_T below the smallest distance.

Claim: the probability flow dy/dt = f_t y − ½ g_t² (s_t h(y/s_t) − y)/(s_t σ_t)² of every schedule, with the drift f and
the diffusion g² of its stochastic differential equation dy = f y dt + g dW, is one and the same flow of ŷ = y/s_t
against log σ. The coefficients are: variance exploding f = 0, g² = 1; EDM f = 0, g² = 2t; variance preserving
f = −β/2, g² = β with β linear in t; cosine the same with β = π/(1 + o) tan((π/2)(t + o)/(1 + o)), o the offset. On an
orthogonal set that flow is known: with t = u_n·(ŷ − x_0), (t − L_n/2)/(L_n/2 − ασ) is conserved in the band, t/σ below
it and (t − L_n)/σ above.

Source: this package's documentation, flows; the coefficients are those of the stochastic differential equations.
Standing: proved.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp

from exactnorm.arrays import Array
from exactnorm.closed_form import orthogonal
from exactnorm.flow.schedule import Schedule, cosine, edm, variance_exploding, variance_preserving
from exactnorm.theorems.check import Check

Coefficients = Callable[[float], tuple[float, float]]

LENGTHS = np.array([1.0, 1.3, 1.6])
POINTS = np.vstack([np.zeros(3), np.diag(LENGTHS)])
START = np.array([0.6, 0.1, 1.9])  # in the band of the first coordinate, below that of the second, above the third
ALPHA, FIRST, LAST = 0.8, 0.3, 0.05  # noise levels


def check() -> Check:
    """Largest distance of the flows, integrated in the times and scales of four schedules, from the one known."""
    known = exact_state(START, ALPHA * FIRST, ALPHA * LAST)
    flows = ((edm(), edm_sde), (variance_exploding(), ve_sde), (variance_preserving(), vp_sde), (cosine(), cosine_sde))
    ends = np.array([_in_own_time(schedule, coefficients) for schedule, coefficients in flows])
    return Check(
        name="schedules-agree",
        source="exactnorm documentation, flows",
        standing="proved",
        claimed=0.0,
        computed=float(np.abs(ends - known).max()),
        relation="<=",
        tolerance=1e-6,
        expected=True,
        detail="distance of EDM, VE, VP and cosine, integrated from the coefficients of their stochastic equations, "
        f"from the flow known on an orthogonal set, in scale 1, sigma from {FIRST} to {LAST}; the state moves by "
        f"{np.linalg.norm(known - START):.3f}",
    )


def exact_state(t: Array, before: float, after: float, *, half: float = 0.5) -> Array:
    """The coordinates when the radius has fallen from `before` to `after`."""
    middle = half * LENGTHS
    band = middle + (t - middle) * (middle - after) / (middle - before)
    below, above = t * after / before, LENGTHS + (t - LENGTHS) * after / before
    return np.where(t <= before, below, np.where(t >= LENGTHS - before, above, band))


def ve_sde(_: float, *, noise: float = 1.0) -> tuple[float, float]:
    """Drift and diffusion of variance exploding."""
    return 0.0, noise


def edm_sde(t: float, *, noise: float = 2.0) -> tuple[float, float]:
    """Drift and diffusion of EDM."""
    return 0.0, noise * t


def vp_sde(t: float, *, first: float = 0.1, last: float = 20.0, drift: float = 0.5) -> tuple[float, float]:
    """Drift and diffusion of variance preserving."""
    beta = first + (last - first) * t
    return -drift * beta, beta


def cosine_sde(
    t: float, *, offset: float = 0.008, quarter: float = math.pi / 2, drift: float = 0.5
) -> tuple[float, float]:
    """Drift and diffusion of the cosine schedule."""
    beta = 2 * quarter / (1 + offset) * math.tan(quarter * (t + offset) / (1 + offset))
    return -drift * beta, beta


def _in_own_time(schedule: Schedule, coefficients: Coefficients) -> Array:
    """Integrate in the schedule's time; the end in scale 1."""
    T, stop = schedule.time(FIRST), schedule.time(LAST)

    def field(t: float, y: Array) -> Array:
        s, sigma = schedule.scale(t), schedule.sigma(t)
        f, g2 = coefficients(t)
        score = (s * orthogonal(POINTS, ALPHA * sigma)(y / s) - y) / (s * sigma) ** 2
        return np.asarray(f * y - g2 / 2 * score)

    end = solve_ivp(field, (T, stop), schedule.scale(T) * START, method="DOP853", rtol=1e-7, atol=1e-10).y[:, -1]
    return np.asarray(end / schedule.scale(stop))
