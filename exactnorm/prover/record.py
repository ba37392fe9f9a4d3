"""A proved bracket, and what it may be computed with."""

from __future__ import annotations

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


@dataclass(frozen=True, eq=False)
class Means:
    """Who solves what has to be computed anew, and until when."""

    solver: Solver
    deadline: Deadline


def claims(lower: fmpq, upper: fmpq | None, digits: int = DIGITS) -> tuple[fmpq, fmpq | None]:
    """Bounds ≥ 0 as they are claimed: with few decimals, on the safe side by more than the rounding of roots."""
    return below(lower * (1 - ROOM), digits), None if upper is None else above(upper * (1 + ROOM), digits)
