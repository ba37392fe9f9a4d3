"""The score flow by a general integrator, restarted at every kink: the cross-check of the exact pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from scipy.integrate import solve_ivp

from exactnorm.flow.line import Solved
from exactnorm.flow.reduction import Block
from exactnorm.training_set import Array

Integrator = Literal["RK23", "RK45", "DOP853", "Radau", "BDF", "LSODA"]
Distance = Callable[[float, Array], float]


def solve_by_ivp(block: Block, t: Array, times: Array, rtol: float, solver: Integrator) -> Solved:
    """Integrate the rows of t (m, r) one by one with `scipy.integrate.solve_ivp`, stopping at every kink.

    Notes
    -----
    A Runge–Kutta step is only as accurate as its order where the right-hand side is smooth, so the integration
    ends at each kink and begins afresh. Should two crossings within one step go unseen, the step-size control
    still sees the true field.
    """
    out = Solved(np.full((len(t), len(times), t.shape[1]), np.nan), np.zeros(len(t)), np.zeros(len(t), bool))
    for row in range(len(t)):
        _integrate(block, t[row], times, rtol, solver, out, row)
    return out


def _integrate(block: Block, y: Array, times: Array, rtol: float, solver: Integrator, out: Solved, row: int) -> None:
    def field(_: float, z: Array) -> Array:
        return np.asarray(np.maximum(block.w @ z + block.b, 0.0) @ block.a + block.A @ z + block.e)

    u, horizon = 0.0, float(times[-1])
    atol = rtol * 1e-3 * max(float(np.abs(block.b).max(initial=0.0)), float(np.abs(y).max()), np.finfo(float).tiny)
    active = block.w @ y + block.b > 0
    on = block.w @ y + block.b == 0
    active[on] = block.w[on] @ field(0.0, y) > 0
    while u < horizon:
        events = [_kink(block.w[k], float(block.b[k]), leaving=bool(active[k])) for k in range(len(block.b))]
        end = float(times[times > u][0])
        found = solve_ivp(field, (u, end), y, method=solver, rtol=rtol, atol=atol, events=events)
        crossed = [k for k, when in enumerate(found.t_events or []) if len(when)]
        if found.status >= 0 and crossed and found.t[-1] > u:
            # Events are found on the interpolant, which is less accurate than the steps: step to that time again.
            found = solve_ivp(field, (u, float(found.t[-1])), y, method=solver, rtol=rtol, atol=atol)
        if found.status < 0:
            out.states[row, -1] = y
            return
        u, y = float(found.t[-1]), found.y[:, -1]
        out.states[row, times == u] = y
        out.reached[row] = u
        active[crossed] = ~active[crossed]
        out.start.append(np.full(len(crossed), row))
        out.time.append(np.full(len(crossed), u))
        out.kink.append(block.kinks[crossed])


def _kink(w: Array, b: float, *, leaving: bool) -> Distance:
    def distance(_: float, z: Array) -> float:
        return float(w @ z + b)

    distance.terminal = True  # type: ignore[attr-defined]
    distance.direction = -1.0 if leaving else 1.0  # type: ignore[attr-defined]
    return distance
