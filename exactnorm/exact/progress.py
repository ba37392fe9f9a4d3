"""Progress on standard error while the gap closes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exactnorm.exact.bracket import Bracket


@contextmanager
def reporter(progress: bool | Callable[[Bracket], None]) -> Iterator[Callable[[Bracket], None]]:
    """A function to call with every new bracket: nothing, the caller's own, or a live line on standard error."""
    if callable(progress):
        yield progress
    elif not progress:
        yield lambda _: None
    else:
        from rich.console import Console

        with Console(stderr=True).status("enumerating activation patterns") as status:
            yield lambda best: status.update(
                f"round {best.rounds}: cost in [{best.lower:.8g}, {best.upper:.8g}], gap {best.gap:.1e}, "
                f"{best.cells} cells, {best.kinks} kinks, {best.seconds:.0f} s"
            )
