"""What is known of the least cost: at once by formulas, later by the program, or why there is no denoiser at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactnorm import CertifiedDenoiser, InfeasibleProblem, TrainingSet, bounds, max_radius
from exactnorm.arrays import Array
from exactnorm.closed_form.certified import certified_form
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.deadline import Deadline, OutOfTimeError
from exactnorm.network import ReLUNetwork
from exactnorm.patterns import TooManyPatternsError
from exactnorm.training_set import closest_pair

SMALL = 10
"""Points up to which activation patterns are enumerated at once, in some hundredths of a second."""
BRIEF = 0.5
"""Seconds for the largest radius of more points: it is bracketed more widely where that is not enough."""
FROM = {
    "one_versus_rest": "one ramp a point, which is in general not minimal",
    "along_line": "ramps along one direction, in general far from minimal",
    "rays": "the closed form of points on one-sided rays",
    "": "no formula gives a network here",
}


@dataclass(frozen=True, eq=False)
class Known:
    """A network with a bracket on the least cost, and what the bracket is worth.

    Parameters
    ----------
    network : ReLUNetwork or None
        None where nothing gives one yet.
    lower, upper : float
    standing : {"proved", "computed", "formulas"}
        By a theorem whose hypotheses hold; by the program, recomputed from arrays; or the best formulas for now, while
        the program has not answered.
    words : str
        What either end rests on.
    denoiser : CertifiedDenoiser or None
        With its certificate, unless formulas are all there is.
    """

    network: ReLUNetwork | None
    lower: float
    upper: float
    standing: str
    words: str
    denoiser: CertifiedDenoiser | None = None


@dataclass(frozen=True, eq=False)
class Obstacle:
    """Why there is no denoiser at this radius.

    Parameters
    ----------
    offending : tuple of int
        Rows of the points whose balls meet, or that no hyperplane beside all balls tells apart as it would have to.
    largest : float
        Radius below which there is one; 0 if there is none.
    sentence : str
    """

    offending: tuple[int, ...]
    largest: float
    sentence: str


def known_at_once(train: TrainingSet) -> Known:
    """The closed form if one is proved minimal, else the best network and bound by formulas."""
    if (closed := certified_form(train)) is not None:
        return known(closed)
    found = bounds(train.points, train.rho)
    return Known(found.network, found.lower, found.upper, "formulas", FROM[found.upper_from])


def known(denoiser: CertifiedDenoiser) -> Known:
    """What a denoiser's certificate says."""
    certificate = denoiser.certificate
    standing = "proved" if certificate.kind == "theorem" else "computed"
    return Known(denoiser.network, certificate.lower, certificate.upper, standing, denoiser.status, denoiser)


def overlap(points: Array, rho: float) -> Obstacle | None:
    """The pair whose balls touch or overlap; None if no balls do."""
    i, j, distance = closest_pair(points)
    if distance > 0 and 2 * rho < distance:
        return None
    largest = largest_radius(points) if distance > 0 else 0.0
    what = "are equal" if distance == 0 else f"are {distance:.4g} apart, so that balls of radius {rho:.4g} meet"
    return Obstacle((i, j), largest, f"points {i} and {j} {what}")


def inseparable(train: TrainingSet) -> Obstacle | None:
    """Points that no network tells apart though their balls are disjoint; None for none, or when time is over."""
    deadline = Deadline(None if train.size <= SMALL else BRIEF)
    try:
        reduced(train, lambda _: deadline.check())
    except InfeasibleProblem as reason:
        offending = tuple(np.flatnonzero(np.abs(reason.ray) > 1e-9).tolist())
        listed = ", ".join(map(str, offending[:-1])) + f" and {offending[-1]}"
        sentence = f"no line beside all balls tells points {listed} apart, though the balls are disjoint"
        return Obstacle(offending, largest_radius(train.points), sentence)
    except (TooManyPatternsError, OutOfTimeError, ValueError):
        return None
    return None


def largest_radius(points: Array) -> float:
    """The largest radius that is known to be served: below it there is a network."""
    try:
        return max_radius(points, time_limit=None if len(points) <= SMALL else BRIEF)[0]
    except ValueError:
        return 0.0
