"""What verifying may take: time, by a clock that is asked between steps; memory, reckoned before it is taken.

A sum of fractions has as many digits as all their denominators together, and a matrix of such sums has them in every
entry: a few kilobytes of text can ask for any memory, and for any time in a single step.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flint import fmpq, fmpz

ROOM = 2**29
"""Bits of the numbers that are held in one matrix, whatever the problem: 64 megabytes."""
TIMES = 8
"""So many times the text and the points may take beyond that."""
LONGEST = 2**19
"""Bits of one number: a step with longer ones takes a good part of a second."""

FEW = 2**12
"""Bits of numbers together that are no more than that with any denominator."""


class UndecidedError(RuntimeError):
    """It would take more time, or more memory, than there is."""


class RefutedError(ValueError):
    """A condition of a proof fails; the message says which."""


def never() -> None:
    """The clock of who has time."""


@dataclass(frozen=True, eq=False)
class Limits:
    """What may be taken.

    Parameters
    ----------
    check : callable
        Asked between steps; it raises once the time is over.
    bits : int
        Of the numbers of one matrix.
    """

    check: Callable[[], None] = never
    bits: int = ROOM

    def extent(self, numbers: Iterable[fmpq], what: str) -> int:
        """Bits, of numerator and denominator, that sums of such numbers take but for a few.

        Raises
        ------
        UndecidedError
            If their common denominator alone is longer than a number may be.
        """
        listed = list(numbers)
        together = sum(map(fmpq.height_bits, listed))
        if together <= FEW:
            return 3 * int(together)
        common = fmpz(1)
        for bottom in {one.q for one in listed}:
            common = common.lcm(bottom)
            self.room(1, int(common.bit_length()), what)
            self.check()
        return 2 * int(common.bit_length()) + int(max(map(fmpq.height_bits, listed)))

    def room(self, count: int, bits: int, what: str) -> None:
        """Raise `UndecidedError` if so many numbers of so many bits each are more than is held."""
        if bits > LONGEST or count * bits > self.bits:
            msg = (
                f"{what} may take {f'{count} numbers' if count > 1 else 'a number'} of {digits(bits)} digits: "
                f"at most {digits(LONGEST)} are gone through in a number, and {digits(self.bits)} in all"
            )
            raise UndecidedError(msg)


def digits(bits: int) -> int:
    """How many decimal digits take so many bits."""
    return round(bits * 0.30103)


FREE = Limits()
"""For who has time, and no more room than a small problem needs."""


def limited(time_limit: float | None, characters: int) -> Limits:
    """Limits from a number of seconds, and from how long text and points are together."""
    if time_limit is not None and not time_limit >= 0:
        msg = f"time_limit={time_limit!r}: give seconds, or None for no limit"
        raise ValueError(msg)
    end = None if time_limit is None else time.monotonic() + time_limit

    def check() -> None:
        if end is not None and time.monotonic() > end:
            msg = f"the time limit of {time_limit:g} s was reached"
            raise UndecidedError(msg)

    return Limits(check, ROOM + 8 * TIMES * characters)
