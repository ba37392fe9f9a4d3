"""On data on orthogonal lines the probability flow ends where one denoising step leads.

Hypotheses: points x_0 + t u_l on orthogonal rays from one of them, 2ρ_T = 2ασ_T below every gap; ŷ = y/s_t follows
dŷ/d(−log σ) = h_{ασ}(ŷ) − ŷ with the minimum-norm denoisers h_ρ.

Claim: the flow from ŷ_T ends, at σ = 0, at h_{ρ_T}(ŷ_T) = x_0 + Σ_l u_l ψ_l(u_l·(ŷ_T − x_0)), where ψ_l is constant on
the balls of ray l, extended to infinity at both ends, and linear between them.

Source: this package's documentation, flows.
Standing: proved.
"""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import rays
from exactnorm.theorems.check import Check
from exactnorm.theorems.integrate import probability_endpoint

RHO = 0.3
SETS = {  # distances from x_0 on each ray
    "collinear": [[1.0, 2.2, 3.0]],
    "orthogonal": [[1.0], [1.3], [1.7]],
    "orthogonal rays": [[1.0, 2.2], [0.9, 2.0]],
}


def check() -> Check:
    """Largest distance of integrated endpoints, and of the closed form's step, from one denoising step as claimed."""
    rng = np.random.default_rng(3)
    axes = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    ends, steps = [], []
    for on_rays in SETS.values():
        points = np.vstack([np.zeros(3), *(np.outer(t, u) for t, u in zip(on_rays, axes, strict=False))])
        Y = points.mean(axis=0) + 0.8 * rng.standard_normal((12, 3))
        along = [one_step(Y @ u, np.array(t), RHO) for t, u in zip(on_rays, axes, strict=False)]
        claimed = np.array(along).T @ axes[: len(along)]
        flow = probability_endpoint(lambda rho, p=points: rays(p, rho), Y, 1.0, RHO)  # type: ignore[misc]
        ends.append(np.abs(flow - claimed).max())
        steps.append(np.abs(rays(points, RHO)(Y) - claimed).max())
    return Check(
        name="endpoint-is-one-denoising-step",
        source="exactnorm documentation, flows",
        standing="proved",
        claimed=0.0,
        computed=float(np.max([ends, steps])),
        relation="<=",
        tolerance=1e-6,
        expected=True,
        detail=f"largest error over 12 starts each on {', '.join(SETS)} data, of integrated endpoints and of the "
        "closed form's step",
    )


def one_step(t: Array, distances: Array, rho: float, *, inset: float = 1.0) -> Array:
    """ψ(t) for the clean numbers 0 and `distances`."""
    clean = np.concatenate([[0.0], distances])
    kinks = np.column_stack([clean[:-1] + inset * rho, clean[1:] - inset * rho]).ravel()
    return np.asarray(np.interp(t, kinks, np.repeat(clean, 2)[1:-1]))
