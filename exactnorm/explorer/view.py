"""What is looked at: points, a radius, a flow and its starts; and the link that holds all of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import numpy as np
from numpy.typing import ArrayLike

from exactnorm import problems
from exactnorm.arrays import Array, real_array, real_number
from exactnorm.flow.schedule import SCHEDULES
from exactnorm.training_set import closest_pair

FLOWS = ("score", "probability")
MOVABLE = 8
"""Points that can be moved, in the plane; more of them, or points in more dimensions, are looked at only."""
MOST_POINTS, MOST_NUMBERS = 60, 20_000
"""Points, and coordinates of all of them together, of a set to look at."""
MOST_STARTS, MOST_CLICKED = 200, 20
LARGEST, LARGEST_T = 1e9, 1e6
"""Coordinates and times beyond are mistakes more often than data."""
SMALLEST = 1e-100
"""Distances below have squares that vanish; the largest one is always above."""
LONGEST_LINK = 8000
"""Letters; browsers and servers refuse addresses that are much longer."""


@dataclass(frozen=True, eq=False)
class View:
    """Everything that a picture depends on.

    Parameters
    ----------
    points : array_like, shape (N, d)
        Clean points. Numbers on a line are laid along the first axis of the plane, which changes no cost.
    rho : float
        Radius of the noise balls. It may be too large: the picture then says what the largest is.
    flow : {"score", "probability"}
    alpha, T, schedule
        Of the probability flow, as `exactnorm.probability_flow` takes them; the schedule by its name.
    cloud : int
        Number of random starts.
    seed : int
        Of the random starts.
    clicked : array_like, shape (m, 2)
        Starts that were chosen, in the plane of the picture.
    problem : str
        The named problem that the points are; empty for others.

    Raises
    ------
    ValueError
        If a number is not finite or out of range, or there are too many points or starts.
    """

    points: Array
    rho: float
    flow: str = "score"
    alpha: float = 0.1
    T: float = 1.0
    schedule: str = "ve"
    cloud: int = 60
    seed: int = 0
    clicked: Array = field(default_factory=lambda: np.zeros((0, 2)))
    problem: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", _points(self.points))
        for name, largest in (("rho", LARGEST), ("alpha", LARGEST), ("T", LARGEST_T)):
            value = real_number(getattr(self, name), name)
            if not 0 <= value <= largest or (value == 0 and name != "rho"):
                least = "from 0" if name == "rho" else "above 0"
                msg = f"{name}={value:g}: give a number {least} and at most {largest:g}"
                raise ValueError(msg)
            object.__setattr__(self, name, float(value))
        if self.flow not in FLOWS or self.schedule not in SCHEDULES:
            msg = f"flow={self.flow!r}, schedule={self.schedule!r}: give one of {FLOWS} and one of {(*SCHEDULES,)}"
            raise ValueError(msg)
        for name, most in (("cloud", MOST_STARTS), ("seed", 2**31)):
            if not (type(getattr(self, name)) is int and 0 <= getattr(self, name) <= most):
                msg = f"{name}={getattr(self, name)!r}: give a whole number from 0 to {most}"
                raise ValueError(msg)
        clicked = real_array(self.clicked, "clicked")
        if clicked.ndim != 2 or clicked.shape[1] != 2:
            msg = f"starts of shape {clicked.shape}: give two coordinates each, in the plane of the picture"
            raise ValueError(msg)
        clicked = clicked[-MOST_CLICKED:].copy()
        if np.abs(clicked).max(initial=0.0) > LARGEST:
            msg = f"a start has a coordinate beyond {LARGEST:g}"
            raise ValueError(msg)
        clicked.flags.writeable = False
        object.__setattr__(self, "clicked", clicked)

    @property
    def movable(self) -> bool:
        """Whether the points can be moved: up to eight of them in the plane."""
        return self.points.shape[1] == 2 and len(self.points) <= MOVABLE


def _points(given: ArrayLike) -> Array:
    points = real_array(given, "points")
    if points.ndim == 1:
        points = points[:, None]
    if points.ndim != 2 or not 2 <= len(points) <= MOST_POINTS or not 1 <= points.shape[1] <= MOST_NUMBERS:
        msg = f"points of shape {points.shape}: give 2 to {MOST_POINTS} points, one a row"
        raise ValueError(msg)
    if points.size > MOST_NUMBERS or np.abs(points).max() > LARGEST:
        msg = f"points of shape {points.shape} up to {np.abs(points).max():.3g}: give at most {MOST_NUMBERS} numbers "
        raise ValueError(msg + f"of at most {LARGEST:g}")
    if np.ptp(points, axis=0).max() < SMALLEST:
        msg = f"all points are equal, or within {SMALLEST:g}: give some that differ, in a smaller unit of length"
        raise ValueError(msg)
    i, j, distance = closest_pair(points)
    if 0 < distance < SMALLEST:
        msg = f"points {i} and {j} are {distance:g} apart: give them in a smaller unit of length"
        raise ValueError(msg)
    if points.shape[1] == 1:
        points = np.column_stack([points, np.zeros(len(points))])
    points = points.copy()
    points.flags.writeable = False
    return points


def of_problem(name: str) -> View:
    """A named problem at its own radius; ``ValueError`` if there is none of that name."""
    train = problems.named(name).train
    return View(train.points, train.rho, problem=name.replace("-", "_"))


def link(view: View) -> str:
    """The view as the query of a link; empty for one that is too long for an address."""
    parts: dict[str, str] = {"problem": view.problem} if view.problem else {"points": _rows(view.points)}
    parts |= {name: repr(getattr(view, name)) for name in ("rho", "alpha", "T", "cloud", "seed")}
    parts |= {"flow": view.flow, "schedule": view.schedule}
    if len(view.clicked):
        parts["starts"] = _rows(view.clicked)
    text = urlencode(parts, safe=",;")
    return text if len(text) <= LONGEST_LINK else ""


def from_link(parts: Mapping[str, str]) -> View:
    """The view that a link holds; what it leaves out is as usual.

    Raises
    ------
    ValueError
        If it holds none, or anything that is no number of its kind.
    """
    if sum(map(len, parts.values())) > LONGEST_LINK:
        msg = f"the link is longer than {LONGEST_LINK} letters"
        raise ValueError(msg)
    if "problem" in parts:
        train = problems.named(parts["problem"]).train
        points, rho = train.points, train.rho
    else:
        points, rho = _read_rows(parts.get("points", "")), math.nan
        if "rho" not in parts:
            msg = "rho is missing: give the radius of the noise balls"
            raise ValueError(msg)
    return View(
        points,
        _number(parts, "rho", rho),
        parts.get("flow", "score"),
        _number(parts, "alpha", 0.1),
        _number(parts, "T", 1.0),
        parts.get("schedule", "ve"),
        _whole(parts, "cloud", 60),
        _whole(parts, "seed", 0),
        _read_rows(parts["starts"]) if "starts" in parts else np.zeros((0, 2)),
        parts.get("problem", "").replace("-", "_"),
    )


def _rows(table: Array) -> str:
    return ";".join(",".join(map(repr, row)) for row in table.tolist())


def _read_rows(text: str) -> Array:
    try:
        return np.array([[float(cell) for cell in row.split(",")] for row in text.split(";")])
    except ValueError:
        msg = f"{text[:40]!r} is no table of numbers like 0,0;1,0;0,2"
        raise ValueError(msg) from None


def _number(parts: Mapping[str, str], name: str, usual: float) -> float:
    try:
        return float(parts.get(name, usual))
    except ValueError:
        msg = f"{name}={parts[name][:40]!r} is no number"
        raise ValueError(msg) from None


def _whole(parts: Mapping[str, str], name: str, usual: int) -> int:
    try:
        return int(parts.get(name, usual))
    except ValueError:
        msg = f"{name}={parts[name][:40]!r} is no whole number"
        raise ValueError(msg) from None
