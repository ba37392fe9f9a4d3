"""Which sides of points, or of balls, a neuron may pass whose kink runs through several of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.effort import CertificateUndecided
from exactnorm.certify.interpolation import BLOCK
from exactnorm.geometry import separating_hyperplane
from exactnorm.hulls import hull_gaps
from exactnorm.network import ReLUNetwork, lengths
from exactnorm.patterns import TOUCHING, TooManyPatternsError, kink_patterns
from exactnorm.training_set import TrainingSet

NEAR = 1e-9
"""A kink nearer to a point than this share of the separation may count as on either side: far above rounding. Sets of
points nearer to each other than that are not told apart."""
WIDE = 1024
"""Neurons whose sides are looked at together, at most: a multiple of 8."""
FEW = 100
"""Balls, up to which a hyperplane is looked for that makes a neuron's sides where its own direction does not."""
SETS = 10_000
"""Pairs of sets of points between which a hyperplane is looked for: some seconds."""
THROUGH = 1000
"""Points on one kink, up to which a hyperplane is looked for that tells some of them from the others."""
BLURRED = 1e-13
"""Distance of two hulls, in units of the size of both, that rounding does not make up."""

Known = dict[bytes, bool]


def room(network: ReLUNetwork, train: TrainingSet) -> Array:
    """How near to 0 a neuron's height w_k·x_n + b_k counts as 0, shape (K,)."""
    w = lengths(network.w)
    reach = float(lengths(train.points).max())
    eps = float(np.finfo(float).eps)
    return np.maximum(NEAR * train.separation * w, 16 * eps * (w * reach + np.abs(network.b)))


