"""Records of lower bounds for finite problems: multipliers of the conditions at the samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from exactnorm.arrays import Array
from exactnorm.certify.door import number, numbers, refuse
from exactnorm.certify.effort import Effort
from exactnorm.certify.finite.bounds import finite_lower_bound
from exactnorm.finite_problem import FiniteProblem, coordinates

DUAL = (
    "The lower bound is a dual bound: multipliers of {conditions}, whose dual function was maximised by going through "
    "all faces of all activation patterns, in floating point."
)


@dataclass(frozen=True, eq=False)
class Multipliers:
    """Multipliers of the conditions that the network goes through its targets.

    Parameters
    ----------
    values : ndarray, shape (U, r)
        λ, one row for each distinct input in lexicographic order, columns coordinates of the targets' affine hull, or
        of their span where the network has no constant.
    """

    values: Array = field(repr=False)
    kind: ClassVar[str] = "computed"
    statement: ClassVar[str] = DUAL.format(conditions="the interpolation conditions")

    @property
    def counts(self) -> dict[str, int]:
        """How much the evidence consists of."""
        return {"multipliers": self.values.size}


@dataclass(frozen=True, eq=False)
class PenalisedMultipliers:
    """Multipliers of the residuals of a problem with weight decay.

    Parameters
    ----------
    values : ndarray, shape (U, r)
        As for `Multipliers`.
    weight_decay : float
        The λ of the objective.
    """

    values: Array = field(repr=False)
    weight_decay: float
    kind: ClassVar[str] = "computed"
    statement: ClassVar[str] = DUAL.format(conditions="the residuals of the loss")

    @property
    def counts(self) -> dict[str, int]:
        """How much the evidence consists of."""
        return {"multipliers": self.values.size}


def multipliers_bound(evidence: Multipliers, problem: FiniteProblem, effort: Effort) -> float:
    """The least cost that the multipliers allow; `CertificateError` if they are not those of such a problem."""
    if problem.weight_decay is not None:
        refuse(f"the multipliers are for interpolation, the problem has weight_decay={problem.weight_decay}")
    return _bound(evidence.values, problem, effort)


def penalised_bound(evidence: PenalisedMultipliers, problem: FiniteProblem, effort: Effort) -> float:
    """The least objective that the multipliers allow; `CertificateError` if they are not those of such a problem."""
    if number(evidence.weight_decay, "weight_decay") != problem.weight_decay:
        refuse(f"the certificate is for weight_decay={evidence.weight_decay}, the problem has {problem.weight_decay}")
    return _bound(evidence.values, problem, effort)


def _bound(values: Any, problem: FiniteProblem, effort: Effort) -> float:
    shape = coordinates(problem).targets.shape
    return finite_lower_bound(problem, numbers(values, "the array of multipliers", shape), effort.check)
