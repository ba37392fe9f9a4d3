"""A proved bracket, and what it may be computed with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from flint import fmpq, fmpz

from exactnorm.exact.deadline import Deadline
from exactnorm.exact.settings import Solver
from exactnorm.proof.rationals import above, below
from exactnorm.proof.records import Proof, SampleProof
from exactnorm.prover.text import proof_text

DIGITS = 12
"""Decimals of the claimed bounds."""
ROOM = fmpq(1, fmpz(10) ** 30)
"""Share of a bound that is not claimed: verifiers round their roots, each to digits of its own."""


@dataclass(frozen=True, eq=False)
class Rigorous:
    """A proved bracket: rational numbers lower ≤ least cost ≤ upper.

    Parameters
    ----------
    lower : fmpq
    upper : fmpq or None
        None where no exact network was found.
    proof : Proof or SampleProof
        The claim and all that it takes to verify it.
    said : tuple of str
        What could not be proved, and what was proved in its place.
    seconds : float
        That the proof took.
    """

    lower: fmpq
    upper: fmpq | None
    proof: Proof | SampleProof = field(repr=False)
    said: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def gap(self) -> float:
        """Relative gap (upper − lower)/upper; infinite where there is no upper bound, 0 where both are 0."""
        if self.upper is None:
            return float("inf")
        return float((self.upper - self.lower) / self.upper) if self.upper != 0 else 0.0

    @property
    def text(self) -> str:
        """The proof as it is written to a file."""
        return proof_text(self.proof)


@dataclass(frozen=True)
class Proving:
    """What a prover is about, for who watches it."""

    phase: str
    seconds: float

    def __str__(self) -> str:
        """A line of progress."""
        return f"proving: {self.phase}, {self.seconds:.0f} s"


def nobody(_: Proving) -> None:
    """Who does not watch."""


@dataclass(frozen=True, eq=False)
class Means:
    """Who solves what has to be computed anew, until when, and who watches."""

    solver: Solver
    deadline: Deadline
    watcher: Callable[[Proving], None] = nobody
    start: float = field(default_factory=time.perf_counter)

    def check(self, phase: str) -> None:
        """Say what is being done, and raise `OutOfTimeError` once the time is over."""
        self.deadline.check()
        self.watcher(Proving(phase, time.perf_counter() - self.start))


def claims(lower: fmpq, upper: fmpq | None, digits: int = DIGITS) -> tuple[fmpq, fmpq | None]:
    """Bounds ≥ 0 as they are claimed: with few decimals, on the safe side by more than the rounding of roots."""
    return below(lower * (1 - ROOM), digits), None if upper is None else above(upper * (1 + ROOM), digits)
