"""What Bokeh and Tornado say of requests that no browser makes: a line for each kind of mistake, and no traceback."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

ROOMS = ("bokeh", "tornado", "asyncio")
"""Whose loggers speak while the server answers."""
GUARD = "exactnorm.explorer.page.guard"
"""Which is between Bokeh and whoever asks: what is raised below it is not the package's mistake."""
LONGEST = 200
"""Letters of a line."""


class Quiet(logging.Filter):
    """Of what one thread says, lets mistakes through, each kind once and in one line; refusals are answered, not told.

    A mistake whose traceback leads through this package is one of the package's own, and its line says where it was
    made. What a stranger has sent stands in the line without what would move a terminal's cursor.

    Parameters
    ----------
    thread : int
        Identifier of the thread that serves; others, as those of a notebook's own servers, are left alone.
    """

    def __init__(self, thread: int) -> None:
        super().__init__()
        self._thread = thread
        self._told: set[tuple[type[BaseException], str, int]] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is told, after it was made a line."""
        if record.thread != self._thread:
            return True
        kind, mistake, trace = record.exc_info or (None, None, None)
        if kind is None or trace is None:
            return False
        ours, place, line = _origin(trace)
        if (kind, place, line) in self._told:
            return False
        self._told.add((kind, place, line))
        what = f"a mistake in {place}:{line} (--debug has more)" if ours else "refused a message that no page sends"
        text = f"explorer: {what}: {kind.__name__}: {mistake}"[:LONGEST]
        record.msg, record.args = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text), ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def _origin(trace: TracebackType) -> tuple[bool, str, int]:
    """Whether a traceback leads through this package; the innermost place there, or else of all, and its line."""
    ours, place, line, step = False, "", 0, trace
    while step is not None:
        module = str(step.tb_frame.f_globals.get("__name__", ""))
        mine = module.partition(".")[0] == "exactnorm" and module != GUARD
        if mine or not ours:
            ours, place, line = ours or mine, module, step.tb_lineno
        step = step.tb_next  # type: ignore[assignment]
    return ours, place, line


@contextmanager
def quietly() -> Iterator[None]:
    """Have this thread be quiet for a while."""
    quiet = Quiet(threading.get_ident())
    named = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in ROOMS]
    loggers = [logging.getLogger(name) for name in {*named, *ROOMS}]
    for one in loggers:
        one.addFilter(quiet)
    try:
        yield
    finally:
        for one in loggers:
            one.removeFilter(quiet)
