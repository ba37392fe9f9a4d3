"""A family of denoisers followed from noise level to noise level: by closed form, in exact pieces, by an integrator."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.integrate import solve_ivp

from exactnorm.arrays import Array
from exactnorm.flow.family import Family
from exactnorm.flow.hyperbox.box import Box
from exactnorm.flow.hyperbox.closed import closed_probability_flow
from exactnorm.flow.hyperbox.lines import Lines
from exactnorm.flow.methods import Ivp
from exactnorm.flow.probability.course import Course
from exactnorm.flow.probability.methods import FEW, LEVELS, Levels
from exactnorm.flow.record import Events, Indices
from exactnorm.flow.score.score_flow import score_flow

DRIFT = 1e-9
"""Share of a gap by which that denoiser, instead of those of ever smaller radius, may move anything in its bands.

In flow time u it does so by at most u times the share of its radius in the first one. The time is needed where
coordinates couple: on an equilateral triangle the distance from the limit shrinks only as σ^{2/3} (measured).
"""
SLOWEST = 0.1
"""Least share by which one halving of the spacing is taken to move the endpoints less than the one before did."""


@dataclass(frozen=True, eq=False)
class Part:
    """States (n, m, d) at some noise levels (n,), the kinks crossed on the way, what went wrong, what is left."""

    levels: Array
    states: Array
    events: tuple[Events, ...] = ()
    problem: str = ""
    residual: float | None = None


def follow(family: Family, state: Array, course: Course, way: Levels | Ivp, walls: Box | None) -> list[Part]:
    """From where the family's denoisers begin to the end."""
    parts = []
    if course.entry > course.floor:
        grid = course.levels(course.entry, course.floor)
        parts.append(
            _by_ivp(family, state, grid, course.alpha, way)
            if isinstance(way, Ivp)
            else _by_pieces(family, state, grid, course, way.steps, walls)
        )
        state = parts[-1].states[-1]
    if course.end == 0:
        parts.append(_to_the_end(family, state, course, walls))
    return parts


def error_of(driven: list[Part], family: Family, state: Array, course: Course, way: Levels | Ivp) -> Array | None:
    """Estimates of the errors of endpoints (m,), by following again more roughly; None where that says nothing.

    At half and at a quarter of the levels endpoints move by a and b. Each further halving would move them by a/b of the
    last, together a / (b/a − 1), and at second order less than a: that is said of every trajectory, but never less than
    a, and never more than ten times a, where halving has brought nothing yet. A family with levels of its own brings
    those with fewer along. NaN where a trajectory did not come to its end.
    """
    if isinstance(way, Ivp):
        moved = _moved(driven, follow(family, state, course, replace(way, rtol=min(32 * way.rtol, 0.5)), None))
    else:
        rough = _rougher(family, way)
        if rough is None:
            return None
        half, quarter = (follow(of, state, course, levels, None) for of, levels in rough)
        moved, before = _moved(driven, half), _moved(half, quarter)
        # What lost its way at a quarter of the levels tells no order.
        before = np.where(np.isfinite(before), before, 0.0)
        less = (np.minimum(before, 2 * moved) - moved) / np.maximum(moved, np.finfo(float).tiny)
        moved = moved / np.clip(less, SLOWEST, 1.0)
    return np.where(np.isfinite(moved), moved, np.nan) if np.isfinite(moved).any() else None


def _rougher(family: Family, way: Levels) -> tuple[tuple[Family, Levels], tuple[Family, Levels]] | None:
    """The family with half and with a quarter of its levels, each with how to follow it; None if there are too few."""
    if family.switches is not None:
        half = family.coarser
        quarter = None if half is None else half.coarser
        return None if half is None or quarter is None else ((half, way), (quarter, way))
    steps = LEVELS if way.steps is None else way.steps
    return None if steps < FEW else ((family, Levels(steps // 2)), (family, Levels(steps // 4)))


def _moved(parts: list[Part], others: list[Part]) -> Array:
    """How far the last states of each trajectory are apart; NaN where one did not come to its end."""
    return np.asarray(np.linalg.norm(parts[-1].states[-1] - others[-1].states[-1], axis=1))


def by_closed_form(lines: Lines, state: Array, course: Course) -> Part:
    """States of the family of orthogonal lines at the asked levels and the end."""
    grid = course.levels(course.entry, course.end)
    states = np.full((len(grid), *state.shape), np.nan)
    alive = np.flatnonzero(np.isfinite(state).all(axis=1))
    for n, sigma in enumerate(grid):
        states[n, alive] = closed_probability_flow(lines, course.alpha, state[alive], course.entry, float(sigma))
    return Part(grid, states, residual=0.0 if course.end == 0 else None)


def _to_the_end(family: Family, state: Array, course: Course, walls: Box | None) -> Part:
    """From the floor to σ = 0: a flow of its denoiser, and then the straight line to the denoised point."""
    network = family(course.alpha * course.floor)
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


def _by_pieces(family: Family, state: Array, grid: Array, course: Course, steps: int | None, walls: Box | None) -> Part:
    """States at the noise levels of `grid`: exact score flows between finer levels, one after the other."""
    if family.switches is not None:
        inner = family.switches / course.alpha
    else:
        # A step's error goes as ρ times the cube of its length in log σ: alike where steps are even in σ^{1/3}.
        inner = np.linspace(grid[0] ** (1 / 3), grid[-1] ** (1 / 3), (steps or LEVELS) + 1) ** 3
    levels = np.unique(np.concatenate([grid, inner[(inner < grid[0]) & (inner > grid[-1])]]))[::-1]
    box, near = (None, None) if walls is None else (walls.lines, walls.near)
    states, events, problem = [state], list[Events](), ""
    for high, low in pairwise(levels):
        alive = np.flatnonzero(np.isfinite(state).all(axis=1))
        network = family(course.alpha * math.sqrt(high * low))
        flow = score_flow(network, state[alive], math.log(high / low), box=box, near=near)
        state = np.full_like(state, np.nan)
        state[alive] = flow.endpoint
        if not flow.complete:
            problem = problem or f"between sigma={high:g} and {low:g}: {flow.status}"
            state[alive[flow.reached < flow.horizon]] = np.nan
        events.append(_from(flow.events, alive, course.top / high))
        if low in grid:
            states.append(state)
    return Part(grid, np.stack(states), tuple(events), problem)


def _by_ivp(family: Family, state: Array, grid: Array, alpha: float, way: Ivp) -> Part:
    def field(u: float, flat: Array) -> Array:
        y = flat.reshape(state.shape)
        return np.asarray((family(alpha * grid[0] * math.exp(-u))(y) - y).ravel())

    clock = np.log(grid[0] / grid)
    atol = 1e-3 * way.rtol * max(float(np.abs(state).max(initial=0.0)), np.finfo(float).tiny)
    states = np.full((len(grid), *state.shape), np.nan)
    states[0] = state
    for n, (begin, end) in enumerate(pairwise(clock), start=1):
        if not state.size:
            break
        found = solve_ivp(field, (begin, end), states[n - 1].ravel(), method=way.solver, rtol=way.rtol, atol=atol)
        if found.status < 0:
            return Part(grid, states, (), f"the integrator gave up at u={found.t[-1]:g}: {found.message}")
        states[n] = found.y[:, -1].reshape(state.shape)
    return Part(grid, states)
