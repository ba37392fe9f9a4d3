"""What forged certificates are made from: honest ones, a lower bound to boast with, and what a refusal is."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from altered import altered
from known_optima import KNOWN

from exactnorm import check_certificate, min_norm_denoiser
from exactnorm.certify import (
    Cells,
    CertificateError,
)


@cache
def solved(name):
    """The denoiser of a set of known optimum by the program, with cells; its optimum."""
    points, rho, optimum = KNOWN[name]
    denoiser = min_norm_denoiser(np.array(points, dtype=float), rho, method="program")
    assert isinstance(denoiser.certificate.evidence, Cells)
    assert denoiser.certificate.lower == pytest.approx(optimum, rel=1e-6)
    return denoiser, optimum


def refused(certificate, train, network, reason):
    with pytest.raises(CertificateError, match=reason):
        check_certificate(certificate, train, network)


def boast(certificate, lower, **changes):
    """The certificate with another lower bound, and an upper value above it so that the two do not cross."""
    return altered(certificate, lower=lower, upper=max(certificate.upper, lower), **changes)


def with_cells(certificate, change):
    return tuple(
        replace(proof, cell=replace(proof.cell, pattern=change(proof.cell.pattern)))
        for proof in certificate.evidence.proofs
    )
