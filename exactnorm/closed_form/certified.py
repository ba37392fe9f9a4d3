"""Closed forms that come with their own lower bound: certified without solving anything."""

from __future__ import annotations

from collections.abc import Callable

from exactnorm.certify.certificate import Certificate
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.certify.interpolation import EXACT, MISSED, sure_error
from exactnorm.certify.rays import rays_lower_bound
from exactnorm.closed_form.rays import find_rays, rays_network
from exactnorm.training_set import TrainingSet


def certified_rays(train: TrainingSet, check: Callable[[], None] = lambda: None) -> CertifiedDenoiser | None:
    """The denoiser of points on one-sided rays with the lower bound of the same theorem; None for other points.

    Points on a line, orthogonal sets and obtuse simplices are such points. No activation pattern is enumerated, so
    a thousand points are no obstacle. None also where the points are on rays to so few digits that the network of the
    formula misses the balls: with balls that almost touch, a slope of 1e7 makes much of the tenth digit.

    `check` is called again and again, and may raise.
    """
    try:
        found = find_rays(train.points, check)
        centre = found[0]
        network, lower = rays_network(train, *found), rays_lower_bound(train.points, train.rho, centre)
    except ValueError:
        return None
    error, known = sure_error(network, train, check)
    # Thousands of points have networks whose worst possible rounding is larger than what is measured.
    if not (known or (network.neurons * train.points.size > EXACT and error <= MISSED * train.separation)):
        return None
    certificate = Certificate(
        upper=network.representation_cost,
        lower=min(lower, network.representation_cost),  # the two sums round differently
        interpolation_error=error,
        kind="theorem",
        statement=(
            f"all points lie on rays from point {centre}, pairwise at least 90° apart, and no denoiser of such points "
            "costs less than the sum of 2Δ/(Δ − 2ρ) over the gaps Δ on the rays"
        ),
        rays=(centre, *(n for n in range(train.size) if n != centre)),
    )
    status = (
        f"The closed form for points on one-sided rays from point {centre} was taken; it is proved to have the least "
        "cost, so no program was solved."
    )
    return CertifiedDenoiser(train, network, certificate, status)
