"""Whether a network is constant near each clean point, where noise balls are so small that their errors say nothing."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.interpolation import ball_maps, blocks
from exactnorm.geometry import separating_hyperplane
from exactnorm.network import ReLUNetwork, lengths
from exactnorm.training_set import TrainingSet

FLAT = 1e-6
"""Slope below which a network counts as constant: a solver's last digits, which no cost to six digits feels."""
NEAR = 1e-9
"""A kink nearer to a point than this share of the separation may count as on either side: far above rounding."""
SMALL = 1e-2
"""Balls above this share of the separation are so large that the error on the whole ball shows a slope."""
MANY = 2**29
"""Sides (neurons times points) that are looked at, a bit each: ten thousand points on a line, with their neurons."""
WIDE = 1024
"""Neurons whose sides are looked at together: a multiple of 8."""
STEPS = 200
"""Neurons through one point that are switched on one after another."""
FEW = 100
"""Points, up to which a hyperplane is looked for that makes a neuron's sides where its own direction does not."""


def local_slope(network: ReLUNetwork, train: TrainingSet, check: Callable[[], None] = lambda: None) -> float:
    """The slope that `sides_of_balls` finds."""
    return sides_of_balls(network, train, check)[1]


def sides_of_balls(
    network: ReLUNetwork, train: TrainingSet, check: Callable[[], None] = lambda: None
) -> tuple[NDArray[np.bool_], float]:
    """The neurons that count as on, on each ball, and the largest slope ‖D_n‖ there, or the first above `FLAT`.

    At ρ = 0 the denoiser is the limit of denoisers for small balls: constant near each point, with kinks that may run
    through the points. Such a kink counts as on the side of the point on which it makes D_n vanish, if there is one.
    Every neuron must then have sides that some hyperplane makes which misses the balls.

    Parameters
    ----------
    network : ReLUNetwork
    train : TrainingSet
        With balls.
    check : callable
        Called after every ball and every neuron, and may raise.

    Returns
    -------
    sides : ndarray of bool, shape (N, K)
        Those at the centres where the radius is above `SMALL` times the separation; the slope is 0 then, as the error
        shows it. Empty for more than `FEW` points.
    slope : float
        Frobenius norm. Infinite where no hyperplane makes a neuron's sides, or there are too many to look at.
    """
    nothing = np.zeros((0, 0), dtype=bool)
    if train.rho > SMALL * train.separation:
        many = train.size > FEW
        return (nothing if many else np.vstack([row > 0 for _, row in blocks(network, train.points)])), 0.0
    if network.neurons * train.size > MANY:
        return nothing, math.inf
    w = lengths(network.w)
    eps = float(np.finfo(float).eps)
    reach = float(np.linalg.norm(train.points, axis=1).max())
    near = np.maximum(NEAR * train.separation * w, 16 * eps * (w * reach + np.abs(network.b)))
    jacobian = ball_maps(network)
    packed = np.empty((train.size, -(-network.neurons // 8)), dtype=np.uint8)
    worst = 0.0
    with np.errstate(all="ignore"):
        for rows, before in blocks(network, train.points):
            for n, row in zip(rows, before, strict=True):
                side, slope = _flattest(network, jacobian, row > 0, np.flatnonzero(np.abs(row) <= near))
                packed[n] = np.packbits(side)
                check()
                if not slope <= FLAT:  # the first is enough
                    return nothing, slope if slope < math.inf else math.inf
                worst = max(worst, slope)
        worst = worst if _are_patterns(network, train, packed, check) else math.inf
    return (nothing if train.size > FEW else _unpacked(packed, 0, network.neurons)), worst


def _unpacked(packed: NDArray[np.uint8], start: int, end: int) -> NDArray[np.bool_]:
    """Sides (N, end − start) of some neurons, from a multiple of 8 on."""
    return np.unpackbits(packed[:, start // 8 : -(-end // 8)], axis=1)[:, : end - start].astype(bool)


def _flattest(
    network: ReLUNetwork,
    jacobian: Callable[[NDArray[np.bool_]], Array],
    active: NDArray[np.bool_],
    free: NDArray[np.intp],
) -> tuple[NDArray[np.bool_], float]:
    """The neurons that are on, those in `free` chosen such that the slope vanishes if that is found, and the slope."""
    best, least = active, math.inf
    for choice in _choices(network, active, free):
        tried = active.copy()
        tried[free] = choice
        slope = float(np.linalg.norm(jacobian(tried)))
        if slope < least:
            best, least = tried, slope
        if least <= FLAT:
            break
    return best, least


def _choices(
    network: ReLUNetwork, active: NDArray[np.bool_], free: NDArray[np.intp]
) -> Iterator[NDArray[np.bool_] | list[bool] | tuple[bool, ...]]:
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
    if len(free) <= 10:
        yield from itertools.product((False, True), repeat=len(free))


def _are_patterns(
    network: ReLUNetwork, train: TrainingSet, packed: NDArray[np.uint8], check: Callable[[], None]
) -> bool:
    """Whether the sides of every neuron that costs anything are those of some hyperplane that misses all balls."""
    X = train.points
    apart = max(2 * train.rho * (1 - 1e-3), NEAR * train.separation)
    w, cost = lengths(network.w), lengths(network.a) * lengths(network.w)
    known: set[bytes] = set()
    for start in range(0, network.neurons, WIDE):
        end = min(start + WIDE, network.neurons)
        sides = _unpacked(packed, start, end).T
        for k in np.flatnonzero(cost[start:end] > 0):
            check()
            on = sides[k]
            if on.all() or not on.any() or (key := np.packbits(on).tobytes()) in known:
                continue
            height = X @ (network.w[start + k] / w[start + k])
            # Its own direction as a rule; another hyperplane may do as well.
            if not float(height[on].min() - height[~on].max()) >= apart and (
                train.size > FEW
                or len(known) > train.size**2
                or not 2 * separating_hyperplane(X[on], X[~on])[2] >= apart
            ):
                return False
            known.add(key)
    return True
