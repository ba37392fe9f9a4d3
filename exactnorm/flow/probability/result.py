"""The record of a probability flow: its parts put together, and what its status says."""

from __future__ import annotations

import math

import numpy as np

from exactnorm.arrays import Array
from exactnorm.flow.probability.course import Course
from exactnorm.flow.probability.follow import Part
from exactnorm.flow.probability.methods import Method
from exactnorm.flow.record import Flow, sorted_events
from exactnorm.flow.schedule import Schedule


def record_of(
    Y: Array, schedule: Schedule, parts: list[Part], course: Course, method: Method, errors: Array | None
) -> Flow:
    """What the parts of a flow are together, in the schedule's own scale; `errors` are those of the endpoints (m,)."""
    levels = np.concatenate([part.levels for part in parts])
    states = np.concatenate([part.states for part in parts])
    asked, end = course.asked, course.end
    wanted = np.array([int(np.flatnonzero(levels == q)[-1]) for q in asked], dtype=np.intp)
    scales = np.array([schedule.scale(schedule.time(q)) for q in asked])
    scale = 1.0 if end == 0 else schedule.scale(schedule.time(end))
    last, errors = states[-1] * scale, None if errors is None else errors * scale
    horizon = math.inf if end == 0 else math.log(course.top / end)
    each = [e for part in parts for e in part.events]
    events = sorted_events([e.start for e in each], [e.time for e in each], [e.kink for e in each])
    # Levels look for the box one by one; what comes back to it has been there before.
    again = np.flatnonzero(events.kink < 0)
    again = np.delete(again, np.unique(events.start[again], return_index=True)[1])
    problem = "; ".join(part.problem for part in parts if part.problem)
    left, them = parts[-1].residual, "them" if len(last) != 1 else "it"
    note = "" if left is None or method == "closed" else f"; another step would move {them} by at most {left:.2g}"
    note = _accuracy(method, errors, them) + note
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
        error=None if errors is None else float(np.nanmax(errors, initial=0.0)),
    )


def _accuracy(method: Method, errors: Array | None, them: str) -> str:
    """How large the errors are: the largest, and that of the trajectory in the middle, which may be far smaller."""
    if method == "closed":
        return " in closed form"
    if errors is None:
        return ", with too few levels to judge the error by"
    worst = f"{np.nanmax(errors):.2g}"
    middle = f" at worst and {np.nanmedian(errors):.2g} in the median" if len(errors) > 1 else ""
    by = "where fewer levels would take" if method == "pieces" else "how far 32 times the tolerance would move"
    return f", with an error of about {worst}{middle}, judged by {by} {them}"
