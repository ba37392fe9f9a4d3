"""What a certificate rests on, read in one place."""

from __future__ import annotations

from dataclasses import dataclass

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import CellProof
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.geometry import Frame


@dataclass(frozen=True, eq=False)
class Evidence:
    """The parts of a certificate on noise balls; those that it does not have are None or empty."""

    frame: Frame | None
    B: Array | None
    proofs: tuple[CellProof, ...]
    rays: tuple[int, ...]
    segments: Array | None


def evidence_of(denoiser: CertifiedDenoiser) -> Evidence:
    """What the denoiser's certificate rests on."""
    found = denoiser.certificate
    return Evidence(found.frame, found.B, found.proofs, found.rays, found.segments)
