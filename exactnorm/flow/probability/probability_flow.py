"""The probability flow: the denoiser changes with the noise level, σ_T → σ_end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array
from exactnorm.flow.family import Family, Given, HasFamily, family_of
from exactnorm.flow.hyperbox.box import box_of
from exactnorm.flow.hyperbox.lines import Lines
from exactnorm.flow.inputs import starts
from exactnorm.flow.methods import Ivp, chosen
from exactnorm.flow.probability.course import Course, course_of
from exactnorm.flow.probability.follow import Part, by_closed_form, error_of, follow
from exactnorm.flow.probability.high_noise import RTOL, StandIn, stand_in_flow
from exactnorm.flow.probability.methods import METHODS, Closed, Levels, Method
from exactnorm.flow.probability.recognise import lines_of
from exactnorm.flow.probability.result import record_of
from exactnorm.flow.record import Flow, Indices
from exactnorm.flow.schedule import checked_level
from exactnorm.flow.schedule_table import GivenSchedule, schedule_of
from exactnorm.network import HasNetwork, ReLUNetwork
from exactnorm.training_set import training_set


def probability_flow(
    path: Family | HasFamily | ReLUNetwork | HasNetwork | Given,
    start: ArrayLike,
    schedule: GivenSchedule,
    *,
    alpha: float,
    T: float,
    sigma_end: float = 0.0,
    method: Method | Closed | Levels | Ivp | None = None,
    sigmas: ArrayLike | None = None,
    high_noise: StandIn | None = None,
    train: ArrayLike | None = None,
    **options: Any,
) -> Flow:
    """Follow the probability flow of denoisers h_ρ with ρ = ασ from noise level σ_T down to `sigma_end`.

    For y_t = s_t (x + σ_t ε), ŷ = y/s_t moves as dŷ/d(−log σ) = h_{ασ}(ŷ) − ŷ, whatever the schedule.

    Parameters
    ----------
    path : callable, DenoiserPath, denoiser or Family
        ρ ↦ denoiser: a closed form such as ``lambda rho: orthogonal(points, rho)``, a `DenoiserPath`, or one denoiser
        for all noise levels. A `Family` says what else is known of it.
    start : array_like, shape (d,) or (m, d)
        y_T, in the schedule's own scale s_T.
    schedule : str, Schedule, callable or array_like
        "ve", "edm", "vp" or "cosine"; a `Schedule`; a function σ(t); or arrays (times, sigmas) or
        (times, sigmas, scales), as `schedule_of` takes them.
    alpha : float
        Radius of the balls per unit of noise; see `radius` for other conventions.
    T : float
        Start, in the schedule's own time.
    sigma_end : float
        Noise level at which to stop. At 0 the flow runs to 1e-12 of its first level, or to the smallest radius of a
        path that has one, a while on with the denoiser reached, and ends with one denoising step; `Flow.residual` is
        how far another one would go.
    method : {"closed", "pieces", "ivp"}, or Closed, Levels or Ivp, optional
        "closed" is `closed_probability_flow`, for families that are recognised, by their denoisers at several radii, as
        those of data on orthogonal lines; it is the default for these where no options are given, and "pieces"
        elsewhere: exact flows of denoisers frozen between noise levels. "ivp" hands the continuous family to
        `scipy.integrate.solve_ivp`.
    sigmas : array_like, shape (n,), optional
        Decreasing noise levels between σ_T and `sigma_end` at which `Flow.states` is wanted.
    high_noise : {"linear", "empirical-mmse"}, optional
        What drives the flow where 2ρ is not below the smallest distance between clean points. None: an error.
    train : array_like, shape (N, d), optional
        The clean points, needed for `high_noise` unless the path knows them.
    **options
        Of the method, if it is given by name: `steps`, `box` and `near` of "pieces" (see `Levels`), `rtol` and `solver`
        of "ivp" (see `Ivp`; 1e-8 and "RK45" here).

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
        If what `path` returns is no denoiser, or the method does not take an option.
    """
    schedule, family = schedule_of(schedule), family_of(path)
    if train is not None:
        family = replace(family, points=training_set(train).points)
    way = _way(method, options, family)
    course = course_of(family, checked_level(schedule, T), alpha, sigma_end, sigmas, high_noise)
    first = _first(family, course)
    Y = starts(start, first.dimension)
    by_default = method is None and all(value is None for value in options.values())
    lines = _lines(family, course) if by_default or isinstance(way, Closed) else None

    def again(rows: Indices, times: Array) -> Array:
        levels = np.maximum(course.top * np.exp(-times), sigma_end)
        same = Closed() if lines is not None else Levels(way.steps) if isinstance(way, Levels) else way
        more = probability_flow(
            family, np.atleast_2d(Y)[rows], schedule, alpha=alpha, T=T, sigma_end=sigma_end, method=same,
            sigmas=levels, high_noise=high_noise,
        )  # fmt: skip
        return more.states

    state = np.atleast_2d(Y) / schedule.scale(T)
    parts = [] if high_noise is None else _at_high_noise(family, high_noise, state, course, way)
    state = parts[-1].states[-1] if parts else state
    if lines is not None:
        parts.append(by_closed_form(lines, state, course))
        return replace(record_of(Y, schedule, parts, course, "closed", np.zeros(len(state))), again=again)
    if isinstance(way, Closed):
        msg = "method='closed': these denoisers are not recognised as those of data on orthogonal lines; leave it out"
        raise ValueError(msg)
    walls = box_of(way.box, way.near, first) if isinstance(way, Levels) and way.box is not None else None
    driven = follow(family, state, course, way, walls)
    errors = error_of(driven, family, state, course, way)
    name: Method = "ivp" if isinstance(way, Ivp) else "pieces"
    return replace(record_of(Y, schedule, [*parts, *driven], course, name, errors), again=again)


def _way(method: object, options: dict[str, Any], family: Family) -> Closed | Levels | Ivp:
    """The method that is asked for, and that this family can be followed by."""
    way = chosen("pieces" if method is None else method, options, METHODS)
    if isinstance(way, Levels) and way.steps is not None and family.switches is not None:
        msg = f"steps={way.steps}: this path has noise levels of its own; leave out steps, or refine the path"
        raise ValueError(msg)
    return way


def _first(family: Family, course: Course) -> ReLUNetwork:
    rho = course.entry * course.alpha
    try:
        return family(rho)
    except ValueError as error:
        msg = f"the path has no denoiser at the first radius alpha·sigma={rho:g}: {error}"
        raise ValueError(msg) from error


def _lines(family: Family, course: Course) -> Lines | None:
    """The orthogonal lines whose family it is, down to no noise; None if it is another, or cannot be asked."""
    if family.switches is not None or family.rho_min > 0:
        return None
    try:
        return lines_of(family, course.alpha * course.entry)
    except ValueError:
        return None


def _at_high_noise(
    family: Family, high_noise: StandIn, state: Array, course: Course, way: Closed | Levels | Ivp
) -> list[Part]:
    """The part of the way on which a stand-in drives the flow, if there is one."""
    if family.points is None or course.entry == course.top:
        return []
    grid = course.levels(course.top, max(course.entry, course.floor))
    rtol = way.rtol if isinstance(way, Ivp) else RTOL
    states, problem = stand_in_flow(high_noise, family.points, state, grid, rtol)
    return [Part(grid, states, (), problem)]
