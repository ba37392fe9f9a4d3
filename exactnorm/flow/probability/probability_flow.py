"""The probability flow: the denoiser changes with the noise level, σ_T → σ_end."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from numbers import Integral
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp

from exactnorm.arrays import Array, real_array, real_number
from exactnorm.flow.hyperbox.box import Box, box_of
from exactnorm.flow.hyperbox.closed import closed_probability_flow
from exactnorm.flow.hyperbox.lines import Lines
from exactnorm.flow.inputs import HasNetwork, network_of, starts
from exactnorm.flow.probability.family import lines_of
from exactnorm.flow.probability.high_noise import StandIn, stand_in_flow
from exactnorm.flow.record import Events, Flow, Indices, sorted_events
from exactnorm.flow.schedule import Schedule, checked_level, named_schedule
from exactnorm.flow.score.score_flow import score_flow
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import closest_pair

Path = Callable[[float], ReLUNetwork | HasNetwork]
Method = Literal["closed", "pieces", "ivp"]
SMALLEST = 1e-12
"""Share of the first noise level below which a flow to σ = 0 goes on with the denoiser of that level."""
LEVELS = 200
"""Noise levels of a flow by pieces, where the path has none of its own."""
DRIFT = 1e-9
"""Share of a gap by which that denoiser, instead of those of ever smaller radius, may move anything in its bands.

