"""Deadlines, and long calls into compiled solvers that must not keep the user waiting."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeVar

from exactnorm.arrays import real_number
from exactnorm.certify.effort import Effort
from exactnorm.waiting import in_thread

T = TypeVar("T")

A_WHILE = 10.0
"""Seconds that what follows a solve may take at least."""
GRACE = 2.0
"""Seconds that a call is given to end after it was told to stop."""


class OutOfTimeError(Exception):
    """The time limit was reached."""


def check_limit(time_limit: float | None) -> None:
    """Raise ``ValueError`` unless `time_limit` is a positive number of seconds, or None."""
    if time_limit is not None and not real_number(time_limit, "time_limit") > 0:
        msg = f"time_limit={time_limit:g}: give a positive number of seconds"
        raise ValueError(msg)


@dataclass(frozen=True)
class Deadline:
    """A time limit in seconds, counted from the record's creation; None for none."""

    limit: float | None
    start: float = field(default_factory=lambda: time.monotonic())

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.start

    @property
    def remaining(self) -> float:
        """Seconds left; infinite without a limit."""
        return float("inf") if self.limit is None else self.limit - self.elapsed

    def earlier(self, share: float) -> Deadline:
        """The same, but for a share of the limit that is kept for what follows."""
        return self if self.limit is None else Deadline((1 - share) * self.limit, self.start)

    def at_most(self, more: float) -> Deadline:
        """The same, or so many seconds from now if that is sooner."""
        return self if self.remaining <= more else Deadline(self.elapsed + more, self.start)

    @property
    def effort(self) -> Effort:
        """What is left, and `A_WHILE` at least, for looking at a network that was found."""
        return Effort(None if self.limit is None else max(self.remaining, A_WHILE))

    def check(self) -> None:
        """Raise `OutOfTimeError` once the limit is reached."""
        if self.remaining <= 0:
            raise OutOfTimeError


def interruptible(call: Callable[[threading.Event], T], deadline: Deadline) -> T:
    """Run `call(stop)` in a thread and wait for it: see `in_thread`.

    Raises
    ------
    OutOfTimeError
        If the deadline passes first.
    """
    return in_thread(call, deadline.check, GRACE)


def collected(futures: Sequence[Future[T]], deadline: Deadline) -> Iterator[T]:
    """The results of an executor's tasks, in order; those not begun are called off when the caller leaves early.

    Raises
    ------
    OutOfTimeError
        When the deadline passes first.
    """
    try:
        for future in futures:
            left = deadline.remaining
            yield future.result(timeout=None if math.isinf(left) else max(left, 0.0))
    except TimeoutError:
        raise OutOfTimeError from None
    finally:
        for future in futures:
            future.cancel()


def in_words(about: float) -> str:
    """A time in a unit that fits."""
    for unit, length in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if about > 2 * length:
            return f"{float(f'{about / length:.2g}'):g} {unit}"
    return f"{float(f'{max(about, 0.1):.1g}'):g} s"
