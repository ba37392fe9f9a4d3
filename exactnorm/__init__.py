"""Minimum-norm two-layer ReLU denoisers with a recomputed bracket on their cost, and the flows they drive."""

from exactnorm.certify import Certificate, CertifiedDenoiser, check_certificate, interpolation_error, load, save
from exactnorm.closed_form import CostBounds, bounds
from exactnorm.denoiser import min_norm_denoiser
from exactnorm.flow import Flow, score_flow
from exactnorm.flow.rest_points import RestPoint, rest_points
from exactnorm.network import ReLUNetwork
from exactnorm.patterns import activation_patterns
from exactnorm.training_set import TrainingSet

__version__ = "0.1.0"

__all__ = [
    "Certificate",
    "CertifiedDenoiser",
    "CostBounds",
    "Flow",
    "ReLUNetwork",
    "RestPoint",
    "TrainingSet",
    "activation_patterns",
    "bounds",
    "check_certificate",
    "interpolation_error",
    "load",
    "min_norm_denoiser",
    "rest_points",
    "save",
    "score_flow",
]