In flow time u it does so by at most u times the share of its radius in the first one. The time is needed where
coordinates couple: on an equilateral triangle the distance from the limit shrinks only as σ^{2/3} (measured).
"""


def probability_flow(
    path: Path,
    start: ArrayLike,
    schedule: Schedule | str,
    *,
    alpha: float,
    T: float,
    sigma_end: float = 0.0,
    steps: int | None = None,
    method: Method | None = None,
    sigmas: ArrayLike | None = None,
    high_noise: StandIn | None = None,
    train: ArrayLike | None = None,
    rtol: float = 1e-8,
    box: ArrayLike | Lines | None = None,
    near: float | None = None,
) -> Flow:
    """Follow the probability flow of denoisers h_ρ with ρ = ασ from noise level σ_T down to `sigma_end`.

    For y_t = s_t (x + σ_t ε), ŷ = y/s_t moves as dŷ/d(−log σ) = h_{ασ}(ŷ) − ŷ, whatever the schedule.

    Parameters
    ----------
    path : callable
        ρ ↦ denoiser: a closed form such as ``lambda rho: orthogonal(points, rho)``, or a `DenoiserPath`.
    start : array_like, shape (d,) or (m, d)
        y_T, in the schedule's own scale s_T.
    schedule : Schedule or {"ve", "edm", "vp", "cosine"}
    alpha : float
        Radius of the balls per unit of noise; see `radius` for other conventions.
    T : float
        Start, in the schedule's own time.
    sigma_end : float
        Noise level at which to stop. At 0 the flow runs to 1e-12 of its first level, or to the smallest radius of a
        path that has one, a while on with the denoiser reached, and ends with one denoising step; `Flow.residual` is
        how far another one would go.
    steps : int, optional
        "pieces": number of noise levels, 200 by default, evenly spaced in σ^{1/3}, which serves best where kinks move
        with σ. Between two of them the denoiser of their geometric mean drives the flow, which is solved exactly: an
        error of second order in the spacing, or of first order on kinks, which `Flow.error` estimates. A path
        with levels of its own (an attribute `switches`) brings them along, and `steps` must not be given.
    method : {"closed", "pieces", "ivp"}, optional
        "closed" is `closed_probability_flow`, for families that are recognised, by their denoisers at several radii, as
        those of data on orthogonal lines; it is the default for these where neither `steps` nor `box` is given, and
        "pieces" elsewhere. "ivp" hands the continuous family to `scipy.integrate.solve_ivp`.
    sigmas : array_like, shape (n,), optional
        Decreasing noise levels between σ_T and `sigma_end` at which `Flow.states` is wanted.
    high_noise : {"linear", "empirical-mmse"}, optional
        What drives the flow where 2ρ is not below the smallest distance between clean points. None: an error.
    train : array_like, shape (N, d), optional
        The clean points, needed for `high_noise` unless `path` has an attribute `points`.
    rtol : float
        Relative tolerance of `solve_ivp`, where it is used. `Flow.error` is what 32 times as much would change.
    box, near : array_like, shape (N, d), or Lines, and float, optional
        As for `score_flow`, for method "pieces": `Flow.events` then says when trajectories come to the hyperbox's
        boundary. Not while a stand-in drives the flow.

    Returns
    -------
    Flow
        Its flow time is log(σ_T/σ). Start, states and endpoint are in the schedule's scale. Kinks move with σ;
        events are crossings while a level's kinks stand still.

    Raises
    ------
    ValueError
        For a bad start, α, T, schedule, σ_end, stand-in or box; if balls overlap at σ_T and no stand-in is chosen; if
        the closed form is asked for and the path is not recognised as one that has it.
    TypeError
        If what `path` returns is no denoiser.
    """
    schedule = named_schedule(schedule) if isinstance(schedule, str) else schedule
    points = getattr(path, "points", None) if train is None else real_array(train, "train")
    if not 1e-13 <= real_number(rtol, "rtol") < 1:
        msg = f"rtol={rtol:g}; give 1e-13 <= rtol < 1"
        raise ValueError(msg)
    course = _course(path, points, checked_level(schedule, T), alpha, sigma_end, sigmas, high_noise, method)
    first = _first(path, course.entry * alpha)
    Y = starts(start, first.dimension)
    walls = None if box is None else box_of(box, near, first)
    if walls is not None and method == "ivp":
        msg = "box: the integrator of the continuous family records no events; leave it out, or use method='pieces'"
        raise ValueError(msg)
    state = np.atleast_2d(Y) / schedule.scale(T)
    parts: list[Part] = []
    if high_noise is not None and points is not None and course.entry < course.top:
        grid = course.levels(course.top, max(course.entry, course.floor))
        states, problem = stand_in_flow(high_noise, points, state, grid, rtol)
        parts.append(Part(grid, states, (), problem))
        state = states[-1]

    def again(rows: Indices, times: Array) -> Array:
        levels = np.maximum(course.top * np.exp(-times), sigma_end)
        return probability_flow(
            path, np.atleast_2d(Y)[rows], schedule, alpha=alpha, T=T, sigma_end=sigma_end, steps=steps, method=method,
            sigmas=levels, high_noise=high_noise, train=train, rtol=rtol,
        ).states  # fmt: skip

    wanted = method == "closed" or (method is None and steps is None and box is None)
    if wanted and (lines := _lines(path, alpha * course.entry)) is not None:
        parts.append(_by_closed_form(lines, state, course, alpha))
        return replace(_record(Y, schedule, parts, course, "closed", 0.0), again=again)
    if method == "closed":
        msg = "method='closed': these denoisers are not recognised as those of data on orthogonal lines; leave it out"
        raise ValueError(msg)
    drive = Drive(alpha, "ivp" if method == "ivp" else "pieces", steps, rtol, walls)
    driven = _driven(path, state, course, drive)
    rough = _rougher(path, drive)
    error = None if rough is None else _moved(driven, _driven(rough[0], state, course, rough[1]))
    return replace(_record(Y, schedule, [*parts, *driven], course, drive.method, error), again=again)


@dataclass(frozen=True, eq=False)
class Drive:
    """How the path's denoisers drive the flow."""

    alpha: float
    method: Method
    steps: int | None
    rtol: float
    walls: Box | None


def _driven(path: Path, state: Array, course: Course, drive: Drive) -> list[Part]:
    """From where the path's denoisers begin to the end."""
    parts = []
    if course.entry > course.floor:
        grid = course.levels(course.entry, course.floor)
        parts.append(
            _by_ivp(path, state, grid, drive.alpha, drive.rtol)
            if drive.method == "ivp"
            else _by_pieces(path, state, grid, drive.alpha, course.top, drive.steps, drive.walls)
        )
        state = parts[-1].states[-1]
    if course.end == 0:
        parts.append(_to_the_end(path, state, course, drive.alpha, drive.walls))
    return parts


