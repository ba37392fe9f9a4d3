"""How long a check may take, and the answer of one that stops before it knows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from exactnorm.waiting import in_thread

T = TypeVar("T")


class CertificateUndecided(RuntimeError):
    """A certificate was neither supported nor refuted: the check would take too long, or could not be carried out."""


@dataclass
class Effort:
    """The time that a check has left; once it is over, the check ends undecided.

    Parameters
    ----------
    limit : float or None
        Seconds, counted from the record's creation; None for no limit but that on the work.
    """

    limit: float | None = None
    end: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.limit is not None and not self.limit > 0:
            msg = f"time_limit={self.limit!r}: give a positive number of seconds"
            raise ValueError(msg)
        self.end = math.inf if self.limit is None else time.monotonic() + self.limit

    @property
    def remaining(self) -> float:
        """Seconds left; infinite without a limit."""
        return self.end - time.monotonic()

    def or_at_most(self, seconds: float) -> Effort:
        """The same; where there is no limit, one of so many seconds from now."""
        return Effort(seconds) if self.limit is None else self

    def check(self) -> None:
        """Raise `CertificateUndecided` once the time is over."""
        if time.monotonic() > self.end:
            msg = f"the check was not done after {self.limit:g} seconds; give it more time"
            raise CertificateUndecided(msg)

    def wait_for(self, call: Callable[[], T]) -> T:
        """What a call returns that may be long in compiled code; it takes its own end from `check` or `remaining`.

        Raises
        ------
        CertificateUndecided
            As soon as the time is over; the call goes on unseen until it ends.
        """
        return in_thread(lambda _: call(), self.check, 0.0)
