"""The score flow dy/du = h(y) − y of one denoiser."""

from __future__ import annotations

import math
from dataclasses import replace
from numbers import Real
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactnorm.arrays import Array, real_array
from exactnorm.flow.hyperbox.box import Box, box_of
from exactnorm.flow.hyperbox.lines import Lines
from exactnorm.flow.inputs import HasNetwork, network_of, starts
from exactnorm.flow.record import Events, Flow, Indices, sorted_events
from exactnorm.flow.score.ivp import Integrator, solve_by_ivp
from exactnorm.flow.score.line import Solved, solve_line
from exactnorm.flow.score.pieces import solve_pieces
from exactnorm.flow.score.reduction import Block, reduced
from exactnorm.network import ReLUNetwork

Method = Literal["pieces", "ivp"]


def score_flow(
    denoiser: ReLUNetwork | HasNetwork,
    start: ArrayLike,
    horizon: float,
    *,
    method: Method = "pieces",
    times: ArrayLike | None = None,
    rtol: float = 1e-9,
    solver: Integrator = "DOP853",
    max_steps: int = 20_000,
    box: ArrayLike | Lines | None = None,
    near: float | None = None,
) -> Flow:
    """Follow dy/du = h(y) − y, the flow of the denoiser's score at one noise level.

    Parameters
    ----------
    denoiser : ReLUNetwork or CertifiedDenoiser
    start : array_like, shape (d,) or (m, d)
    horizon : float
        Flow time u > 0; ``math.inf`` for the limit (method "pieces" only).
    method : {"pieces", "ivp"}
        "pieces" solves exactly between kinks, without a time step; "ivp" calls `scipy.integrate.solve_ivp`.
    times : array_like, shape (n,), optional
        Increasing flow times in [0, horizon] at which `Flow.states` is wanted.
    rtol, solver : float, {"DOP853", "RK45", "LSODA", …}
        Handed to `solve_ivp`; its own default rtol of 1e-3 is far too coarse for these fields. Not used by "pieces".
    max_steps : int
        "pieces": give up on a trajectory after this many steps in one block of coordinates. A trajectory for ever
        near a cycle never comes to an end by itself; `Flow.complete` is False then.
    box : array_like, shape (N, d), or Lines, optional
        Data on orthogonal lines. `Flow.events` then also says when a trajectory first comes to the boundary of the
        hyperbox that they span: when each coordinate is at most `near` beyond its range, one at least within `near` of
        an end of it, and what is orthogonal to all lines at most `near` long. No row where that holds at the start.
    near : float, optional
        By default a thousandth of the smallest gap. Distances from the box decay as e^{−u} and never vanish.

    Returns
    -------
    Flow

    Raises
    ------
    ValueError
        If a start is not finite or of the wrong dimension, the horizon is not positive, the times are not
        increasing in [0, horizon], `solver` is unknown, `rtol` or `max_steps` is out of range, an infinite horizon is
        asked of method "ivp", or `box` is not on orthogonal lines along which alone the denoiser moves anything.
    TypeError
        If `denoiser` is none.
    """
    network = network_of(denoiser)
    Y = starts(start, network.dimension)
    asked = _times(times, horizon, method)
    if solver not in get_args(Integrator):
        msg = f"solver={solver!r}; give one of {', '.join(get_args(Integrator))}"
        raise ValueError(msg)
    if not (isinstance(rtol, Real) and 1e-13 <= rtol < 1) or not max_steps >= 1:
        msg = f"rtol={rtol!r}, max_steps={max_steps!r}; give 1e-13 <= rtol < 1 and max_steps >= 1"
        raise ValueError(msg)
    rows = np.atleast_2d(Y)
    walls = None if box is None else box_of(box, near, network)
    system = reduced(network, None if walls is None else walls.planes)
    due = np.append(asked, horizon)
    solved = [_solve(block, rows, system.origin, due, method, rtol, solver, max_steps) for block in system.blocks]
    states = system.origin + np.exp(-due)[:, None] * system.remainder(rows)[:, None, :]
    for block, part in zip(system.blocks, solved, strict=True):
        states = states + part.states @ block.axes
    states[:, due == 0] = rows[:, None]
    events = sorted_events(*([x for part in solved for x in getattr(part, name)] for name in ("start", "time", "kink")))
    if walls is not None:
        events = _with_box(events, walls, rows, len(network.b), horizon)
    active = rows @ network.w.T + network.b > 0
    for block, part in zip(system.blocks, solved, strict=True):
        own = block.kinks < len(network.b)
        active[:, block.kinks[own]] = part.active[:, own]

    def again(which: Indices, times: Array) -> Array:
        more = score_flow(
            network, rows[which], horizon, method=method, times=times, rtol=rtol, solver=solver, max_steps=max_steps
        )
        return more.states

    return replace(_flow(Y, states, horizon, asked, solved, events, active, method), again=again)


def _with_box(events: Events, walls: Box, rows: Array, neurons: int, horizon: float) -> Events:
    """Events whose kinks beyond the denoiser's own are the planes of a box, with these read as when it is reached."""
    plane = events.kink >= neurons
    crossed = events.rows(plane)
    reached = walls.reached(rows, replace(crossed, kink=crossed.kink - neurons), horizon)
    own = events.rows(~plane)
    return sorted_events([own.start, reached.start], [own.time, reached.time], [own.kink, reached.kink])


def _times(times: ArrayLike | None, horizon: float, method: str) -> Array:
    if method not in ("pieces", "ivp"):
        msg = f"method={method!r}; give 'pieces' or 'ivp'"
        raise ValueError(msg)
    if not (isinstance(horizon, Real) and horizon > 0):
        msg = f"horizon={horizon!r}; give a flow time u > 0, or math.inf for the limit"
        raise ValueError(msg)
    if method == "ivp" and math.isinf(horizon):
        msg = "an integrator cannot reach an infinite horizon; use method='pieces' or a finite horizon"
        raise ValueError(msg)
    asked = np.empty(0) if times is None else np.atleast_1d(real_array(times, "times"))
    if asked.ndim != 1 or (len(asked) and (asked[0] < 0 or asked[-1] > horizon or np.any(np.diff(asked) <= 0))):
        msg = f"times must be increasing flow times between 0 and the horizon {horizon:g}"
        raise ValueError(msg)
    return asked


def _solve(
    block: Block, rows: Array, origin: Array, due: Array, method: str, rtol: float, solver: Integrator, max_steps: int
) -> Solved:
    t = (rows - origin) @ block.axes.T
    if method == "ivp":
        out = solve_by_ivp(block, t, due, rtol, solver)
        out.states[:, due == 0] = t[:, None]
        return out
    if block.rank == 1 and len(block.b):
        return solve_line(block, t, due)
    return solve_pieces(block, t, due, max_steps)


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
