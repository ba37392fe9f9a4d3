"""What each check of a statement rests on, found in its code, and how to make one of these things 1 % wrong."""

from __future__ import annotations

import functools
import inspect
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import CodeType, FunctionType

import pytest

from exactnorm import ReLUNetwork
from exactnorm.certify import CertifiedDenoiser
from exactnorm.flow import Schedule
from exactnorm.flow.rest.rest_points import RestPoint, rest_points
from exactnorm.theorems import STATEMENTS, integrate, plane, roads
from exactnorm.theorems.open import scalene

FORMS, SCHEDULES = "exactnorm.closed_form", "exactnorm.flow.schedule"
COMPUTED = {
    roads.program,
    roads.program_bracket,
    plane.plane_bracket,
    integrate.score_endpoint,
    integrate.probability_endpoint,
    rest_points,
}
ROOMS = ("exactnorm.theorems", FORMS, SCHEDULES)


@dataclass(frozen=True)
class Part:
    """A constant of a formula, or what a closed form or a schedule gets or gives, wherever the check names it."""

    name: str
    kind: str
    function: FunctionType
    argument: str
    homes: list[dict]

    def damage(self, monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
        """Make it wrong by the factor; a constant of 0 is moved by as much as one of 1."""
        if self.kind == "constant":
            value = self.function.__kwdefaults__[self.argument]
            wrong = value * factor if value else factor - 1
            monkeypatch.setitem(self.function.__kwdefaults__, self.argument, wrong)
        else:
            name = self.function.__name__
            for home in self.homes:
                monkeypatch.setitem(home, name, DAMAGED[self.kind](home[name], factor))


def parts(name: str) -> list[Part]:
    """All parts of the check with this name, found by following the names in its code."""
    homes = {}
    for function, home in _reached(STATEMENTS[name]):
        homes.setdefault(function, []).append(home)
    return [
        Part(f"{function.__name__}.{argument}", kind, function, argument, places)
        for function, places in homes.items()
        for kind, argument in _parts_of(function)
    ]


def everything() -> set[tuple[FunctionType, str]]:
    """All constants of formulas in the theorems, and what the closed forms and schedules named there get and give."""
    modules = [module for name, module in list(sys.modules.items()) if name.startswith(ROOMS[0])]
    named = {value for module in modules for value in vars(module).values() if isinstance(value, FunctionType)}
    return {
        (function, argument)
        for function in map(inspect.unwrap, named)
        if function.__module__.startswith(ROOMS)
        for _, argument in _parts_of(function)
    }


def computed_parts(name: str) -> list[Part]:
    """What the check with this name takes from the programs, from integration and from the search for rest points."""
    homes = {}
    for function, home in _reached(STATEMENTS[name], (*ROOMS, rest_points.__module__)):
        if function in COMPUTED:
            homes.setdefault(function, []).append(home)
    return [Part(f"{value.__name__}.output", "output", value, "output", places) for value, places in homes.items()]


def _parts_of(function: FunctionType) -> list[tuple[str, str]]:
    if function.__module__.startswith(FORMS):
        return [("input", list(inspect.signature(function).parameters)[1]), ("output", "output")]
    if function.__module__ == SCHEDULES:
        return [("sigma", "sigma"), ("scale", "scale")]
    return [("constant", name) for name, value in (function.__kwdefaults__ or {}).items() if isinstance(value, float)]


def _reached(start: FunctionType, rooms: tuple[str, ...] = ROOMS) -> list[tuple[FunctionType, dict]]:
    """Functions of theorems, closed forms and schedules that a function's code names, each with where it is named.

    Not looked into: closed forms and schedules, and what computes without any claim.
    """
    found, todo, seen = [(start, start.__globals__)], [start], {start}
    while todo:
        home = (function := todo.pop()).__globals__
        for name in _names(function.__code__):
            value = inspect.unwrap(home[name]) if callable(home.get(name)) else None
            if not isinstance(value, FunctionType) or not value.__module__.startswith(rooms):
                continue
            found.append((value, home))
            if value not in seen and value not in COMPUTED and value.__module__.startswith(ROOMS[0]):
                seen.add(value)
                todo.append(value)
    return found


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _other_input(form, factor):
    return lambda points, second, *rest: form(points, factor * second, *rest)


def _other_output(form, factor):
    return lambda *arguments: _times(form(*arguments), factor)


def _times(given, factor):
    """What was given, with all its values wrong by the factor."""
    if isinstance(given, (tuple, list)):
        return type(given)(_times(one, factor) for one in given)
    if isinstance(given, RestPoint):
        return replace(given, position=factor * given.position)
    if isinstance(given, CertifiedDenoiser):
        return replace(given, network=_times(given.network, factor))
    if isinstance(given, ReLUNetwork):
        return replace(given, a=factor * given.a, V=None if given.V is None else factor * given.V, c=factor * given.c)
    return factor * given


def _other_level(schedule, factor):
    def build():
        right = schedule()
        return Schedule(right.name, lambda t: factor * right.sigma(t), right.scale, right.last)

    return build


def _other_scale(schedule, factor):
    def build():
        right = schedule()
        return Schedule(right.name, right.sigma, lambda t: factor * right.scale(t), right.last)

    return build


DAMAGED = {"input": _other_input, "output": _other_output, "sigma": _other_level, "scale": _other_scale}


def outcome(name: str) -> str:
    """Outcome of the check, or the name of the error it raises."""
    try:
        scalene._cases.cache_clear()  # brackets that two checks share
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong may divide by zero; the outcome says that it went wrong
            return STATEMENTS[name]().outcome
    except (ArithmeticError, ValueError) as failed:
        return type(failed).__name__


def remember_roads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what the convex programs found: they see no damage, so that the same question need not be asked again."""
    for road in (roads.program, roads.program_bracket, plane.plane_bracket):
        kept = _remembered(road)
        for module in list(sys.modules.values()):
            if module.__name__.startswith(ROOMS[0]) and getattr(module, road.__name__, None) is road:
                monkeypatch.setattr(module, road.__name__, kept)


def _remembered(road):
    answers = {}

    @functools.wraps(road)
    def answer(points, *rest):
        key = (points.shape, points.tobytes(), *map(float, rest))
        if key not in answers:
            answers[key] = road(points, *rest)
        return answers[key]

    return answer
