"""Flows of a view: from where, along which denoisers, and where they end."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactnorm import DenoiserPath, Schedule, endpoints, probability_flow, score_flow
from exactnorm.arrays import Array
from exactnorm.closed_form import along_line, one_versus_rest, recognise
from exactnorm.explorer.known import largest_radius
from exactnorm.explorer.view import View
from exactnorm.flow import Endpoints, Family, Flow, Levels, named_schedule, orthogonal_lines
from exactnorm.flow.schedule import checked_level
from exactnorm.geometry import Frame
from exactnorm.network import ReLUNetwork
from exactnorm.tables import limit

TIMES = 8.0 * np.linspace(0.0, 1.0, 25)[1:] ** 2
"""Flow times at which ways are drawn: what is left of a way after u = 8 is a line to its limit."""
STEPS = 48
"""Noise levels between which the denoisers of a probability flow are frozen for a first picture."""
RADII, TOL = 5, 1e-4
"""Noise radii at which the program is solved for a probability flow without a closed form, and its relative gap."""


class NoFlowError(ValueError):
    """There is nothing to follow; the message says what to change."""


@dataclass(frozen=True, eq=False)
class Ways:
    """Trajectories in the plane of the picture, the chosen ones first, then the cloud's.

    Parameters
    ----------
    places : ndarray, shape (n, m, 2)
        Starts, states on the way and endpoints; of a probability flow divided by the schedule's scale.
    endpoints : ndarray, shape (m, d)
    ends : Endpoints
        What the endpoints are.
    cloud : Endpoints or None
        The same of the cloud alone, for shares; None without a cloud.
    clicked : int
        How many of them start where somebody chose.
    note : str
        What there is to say about the flow.
    """

    places: Array
    endpoints: Array
    ends: Endpoints
    cloud: Endpoints | None
    clicked: int
    note: str = ""


def starts(view: View, frame: Frame) -> Array:
    """Where trajectories start, (m, d), in units without the schedule's scale: chosen ones first, then the cloud.

    The cloud is mean + S·N(0, I), S the points' RMS radius for score flow and σ_T for probability flow.
    """
    mean = view.points.mean(axis=0)
    if view.flow == "probability":
        spread = level(view)[1]
    else:
        spread = math.sqrt(float(np.mean(np.sum((view.points - mean) ** 2, axis=1))))
    noise = np.random.default_rng(view.seed).standard_normal((view.cloud, view.points.shape[1]))
    return np.vstack([frame.points(view.clicked), mean + spread * noise])


def level(view: View) -> tuple[Schedule, float]:
    """The schedule of a view, and its noise level at T."""
    schedule = named_schedule(view.schedule)
    try:
        return schedule, checked_level(schedule, view.T)
    except ValueError as mistake:
        raise NoFlowError(str(mistake)) from mistake


def score_ways(view: View, frame: Frame, network: ReLUNetwork) -> Ways:
    """Score flow of a network to its limits."""
    flow = score_flow(network, starts(view, frame), math.inf, times=TIMES)
    return _followed(view, frame, flow, flow.states)


def probability_ways(view: View, frame: Frame, family: Family | DenoiserPath, *, first: bool = False) -> Ways:
    """Probability flow of a family of denoisers from σ_T to 0.

    What comes `first` is followed along denoisers at a few levels, which moves endpoints by some 1e-4 of a distance:
    too much to tell those that are at a point from those that are beside it.
    """
    schedule, top = level(view)
    sigmas = top * np.linspace(1.0, 0.0, 25)[1:-1] ** 2
    frozen = first and isinstance(family, Family) and not on_lines(view.points)
    flow = probability_flow(
        family,
        schedule.scale(view.T) * starts(view, frame),
        schedule,
        alpha=view.alpha,
        T=view.T,
        sigmas=sigmas,
        method=Levels(STEPS) if frozen else None,
    )
    scales = np.array([schedule.scale(schedule.time(float(sigma))) for sigma in sigmas])
    return _followed(view, frame, flow, flow.states / scales[:, None, None])


def closed_family(view: View, check: Callable[[], None] = lambda: None) -> Family | None:
    """The closed form of the points, if it is proved minimal up to the radius α·σ_T; None otherwise.

    Before each of its networks `check` is called, which may raise.

    Raises
    ------
    NoFlowError
        If balls of that radius are too large for any denoiser.
    """
    top = top_radius(view)
    with suppress(ValueError):
        found = recognise(view.points, top)
        if found.form is not None and found.minimal:
            build, points = found.form.build, view.points

            def network(rho: float) -> ReLUNetwork:
                check()
                return build(points, rho)

            return Family(network, points)
    largest = largest_radius(view.points)
    if top >= largest:
        msg = (
            f"at T the balls have radius alpha·sigma_T = {top:.4g}, and they may have {limit(largest, 4)} at most: use "
            "a smaller T or alpha"
        )
        raise NoFlowError(msg)
    return None


def formula_family(view: View) -> Family | None:
    """Networks by the first formula that has one at the radius α·σ_T, where no closed form is; None if none has.

    They denoise, and cost more than they must: what there is to follow until the program has answered.
    """
    top, points = top_radius(view), view.points
    for build in (one_versus_rest, along_line):
        with suppress(ValueError, ArithmeticError):
            build(points, top)
            return Family(partial(build, points), points)
    return None


def solved_family(view: View, progress: Callable[[Any], None]) -> DenoiserPath:
    """Denoisers at a few radii up to α·σ_T by the program."""
    top = top_radius(view)
    # Even where kinks move alike, as `exactnorm flow` has them.
    return DenoiserPath(view.points, top * np.linspace(0.1, 1.0, RADII) ** 3, tol=TOL, progress=progress)


def top_radius(view: View) -> float:
    """The radius α·σ_T at which a probability flow begins."""
    return view.alpha * level(view)[1]


def on_lines(points: Array) -> bool:
    """Whether the points are on orthogonal lines, where the flow has a closed form itself."""
    try:
        orthogonal_lines(points)
    except ValueError:
        return False
    return True


def _followed(view: View, frame: Frame, flow: Flow, states: Array) -> Ways:
    first = flow.start if view.flow == "score" else flow.start / level(view)[0].scale(view.T)
    whole = np.concatenate([first[None], states, flow.endpoint[None]])
    return ways_of(view, frame, whole, flow.endpoint, "" if flow.complete else flow.status)


def ways_of(
    view: View, frame: Frame, states: Array, end: Array, note: str = "", arrived: NDArray[np.bool_] | None = None
) -> Ways:
    """Trajectories as states (n, m, d) from start to endpoint, and what their endpoints (m, d) are.

    Those that have not `arrived` (m,) are of the kind "none".
    """
    clicked = len(view.clicked)
    ends = _told_apart(end, view, arrived)
    cloud = None
    if len(end) > clicked:
        cloud = _told_apart(end[clicked:], view, None if arrived is None else arrived[clicked:])
    return Ways(frame.coordinates(states), end, ends, cloud, clicked, note)


def _told_apart(end: Array, view: View, arrived: NDArray[np.bool_] | None) -> Endpoints:
    found = endpoints(end, view.points)
    return found if arrived is None else replace(found, kind=np.where(arrived, found.kind, "none"))
