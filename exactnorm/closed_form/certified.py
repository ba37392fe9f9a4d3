"""Closed forms that come with their own lower bound: certified without solving anything."""

from __future__ import annotations

import math

import numpy as np

from exactnorm.certify.balls.constancy import FLAT, local_slope
from exactnorm.certify.balls.correction import MANY, stated_upper
from exactnorm.certify.certificate import Certificate
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.certify.effort import CertificateUndecided, Effort
from exactnorm.certify.interpolation import EXACT, MISSED, sure_miss
from exactnorm.closed_form.catalogue import FORMS, Form, LeastCost
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import TrainingSet

NARROWEST = 1e-9
"""Of the coordinates: a gap between balls from which on the rounding of positions, which a ramp across it multiplies,
stays below what a network may miss. Below, a last digit would decide between this road and the program's."""


def certified_form(train: TrainingSet, effort: Effort | None = None) -> CertifiedDenoiser | None:
    """The first closed form that applies and has a proof of the least cost, as a denoiser; None where there is none.

    So it is where the time to look at the network is over.

    Points on one-sided rays have one: points on a line, orthogonal sets and obtuse simplices are such points. No
    activation pattern is enumerated, so a thousand points are no obstacle.
    """
    if train.separation - 2 * train.rho < NARROWEST * float(np.abs(train.points).max()):
        return None
    for form in FORMS:
        if form.lower_bound is not None:
            try:
                network, least = form.build(train.points, train.rho), form.lower_bound(train)
            except (ValueError, ArithmeticError):
                continue
            if (denoiser := _certified(form, train, network, least, effort)) is not None:
                return denoiser
    return None


def _certified(
    form: Form, train: TrainingSet, network: ReLUNetwork, least: LeastCost, effort: Effort | None
) -> CertifiedDenoiser | None:
    """None where the hypotheses hold to so few digits that the network of the formula misses the balls.

    With balls that almost touch, a slope of 1e7 makes much of the tenth digit.
    """
    miss, enough = sure_miss(network, train), MISSED * train.separation
    # Thousands of points have networks whose worst possible rounding is larger than what is measured.
    if not (miss.below(enough) or (network.neurons * train.points.size > EXACT and miss.error <= enough)):
        return None
    # Without balls, points that are on rays to nine digits may lie beside the kinks that are to run through them.
    try:
        if train.size <= MANY and not local_slope(network, train, effort) <= FLAT:
            return None
    except CertificateUndecided:
        return None
    said: list[str] = []
    upper = stated_upper(network, train, miss, effort=effort, say=said.append)
    if not math.isfinite(upper):  # a gap no wider than rounding, or no time
        return None
    certificate = Certificate(
        lower=min(least.value, upper),  # the two sums round differently
        upper=upper,
        interpolation_error=miss.error,
        evidence=least.evidence,
    )
    status = (
        f"The closed form for {form.geometry} was taken; it is proved to have the least cost, so no program was solved."
    )
    if said:
        status += f" But {'; '.join(said)}."
    return CertifiedDenoiser(train, network, certificate, status)
