"""What floats can tell apart: points, balls, and the largest radius that leaves a gap between these."""

from __future__ import annotations

import numpy as np

from exactnorm.patterns import separable_splits
from exactnorm.tables import limit
from exactnorm.training_set import TrainingSet

TOLD_APART = 1e-6
"""Error, in units of the distance of two points, beyond which a cost has no six digits."""
NEAREST = 1e-7
"""Distance of two points, in units of the size of the set, below which the program is not tried."""
FARTHEST_OUT = 1e-9
"""The same in units of the largest coordinate, which sets the rounding of all."""
NEAR_LARGEST = 1e-6
"""Share of the largest radius that one to be used stays below it."""


def too_near(train: TrainingSet) -> ValueError:
    """The error to raise where rounding hides which of two points is which."""
    i, j = train.closest
    size, out = _size(train), float(np.abs(train.points).max())
    far = train.separation > NEAREST * size
    remedy = (
        "subtract one of the points from all of them, before digits are lost"
        if far
        else "merge them, or leave out the coordinates in which they differ"
    )
    return ValueError(
        f"points {i} and {j} are {train.separation:.3g} apart in a set of size {size:.3g} with coordinates up to "
        f"{out:.3g}: too near to be told apart in floating point, which takes {NEAREST:g} of the size and "
        f"{FARTHEST_OUT:g} of the coordinates; {remedy}"
    )


def too_narrow(train: TrainingSet, error: float) -> ValueError:
    """The error to raise where every network that was found misses balls by more than a cost of six digits allows."""
    return ValueError(
        f"at rho={train.rho:g} every network that was found misses its balls by {error:.3g}, the smallest distance "
        f"being {train.separation:.3g}: some balls leave a gap to the others that is hardly wider than two radii, and "
        "what crosses it is too steep for floating point; use a smaller rho"
    )


def special_position(train: TrainingSet, rank: int, patterns: int) -> list[str]:
    """What there is to say where bare points have fewer patterns than others: small changes of them make new ones."""
    if train.rho > 0 or not 0 < patterns < separable_splits(train.size, rank):
        return []
    return ["points in special position: hulls of their parts that are not apart by more than rounding touch"]


def _size(train: TrainingSet) -> float:
    """Largest distance from the mean: it does not hang on which row comes first."""
    return float(np.linalg.norm(train.points - train.points.mean(axis=0), axis=1).max())


def check_told_apart(train: TrainingSet) -> None:
    """Raise an error unless points are farther apart than rounding blurs, and their balls too, by the data alone.

    A ramp across the gap between two balls costs 2Δ/(Δ − 2ρ), Δ being the distance of their centres: so much the
    rounding of positions is multiplied by.
    """
    if train.separation < max(NEAREST * _size(train), FARTHEST_OUT * float(np.abs(train.points).max())):
        raise too_near(train)
    gap = train.separation - 2 * train.rho
    if 4 * np.finfo(float).eps * 2 * _size(train) > TOLD_APART * gap:
        i, j = train.closest
        msg = (
            f"the balls around points {i} and {j} leave a gap of {gap:.3g} in a set of size {_size(train):.3g}: too "
            "narrow for floating point, whose rounding is multiplied by one over it; use a smaller rho"
        )
        raise ValueError(msg)


def printed_radius(train: TrainingSet, largest: float) -> str:
    """In six digits, the largest radius below `largest` that leaves gaps which floats can tell: used as it stands."""
    narrow = 8 * float(np.finfo(float).eps) * _size(train) / TOLD_APART
    return limit(min(largest * (1 - NEAR_LARGEST), (train.separation - 2 * narrow) / 2))
