"""Numbers and choices on the command line: what is none is told of together with all other mistakes, and hides none."""

from __future__ import annotations

import argparse


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


class Offered(tuple[str, ...]):
    """Choices that a parser shows and completes without insisting: another word is told of with all other mistakes."""

    __slots__ = ()

    def __contains__(self, _: object) -> bool:
        return True

    def holds(self, word: str | None) -> bool:
        """Whether the word is one of them, or none is given."""
        return word is None or word in tuple(self)


def misused(arguments: argparse.Namespace) -> list[str]:
    """Words that are no option or belong to none, and options that hold no number: a sentence each.

    They are as if they had not been given afterwards, but for their names in `arguments.misread`.
    """
    found = [f"{word}: there is no such option, or nothing that it goes with" for word in arguments.unknown]
    wrong = {name: text for name, text in vars(arguments).items() if isinstance(text, Misread)}
    found += [f"{flag(name)} {text}: that is no number" for name, text in wrong.items()]
    for name in wrong:
        setattr(arguments, name, None)
    arguments.misread = set(wrong)
    return found


def flag(name: str) -> str:
    """An option as it is typed."""
    return f"--{name.replace('_', '-')}"
