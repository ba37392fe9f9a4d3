"""What a bracket rests on: arrays in, bounds out. Knows nothing of cvxpy or of any solver."""

from exactnorm.certify.balls.cell import Cell, CellProof
from exactnorm.certify.balls.profile import DualProfile, dual_profile
from exactnorm.certify.certificate import Certificate, CertificateError
from exactnorm.certify.certified import CertifiedDenoiser, load, save
from exactnorm.certify.certified_network import CertifiedNetwork, load_network, save_network
from exactnorm.certify.check import check_certificate
from exactnorm.certify.effort import CertificateUndecided
from exactnorm.certify.interpolation import interpolation_error

__all__ = [
    "Cell",
    "CellProof",
    "Certificate",
    "CertificateError",
    "CertificateUndecided",
    "CertifiedDenoiser",
    "CertifiedNetwork",
    "DualProfile",
    "check_certificate",
    "dual_profile",
    "interpolation_error",
    "load",
    "load_network",
    "save",
    "save_network",
]
