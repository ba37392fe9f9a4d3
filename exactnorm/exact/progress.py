"""Progress on standard error while the gap closes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from exactnorm.exact.balls.bracket import Bracket
    from exactnorm.exact.finite.group_lasso import FiniteBracket


class Step(Protocol):
    """What is shown: a bracket, or how far a sweep has come."""

    @property
    def phase(self) -> str:
        """What is being done."""

    @property
    def seconds(self) -> float:
        """Since the beginning."""


B = TypeVar("B", bound=Step)

FIRST_LINE = 10.0
"""Seconds until a first line is written where no line can be overwritten; the next come after twice as long each."""


def phase(best: Step) -> str:
    """What is being done."""
    return best.phase


def line(best: Bracket | FiniteBracket) -> str:
    """What the live line says; only brackets of balls have cells."""
    cells = f"{best.cells} cells, " if hasattr(best, "cells") else ""
    during = phase(best).split(":")[0] if phase(best).startswith("starting") else phase(best)
    if during == "closing the gap":
        during = f"round {best.rounds}"
    return (
        f"{during}: [{best.lower:.8g}, {best.upper:.8g}], gap {best.gap:.1e}, "
        f"{cells}{best.kinks} kinks, {best.seconds:.0f} s"
    )


@contextmanager
def reporter(
    progress: bool | Callable[[B], None], words: Callable[[Any], str] = line, first: str = "loading the solvers"
) -> Iterator[Callable[[B], None]]:
    """A function to call with every new bracket: nothing, the caller's own, or one that writes to standard error.

    `words` says what is written of one, and `first` stands there until there is one.

    On a terminal that is one live line. In a file, a pipe or a notebook it is a line now and then, after 10, 20, 40, …
    seconds: a notebook's own live lines need widgets and warn of their absence every time.
    """
    if callable(progress):
        yield progress
    elif not progress or sys.stderr is None:  # as under pythonw, which has no streams
        yield lambda _: None
    else:
        from rich.console import Console

        # Not what rich takes for a terminal: Jupyter and others set FORCE_COLOR, and every frame would be a line.
        if not (hasattr(sys.stderr, "isatty") and sys.stderr.isatty()):  # a program may have put anything there
            yield lines_now_and_then(words)
            return
        console = Console(stderr=True, force_jupyter=False)
        with console.status(first) as status:

            def show(best: B) -> None:
                # What is said once, before the loop, stays; the rest is overwritten.
                if phase(best).startswith("starting"):
                    status.console.print(phase(best).removeprefix("starting: "))
                status.update(fitting(words(best), console.width - 3))  # a spinner stands before it

            yield show


def fitting(said: str, room: int) -> str:
    """The line without what stands before its last part, as far as it takes to fit: kinks, then cells, then the gap."""
    parts = said.split(", ")
    while len(", ".join(parts)) > room and len(parts) > 3:
        del parts[-2]
    return ", ".join(parts)


def lines_now_and_then(words: Callable[[Any], str]) -> Callable[[Step], None]:
    """A function that writes a line to standard error when twice as much time has passed as at the last one.

    Before the first of them comes what there is to say once about the whole.
    """
    due, once = FIRST_LINE, ""

    def write(best: Step) -> None:
        nonlocal due, once
        if phase(best).startswith("starting: "):
            once = phase(best).removeprefix("starting: ") + "\n"  # what is soon done need not be foretold
        if best.seconds >= due:
            sys.stderr.write(f"{once}{words(best)}\n")
            sys.stderr.flush()
            once = ""
            while due <= best.seconds:
                due *= 2

    return write