def are_made(
    network: ReLUNetwork, train: TrainingSet, packed: NDArray[np.uint8], check: Callable[[], None], known: Known
) -> bool:
    """Whether the sides of every neuron that costs anything are those of some hyperplane that misses all balls.

    At ρ = 0 only the points on its kink are looked at: on which side it passes the others is plain, and stays so
    however little it is moved.

    Parameters
    ----------
    network : ReLUNetwork
    train : TrainingSet
    packed : ndarray of uint8, shape (N, ⌈K/8⌉)
        For every ball the neurons that are on there, eight to a byte.
    check : callable
        Called for every neuron, and may raise.
    known : dict
        Answers so far, to which those found are added.

    Raises
    ------
    CertificateUndecided
        If that takes too long to find out.
    """
    near, cost = room(network, train), lengths(network.a) * lengths(network.w)
    step = min(WIDE, max(8, BLOCK // train.size // 8 * 8))
    for start in range(0, network.neurons, step):
        end = min(start + step, network.neurons)
        sides = unpacked(packed, start, end).T
        # Computed in other blocks a height may be rounded otherwise: all that may have counted as 0 are looked at.
        height = train.points @ network.w[start:end].T + network.b[start:end]
        through = (np.abs(height) <= 2 * near[start:end]).T
        for k in np.flatnonzero(cost[start:end] > 0):
            check()
            if train.rho > 0:
                good = misses_balls(train, network.w[start + k], sides[k], known, check)
            else:
                members = np.flatnonzero(through[k])
                good = made_on_kink(train, members, sides[k][members], known, check)
            if not good:
                return False
    return True


def unpacked(packed: NDArray[np.uint8], start: int, end: int) -> NDArray[np.bool_]:
    """Sides (N, end − start) of some neurons, from a multiple of 8 on."""
    return np.unpackbits(packed[:, start // 8 : -(-end // 8)], axis=1)[:, : end - start].astype(bool)


def made_on_kink(
    train: TrainingSet, members: NDArray[np.intp], on: NDArray[np.bool_], known: Known, check: Callable[[], None]
) -> bool:
    """Whether a kink through these points can be moved, however little, such that it passes them on these sides."""
    if on.all() or not on.any():
        return True
    key = members.tobytes() + np.packbits(on).tobytes()
    if key not in known:
        few = len(members) <= THROUGH
        known[key] = _surely_apart(train, members, on, NEAR * train.separation, few, known, check)
    return known[key]


def blur(train: TrainingSet) -> float:
    """Twice the distance at which a kink may count as running through a point, by the rounding of coordinates."""
    return 64 * float(np.finfo(float).eps) * float(lengths(train.points).max())


def least_apart(train: TrainingSet) -> float:
    """Distance from which on the hulls of two parts of bare points do not touch, 1e-9 of that of two points as a rule.

    Between nearer ones no kink of a network of floats is surely on the right sides of all points.
    """
    size = float(lengths(train.points - train.points[0]).max())
    return max(NEAR * train.separation, blur(train), 2 * TOUCHING * size)


def misses_balls(train: TrainingSet, w: Array, on: NDArray[np.bool_], known: Known, check: Callable[[], None]) -> bool:
    """Whether some hyperplane that misses all balls has these on one side: one normal to w as a rule."""
    if on.all() or not on.any() or known.get(key := np.packbits(on).tobytes(), False):
        return True
    apart = max(2 * train.rho * (1 - 1e-3), NEAR * train.separation)
    height = train.points @ (w / lengths(w[None])[0])
    good = float(height[on].min() - height[~on].max()) >= max(apart, least_apart(train))
    known[key] = good or (
        known.get(key, True) and _surely_apart(train, np.arange(train.size), on, apart, train.size <= FEW, known, check)
    )
    return known[key]


def _surely_apart(
    train: TrainingSet,
    members: NDArray[np.intp],
    on: NDArray[np.bool_],
    apart: float,
    few: bool,
    known: Known,
    check: Callable[[], None],
) -> bool:
    """Whether the hulls of two parts of some points are so far apart, by more than rounding.

    Raises
    ------
    CertificateUndecided
        If that takes too long to find out, or if they are, but no farther than kinks may be from where they are meant.
    """
    told = _told_apart(train.points[members], on, apart, few, known, check)
    # Farther out, or where two points are near in a large set, rounding is more than that.
    sure = least_apart(train)
    if told and sure > apart and not _told_apart(train.points[members], on, sure, few, known, check):
        msg = (
            "far from the origin, or from each other, rounding hides on which sides a kink can pass points that lie "
            "nearly in a flat"
        )
        raise CertificateUndecided(msg)
    return told


def _told_apart(
    X: Array, on: NDArray[np.bool_], apart: float, few: bool, known: Known, check: Callable[[], None]
) -> bool:
    """Whether the hulls of two parts of these points are so far apart."""
    msg = f"whether some hyperplane tells {int(on.sum())} of {len(on)} points from the others is not found out"
    if not few or len(known) > SETS:
        raise CertificateUndecided(msg)
    size = float(np.abs(X - X[0]).max())
    gap = hull_gaps((X - X[0]) / size, on[None], wide=apart / size, narrow=apart / size, watch=check)
    if gap.low[0] >= max(apart / size, BLURRED):
        return True
    if gap.high[0] < apart / size:
        return False
    try:
        return bool(2 * separating_hyperplane(X[on], X[~on], check)[2] >= apart)
    except ArithmeticError:
        raise CertificateUndecided(msg) from None


def independent(train: TrainingSet, members: NDArray[np.intp]) -> bool:
    """Whether points are affinely independent to so many digits that every two parts of them are told apart."""
    points, apart = train.points[members], least_apart(train)
    if len(points) <= 2:
        return True
    if len(points) > points.shape[1] + 1:
        return False
    # A difference of points of the hulls of two parts is Σ c_n (x_n − x_0), with some |c_n| of at least 1/(N − 1).
    least = float(np.linalg.svd(points[1:] - points[0], compute_uv=False)[-1])
    return least >= 2 * apart * len(points)


def patterns_on_kink(
    train: TrainingSet, members: NDArray[np.intp], most: int, check: Callable[[], None], known: Known
) -> NDArray[np.bool_]:
    """All sides on which a kink through these points can pass them, but for that with all off, shape (P, members).

    Raises
    ------
    CertificateUndecided
        If they are more than `most`.
    """
    if len(members) > THROUGH:
        msg = f"{len(members)} points lie on one kink, too many to find out on which sides it passes them"
        raise CertificateUndecided(msg)
    try:
        some = kink_patterns(train.points[members], train.rho, most, watch=lambda _: check())
    except TooManyPatternsError as many:
        msg = f"{len(members)} points lie on one kink, and it is not found out on which sides it passes them: {many}"
        raise CertificateUndecided(msg) from None
    both = np.vstack([np.ones((1, len(members)), dtype=bool), some, ~some])
    return both[[made_on_kink(train, members, on, known, check) for on in both]]
