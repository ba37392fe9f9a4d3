"""Whether a network is constant near each clean point, where noise balls are so small that their errors say nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.shares import in_parts
from exactnorm.certify.balls.tilts import Known, are_made, room
from exactnorm.certify.effort import Effort
from exactnorm.certify.interpolation import ball_maps, blocks
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import TrainingSet

FLAT = 1e-6
"""Slope below which a network counts as constant: a solver's last digits, which no cost to six digits feels."""
SMALL = 1e-2
"""Balls above this share of the separation are so large that the error on the whole ball shows a slope."""
MANY = 2**29
"""Sides (neurons times points) that are looked at, a bit each: ten thousand points on a line, with their neurons."""
STEPS = 200
"""Neurons through one point that are switched on one after another."""
SECONDS = 120.0
"""For looking at the sides of one network, where no limit is given."""
FEW = 100
"""Points, up to which the sides are wanted by others."""


@dataclass(frozen=True, eq=False)
class Sides:
    """On which sides of the balls the neurons count as on, and what that makes of the slopes there.

    Parameters
    ----------
    network : ReLUNetwork
        The same function at the same cost: neurons of which a share is on at some ball are there in parts.
    packed : ndarray of uint8, shape (N, ⌈K/8⌉)
        The neurons that are on, on each ball, eight to a byte. Empty where the slope is too large or not known, and
        where more than `FEW` balls are so large that the error shows it.
    slope : float
        The largest ‖D_n‖, in Frobenius' norm, or the first above `FLAT`; 0 where the balls are so large that the error
        shows it. Infinite where no hyperplane makes a neuron's sides, or there are too many to look at.
    """

    network: ReLUNetwork
    packed: NDArray[np.uint8]
    slope: float


def local_slope(network: ReLUNetwork, train: TrainingSet, effort: Effort | None = None) -> float:
    """The slope that `sides_of_balls` finds."""
    return sides_of_balls(network, train, effort).slope


def sides_of_balls(network: ReLUNetwork, train: TrainingSet, effort: Effort | None = None) -> Sides:
    """The neurons that count as on, on each ball, and the largest slope there.

    At ρ = 0 the denoiser is the limit of denoisers for small balls: constant near each point, with kinks that may run
    through the points. Of such a kink k, through the points F_k, the limit has forgotten on which side it passed; and
    several neurons may have become one. What is asked is whether there are shares θ_ks ≥ 0, Σ_s θ_ks = 1, of patterns
    s that some hyperplane makes on F_k, such that for all n

        D_n = V + Σ_k ε_kn a_k w_kᵀ = 0,   ε_kn = Σ_s θ_ks s_n on F_k, and 0 or 1, as it is, elsewhere.

    That is so for every limit: the shares are those of neurons that became k and passed F_k in the pattern s, and the
    slopes, 0 all the way, are continuous in them. And it is enough: a neuron in parts θ_ks a_k costs what it did, and
    the part for s moved by t ℓ, where ℓ is an affine function with the signs of s on F_k, misses all points for small
    t, with the pattern s there and the old one elsewhere. What is left of D_n, and of values, is of order t, and so is
    the cost of making up for it: the least cost for small balls is no more than that of the network.

    The conditions are linear. Where points of F_k are affinely independent, as those in general position are, every
    pattern is made, ε is any number from 0 to 1, and each point has a small linear program of its own. Whole neurons
    on or off are tried before, as that suffices as a rule.

    Parameters
    ----------
    network : ReLUNetwork
    train : TrainingSet
        With balls.
    effort : Effort, optional
        The time that is left for all linear programs, and all else, together; `SECONDS` if that has no limit.

    Raises
    ------
    CertificateUndecided
        Where sides are too many to go through, or the time is over.
    """
    effort = (Effort() if effort is None else effort).or_at_most(SECONDS)
    check = effort.check
    nothing = np.zeros((0, 0), dtype=np.uint8)
    if train.rho > SMALL * train.separation:
        many = train.size > FEW
        plain = [] if many else [np.packbits(before > 0, axis=1) for _, before in blocks(network, train.points)]
        return Sides(network, nothing if many else np.vstack(plain), 0.0)
    if network.neurons * train.size > MANY:
        return Sides(network, nothing, math.inf)
    known: Known = {}
    with np.errstate(all="ignore"):
        packed, slope, choice = _whole(network, train, check)
        if slope <= FLAT and are_made(network, train, packed, check, known):
            return Sides(network, packed, slope)
        if not choice:
            return Sides(network, nothing, math.inf if slope <= FLAT else slope)
        parts, on, slope = in_parts(network, train, effort, known)
        if slope <= FLAT:
            jacobian = ball_maps(parts)
            slope = max(float(np.linalg.norm(jacobian(row))) for row in on)
        packed = np.packbits(on, axis=1)
        if slope <= FLAT and not are_made(parts, train, packed, check, known):
            slope = math.inf
    if slope <= FLAT:
        return Sides(parts, packed, slope)
    return Sides(network, nothing, slope if slope < math.inf else math.inf)


