"""Closed forms that come with their own lower bound: certified without solving anything."""

from __future__ import annotations

from exactnorm.certify.certificate import Certificate
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.certify.interpolation import EXACT, MISSED, sure_error
from exactnorm.certify.rays.evidence import Rays, rays_bound
from exactnorm.closed_form.rays import find_rays, rays
from exactnorm.training_set import TrainingSet


def certified_rays(train: TrainingSet) -> CertifiedDenoiser | None:
    """The denoiser of points on one-sided rays with the lower bound of the same theorem; None for other points.

    Points on a line, orthogonal sets and obtuse simplices are such points. No activation pattern is enumerated, so
    a thousand points are no obstacle. None also where the points are on rays to so few digits that the network of the
    formula misses the balls: with balls that almost touch, a slope of 1e7 makes much of the tenth digit.
    """
    try:
        centre = find_rays(train.points)[0]
        evidence = Rays((centre, *(n for n in range(train.size) if n != centre)))
        network, lower = rays(train.points, train.rho), rays_bound(evidence, train)
    except ValueError:  # among them the refusal of evidence
        return None
    error, known = sure_error(network, train)
    # Thousands of points have networks whose worst possible rounding is larger than what is measured.
    if not (known or (network.neurons * train.points.size > EXACT and error <= MISSED * train.separation)):
        return None
    certificate = Certificate(
        lower=min(lower, network.representation_cost),  # the two sums round differently
        upper=network.representation_cost,
        interpolation_error=error,
        evidence=evidence,
    )
    status = (
        f"The closed form for points on one-sided rays from point {centre} was taken; it is proved to have the least "
        "cost, so no program was solved."
    )
    return CertifiedDenoiser(train, network, certificate, status)
