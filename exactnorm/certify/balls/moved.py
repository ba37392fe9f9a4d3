"""Kinks that enter balls by rounding, and where they are to be moved, or turned, so that they miss them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.tilts import unpacked
from exactnorm.certify.interpolation import BLOCK, LONGER, last_digits
from exactnorm.hulls import hull_gaps
from exactnorm.network import ReLUNetwork, lengths
from exactnorm.training_set import TrainingSet

EASY = 0.1
"""Share of the gap between two balls from which on it does not matter how wide a slab is."""
TOUCHED = 64
"""A ball counts as touched by a kink that leaves it no more than so many times as much as it enters others."""
EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class Moved:
    """Some neurons k, whose kinks are moved along their normals, as little as makes them miss balls on both sides.

    Parameters
    ----------
    k : slice
    w : ndarray, shape (K, d)
    length : ndarray, shape (K,)
        ‖w‖.
    on : ndarray of bool, shape (N, K)
        The sides.
    before : ndarray, shape (N, K)
        Heights of the points, before the kinks are moved.
    shift : ndarray, shape (K,)
        What is added to offsets. Where there is none that does, the kink goes as far into balls on either side.
    depth : ndarray, shape (N, K)
        By how much ρ ‖w‖ is more than the heights then: 0 where the ball is missed.
    unsure : ndarray, shape (K,)
        How much more that may be, by rounding.
    tight : ndarray of bool, shape (K,)
        Whether the balls leave less than that between them, along the normal.
    deep : ndarray of bool, shape (K,)
        Whether the kink enters some ball, even so, by more than the rounding of coordinates.
    """

    k: slice
    w: Array
    length: Array
    on: NDArray[np.bool_]
    before: Array
    shift: Array
    depth: Array
    unsure: Array
    tight: NDArray[np.bool_]
    deep: NDArray[np.bool_]


def moved(
    network: ReLUNetwork,
    train: TrainingSet,
    packed: NDArray[np.uint8],
    check: Callable[[], None],
    quick: bool = False,
) -> Iterator[Moved]:
    """All neurons, some at a time, with sides eight to a byte; heights in longer floats, if they are not too many.

    If it is to be `quick`, in longer floats only where some kink has too little room for the rounding of others.
    """
    floats = [np.longdouble] if network.neurons * train.points.size <= LONGER else [np.float64]
    floats = [np.float64, *floats] if quick and floats != [np.float64] else floats
    step = max(8, BLOCK // (8 * train.size) // 8 * 8)
    for start in range(0, network.neurons, step):
        k = slice(start, min(start + step, network.neurons))
        on = unpacked(packed, k.start, k.stop)
        some = on.any(axis=0) & ~on.all(axis=0)
        for float_ in floats:
            one = _moved(network, train, k, on, float_)
            if not (one.tight & some).any():
                break
        yield one
        check()


def _moved(
    network: ReLUNetwork, train: TrainingSet, k: slice, on: NDArray[np.bool_], float_: type[np.floating[Any]]
) -> Moved:
    w, b, length = network.w[k], network.b[k], lengths(network.w[k])
    radius = train.rho * length
    before = train.points.astype(float_) @ w.T.astype(float_) + b
    least = np.where(on, radius - before, -np.inf).max(axis=0)
    most = np.where(on, np.inf, -radius - before).min(axis=0)
    shift = np.where(least <= most, np.clip(0.0, least, most), (least + most) / 2)
    shift = np.where(np.isfinite(shift), shift, 0.0).astype(float)
    height = before + shift
    depth = np.maximum(radius - np.where(on, height, -height), 0.0).astype(float)
    last = (2 + train.dimension) * float(np.finfo(float_).eps)
    unsure = last * (length * float(lengths(train.points).max()) + np.abs(b))
    deep = (depth > last_digits(train.points, train.rho) * length).any(axis=0)
    tight = ~(most - least >= 2 * unsure)
    return Moved(k, w, length, on, before.astype(float), shift, depth, unsure, tight, deep)


def tilted(
    one: Moved, points: Array, scale: float, train: TrainingSet, some: NDArray[np.bool_], check: Callable[[], None]
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """The least change of kinks that enter balls by rounding, by which they miss them: of w (K, r), of heights (N, K).

    A kink that touches several balls has nowhere to move; but it may be tilted by about as little as it enters them,
    where what it touches is in general position, however narrow the slabs there are. Balls that it touches, but for
    some roundings, are all left by as much. Also for which kinks (K,) that was found, and makes them miss all balls, by
    more than their heights are unsure. Parameters are those of `turned`.
    """
    tilt, rise = np.zeros((len(one.length), points.shape[1])), np.zeros(one.on.shape)
    found = np.zeros(len(one.length), dtype=bool)
    sign, longer = np.where(one.on, 1.0, -1.0), np.longdouble
    maps = np.column_stack([scale * points, np.ones(len(points))])
    for k in np.flatnonzero(some & one.tight & one.depth.any(axis=0)):
        check()
        height = sign[:, k] * (one.before[:, k].astype(longer) + one.shift[k])
        free = (height - train.rho * one.length[k]).astype(float)
        leave = float(one.depth[:, k].max()) + one.unsure[k] + 4 * EPS * train.rho * one.length[k]
        touched = free <= TOUCHED * leave
        change = np.linalg.lstsq(maps[touched], sign[touched, k] * 3 * leave, rcond=None)[0]
        moved_by = maps.astype(longer) @ change
        steeper = train.rho * float(np.linalg.norm(change[:-1]))
        left = height + sign[:, k] * moved_by - train.rho * one.length[k] - steeper
        if (left >= leave).all():
            tilt[k], rise[:, k], found[k] = change[:-1], moved_by.astype(float), True
    return tilt, rise, found


def turned(
    one: Moved, points: Array, scale: float, train: TrainingSet, some: NDArray[np.bool_], check: Callable[[], None]
) -> tuple[Array, Array, Array]:
    """How far kinks that enter balls by rounding are to be turned (K,), and towards what: w (K, r), heights (N, K).

    Of the affine function of a kink that enters balls by δ at most, and one that leaves a width of η to them, as steep
    as it and with the same sides, the mean with the weight t = δ/(δ + η) of the second misses all balls, and is no
    steeper. Far from the origin rounding is large beside a narrow slab, and what kinks that enter balls by rounding do
    may then cost any number of times as much. Where no such slab is there, 1: a network that is affine on all balls has
    no such kink, however little it enters them.

    Parameters
    ----------
    one : Moved
    points : ndarray, shape (N, r)
        In some orthonormal coordinates, of which one is `scale` long.
    scale : float
    train : TrainingSet
    some : ndarray of bool, shape (K,)
        Which of the kinks are looked at.
    check : callable
        Called now and then, and may raise.
    """
    on, length = one.on, one.length
    turn, ends, height = np.zeros(len(length)), np.zeros((len(length), points.shape[1])), np.zeros(on.shape)
    delta = one.depth.max(axis=0) + one.unsure
    which = np.flatnonzero(some & one.tight & (delta > 0) & on.any(axis=0) & ~on.all(axis=0))
    if not len(which):
        return turn, ends, height
    patterns, row = np.unique(on[:, which].T, axis=0, return_inverse=True)
    enough = (2 * train.rho + EASY * (train.separation - 2 * train.rho)) / scale
    gaps = hull_gaps(points, patterns, wide=enough, narrow=2 * train.rho / scale, watch=check)
    last = max(8, points.shape[1]) * EPS
    width = (scale * (gaps.low / 2 - last) - train.rho)[row.ravel()] * length[which]
    turn[which] = np.where(width > 0, delta[which] / (delta[which] + np.maximum(width, 0.0)), 1.0)
    ends[which] = gaps.w[row.ravel()] * length[which, None]
    height[:, which] = scale * length[which] * (points @ gaps.w.T - gaps.middle)[:, row.ravel()]
    return turn, ends, height
