"""The statements about minimum-norm denoisers and their flows, one a file, each checked by computation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from exactnorm.theorems import a_generalises
from exactnorm.theorems.check import Check

STATEMENTS: dict[str, Callable[[], Check]] = {
    "A-generalises": a_generalises.check,
}
"""Every statement by name, in the order of the table."""


def run(names: Iterable[str] | None = None, progress: Callable[[str], None] | None = None) -> Iterator[Check]:
    """Check statements one after the other.

    Parameters
    ----------
    names : iterable of str, optional
        Which, in this order; all of `STATEMENTS` by default.
    progress : callable, optional
        Called with the name of each statement before its computation starts.

    Yields
    ------
    Check

    Raises
    ------
    ValueError
        If there is no statement of a given name; before anything is computed.
    """
    chosen = list(STATEMENTS) if names is None else list(names)
    if unknown := [name for name in chosen if name not in STATEMENTS]:
        msg = f"no statement is called {', '.join(map(repr, unknown))}; there are {', '.join(STATEMENTS)}"
        raise ValueError(msg)
    return _run(chosen, progress)


def _run(names: list[str], progress: Callable[[str], None] | None) -> Iterator[Check]:
    for name in names:
        if progress is not None:
            progress(name)
        yield STATEMENTS[name]()


__all__ = ["STATEMENTS", "Check", "run"]
