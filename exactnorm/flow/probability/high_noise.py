"""What stands in for the denoiser at noise levels at which the balls overlap, where the low-noise theory is silent."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.integrate import solve_ivp

from exactnorm.arrays import Array
from exactnorm.baselines import EmpiricalMMSE

StandIn = Literal["linear", "empirical-mmse"]
RTOL = 1e-8
"""Of the integration of the posterior mean, whose own error the report of a flow does not count."""


def stand_in_flow(kind: StandIn, points: Array, Y: Array, sigmas: Array, rtol: float) -> tuple[Array, str]:
    """States (n, m, d) at decreasing noise levels of the probability flow of a stand-in; sigmas[0] is the start.

    "linear" is the best affine denoiser of the points, μ + C (C + σ²)^{−1} (y − μ), whose flow is known: along an
    eigenvector of the covariance C with eigenvalue λ, y − μ shrinks as √(λ + σ²). "empirical-mmse" is the posterior
    mean of the uniform distribution on the points, integrated by `solve_ivp`.
    Beside the states, what went wrong: nothing if empty.
    """
    if kind == "linear":
        mean = points.mean(axis=0)
        _, s, axes = np.linalg.svd(points - mean, full_matrices=False)
        variance = s**2 / len(points)
        along = (Y - mean) @ axes.T
        across = Y - mean - along @ axes
        states = np.stack(
            [
                mean
                + (along * np.sqrt((variance + q**2) / (variance + sigmas[0] ** 2))) @ axes
                + across * (q / sigmas[0])
                for q in sigmas
            ]
        )
        return states, ""
    mmse = EmpiricalMMSE(points)
    clock = np.log(sigmas[0] / sigmas)

    def field(u: float, flat: Array) -> Array:
        y = flat.reshape(Y.shape)
        return np.asarray((mmse(y, sigmas[0] * float(np.exp(-u))) - y).ravel())

    size = float(np.abs(points).max() + np.abs(Y).max())
    found = solve_ivp(
        field, (0.0, float(clock[-1])), Y.ravel(), method="DOP853", rtol=rtol, atol=1e-3 * rtol * size, t_eval=clock
    )
    states = np.full((len(sigmas), *Y.shape), np.nan)
    states[: len(found.t)] = found.y.T.reshape(-1, *Y.shape)
    return states, "" if found.status >= 0 else f"the stand-in's integration gave up: {found.message}"
