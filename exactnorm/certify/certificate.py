"""The certificate of a minimum-norm denoiser: what it states, and what that rests on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from exactnorm.certify.evidence import Evidence
from exactnorm.certify.finite.evidence import PenalisedMultipliers
from exactnorm.tables import Tabular, TextTable, ends, relative


def relative_gap(lower: float, upper: float) -> float:
    """(upper − lower)/upper; infinite where the upper bound is, 0 where both are 0."""
    if math.isinf(upper):
        return math.inf
    return (upper - lower) / upper if upper != 0 else 0.0


@dataclass(frozen=True, eq=False)
class Certificate(Tabular):
    """A bracket on the least representation cost, and what it rests on.

    It is recomputed in floating point. `rigorous()` of the denoiser or network that it belongs to makes it a theorem
    about the given floats, in rational numbers.

    Parameters
    ----------
    lower : float
        No network that interpolates the whole balls costs less, up to rounding.
    upper : float
        Cost of the network that comes with the certificate. Its residual is `interpolation_error`; where correcting
        that could cost more than rounding, the cost of a correction is added. With weight decay it is the whole
        objective, and so is `lower`; no residual is left to account for.
    interpolation_error : float or None
        Supremum over the whole balls, or largest value over the noisy samples, of ‖h(y) − x_n‖, in the unit of the
        points. None with weight decay, which does not ask for interpolation.
    evidence : Cells, Faces, Nothing, Part, Rays, RegularSimplex, Segments, Multipliers or PenalisedMultipliers
        What the lower bound rests on: see `exactnorm.certify.bound`.
    """

    lower: float
    upper: float
    interpolation_error: float | None
    evidence: Evidence

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            """For who looks here for a proof: the certificate does not know the points, the denoiser does."""
            more = "; rigorous() of its denoiser or network proves the bracket" if name == "rigorous" else ""
            msg = f"a certificate has no attribute {name!r}{more}"
            raise AttributeError(msg, name=name, obj=self)

    @property
    def kind(self) -> str:
        """Whether the lower bound is "computed", or rests on a "theorem" whose hypotheses hold."""
        return self.evidence.kind

    @property
    def statement(self) -> str:
        """In words, what the bracket rests on."""
        upper = "objective at the network" if self.weight_decay is not None else "cost of the network"
        residual = "" if self.interpolation_error is None else ", whose residual is the interpolation error"
        return f"{self.evidence.statement} The upper value is the {upper}{residual}."

    @property
    def weight_decay(self) -> float | None:
        """The λ of the objective, where there is one."""
        match self.evidence:
            case PenalisedMultipliers(weight_decay=decay):
                return decay
            case _:
                return None

    @property
    def patterns(self) -> int:
        """Number of activation patterns that were gone through, or covered by cells; 0 where there was no need."""
        return self.evidence.counts.get("patterns", 0)

    @property
    def cells(self) -> int:
        """Number of cells whose multipliers make up the lower bound."""
        return self.evidence.counts.get("cells", 0)

    @property
    def gap(self) -> float:
        """Relative gap (upper − lower)/upper; infinite where the upper bound is, 0 where both are 0."""
        return relative_gap(self.lower, self.upper)

    def certifies(self, tol: float) -> bool:
        """Whether the relative gap is at most `tol`."""
        return self.gap <= tol

    def table(self) -> TextTable:
        """The bracket, what goes with it, and below it what it rests on."""
        lower, upper = ends(self.lower, self.upper)
        rows = [
            ("cost of the network" if self.weight_decay is None else "objective at the network", upper),
            ("lower bound", lower),
            ("relative gap", relative(self.gap)),
        ]
        if self.interpolation_error is not None:
            rows.append(("interpolation error", f"{self.interpolation_error:.2e}"))
        if self.evidence.counts:
            rows.append((", ".join(self.evidence.counts), ", ".join(map(str, self.evidence.counts.values()))))
        return TextTable(("certificate", self.kind), tuple(rows), self.statement)
