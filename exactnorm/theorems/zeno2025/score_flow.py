"""Score flow on orthogonal data: to the hyperbox first, along it to the nearest vertex.

Hypotheses: x_0 and points x_n with x_n − x_0 pairwise orthogonal, L_n = ‖x_n − x_0‖ > 2ρ > 0; h the minimum-norm
denoiser; dy/du = h(y) − y. The hyperbox has the vertices x_0 + Σ_{n∈I} (x_n − x_0).

Claims: (B-4.3) the limit is the vertex nearest to the start, unless two are equally near. (B-4.3-box) The distance
from the box decays as e^{−u}, whatever ρ is. (B-4.3-slide) A coordinate t in the band ρ < t < L − ρ stays in it for a
time ((L − 2ρ)/2ρ) log((L/2 − ρ)/|t − L/2|), which grows as 1/ρ: for small ρ the flow first reaches the box and then
slides along its boundary.

Source: Zeno et al., ICML 2025 (arXiv:2506.19031), theorem 4.3, known to us in paraphrase.
Standing: proved (each coordinate is a piecewise linear equation of its own).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import numpy as np
from scipy.optimize import brentq

from exactnorm.arrays import Array
from exactnorm.closed_form import orthogonal
from exactnorm.theorems.check import Check
from exactnorm.theorems.integrate import score_endpoint

SOURCE = "arXiv:2506.19031, theorem 4.3"
LENGTHS = np.array([1.0, 1.5, 2.0])
START = np.array([1.8, 0.6, -0.7])  # beyond the box in the first and the last coordinate, in the band of the second
RHO, NEAR = 0.02, 1e-3


def nearest() -> Check:
    """Share of starts whose integrated flow ends at the nearest of all vertices, found by going through them."""
    rng = np.random.default_rng(43)
    axes = np.linalg.qr(rng.standard_normal((5, 5)))[0][:4]
    lengths = np.array([1.0, 1.2, 1.5, 2.0])
    points = np.vstack([np.zeros(5), lengths[:, None] * axes]) + rng.standard_normal(5)
    vertices = points[0] + np.array(list(product([0, 1], repeat=4))) @ (lengths[:, None] * axes)
    Y = points.mean(axis=0) + 1.5 * rng.standard_normal((150, 5))
    # Each coordinate in turn just before and just behind the middle, where the nearest vertex changes.
    close = np.repeat(np.eye(4), 2, axis=0) * np.tile([0.496, 0.504], 4)[:, None]
    Y = np.vstack([Y, points[0] + (close + 0.1 * (close == 0)) @ (lengths[:, None] * axes)])
    ends = score_endpoint(orthogonal(points, 0.15), Y, 100.0)
    expected = vertices[np.linalg.norm(Y[:, None] - vertices, axis=2).argmin(axis=1)]
    reached = np.linalg.norm(ends - expected, axis=1) < 1e-6
    kinds = len(np.unique(expected.round(6), axis=0))
    return Check(
        name="B-4.3",
        source=SOURCE,
        standing="proved",
        claimed=1.0,
        computed=float(reached.mean()),
        relation="=",
        tolerance=0.0,
        expected=True,
        detail=f"share of {len(Y)} starts in R^5, some within 1 % of the middle, whose flow, integrated to u = 100, "
        f"ends at the nearest of 16 vertices; {kinds} of them occur",
        unseen=(("orthogonal.rho", "the limit is the nearest vertex for every rho; but see B-4.3-slide"),),
    )


def box_first() -> Check:
    """Times at which the integrated flows for two radii are within 1e-3 of the box."""
    times = [_time(lambda y: float(np.linalg.norm(y - np.clip(y, 0, LENGTHS))), rho) for rho in (RHO, 5 * RHO)]
    distance = float(np.linalg.norm(START - np.clip(START, 0, LENGTHS)))
    return Check(
        name="B-4.3-box",
        source=SOURCE,
        standing="proved",
        claimed=decay_time(distance),
        computed=times[0],
        relation="=",
        tolerance=1e-6,
        expected=True,
        lower=float(np.min(times)),
        upper=float(np.max(times)),
        detail=f"time to come within {NEAR:g} of the hyperbox, for rho = {RHO:g} and {5 * RHO:g}",
        unseen=(("orthogonal.rho", "the time does not depend on rho: that is the claim"),),
    )


def slide() -> Check:
    """Time at which the integrated flow is within 1e-3 of its vertex."""
    stay = band_time(START[1], LENGTHS[1], RHO)
    return Check(
        name="B-4.3-slide",
        source=SOURCE,
        standing="proved",
        claimed=stay + decay_time(RHO),
        computed=_time(lambda y: float(np.linalg.norm(y - np.array([1.0, 0.0, 0.0]))), RHO),
        relation="=",
        tolerance=1e-6,
        expected=True,
        detail=f"time to come within {NEAR:g} of the nearest vertex, of which {stay:.2f} in the band, rho = {RHO:g}",
    )


def band_time(t: float, length: float, rho: float, *, radii: float = 2.0, half: float = 0.5) -> float:
    """((L − 2ρ)/2ρ) log((L/2 − ρ)/|t − L/2|)."""
    wide = length - radii * rho
    return wide / (radii * rho) * math.log(half * wide / abs(t - half * length))


def decay_time(distance: float, *, rate: float = 1.0) -> float:
    """Time in which e^{−u} brings a distance down to 1e-3."""
    return math.log(distance / NEAR) / rate


def _time(distance: Callable[[Array], float], rho: float) -> float:
    network = orthogonal(np.vstack([np.zeros(3), np.diag(LENGTHS)]), rho)

    def excess(u: float) -> float:
        gap = distance(score_endpoint(network, START[None], u)[0])
        return math.log(max(gap, 1e-300) / NEAR)

    if not excess(200.0) < 0 < excess(0.1):
        return float("nan")
    return float(brentq(excess, 0.1, 200.0, xtol=1e-9))
