"""What a certificate rests on, read in one place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import CellProof
from exactnorm.certify.balls.edges import Segments
from exactnorm.certify.balls.evidence import Cells, Faces
from exactnorm.certify.balls.simplex import RegularSimplex
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.certify.rays.evidence import Rays
from exactnorm.geometry import Frame


@dataclass(frozen=True, eq=False)
class Evidence:
    """The parts of a certificate on noise balls; those that it does not have are None or empty.

    `segments` has a row for each: its two ends and its weight.
    """

    frame: Frame | None = None
    B: Array | None = None
    proofs: tuple[CellProof, ...] = ()
    rays: tuple[int, ...] = ()
    corners: tuple[int, ...] = ()
    segments: Array | None = None


def evidence_of(denoiser: CertifiedDenoiser) -> Evidence:
    """What the denoiser's certificate rests on."""
    found = denoiser.certificate.evidence
    if isinstance(found, Cells):
        return Evidence(found.frame, found.B, found.proofs)
    if isinstance(found, Faces):
        return Evidence(found.frame, found.B)
    if isinstance(found, Rays):
        return Evidence(rays=found.rows)
    if isinstance(found, RegularSimplex):
        return Evidence(corners=found.rows)
    if isinstance(found, Segments):
        return Evidence(segments=np.column_stack([found.ends, found.weights]))
    return Evidence()
