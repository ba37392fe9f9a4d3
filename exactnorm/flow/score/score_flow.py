"""The score flow dy/du = h(y) − y of one denoiser."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from numbers import Real
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactnorm.arrays import Array, real_array
from exactnorm.flow.hyperbox.box import Box, box_of
from exactnorm.flow.hyperbox.lines import Lines
from exactnorm.flow.inputs import starts
from exactnorm.flow.methods import Ivp, Pieces, chosen
from exactnorm.flow.record import Events, Flow, Indices, sorted_events
from exactnorm.flow.score.ivp import solve_by_ivp
from exactnorm.flow.score.line import Solved, solve_line
from exactnorm.flow.score.pieces import solve_pieces
from exactnorm.flow.score.reduction import EPS, Block, Reduction, reduced
from exactnorm.network import HasNetwork, ReLUNetwork, network_of

Method = Literal["pieces", "ivp"]
FAR = 1e4
"""Distance of a start, in units of that of the farthest kink, from which on its rounding is told in `Flow.error`."""
ROUNDINGS = 4.0
"""Of the start, of the axes along which it is seen, and of what is computed from both."""
METHODS: Mapping[str, Pieces | Ivp] = MappingProxyType({"pieces": Pieces(), "ivp": Ivp()})


def score_flow(
    denoiser: ReLUNetwork | HasNetwork,
    start: ArrayLike,
    horizon: float,
    *,
    method: Method | Pieces | Ivp = "pieces",
    times: ArrayLike | None = None,
    box: ArrayLike | Lines | None = None,
    near: float | None = None,
    **options: Any,
) -> Flow:
    """Follow dy/du = h(y) − y, the flow of the denoiser's score at one noise level.

    Parameters
    ----------
    denoiser : ReLUNetwork or CertifiedDenoiser
    start : array_like, shape (d,) or (m, d)
    horizon : float
        Flow time u > 0; ``math.inf`` for the limit (method "pieces" only).
    method : {"pieces", "ivp"}, or Pieces or Ivp
        "pieces" solves exactly between kinks, without a time step; "ivp" calls `scipy.integrate.solve_ivp`.
    times : array_like, shape (n,), optional
        Increasing flow times in [0, horizon] at which `Flow.states` is wanted.
    box : array_like, shape (N, d), or Lines, optional
        Data on orthogonal lines. `Flow.events` then also says when a trajectory first comes to the boundary of the
        hyperbox that they span: when each coordinate is at most `near` beyond its range, one at least within `near` of
        an end of it, and what is orthogonal to all lines at most `near` long. No row where that holds at the start.
    near : float, optional
        For `box`. By default a thousandth of the smallest gap. Distances from the box decay as e^{−u} and never vanish.
    **options
        Of the method, if it is given by name: `max_steps` of "pieces" (see `Pieces`), `rtol` and `solver` of "ivp" (see
        `Ivp`).

    Returns
    -------
    Flow

    Raises
    ------
    ValueError
        If a start is not finite or of the wrong dimension, the horizon is not positive, the times are not
        increasing in [0, horizon], an option of the method is out of range, an infinite horizon is asked of "ivp",
        `near` is given without `box`, or `box` is not on orthogonal lines, along which alone the denoiser may move
        anything.
    TypeError
        If `denoiser` is none, or the method does not take an option.
    """
    network = network_of(denoiser)
    Y = starts(start, network.dimension)
    way = chosen(method, options, METHODS)
    asked = _times(times, horizon, way)
    if near is not None and box is None:
        msg = f"near={near!r:.40} is a distance from a hyperbox; give its points, too, as box"
        raise ValueError(msg)
    rows = np.atleast_2d(Y)
    walls = None if box is None else box_of(box, near, network)
    system = reduced(network, None if walls is None else walls.planes)
    due = np.append(asked, horizon)
    states, solved = _followed(system, rows, due, way)
    error = _rounding(system, rows, due, way, states[:, -1]) if isinstance(way, Pieces) else None
    events = sorted_events(*([x for part in solved for x in getattr(part, name)] for name in ("start", "time", "kink")))
    if walls is not None:
        events = _with_box(events, walls, rows, len(network.b), horizon)
    active = rows @ network.w.T + network.b > 0
    for block, part in zip(system.blocks, solved, strict=True):
        own = block.kinks < len(network.b)
        active[:, block.kinks[own]] = part.active[:, own]

    def again(which: Indices, times: Array) -> Array:
        more = score_flow(network, rows[which], horizon, method=way, times=times)
        return more.states

    name: Method = "ivp" if isinstance(way, Ivp) else "pieces"
    flow = _flow(Y, states, horizon, asked, solved, events, active, name)
    note = "" if error is None else f"; rounding of starts as far away may have moved an endpoint by {error:.2g}"
    return replace(flow, again=again, error=error, status=flow.status + note)


def _followed(system: Reduction, rows: Array, due: Array, way: Pieces | Ivp) -> tuple[Array, list[Solved]]:
    """States (m, n, d) at the times that are due, put together from those of the blocks."""
    solved = [_solve(block, rows, system.origin, due, way) for block in system.blocks]
    states = system.origin + np.exp(-due)[:, None] * system.remainder(rows)[:, None, :]
    for block, part in zip(system.blocks, solved, strict=True):
        states = states + part.states @ block.axes
    states[:, due == 0] = rows[:, None]
    return states, solved


def _rounding(system: Reduction, rows: Array, due: Array, way: Pieces, ends: Array) -> float | None:
    """By how much endpoints move when far starts move by a few roundings; None where no start is far."""
    lengths = max((float(np.abs(block.b).max(initial=0.0)) for block in system.blocks), default=0.0)
    size = np.linalg.norm(rows - system.origin, axis=1)
    far = np.flatnonzero(size > FAR * lengths) if lengths else np.empty(0, np.intp)
    if not len(far):
        return None
    rng, moved = np.random.default_rng(0), 0.0
    for _ in range(2):  # one direction might be one that does not matter
        away = rng.standard_normal((len(far), rows.shape[1]))
        away *= ROUNDINGS * EPS * (size[far] / np.linalg.norm(away, axis=1))[:, None]
        distance = np.linalg.norm(_followed(system, rows[far] + away, due, way)[0][:, -1] - ends[far], axis=1)
        moved = max(moved, float(distance[np.isfinite(distance)].max(initial=0.0)))
    return moved


def _with_box(events: Events, walls: Box, rows: Array, neurons: int, horizon: float) -> Events:
    """Events whose kinks beyond the denoiser's own are the planes of a box, with these read as when it is reached."""
    plane = events.kink >= neurons
    crossed = events.rows(plane)
    reached = walls.reached(rows, replace(crossed, kink=crossed.kink - neurons), horizon)
    own = events.rows(~plane)
    return sorted_events([own.start, reached.start], [own.time, reached.time], [own.kink, reached.kink])


