"""Progress on standard error while the gap closes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from exactnorm.exact.balls.bracket import Bracket
    from exactnorm.exact.finite.group_lasso import FiniteBracket

B = TypeVar("B", "Bracket", "FiniteBracket")


@contextmanager
def reporter(progress: bool | Callable[[B], None]) -> Iterator[Callable[[B], None]]:
    """A function to call with every new bracket: nothing, the caller's own, or a live line on standard error."""
    if callable(progress):
        yield progress
    elif not progress:
        yield lambda _: None
    else:
        from rich.console import Console

        with Console(stderr=True).status("loading the solvers") as status:

            def show(best: B) -> None:
                # What is said once, before the loop, stays; the rest is overwritten.
                if phase(best).startswith("starting"):
                    status.console.print(phase(best).removeprefix("starting: "))
                status.update(line(best))

            yield show


def phase(best: Bracket | FiniteBracket) -> str:
    """What is being done; brackets of finite problems are those of rounds."""
    return str(getattr(best, "phase", "closing the gap"))


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
