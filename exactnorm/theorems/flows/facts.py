"""Facts about the flows that hold by themselves: schedules, one denoising step, what is orthogonal to the data.

Hypotheses: h_ρ minimum-norm denoisers, ρ = ασ; y_t = s_t (x + σ_t ε); 2ασ_T below the smallest distance.

Claims: (schedules-agree) the probability flow of every schedule, written in its own time and scale, is one and the same
flow of ŷ = y/s_t against log σ. (endpoint-is-one-denoising-step) On data on orthogonal lines through one of the points
it ends at h_{ρ_T}(ŷ_T). (orthogonal-component-decays) What is orthogonal to the data's affine hull decays as e^{−u}.

Source: this package's documentation, flows.
Standing: proved.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.integrate import solve_ivp

from exactnorm.closed_form import obtuse_simplex, orthogonal, rays
from exactnorm.flow.schedule import Schedule, cosine, edm, variance_exploding, variance_preserving
from exactnorm.theorems.check import Check
from exactnorm.theorems.integrate import probability_endpoint, score_endpoint
from exactnorm.training_set import Array

SOURCE = "exactnorm documentation, flows"
OBTUSE = np.array([[0.0, 0.0], [1.0, 0.0], [-0.7, 1.0]])


def schedules_agree() -> Check:
    """Largest difference of the states at σ = 0.05 of one flow integrated in the times and scales of four schedules."""
    start = np.array([0.6, 1.1])
    ends = np.array([_in_own_time(s, start) for s in (edm(), variance_exploding(), variance_preserving(), cosine())])
    moved = float(np.linalg.norm(ends[0] - start))
    return Check(
        name="schedules-agree",
        source=SOURCE,
        standing="proved",
        claimed=0.0,
        computed=float(np.abs(ends - ends[0]).max()),
        relation="<=",
        tolerance=1e-7,
        expected=True,
        detail=f"difference between EDM, VE, VP and cosine in scale 1, sigma from 0.3 to 0.05, an obtuse triangle; the "
        f"state moves by {moved:.3f}",
    )


def one_step() -> Check:
    """Largest distance between integrated endpoints and one denoising step, on three kinds of data."""
    rng = np.random.default_rng(3)
    axes = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    sets = {
        "collinear": np.array([0.0, 1.0, 2.2, 3.0])[:, None] * axes[0],
        "orthogonal": np.vstack([np.zeros(3), axes * np.array([[1.0], [1.3], [1.7]])]),
        "orthogonal rays": np.array([[0, 0], [1, 0], [2.2, 0], [0, 0.9], [0, 2]]) @ axes[:2],
    }
    errors = {}
    for name, points in sets.items():
        Y = points.mean(axis=0) + 0.8 * rng.standard_normal((12, 3))
        ends = probability_endpoint(lambda rho, p=points: rays(p, rho), Y, 1.0, 0.3)  # type: ignore[misc]
        errors[name] = float(np.abs(ends - rays(points, 0.3)(Y)).max())
    coupled = np.array([[0.6, 1.1]])
    off = probability_endpoint(lambda rho: obtuse_simplex(OBTUSE, rho), coupled, 1.0, 0.3)
    other = float(np.linalg.norm(off - obtuse_simplex(OBTUSE, 0.3)(coupled)))
    return Check(
        name="endpoint-is-one-denoising-step",
        source=SOURCE,
        standing="proved",
        claimed=0.0,
        computed=max(errors.values()),
        relation="<=",
        tolerance=1e-6,
        expected=True,
        detail=f"largest error over 12 starts each on {', '.join(errors)} data; on an obtuse triangle, where it is not "
        f"claimed, one step is {other:.3f} off",
    )


def orthogonal_decay() -> Check:
    """Share left at u = 2 of the component orthogonal to the hull, all coordinates integrated."""
    rng = np.random.default_rng(5)
    axes = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    shift = rng.standard_normal(6)
    points = np.vstack([np.zeros(6), axes[:2] * np.array([[1.0], [1.5]])]) + shift
    Y = points.mean(axis=0) + rng.standard_normal((10, 6))
    across = axes[2:]
    before = np.linalg.norm((Y - shift) @ across.T, axis=1)
    after = np.linalg.norm((score_endpoint(orthogonal(points, 0.1), Y, 2.0) - shift) @ across.T, axis=1)
    ratio = after / before
    return Check(
        name="orthogonal-component-decays",
        source=SOURCE,
        standing="proved",
        claimed=math.exp(-2.0),
        computed=float(ratio.mean()),
        relation="=",
        tolerance=1e-8,
        expected=True,
        detail="length at u = 2 over length at u = 0 of the component orthogonal to two-dimensional data in R^6",
        lower=float(ratio.min()),
        upper=float(ratio.max()),
    )


def _in_own_time(schedule: Schedule, start: Array) -> Array:
    """Integrate dy/dt = (s'/s) y − s² σσ' (h(y/s) − y/s)/(sσ²) in the schedule's time; the end in scale 1."""
    T, stop = schedule.time(0.3), schedule.time(0.05)

    def field(t: float, y: Array) -> Array:
        step = 1e-5 * t
        s, sigma = schedule.scale(t), schedule.sigma(t)
        ds = (schedule.scale(t + step) - schedule.scale(t - step)) / (2 * step)
        dsigma = (schedule.sigma(t + step) - schedule.sigma(t - step)) / (2 * step)
        score = (obtuse_simplex(OBTUSE, 0.8 * sigma)(y / s) - y / s) / sigma**2
        return np.asarray(ds / s * y - s * sigma * dsigma * score)

    end = solve_ivp(field, (T, stop), schedule.scale(T) * start, rtol=1e-10, atol=1e-13).y[:, -1]
    return np.asarray(end / schedule.scale(stop))