def _times(times: ArrayLike | None, horizon: float, way: Pieces | Ivp) -> Array:
    if not (isinstance(horizon, Real) and horizon > 0):
        msg = f"horizon={horizon!r:.40}; give a flow time u > 0, or math.inf for the limit"
        raise ValueError(msg)
    if isinstance(way, Ivp) and math.isinf(horizon):
        msg = "an integrator cannot reach an infinite horizon; use method='pieces' or a finite horizon"
        raise ValueError(msg)
    asked = np.empty(0) if times is None else np.atleast_1d(real_array(times, "times"))
    if asked.ndim != 1 or (len(asked) and (asked[0] < 0 or asked[-1] > horizon or np.any(np.diff(asked) <= 0))):
        msg = f"times: give increasing flow times between 0 and the horizon {horizon:g}"
        raise ValueError(msg)
    return asked


def _solve(block: Block, rows: Array, origin: Array, due: Array, way: Pieces | Ivp) -> Solved:
    t = (rows - origin) @ block.axes.T
    if isinstance(way, Ivp):
        out = solve_by_ivp(block, t, due, way)
        out.states[:, due == 0] = t[:, None]
        return out
    if block.rank == 1 and len(block.b):
        return solve_line(block, t, due)
    return solve_pieces(block, t, due, way.max_steps)


def _flow(
    Y: Array,
    states: Array,
    horizon: float,
    asked: Array,
    solved: list[Solved],
    events: Events,
    active: NDArray[np.bool_],
    method: Method,
) -> Flow:
    rows = 1 if Y.ndim == 1 else len(Y)
    reached = np.full(rows, horizon)
    at_rest = np.full(rows, True)
    for part in solved:
        reached = np.minimum(reached, part.reached)  # a nan stays: no limit
        at_rest &= part.at_rest
    if not solved:
        at_rest[:] = math.isinf(horizon)
    lost, late = np.isnan(reached), reached < horizon
    states[lost, -1] = np.nan
    complete = not bool(lost.any() or late.any())
    one = Y.ndim == 1
    shown = np.moveaxis(states, 1, 0)
    return Flow(
        start=Y,
        endpoint=shown[-1, 0] if one else shown[-1],
        horizon=float(horizon),
        times=asked,
        states=shown[:-1, 0] if one else shown[:-1],
        events=events,
        reached=reached[0] if one else reached,
        at_rest=at_rest[0] if one else at_rest,
        method=method,
        complete=complete,
        status=_status(rows, int(lost.sum()), int(late.sum()), horizon),
        active=active[0] if one else active,
    )


def _status(rows: int, lost: int, late: int, horizon: float) -> str:
    what = f"{rows} trajectories" if rows != 1 else "the trajectory"
    if not lost and not late:
        return f"{what} reached " + ("the limit" if math.isinf(horizon) else f"the horizon u={horizon:g}")
    reasons = []
    if lost:
        reasons.append(f"{lost} went out beyond all bounds and have no limit here (endpoint nan)")
    if late:
        reasons.append(
            f"{late} stopped before the horizon at the flow time in `reached`: "
            "more pieces than max_steps, or the integrator gave up"
        )
    return f"incomplete: of {what}, " + "; ".join(reasons)
