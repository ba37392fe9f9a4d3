"""The lower bound of a part of the points: a network that maps all balls to their centres does so with any of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from exactnorm.certify.balls.edges import Segments, segments_bound
from exactnorm.certify.balls.evidence import Cells, Faces, cells_bound, faces_bound
from exactnorm.certify.balls.tilts import least_apart
from exactnorm.certify.door import refuse, rows_of
from exactnorm.certify.effort import Effort
from exactnorm.training_set import TrainingSet


@dataclass(frozen=True, eq=False)
class Part:
    """Some of the points, and what bounds the least cost for these alone, with balls as large.

    Parameters
    ----------
    rows : tuple of int
        Rows of the points, rising.
    evidence : Cells, Faces or Segments
        As for the training set of these points.
    """

    rows: tuple[int, ...]
    evidence: Cells | Faces | Segments = field(repr=False)

    @property
    def kind(self) -> str:
        """Whether that is computed or rests on a theorem."""
        return self.evidence.kind

    @property
    def counts(self) -> dict[str, int]:
        """How much the evidence consists of."""
        return {"points": len(self.rows), **self.evidence.counts}

    @property
    def statement(self) -> str:
        """In words, what the lower bound rests on."""
        return (
            f"The lower bound is that of {len(self.rows)} of the points, as a denoiser of all is one of these. "
            f"{self.evidence.statement}"
        )


def part_bound(evidence: Part, train: TrainingSet, claim: float | None, effort: Effort) -> float:
    """The lower bound that the part supports.

    Its points, radius and rounding are those of the set that it is: balls of other points have no say in them, but for
    how narrow a gap between bare points counts.

    Raises
    ------
    CertificateError
        If a condition fails.
    CertificateUndecided
        If there is too much to go through.
    """
    rows = rows_of(evidence.rows, "points of the part", train.size, 2)
    if not (np.diff(rows) > 0).all():
        refuse("the points of the part are not in the order of their rows")
    some, inner = TrainingSet(train.points[rows], train.rho), evidence.evidence
    if type(inner) is Segments:
        return segments_bound(inner, some)
    # Of bare points: where two others are nearer to each other, kinks of networks for all pass through narrower gaps.
    apart = least_apart(train)
    if type(inner) is Faces:
        return faces_bound(inner, some, claim, effort, apart)
    if type(inner) is not Cells:
        refuse(f"a part of the points rests on {type(inner).__name__}, where it may on cells, faces or segments")
    return cells_bound(inner, some, effort, apart)
