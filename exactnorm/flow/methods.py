"""Which way a flow is followed: records of methods, each with the options that it takes, and how one is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from numbers import Integral, Real
from typing import Any, Literal, TypeVar, get_args

Integrator = Literal["RK23", "RK45", "DOP853", "Radau", "BDF", "LSODA"]


@dataclass(frozen=True)
class Pieces:
    """Score flow solved exactly between kinks, without a time step.

    Parameters
    ----------
    max_steps : int
        Give up on a trajectory after this many steps in one block of coordinates. A trajectory for ever near a cycle
        never comes to an end by itself; `Flow.complete` is False then.

    Raises
    ------
    ValueError
        If `max_steps` is no whole number, at least one.
    """

    max_steps: int = 20_000

    def __post_init__(self) -> None:
        if not (isinstance(self.max_steps, Integral) and self.max_steps >= 1):
            msg = f"max_steps={self.max_steps!r}; give a whole number of steps, at least one"
            raise ValueError(msg)


@dataclass(frozen=True)
class Ivp:
    """The flow's equation handed to `scipy.integrate.solve_ivp`.

    Parameters
    ----------
    rtol : float
        Relative tolerance; the default of `solve_ivp`, 1e-3, is far too coarse for these fields.
    solver : {"DOP853", "RK45", "LSODA", …}

    Raises
    ------
    ValueError
        If rtol is not in [1e-13, 1), or the solver is unknown.
    """

    rtol: float = 1e-9
    solver: Integrator = "DOP853"

    def __post_init__(self) -> None:
        if not (isinstance(self.rtol, Real) and 1e-13 <= self.rtol < 1):
            msg = f"rtol={self.rtol!r}; give 1e-13 <= rtol < 1"
            raise ValueError(msg)
        if self.solver not in get_args(Integrator):
            msg = f"solver={self.solver!r}; give one of {', '.join(get_args(Integrator))}"
            raise ValueError(msg)


Record = TypeVar("Record")


def chosen(method: object, options: Mapping[str, Any], methods: Mapping[str, Record]) -> Record:
    """The record of a method that was asked for by name or by itself; options that are None are as if not given.

    Parameters
    ----------
    method : str or record
    options : dict
        Options of the method, if it was asked for by name.
    methods : dict of str to record
        Those that this flow has, with their defaults.

    Raises
    ------
    ValueError
        If there is no such method.
    TypeError
        If the method does not take some of the options; the message names them all, whose they are, and what it takes.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if isinstance(method, str) and method in methods:
        taken = _options(methods[method])
        if foreign := [name for name in given if name not in taken]:
            whose = {n: " or ".join(repr(m) for m, record in methods.items() if n in _options(record)) for n in foreign}
            named = ", ".join(f"{n} (of {whose[n]})" if whose[n] else n for n in foreign)
            msg = f"method {method!r} does not take {named}; it takes {', '.join(taken) or 'no options'}"
            raise TypeError(msg)
        return replace(methods[method], **given)  # type: ignore[type-var]
    for record in methods.values():
        if type(method) is type(record):
            if given:
                msg = f"{', '.join(given)}: options go into the record, {type(record).__name__}(…), where one is given"
                raise TypeError(msg)
            return method
    names = ", ".join(map(repr, methods))
    records = ", ".join(type(record).__name__ for record in methods.values())
    msg = f"method={method!r:.40}; give one of {names}, or a record {records} with its options"
    raise ValueError(msg)


def _options(record: object) -> list[str]:
    return [field.name for field in fields(record)]  # type: ignore[arg-type]
