"""The shapes that a proof is made of: objects with given names, lists of given lengths, rows, texts of numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flint import fmpq

from exactnorm.proof.rationals import rational

LARGEST_INDEX = 10**6
Check = Callable[[], None]
"""What raises once the time is over."""


class UnreadableProofError(ValueError):
    """A text is not a proof of this format."""


def fields(found: Any, what: str, *names: str) -> dict[str, Any]:
    """The object, if it has exactly these names."""
    if not isinstance(found, dict) or set(found) != set(names):
        given = ascii(", ".join(sorted(found))[:80]) if isinstance(found, dict) else type(found).__name__
        msg = f"{what}: {', '.join(names)} belong there, not {given}"
        raise UnreadableProofError(msg)
    return found


def entries(found: Any, what: str, length: int | None = None) -> list[Any]:
    """The list, if it is as long as it should be."""
    if not isinstance(found, list) or (length is not None and len(found) != length):
        given = f"{len(found)} entries" if isinstance(found, list) else type(found).__name__
        msg = f"{what}: {given} where a list{'' if length is None else f' of {length}'} belongs"
        raise UnreadableProofError(msg)
    return found


def each(found: Any, what: str, check: Check, length: int | None = None) -> Iterator[Any]:
    """The entries of a list that may be long, with a look at the clock before each."""
    for one in entries(found, what, length):
        check()
        yield one


def vector(found: Any, what: str, length: int) -> tuple[fmpq, ...]:
    """A list of so many rational numbers."""
    return tuple(rational(one) for one in entries(found, what, length))


def whole(found: Any, what: str, least: int = 0, most: int = LARGEST_INDEX) -> int:
    """A whole number between two others."""
    if type(found) is not int or not least <= found <= most:
        msg = f"{what} is {ascii(found)[:40]}, no whole number from {least} to {most}"
        raise UnreadableProofError(msg)
    return found


def indices(found: Any, what: str) -> tuple[int, ...]:
    """A list of rows."""
    return tuple(whole(one, what) for one in entries(found, what))


def members(found: Any, size: int) -> int:
    """Numbers of balls as bits."""
    bits = 0
    for one in entries(found, "the balls that are on"):
        bits |= 1 << whole(one, "a ball", 0, size - 1)
    return bits


def word(found: Any, what: str) -> str:
    """A short text."""
    if not isinstance(found, str) or len(found) > 100:
        msg = f"{what} is no short text"
        raise UnreadableProofError(msg)
    return found


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of some pairs, in which no name is there twice."""
    out = dict(pairs)
    if len(out) < len(pairs):
        msg = f"a name is there twice among {', '.join(name for name, _ in pairs)[:80]!a}"
        raise UnreadableProofError(msg)
    return out


def refused(text: str) -> Any:
    """For a number that is no text."""
    msg = f"the number {text[:40]} does not stand in quotation marks"
    raise UnreadableProofError(msg)


def index(text: str) -> int:
    """A whole number of a few digits."""
    if len(text) > 7:
        msg = f"{text[:40]} is no row"
        raise UnreadableProofError(msg)
    return int(text)
