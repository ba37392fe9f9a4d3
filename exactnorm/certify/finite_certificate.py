"""From a network and multipliers for a finite problem to their certificate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from exactnorm.arrays import Array
from exactnorm.certify.certificate import Certificate
from exactnorm.certify.finite.bounds import finite_lower_bound, finite_upper_bound
from exactnorm.certify.finite.evidence import Multipliers, PenalisedMultipliers
from exactnorm.finite_problem import FiniteProblem
from exactnorm.network import ReLUNetwork
from exactnorm.patterns import TooManyPatternsError


def finite_certificate(
    problem: FiniteProblem,
    network: ReLUNetwork,
    multipliers: Array,
    lower: float | None = None,
    check: Callable[[], None] = lambda: None,
) -> Certificate:
    """The bracket that a network and multipliers give, recomputed from arrays in the user's units.

    A `lower` bound that these multipliers were seen to give is taken as it is; `check` is called now and then while
    it is computed, and may raise.
    """
    upper, error = finite_upper_bound(problem, network)
    try:
        lower = finite_lower_bound(problem, multipliers, check) if lower is None else lower
    except TooManyPatternsError:
        multipliers = np.zeros_like(multipliers)
        lower = finite_lower_bound(problem, multipliers)
    decay = problem.weight_decay
    return Certificate(
        lower=min(lower, upper),  # they may cross by a rounding where both are the optimum
        upper=upper,
        interpolation_error=error if decay is None else None,
        evidence=Multipliers(multipliers) if decay is None else PenalisedMultipliers(multipliers, decay),
    )


def finite_status(reason: str, certificate: Certificate, tol: float) -> str:
    """The reason for stopping, and whether the bracket is as narrow as was asked for."""
    return reason if certificate.certifies(tol) else f"{reason}; the bracket is valid but wider than tol"