def _whole(
    network: ReLUNetwork, train: TrainingSet, check: Callable[[], None]
) -> tuple[NDArray[np.uint8], float, bool]:
    """Sides of whole neurons, eight to a byte, the largest slope, and whether some could be chosen.

    The first ball with a slope above `FLAT` is the last that is looked at.
    """
    near = room(network, train)
    jacobian = ball_maps(network)
    packed = np.zeros((train.size, -(-network.neurons // 8)), dtype=np.uint8)
    worst, choice = 0.0, False
    for rows, before in blocks(network, train.points):
        for n, row in zip(rows, before, strict=True):
            free = np.flatnonzero(np.abs(row) <= near)
            side, slope = _flattest(network, jacobian, row > 0, free, check)
            packed[n] = np.packbits(side)
            check()
            worst, choice = max(worst, slope if slope < math.inf else math.inf), choice or len(free) > 0
            if not slope <= FLAT:
                return packed, worst, len(free) > 0
    return packed, worst, choice


def _flattest(
    network: ReLUNetwork,
    jacobian: Callable[[NDArray[np.bool_]], Array],
    active: NDArray[np.bool_],
    free: NDArray[np.intp],
    check: Callable[[], None],
) -> tuple[NDArray[np.bool_], float]:
    """The neurons that are on, those in `free` chosen such that the slope vanishes if that is found, and the slope."""
    best, least = active, math.inf
    for choice in _choices(network, active, free, check):
        check()
        tried = active.copy()
        tried[free] = choice
        slope = float(np.linalg.norm(jacobian(tried)))
        if slope < least:
            best, least = tried, slope
        if least <= FLAT:
            break
    return best, least


def _choices(
    network: ReLUNetwork, active: NDArray[np.bool_], free: NDArray[np.intp], check: Callable[[], None]
) -> Iterator[NDArray[np.bool_] | list[bool]]:
    """Ways to switch the free neurons on and off, likely ones first."""
    yield active[free]
    if not len(free):
        return
    yield [False] * len(free)
    # With ε_k ∈ {0, 1}: minimise ‖D + Σ ε_k a_k w_kᵀ‖², D without the free neurons. `pull` is half its slope in −ε.
    fixed = active.copy()
    fixed[free] = False
    a, w, a_on, w_on = network.a[free], network.w[free], network.a[fixed], network.w[fixed]
    if len(a_on) <= network.dimension:
        pull = -((a @ a_on.T) * (w @ w_on.T)).sum(axis=1)
    else:  # many neurons in few dimensions: their sum is the smaller matrix
        pull = -((a @ (a_on.T @ w_on)) * w).sum(axis=1)
    if network.V is not None:
        pull -= ((a @ network.V) * w).sum(axis=1)
    square = (a * a).sum(axis=1) * (w * w).sum(axis=1)
    # One after another, the one that helps most.
    chosen, left = np.zeros(len(free), dtype=bool), pull.copy()
    for _ in range(min(len(free), STEPS)):
        check()
        gain = np.where(chosen, -1.0, 2 * left - square)
        k = int(np.argmax(gain))
        if not gain[k] > 0:
            break
        chosen[k] = True
        left -= (a @ a[k]) * (w @ w[k])
    yield chosen
    if len(free) <= 200:
        gram = (a @ a.T) * (w @ w.T)
        if np.isfinite(gram).all() and np.isfinite(pull).all():
            yield np.asarray(np.linalg.lstsq(gram, pull, rcond=1e-12)[0] > 0.5)
