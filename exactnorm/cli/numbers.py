"""Numbers on the command line: what is none is told of together with all other mistakes, and hides none."""

from __future__ import annotations


class Misread(str):
    """What was given where a number is asked."""

    __slots__ = ()


def number(text: str) -> float | Misread:
    """A number, as an argument's type."""
    try:
        return float(text)
    except ValueError:
        return Misread(text)


def whole(text: str) -> int | Misread:
    """A whole number, as an argument's type."""
    try:
        return int(text)
    except ValueError:
        return Misread(text)


def flag(name: str) -> str:
    """An option as it is typed."""
    return f"--{name.replace('_', '-')}"
