"""What is orthogonal to the data decays under the score flow as if there were no data.

Hypotheses: h the minimum-norm denoiser of points whose affine hull is not the whole space; dy/du = h(y) − y.

Claim: the component of y − x_0 orthogonal to the hull decays as e^{−u}, whatever ρ is.

Source: this package's documentation, flows.
Standing: proved.
"""

from __future__ import annotations

import math

import numpy as np

from exactnorm.closed_form import orthogonal
from exactnorm.theorems.check import Check
from exactnorm.theorems.integrate import score_endpoint

TIME = 2.0


def check() -> Check:
    """Share left at u = 2 of the component orthogonal to the hull, all coordinates integrated, for two radii."""
    rng = np.random.default_rng(5)
    axes = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    shift = rng.standard_normal(6)
    points = np.vstack([np.zeros(6), axes[:2] * np.array([[1.0], [1.5]])]) + shift
    Y = points.mean(axis=0) + rng.standard_normal((10, 6))
    across = axes[2:]
    before = np.linalg.norm((Y - shift) @ across.T, axis=1)
    ends = np.array([score_endpoint(orthogonal(points, rho), Y, TIME) for rho in (0.1, 0.4)])
    ratio = np.linalg.norm((ends - shift) @ across.T, axis=2) / before
    return Check(
        name="orthogonal-component-decays",
        source="exactnorm documentation, flows",
        standing="proved",
        claimed=share_left(TIME),
        computed=float(ratio.mean()),
        relation="=",
        tolerance=1e-8,
        expected=True,
        detail="length at u = 2 over length at u = 0 of the component orthogonal to two-dimensional data in R^6, "
        "two radii",
        lower=float(ratio.min()),
        upper=float(ratio.max()),
        unseen=(("orthogonal.rho", "the decay does not depend on rho: that is the claim"),),
    )


def share_left(u: float, *, rate: float = 1.0) -> float:
    """e^{−u}."""
    return math.exp(-rate * u)
