"""What a bracket rests on: arrays in, bounds out. Knows nothing of cvxpy or of any solver."""

from exactnorm.certify.cell import Cell, CellProof
from exactnorm.certify.certificate import Certificate, CertificateError, check_certificate
from exactnorm.certify.certified import CertifiedDenoiser, load, save
from exactnorm.certify.interpolation import interpolation_error

__all__ = [
    "Cell",
    "CellProof",
    "Certificate",
    "CertificateError",
    "CertifiedDenoiser",
    "check_certificate",
    "interpolation_error",
    "load",
    "save",
]
