"""What a bracket rests on: arrays in, bounds out. Knows nothing of cvxpy or of any solver."""

from exactnorm.certify.balls.cell import Cell, CellProof
from exactnorm.certify.balls.edges import Segments
from exactnorm.certify.balls.evidence import Cells, Faces, Nothing
from exactnorm.certify.balls.part import Part
from exactnorm.certify.balls.simplex import RegularSimplex
from exactnorm.certify.certificate import Certificate
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.certify.certified_network import CertifiedNetwork
from exactnorm.certify.check import check_certificate
from exactnorm.certify.door import CertificateError
from exactnorm.certify.effort import CertificateUndecided
from exactnorm.certify.evidence import Evidence, bound
from exactnorm.certify.finite.evidence import Multipliers, PenalisedMultipliers
from exactnorm.certify.interpolation import interpolation_error
from exactnorm.certify.profile import DualProfile, dual_profile
from exactnorm.certify.rays.evidence import Rays

__all__ = [
    "Cell",
    "CellProof",
    "Cells",
    "Certificate",
    "CertificateError",
    "CertificateUndecided",
    "CertifiedDenoiser",
    "CertifiedNetwork",
    "DualProfile",
    "Evidence",
    "Faces",
    "Multipliers",
    "Nothing",
    "Part",
    "PenalisedMultipliers",
    "Rays",
    "RegularSimplex",
    "Segments",
    "bound",
    "check_certificate",
    "dual_profile",
    "interpolation_error",
]
