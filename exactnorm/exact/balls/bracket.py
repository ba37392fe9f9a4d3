"""The best bounds so far, and what they rest on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from exactnorm.arrays import Array
from exactnorm.certify.balls import dual_bound
from exactnorm.certify.balls.cell import CellProof
from exactnorm.certify.certificate import relative_gap
from exactnorm.exact.balls.polish import Neurons
from exactnorm.exact.balls.problem import Reduced


@dataclass(frozen=True, eq=False)
class Bracket:
    """The best bounds so far; handed to `progress` after every round.

    Parameters
    ----------
    upper, lower : float
        Bounds on the least cost.
    neurons : Neurons
        The network that costs `upper`, in reduced coordinates.
    rounds : int
    seconds : float
        Since the solve began.
    kinks : int
        Size of the set of kinks.
    cells : int
        Cells whose multipliers have been computed; only after the gap has closed.
    phase : str
        What is being done: looking for a first network, enumerating activation patterns, starting, closing the gap,
        finishing the network, computing multipliers, looking at uniqueness.
    """

    upper: float
    neurons: Neurons = field(repr=False)
    lower: float = 0.0
    rounds: int = 0
    seconds: float = 0.0
    kinks: int = 0
    cells: int = 0
    B: Array | None = field(default=None, repr=False)
    proofs: tuple[CellProof, ...] = field(default=(), repr=False)
    phase: str = "closing the gap"

    @property
    def gap(self) -> float:
        """Relative gap (upper − lower)/upper."""
        return relative_gap(self.lower, self.upper)


def dual_value(problem: Reduced, B: Array) -> float:
    """Σ_n ⟨B_n, T_n⟩, as a certificate has it."""
    return dual_bound.dual_value(problem.points, B)


def with_network(best: Bracket, neurons: Neurons | None) -> Bracket:
    """The bracket with this network, if there is one and it is cheaper."""
    return best if neurons is None or neurons.cost >= best.upper else replace(best, upper=neurons.cost, neurons=neurons)


def with_bound(problem: Reduced, best: Bracket, B: Array, kappa: float) -> Bracket:
    """The bracket with the bound that B gives, κ being the maximum of its dual function, if it is better."""
    lower = dual_value(problem, B) / kappa
    return replace(best, lower=lower, B=B / kappa, proofs=()) if lower > best.lower else best