def _rougher(path: Path, drive: Drive) -> tuple[Path, Drive] | None:
    """The same with half as many levels, or at a looser tolerance; None where there is nothing to leave out."""
    drive = replace(drive, walls=None)
    if drive.method == "ivp":
        return path, replace(drive, rtol=min(32 * drive.rtol, 0.5))
    if hasattr(path, "switches"):
        coarser = getattr(path, "coarser", None)
        return None if coarser is None else (coarser, drive)
    steps = LEVELS if drive.steps is None else drive.steps
    return (path, replace(drive, steps=steps // 2)) if steps > 1 else None


def _moved(parts: list[Part], others: list[Part]) -> float | None:
    """By how much the last states differ at most, among trajectories that came to an end; None if there are none."""
    distance = np.linalg.norm(parts[-1].states[-1] - others[-1].states[-1], axis=1)
    distance = distance[np.isfinite(distance)]
    return float(distance.max()) if distance.size else None


def _lines(path: Path, rho: float) -> Lines | None:
    """The orthogonal lines whose family the path is, down to no noise; None if it is another, or cannot be asked."""
    if hasattr(path, "switches") or getattr(path, "rho_min", 0.0) > 0:
        return None
    try:
        return lines_of(lambda radius: network_of(path(radius)), rho)
    except ValueError:
        return None


def _by_closed_form(lines: Lines, state: Array, course: Course, alpha: float) -> Part:
    grid = course.levels(course.entry, course.end)
    states = np.full((len(grid), *state.shape), np.nan)
    alive = np.flatnonzero(np.isfinite(state).all(axis=1))
    for n, sigma in enumerate(grid):
        states[n, alive] = closed_probability_flow(lines, alpha, state[alive], course.entry, float(sigma))
    return Part(grid, states, residual=0.0 if course.end == 0 else None)


@dataclass(frozen=True, eq=False)
class Course:
    """Noise levels of a flow: `top`, the path's denoisers from `entry` on, one last step from `floor`, `end`."""

    top: float
    entry: float
    floor: float
    end: float
    asked: Array

    def levels(self, high: float, low: float) -> Array:
        """The asked levels between two, and these two, decreasing."""
        inner = self.asked[(self.asked < high) & (self.asked > low)]
        return np.concatenate([[high], inner, [low]])


@dataclass(frozen=True, eq=False)
class Part:
    """States (n, m, d) at some noise levels (n,), the kinks crossed on the way, what went wrong, what is left."""

    levels: Array
    states: Array
    events: tuple[Events, ...] = ()
    problem: str = ""
    residual: float | None = None


def _course(
    path: Path,
    points: Array | None,
    top: float,
    alpha: float,
    end: float,
    sigmas: ArrayLike | None,
    high_noise: StandIn | None,
    method: str | None,
) -> Course:
    if not real_number(alpha, "alpha") > 0:
        msg = f"alpha={alpha:g}; give alpha > 0, the radius of the balls per unit of noise"
        raise ValueError(msg)
    if not 0 <= real_number(end, "sigma_end") < top:
        msg = f"sigma_end={end:g} must lie in [0, sigma_T) with sigma_T={top:g}"
        raise ValueError(msg)
    if method is not None and method not in get_args(Method):
        msg = f"method={method!r}; give {', '.join(map(repr, get_args(Method)))}, or leave it out"
        raise ValueError(msg)
    if high_noise is not None and high_noise not in get_args(StandIn):
        msg = f"high_noise={high_noise!r}; give {' or '.join(map(repr, get_args(StandIn)))}, or None for an error"
        raise ValueError(msg)
    entry = min(top, _switch(path, points, alpha, top, high_noise))
    lowest = float(getattr(path, "rho_min", 0.0)) / alpha
    floor = end if end > 0 else min(entry, max(SMALLEST * entry, lowest))
    return Course(top, entry, floor, end, _asked(sigmas, top, end))


def _asked(sigmas: ArrayLike | None, top: float, end: float) -> Array:
    asked = np.empty(0) if sigmas is None else np.atleast_1d(real_array(sigmas, "sigmas"))
    if asked.ndim != 1 or np.any(np.diff(asked) >= 0) or np.any(asked > top) or np.any(asked < end):
        msg = f"sigmas must be decreasing noise levels between sigma_T={top:g} and sigma_end={end:g}"
        raise ValueError(msg)
    return asked


def _switch(path: Path, points: Array | None, alpha: float, top: float, high_noise: StandIn | None) -> float:
    """Noise level from which downwards the path's denoisers drive the flow."""
    if points is None:
        if high_noise is not None:
            msg = f"high_noise={high_noise!r} needs the clean points: give train=points"
            raise ValueError(msg)
        return top
    i, j, distance = closest_pair(np.asarray(points))
    # The denoiser of balls that all but touch is still defined; 1e-6 keeps its slopes finite.
    widest = min(distance / 2 * (1 - 1e-6), float(getattr(path, "rho_max", math.inf)))
    if alpha * top <= widest:
        return top
    if high_noise is None:
        msg = (
            f"at T the balls have radius alpha·sigma_T={alpha * top:g}, but the path reaches up to {widest:g} "
            f"(points {i} and {j} are {distance:g} apart): start at sigma_T <= {widest / alpha:g}, "
            "or choose a stand-in with high_noise='linear' or 'empirical-mmse'"
        )
        raise ValueError(msg)
    return widest / alpha


def _first(path: Path, rho: float) -> ReLUNetwork:
    try:
        return network_of(path(rho))
    except ValueError as error:
        msg = f"the path has no denoiser at the first radius alpha·sigma={rho:g}: {error}"
        raise ValueError(msg) from error


def _to_the_end(path: Path, state: Array, course: Course, alpha: float, walls: Box | None) -> Part:
    """From the floor to σ = 0: a flow of its denoiser, and then the straight line to the denoised point."""
    network = network_of(path(alpha * course.floor))
    wait = DRIFT * course.entry / course.floor
    last = course.floor * math.exp(-wait)
    below = np.append(course.asked[(course.asked < course.floor) & (course.asked > 0)], 0.0)
    inner = below[below > last]
    alive = np.flatnonzero(np.isfinite(state).all(axis=1))
    box, near = (None, None) if walls is None else (walls.lines, walls.near)
    flow = score_flow(network, state[alive], wait, times=np.log(course.floor / inner), box=box, near=near)
    states = np.full((len(below), *state.shape), np.nan)
    states[: len(inner), alive] = flow.states
    ends = network(flow.endpoint)
    for n in range(len(inner), len(below)):
        share = below[n] / last if last > 0 else 0.0
        states[n, alive] = share * flow.endpoint + (1 - share) * ends
    passed = course.top / course.floor
    events = [_from(flow.events, alive, passed)]
    if walls is not None:
        events.append(_from(walls.reached_on_the_way(flow.endpoint, ends), alive, passed, wait))
    problem = "" if flow.complete else f"below sigma={course.floor:g}: {flow.status}"
    residual = float(np.linalg.norm(network(ends) - ends, axis=1).max(initial=0.0))
    return Part(below, states, tuple(events), problem, residual)


def _from(events: Events, alive: Indices, passed: float, later: float = 0.0) -> Events:
    """Events of a flow of some starts that began when the noise had shrunk by the factor `passed`, or `later` in u."""
    return Events(alive[events.start], events.time + math.log(passed) + later, events.kink)


def _by_pieces(
    path: Path, state: Array, grid: Array, alpha: float, top: float, steps: int | None, walls: Box | None
) -> Part:
    """States at the noise levels of `grid`: exact score flows between finer levels, one after the other."""
    if (own := getattr(path, "switches", None)) is not None:
        if steps is not None:
            msg = "this path has noise levels of its own; leave out steps, or refine the path"
            raise ValueError(msg)
        inner = np.asarray(own) / alpha
    else:
        if steps is not None and not (isinstance(steps, Integral) and steps >= 1):
            msg = f"steps={steps!r}; give a whole number of levels, at least one"
            raise ValueError(msg)
        # A step's error goes as ρ times the cube of its length in log σ: alike where steps are even in σ^{1/3}.
        inner = np.linspace(grid[0] ** (1 / 3), grid[-1] ** (1 / 3), (steps or LEVELS) + 1) ** 3
    levels = np.unique(np.concatenate([grid, inner[(inner < grid[0]) & (inner > grid[-1])]]))[::-1]
    box, near = (None, None) if walls is None else (walls.lines, walls.near)
    states, events, problem = [state], list[Events](), ""
    for high, low in pairwise(levels):
        alive = np.flatnonzero(np.isfinite(state).all(axis=1))
        network = network_of(path(alpha * math.sqrt(high * low)))
        flow = score_flow(network, state[alive], math.log(high / low), box=box, near=near)
        state = np.full_like(state, np.nan)
        state[alive] = flow.endpoint
        if not flow.complete:
            problem = problem or f"between sigma={high:g} and {low:g}: {flow.status}"
            state[alive[flow.reached < flow.horizon]] = np.nan
        events.append(_from(flow.events, alive, top / high))
        if low in grid:
            states.append(state)
    return Part(grid, np.stack(states), tuple(events), problem)


def _by_ivp(path: Path, state: Array, grid: Array, alpha: float, rtol: float) -> Part:
    def field(u: float, flat: Array) -> Array:
        y = flat.reshape(state.shape)
        return np.asarray((network_of(path(alpha * grid[0] * math.exp(-u)))(y) - y).ravel())

    clock = np.log(grid[0] / grid)
    atol = 1e-3 * rtol * max(float(np.abs(state).max(initial=0.0)), np.finfo(float).tiny)
    states = np.full((len(grid), *state.shape), np.nan)
    states[0] = state
    for n, (begin, end) in enumerate(pairwise(clock), start=1):
        if not state.size:
            break
        found = solve_ivp(field, (begin, end), states[n - 1].ravel(), method="RK45", rtol=rtol, atol=atol)
        if found.status < 0:
            return Part(grid, states, (), f"the integrator gave up at u={found.t[-1]:g}: {found.message}")
        states[n] = found.y[:, -1].reshape(state.shape)
    return Part(grid, states)


def _record(
    Y: Array, schedule: Schedule, parts: list[Part], course: Course, method: Method, error: float | None
) -> Flow:
    levels = np.concatenate([part.levels for part in parts])
    states = np.concatenate([part.states for part in parts])
    asked, end = course.asked, course.end
    wanted = np.array([int(np.flatnonzero(levels == q)[-1]) for q in asked], dtype=np.intp)
    scales = np.array([schedule.scale(schedule.time(q)) for q in asked])
    scale = 1.0 if end == 0 else schedule.scale(schedule.time(end))
    last, error = states[-1] * scale, None if error is None else error * scale
    horizon = math.inf if end == 0 else math.log(course.top / end)
    each = [e for part in parts for e in part.events]
    events = sorted_events([e.start for e in each], [e.time for e in each], [e.kink for e in each])
    # Levels look for the box one by one; what comes back to it has been there before.
    again = np.flatnonzero(events.kink < 0)
    again = np.delete(again, np.unique(events.start[again], return_index=True)[1])
    problem = "; ".join(part.problem for part in parts if part.problem)
    left, them = parts[-1].residual, "them" if len(last) != 1 else "it"
    note = "" if left is None or method == "closed" else f"; another step would move {them} by at most {left:.2g}"
    note = _accuracy(method, error, them) + note
    lost = ~np.isfinite(last).all(axis=1)
    what = f"{len(last)} trajectories" if len(last) != 1 else "the trajectory"
    shown = slice(None) if Y.ndim == 2 else 0
    return Flow(
        start=Y,
        endpoint=last[shown],
        horizon=horizon,
        times=np.array([math.log(course.top / q) if q > 0 else math.inf for q in asked]),
        states=(states[wanted] * scales[:, None, None])[:, shown],
        events=events.rows(~np.isin(np.arange(len(events)), again)),
        reached=np.where(lost, np.nan, horizon)[shown],
        at_rest=(~lost & (end == 0))[shown],
        method=method,
        complete=not problem and not bool(lost.any()),
        status=f"incomplete: {problem}" if problem else f"{what} reached sigma={end:g}{note}",
        switch_sigma=course.entry if course.entry < course.top else None,
        residual=left,
        error=error,
    )


def _accuracy(method: Method, error: float | None, them: str) -> str:
    if method == "closed":
        return " in closed form"
    if error is None:
        return ""
    what = "half as many levels" if method == "pieces" else "32 times the tolerance"
    return f", with an error of about {error:.2g}, by which {what} would move {them}"
