"""The record of a lower bound that rests on points on one-sided rays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from exactnorm.certify.door import refuse, rows_of
from exactnorm.certify.rays.one_sided import rays_lower_bound
from exactnorm.training_set import TrainingSet


@dataclass(frozen=True, eq=False)
class Rays:
    """Points on one-sided rays: all of them, or a part whose least cost bounds that of all.

    Parameters
    ----------
    rows : tuple of int
        Rows of the points, first of them the one from which the rays start.
    """

    rows: tuple[int, ...]
    kind: ClassVar[str] = "theorem"

    @property
    def counts(self) -> dict[str, int]:
        """How much the evidence consists of."""
        return {"points on rays": len(self.rows)}

    @property
    def statement(self) -> str:
        """In words, what the lower bound rests on."""
        return (
            f"{len(self.rows)} of the points lie on rays from point {self.rows[0]}, pairwise at least 90° apart, and "
            "no denoiser of such points costs less than the sum of 2Δ/(Δ − 2ρ) over the gaps Δ on the rays."
        )


def rays_bound(evidence: Rays, train: TrainingSet) -> float:
    """The lower bound of the theorem, once its hypotheses hold for these rows; `CertificateError` if they do not."""
    rows = rows_of(evidence.rows, "points on rays", train.size, 2)
    try:
        return rays_lower_bound(train.points[rows], train.rho, 0)
    except np.linalg.LinAlgError:
        raise
    except ValueError as failed:
        refuse(f"the theorem does not apply: {failed}")
