"""What a certificate rests on, read in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import CellProof
from exactnorm.certify.balls.edges import Segments
from exactnorm.certify.balls.evidence import Cells, Faces
from exactnorm.certify.balls.part import Part
from exactnorm.certify.balls.simplex import RegularSimplex
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.certify.rays.evidence import Rays
from exactnorm.geometry import Frame


@dataclass(frozen=True, eq=False)
class Evidence:
    """The parts of a certificate on noise balls; those that it does not have are None or empty.

    `segments` has a row for each: its two ends and its weight. `part` are rows of some of the points, and what there is
    for these.
    """

    frame: Frame | None = None
    B: Array | None = None
    proofs: tuple[CellProof, ...] = ()
    rays: tuple[int, ...] = ()
    corners: tuple[int, ...] = ()
    segments: Array | None = None
    part: tuple[tuple[int, ...], Evidence] | None = None


def evidence_of(denoiser: CertifiedDenoiser) -> Evidence:
    """What the denoiser's certificate rests on."""
    return parts_of(denoiser.certificate.evidence)


def parts_of(evidence: Any) -> Evidence:
    """The parts of what a certificate rests on."""
    match evidence:
        case Part(rows=rows, evidence=of_these):
            return Evidence(part=(rows, parts_of(of_these)))
        case Cells(frame=frame, B=B, proofs=proofs):
            return Evidence(frame, B, proofs)
        case Faces(frame=frame, B=B):
            return Evidence(frame, B)
        case Rays(rows=rows):
            return Evidence(rays=rows)
        case RegularSimplex(rows=rows):
            return Evidence(corners=rows)
        case Segments(ends=ends, weights=weights):
            return Evidence(segments=np.column_stack([ends, weights]))
        case _:
            return Evidence()
