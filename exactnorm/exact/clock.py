"""Deadlines, and long calls into compiled solvers that must not keep the user waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


class OutOfTimeError(Exception):
    """The time limit was reached."""


@dataclass(frozen=True)
class Deadline:
    """A time limit in seconds, counted from the record's creation; None for none."""

    limit: float | None
    start: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.start

    @property
    def remaining(self) -> float:
        """Seconds left; infinite without a limit."""
        return float("inf") if self.limit is None else self.limit - self.elapsed

    def check(self) -> None:
        """Raise `OutOfTimeError` once the limit is reached."""
        if self.remaining <= 0:
            raise OutOfTimeError


def interruptible(call: Callable[[], T], deadline: Deadline) -> T:
    """Run `call` in a thread and wait for it, so that Ctrl-C and the deadline act at once.

    The solvers release the interpreter while they work but never look at signals. A call that is given up goes on in
    its daemon thread until it ends by itself; nobody reads its result.

    Raises
    ------
    OutOfTimeError
        If the deadline passes first.
    """
    outcome: list[T] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(call())
        except BaseException as error:  # handed to the waiting thread, which raises it
            failure.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    while thread.is_alive():
        # Short waits: a plain join() would hold back KeyboardInterrupt until the thread ends.
        thread.join(0.02)
        if thread.is_alive():
            deadline.check()
    if failure:
        raise failure[0]
    return outcome[0]
