"""The door of the experiments: an argument is of the kind of its default, or is told what it should be."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from numbers import Integral
from typing import Any, ParamSpec, TypeVar

import numpy as np

from exactnorm.arrays import real_number

FROM_ZERO = ("seed", "rounds")
"""Whole numbers that may be 0; of everything else there is one at least, or there would be nothing to say."""

P = ParamSpec("P")
T = TypeVar("T")


def like_defaults(experiment: Callable[P, T]) -> Callable[P, T]:
    """The experiment, with a ``ValueError`` for the first argument that is not of the kind of its default."""
    signature = inspect.signature(experiment)

    @wraps(experiment)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        for name, value in signature.bind(*args, **kwargs).arguments.items():
            asked = signature.parameters[name]
            if value is not None or "None" not in str(asked.annotation):
                _check(value, asked.default, name, asked.default)
        return experiment(*args, **kwargs)

    return checked


def _check(value: Any, like: Any, name: str, default: Any) -> None:
    """Raise unless `value`, the argument or a member of it, is of the kind of `like`: a number, a word, several."""
    if isinstance(like, bool) or not isinstance(like, int | float | str | tuple):
        return
    such = f"such as {default!r}"
    if isinstance(like, str):
        if not isinstance(value, str):
            msg = f"{name}={value!r}: give a word, {such}"
            raise ValueError(msg)
    elif isinstance(like, int):
        least = 0 if name in FROM_ZERO else 1
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
            msg = f"{name}={value!r}: give whole numbers from {least} on, {such}"
            raise ValueError(msg)
    elif isinstance(like, float):
        real_number(value, name)
    else:
        if isinstance(value, str) or not isinstance(value, Sequence | np.ndarray) or len(value) == 0:
            msg = f"{name}={value!r}: give one or more in a tuple, {such}"
            raise ValueError(msg)
        for member in value:
            _check(member, _kind(like), name, default)


def _kind(members: tuple[Any, ...]) -> Any:
    """What the members are like: a real number if one of them is no whole one, else the first."""
    return next((member for member in members if isinstance(member, float)), members[0])
