"""Progress on standard error while the gap closes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from exactnorm.exact.bracket import Bracket
    from exactnorm.exact.finite_lasso import FiniteBracket

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

        with Console(stderr=True).status("enumerating activation patterns") as status:
            yield lambda best: status.update(line(best))


def line(best: Bracket | FiniteBracket) -> str:
    """What the live line says; only brackets of balls have cells."""
    cells = f"{best.cells} cells, " if hasattr(best, "cells") else ""
    return (
        f"round {best.rounds}: [{best.lower:.8g}, {best.upper:.8g}], gap {best.gap:.1e}, "
        f"{cells}{best.kinks} kinks, {best.seconds:.0f} s"
    )
