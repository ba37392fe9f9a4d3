"""Denoisers and networks that a unit of a sweep waits for to the end."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from exactnorm.certify.certified import INTERRUPTED, CertifiedDenoiser
from exactnorm.certify.certified_network import CertifiedNetwork
from exactnorm.denoiser import min_norm_denoiser
from exactnorm.finite_network import min_norm_network
from exactnorm.training_set import TrainingSet


def solved_denoiser(points: ArrayLike | TrainingSet, rho: float | None = None, **how: Any) -> CertifiedDenoiser:
    """As `min_norm_denoiser`, but an interrupted solution is no solution: the unit that asked for it is not finished.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C came while it was being solved.
    """
    found = min_norm_denoiser(points, rho, **how)
    if found.interrupted:
        raise KeyboardInterrupt
    return found


def solved_network(inputs: ArrayLike, targets: ArrayLike, **how: Any) -> CertifiedNetwork:
    """The same of `min_norm_network`."""
    found = min_norm_network(inputs, targets, **how)
    if found.status.startswith(INTERRUPTED):
        raise KeyboardInterrupt
    return found
