"""The certificate of a minimum-norm denoiser: what it states, and what that rests on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import CellProof
from exactnorm.geometry import Frame
from exactnorm.tables import Tabular, TextTable, at_least, at_most


class CertificateError(ValueError):
    """A certificate does not support what it states."""


def relative_gap(lower: float, upper: float) -> float:
    """(upper − lower)/upper; infinite where the upper bound is, 0 where both are 0."""
    if math.isinf(upper):
        return math.inf
    return (upper - lower) / upper if upper != 0 else 0.0


@dataclass(frozen=True, eq=False)
class Certificate(Tabular):
    """A bracket on the least representation cost, and what it rests on.

    Parameters
    ----------
    upper : float
        Cost of the network that comes with the certificate. Its residual is `interpolation_error`; it is the
        cost of that network, not a proof of an upper bound on the optimum. With weight decay it is the whole
        objective, and so is `lower`; no residual is left to account for.
    lower : float
        Dual bound: no network that interpolates the whole balls costs less, up to rounding.
    interpolation_error : float or None
        Supremum over the whole balls, or largest value over the noisy samples, of ‖h(y) − x_n‖, in the unit of the
        points. None with weight decay, which does not ask for interpolation.
    kind : {"computed", "theorem"}
        Whether the lower bound rests on B and the cells, or on a proved statement whose hypotheses hold.
    statement : str
        In words, what the lower bound rests on.
    patterns : int
        Number of activation patterns (with s_0 = 0, constant ones left out) that the bound covers.
    frame : Frame
        The coordinates that B and the cells are written in: x_0 is the origin, the farthest point has norm 1.
    B : ndarray, shape (N − 1, r, r + 1)
        Dual matrices, one for each ball but the first.
    proofs : tuple of CellProof
        Cells that cover every pattern, each with its multipliers. Where there are none, the lower bound rests on B
        and the maximum of its dual function, computed face by face.
    rays : tuple of int
        Of kind "theorem": rows of points on one-sided rays from the first of them. All points, or a part of them
        whose least cost bounds that of all.
    segments : ndarray, shape (E, 3)
        Of kind "theorem", in place of `rays`: two rows of points and a weight each, for the bound of segments between
        points.
    multipliers : ndarray, shape (U, r)
        For a finite problem: λ, one row for each distinct input in lexicographic order, columns coordinates of the
        targets' affine hull. `patterns`, `frame`, `B` and `proofs` are not used then.
    weight_decay : float or None
        The λ of the objective, where there is one.
    """

    upper: float
    lower: float
    interpolation_error: float | None
    kind: str
    statement: str
    patterns: int = 0
    frame: Frame | None = field(default=None, repr=False)
    B: Array | None = field(default=None, repr=False)
    proofs: tuple[CellProof, ...] = field(default=(), repr=False)
    rays: tuple[int, ...] = ()
    segments: Array | None = field(default=None, repr=False)
    multipliers: Array | None = field(default=None, repr=False)
    weight_decay: float | None = None

    @property
    def gap(self) -> float:
        """Relative gap (upper − lower)/upper; infinite where the upper bound is, 0 where both are 0."""
        return relative_gap(self.lower, self.upper)

    @property
    def cells(self) -> int:
        """Number of cells whose multipliers make up the lower bound."""
        return len(self.proofs)

    def certifies(self, tol: float) -> bool:
        """Whether the relative gap is at most `tol`."""
        return self.gap <= tol

    def table(self) -> TextTable:
        """The bracket, what goes with it, and below it what it rests on."""
        rows = [
            ("cost of the network" if self.weight_decay is None else "objective at the network", at_least(self.upper)),
            ("lower bound", at_most(self.lower)),
            ("relative gap", f"{self.gap:.2e}"),
        ]
        if self.interpolation_error is not None:
            rows.append(("interpolation error", f"{self.interpolation_error:.2e}"))
        if self.patterns:
            rows.append(("patterns, cells", f"{self.patterns}, {self.cells}"))
        return TextTable(("certificate", self.kind), tuple(rows), self.statement)
