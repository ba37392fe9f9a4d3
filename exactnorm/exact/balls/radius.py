"""The largest radius for which there is a network, and smaller ones for which one is found at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import pdist

from exactnorm.certify.certified import INTERRUPTED
from exactnorm.exact.balls.feasible import infeasibility_ray
from exactnorm.exact.balls.gathered import ROOM, first_directions, swept
from exactnorm.exact.balls.ramp_program import cheap_ramps, some_suffice, widest_direction
from exactnorm.exact.balls.told_apart import printed_radius
from exactnorm.exact.deadline import A_WHILE, Deadline, OutOfTimeError, check_limit
from exactnorm.geometry import Frame, affine_hull
from exactnorm.hulls import hull_gaps
from exactnorm.patterns import TooManyPatternsError, kink_patterns
from exactnorm.training_set import OverlapError, TrainingSet, training_set

A_SECOND = 1.0
"""Seconds for the largest radius, where it only goes into a message; and for some radius after Ctrl-C."""
HALVINGS = 12
"""Times that the interval in which the largest radius lies is halved."""
SHARE = 0.25
"""Of the time that is left: what one radius may take, above which none may be found however long that is."""
RANKED = 1000
"""Points up to which it takes a tenth of a second to see whether the cuts of a sweep suffice."""


class _Ends(NamedTuple):
    lower: float
    upper: float


class Radius(_Ends):
    """A bracket (lower, upper) on the largest radius, and how it came about.

    Attributes
    ----------
    lower, upper : float
        For every ρ < lower some network maps every ball of radius ρ to its centre; for ρ ≥ upper none does.
    status : str
        Why there is no more to know.
    """

    status: str

    def __new__(cls, lower: float, upper: float, status: str = "") -> Radius:
        """A pair that carries its status."""
        self = super().__new__(cls, lower, upper)
        self.status = status
        return self

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the search, so that the bracket is what was known by then."""
        return self.status.startswith(INTERRUPTED)


def max_radius(points: ArrayLike, *, time_limit: float | None = None) -> Radius:
    """Largest noise radius for which a network exists, as a bracket (lower, upper).

    For every ρ < lower some network maps every ball of radius ρ to its centre; for ρ ≥ upper none does. The two
    differ by rounding only, unless the time limit is reached, Ctrl-C comes, or there are too many activation patterns
    to enumerate. As ρ approaches the radius, the least cost grows without bound.

    Parameters
    ----------
    points : array_like, shape (N, d)
    time_limit : float, optional
        Seconds after which a wide bracket is returned: a radius at which a network was found, and the one at which
        the first two balls touch. So it is after Ctrl-C, and where there are too many patterns to enumerate.

    Returns
    -------
    Radius
        A pair of floats; its `status` says why they differ, and `interrupted` whether that was Ctrl-C.

    Raises
    ------
    ValueError
        If the points are not a training set.

    Notes
    -----
    A pattern lives while ρ is below half the distance between the hulls of the points that are on and off, and the
    problem is feasible while the positions x_n − x_0 are combinations of living patterns: so the radius is one of
    these half distances.
    """
    train = training_set(points)
    check_limit(time_limit)
    deadline = Deadline(time_limit)
    half = deadline.earlier(0.5)
    try:
        return Radius(*largest_radius(train, lambda _: half.check()), "the ends differ by rounding")
    except TooManyPatternsError as many:
        why, deadline = str(many), deadline if time_limit is not None else Deadline(A_WHILE)
    except OutOfTimeError:
        why = f"the time limit of {deadline.limit:g} s was reached"
    except KeyboardInterrupt:
        why, deadline = INTERRUPTED, Deadline(A_SECOND)
    found = 0.0
    try:
        frame = affine_hull(train.points)
        for radius in radii_found(train, frame, deadline):
            found = radius
    except OutOfTimeError:
        pass
    except KeyboardInterrupt:
        why = INTERRUPTED
    return Radius(found, train.separation / 2, why)


def with_a_radius(overlap: OverlapError, points: ArrayLike) -> OverlapError:
    """The error that names a radius at which there is a network, too, where one is found in a second."""
    train = training_set(points)
    found = max_radius(train.points, time_limit=A_SECOND).lower
    return OverlapError(overlap.why, f"use rho <= {printed_radius(train, found)}") if found > 0 else overlap


def largest_radius(train: TrainingSet, watch: Callable[[int], None]) -> tuple[float, float]:
    """The largest radius up to rounding; `watch` is called with the number of patterns, and may raise.

    Raises
    ------
    TooManyPatternsError
        If there are too many patterns to enumerate.
    """
    frame = affine_hull(train.points)
    X = frame.coordinates(train.points)
    patterns = kink_patterns(X, watch=watch)
    widths = np.maximum(hull_gaps(X, patterns, watch=lambda: watch(len(patterns))).low, 0.0) / 2
    order = np.argsort(-widths)
    patterns, widths = patterns[order], widths[order]
    # Bisect for the fewest widest patterns that suffice.
    few, enough = 0, len(widths)
    while enough - few > 1:
        watch(len(patterns))
        middle = (few + enough) // 2
        if infeasibility_ray(X, patterns[:middle]) is None:
            enough = middle
        else:
            few = middle
    # Which patterns suffice is told to 1e-9 of the points' extent: two that are nearer to each other bound the radius.
    radius = min(float(widths[enough - 1]) * frame.scale, train.separation / 2)
    rounding: float = 1e-12 * radius + 8 * float(np.finfo(float).eps) * float(np.abs(train.points).max())
    return max(0.0, radius - rounding), radius + rounding


def radii_found(train: TrainingSet, frame: Frame, deadline: Deadline) -> Iterator[float]:
    """Yield ever larger radii at which a network was found: those found at once, then by halving the interval.

    Raises
    ------
    OutOfTimeError
        Soon after the deadline.
    """
    low, high = 0.0, train.separation / 2
    for low in radii_at_once(train, frame, deadline):
        yield low
    X = frame.coordinates(train.points)
    for _ in range(HALVINGS):
        deadline.check()
        rho = float(np.sqrt(low * high)) if low > 0 else high / 2
        part = deadline.at_most(SHARE * deadline.remaining)
        with suppress(OutOfTimeError):
            if next(cheap_ramps(X, rho / frame.scale, part), None) is not None:
                low = rho
                yield low
                continue
        high = rho


def radii_at_once(train: TrainingSet, frame: Frame, deadline: Deadline) -> Iterator[float]:
    """Yield ever larger radii at which a network is there without a search: along one direction, then along many.

    Along one direction of some random ones no two points have the same height, so that up to half the narrowest of its
    gaps a ramp across each makes a network. It costs most, and is always there.

    Raises
    ------
    OutOfTimeError
        Soon after the deadline.
    """
    X = frame.coordinates(train.points)
    low = (1 - 1e-9) * max(widest_direction(X)[1] - ROOM, 0.0) / 2
    yield frame.scale * low
    if not low > 0 or len(X) > RANKED:
        return
    deadline.check()
    high = float(pdist(X).min()) / 2
    sweep = swept(X, 0.0, first_directions(X))
    for _ in range(HALVINGS):
        deadline.check()
        rho = float(np.sqrt(low * high))
        if some_suffice(replace(sweep, rho=rho, width=sweep.width - 2 * rho)):
            low = rho
            yield frame.scale * low
        else:
            high = rho
