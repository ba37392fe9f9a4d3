"""The score flow by a general integrator, restarted at every kink: the cross-check of the exact pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from exactnorm.arrays import Array
from exactnorm.flow.methods import Ivp
from exactnorm.flow.score.line import Solved
from exactnorm.flow.score.reduction import Block

Distance = Callable[[float, Array], float]
OFTEN = 50
"""Crossings of one kink by one trajectory after which it is no longer watched."""


def solve_by_ivp(block: Block, t: Array, times: Array, way: Ivp) -> Solved:
    """Integrate the rows of t (m, r) one by one with `scipy.integrate.solve_ivp`, stopping at every kink.

    Notes
    -----
    A Runge–Kutta step is only as accurate as its order where the right-hand side is smooth, so the integration
    ends at each kink and begins afresh. Should two crossings within one step go unseen, the step-size control
    still sees the true field.
    """
    m, r = t.shape
    nan = np.full((m, len(times), r), np.nan)
    out = Solved(nan, np.zeros(m), np.zeros(m, bool), np.zeros((m, len(block.b)), bool))
    for row in range(m):
        _integrate(block, t[row], times, way, out, row)
    return out


def _field(block: Block) -> Callable[[float, Array], Array]:
    """The right-hand side."""
    return lambda _, z: np.asarray(np.maximum(block.w @ z + block.b, 0.0) @ block.a + block.A @ z + block.e)


def _one_sided(block: Block, kinks: list[int], active: NDArray[np.bool_]) -> Callable[[float, Array], Array]:
    """The same, but smooth across some kinks: as on the side on which their neurons are, or are not, active."""
    rows, on = np.array(kinks), active[kinks]

    def smooth(_: float, z: Array) -> Array:
        distance = block.w @ z + block.b
        ramps = np.maximum(distance, 0.0)
        ramps[rows] = np.where(on, distance[rows], 0.0)
        return np.asarray(ramps @ block.a + block.A @ z + block.e)

    return smooth


def _integrate(block: Block, y: Array, times: Array, way: Ivp, out: Solved, row: int) -> None:
    field = _field(block)
    u, horizon = 0.0, float(times[-1])
    size = max(float(np.abs(block.b).max(initial=0.0)), float(np.abs(y).max()), float(np.abs(block.e).max())) or 1.0
    atol = 1e-3 * way.rtol * size
    active = block.w @ y + block.b > 0
    on = block.w @ y + block.b == 0
    active[on] = block.w[on] @ field(0.0, y) > 0
    out.active[row] = active
    fired = np.zeros(len(block.b), int)
    still: list[int] = []
    while u < horizon:
        # A kink along which the trajectory runs fires again and again; the step-size control sees it all the same.
        watched = [k for k in range(len(block.b)) if fired[k] < OFTEN and k not in still]
        events = [_kink(block.w[k], float(block.b[k]), leaving=bool(active[k])) for k in watched]
        end = float(times[times > u][0])
        found = _solve(field, u, end, y, atol, way, events)
        crossed = [watched[n] for n, when in enumerate(found.t_events or []) if len(when)]
        moved = float(found.t[-1]) - u > 8 * np.finfo(float).eps * end
        if found.status >= 0 and crossed and moved:
            # Events are found on the interpolant, which is less accurate than the steps, and a step whose stages
            # overshoot the kink is less accurate than its error estimate: step there again on this side's field.
            found = _solve(_one_sided(block, crossed, active), u, float(found.t[-1]), y, atol, way, [])
        if found.status < 0:
            out.states[row, -1] = y
            return
        u, y = float(found.t[-1]), found.y[:, -1]
        if crossed and moved and u < end:
            u, y = _onto_kink(field, u, y, block.w[crossed[0]], float(block.b[crossed[0]]), end)
        out.states[row, times == u] = y
        out.reached[row] = u
        active[crossed] = ~active[crossed]
        fired[crossed] += 1
        still = [] if moved else still + crossed
        out.start.append(np.full(len(crossed), row))
        out.time.append(np.full(len(crossed), u))
        out.kink.append(block.kinks[crossed])


def _onto_kink(
    field: Callable[[float, Array], Array], u: float, y: Array, w: Array, b: float, end: float
) -> tuple[float, Array]:
    """One Newton step in time onto a kink: a restart from just beside it would see the wrong slope first."""
    velocity = field(u, y)
    rate = float(w @ velocity)
    wait = -(float(w @ y) + b) / rate if rate else 0.0
    if not abs(wait) < 1e-6 * min(u, end - u):
        return u, y
    return u + wait, y + wait * velocity


def _solve(
    field: Callable[[float, Array], Array],
    u: float,
    end: float,
    y: Array,
    atol: float,
    way: Ivp,
    events: list[Distance],
) -> Any:
    # Without a first step SciPy divides by the speed, which fails next to a rest point.
    first = min(end - u, 1e-3)
    return solve_ivp(
        field, (u, end), y, method=way.solver, rtol=way.rtol, atol=atol, events=events or None, first_step=first
    )


def _kink(w: Array, b: float, *, leaving: bool) -> Distance:
    def distance(_: float, z: Array) -> float:
        return float(w @ z + b)

    distance.terminal = True  # type: ignore[attr-defined]
    distance.direction = -1.0 if leaving else 1.0  # type: ignore[attr-defined]
    return distance
