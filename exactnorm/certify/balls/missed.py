"""What a network misses on each ball, in the hull of the points, and how much of it is rounding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.tilts import unpacked
from exactnorm.certify.interpolation import BLOCK, EXACT, last_digits, rounding_at
from exactnorm.certify.rational import fractions, on_sides
from exactnorm.geometry import Frame
from exactnorm.hulls import hull_gaps
from exactnorm.network import ReLUNetwork, lengths
from exactnorm.training_set import TrainingSet

NEGLIGIBLE, AT_MOST = 1e-9, 1e-6
"""Share of a network's cost below which that of correcting it is not added: what a recomputation may differ by. Where
the gap between two balls is so narrow that the rounding of coordinates is more of it, that share, up to `AT_MOST`."""
EASY = 0.1
"""Share of the gap between two balls from which on it does not matter how wide a slab is."""
LONGER = 2**27
"""Weights times points, up to which values are computed in longer floats where they are too many for rational numbers:
some seconds."""


def unsure_share(train: TrainingSet, length: float) -> float:
    """The rounding of coordinates as a share of a length, between `NEGLIGIBLE` and `AT_MOST`."""
    rounding = last_digits(train.points, train.rho)
    return AT_MOST if not rounding < AT_MOST * length else max(NEGLIGIBLE, rounding / length)


@dataclass(frozen=True, eq=False)
class Missed:
    """e_n + D_n (t − t_n) in coordinates of the hull, and what else is missed, in no direction that is known.

    Parameters
    ----------
    e : ndarray, shape (N, r)
    D : ndarray, shape (N, r, r)
    value : ndarray, shape (N,)
        Sizes of the rest.
    bent : bool
        Whether a neuron was left out, as its kink bends a ball.
    """

    e: Array
    D: Array
    value: Array
    bent: bool


def missed_on_balls(
    network: ReLUNetwork,
    train: TrainingSet,
    packed: NDArray[np.uint8],
    frame: Frame,
    check: Callable[[], None],
    sharp: bool = False,
) -> Missed:
    """What a network of the same cost misses: a kink that enters balls by its offset alone is moved out of them.

    One that cannot be, and enters them by no more than rounding, is turned towards one that passes them all: see
    `_turned`. Others are left out: nothing that is added makes the network affine on a ball that it bends, and what the
    neuron does for other balls is to be made up for, too.

    Nor does a network cost more whose inputs and outputs are projected onto the hull of the points: only what happens
    there matters, so that nothing here is as large as the square of the dimension. Values count as missed by all that
    rounding may hide, unless they are wanted `sharp`: then they are made exact, or as good as can be.
    """
    X = train.points
    e = network.c - X if network.V is None else X @ network.V.T + network.c - X
    value = frame.distance(X)  # the rounding of the hull
    a, w = network.a @ frame.axes.T, network.w @ frame.axes.T
    V = 0 if network.V is None else frame.axes @ (network.V @ frame.axes.T)
    D = np.zeros((train.size, frame.rank, frame.rank)) + V
    size, kept, turned = lengths(network.a), np.ones(network.neurons, dtype=bool), np.zeros_like(e)
    left, last = np.ones(network.neurons), 8 * frame.rank * float(np.finfo(float).eps) * frame.scale
    for k, on, before, shift, depth, unsure in _moved(network, train, packed, check):
        kept[k] = ~(_deep(network, train, k, depth) & (size[k] > 0)).any(axis=0)
        turn, ends, height = _turned(network, train, frame, k, on, depth + unsure, kept[k] & (size[k] > 0), check)
        kept[k] &= turn < 1
        turn = np.where(kept[k], turn, 0.0)
        on &= kept[k]
        left[k] = 1 - turn
        e += np.where(on, before * left[k], 0.0) @ network.a[k]
        # Offsets that are moved are no floats: in sums with others they would be rounded, and enter balls by that.
        turned += np.where(on, height * turn + shift * left[k], 0.0) @ network.a[k]
        value += (depth * (kept[k] & (turn == 0))) @ size[k] + on @ (turn * size[k] * lengths(network.w[k])) * last
        w_k = w[k] + turn[:, None] * (ends - w[k])
        for n, row in enumerate(on):
            D[n] += a[k][row].T @ w_k[row]
    value += _hidden(replace(network, a=network.a * left[:, None]), train, packed, kept, e, sharp, check)
    e += turned
    return Missed(e @ frame.axes.T / frame.scale, D, value / frame.scale, not kept.all())


def wrong_sides(
    network: ReLUNetwork, train: TrainingSet, packed: NDArray[np.uint8], check: Callable[[], None]
) -> tuple[Array, Array]:
    """How much values (N,) and slopes (N,) on the balls may differ, at most, from those that these sides make.

    They differ as well by all that the neurons make whose kinks bend a ball, which are left out: see `missed_on_balls`.
    """
    size, (value, slope) = lengths(network.a), np.zeros((2, train.size))
    for k, on, before, shift, depth, _ in _moved(network, train, packed, check):
        value += (depth + np.abs(shift) * on) @ size[k]
        bent = _deep(network, train, k, depth).any(axis=0) * size[k]
        beyond = on ^ on[:1]  # an affine map costs nothing, so that the first ball may count as off
        value += (beyond * (np.abs(before) + np.abs(shift))) @ bent
        slope += beyond @ (bent * lengths(network.w[k]))
    return value, slope


def _moved(
    network: ReLUNetwork, train: TrainingSet, packed: NDArray[np.uint8], check: Callable[[], None]
) -> Iterator[tuple[slice, NDArray[np.bool_], Array, Array, Array, Array]]:
    """Of some neurons at a time: sides (N, K), heights (N, K), shifts (K,), depths in balls after that (N, K).

    And how much more they may be, (K,): heights are computed in longer floats, if they are not too many.
    """
    float_ = np.longdouble if network.neurons * train.points.size <= LONGER else np.float64
    last = (2 + train.dimension) * float(np.finfo(float_).eps)
    reach = float(lengths(train.points).max())
    radius = train.rho * lengths(network.w)
    step = max(8, BLOCK // (8 * train.size) // 8 * 8)
    for start in range(0, network.neurons, step):
        k = slice(start, min(start + step, network.neurons))
        on = unpacked(packed, k.start, k.stop)
        before = train.points.astype(float_) @ network.w[k].T.astype(float_) + network.b[k]
        shift = _shift(before, radius[k], on).astype(float)
        height = before + shift
        depth = np.maximum(radius[k] - np.where(on, height, -height), 0.0).astype(float)
        unsure = last * (lengths(network.w[k]) * reach + np.abs(network.b[k]))
        yield k, on, before.astype(float), shift, depth, unsure
        check()


def _deep(network: ReLUNetwork, train: TrainingSet, k: slice, depth: Array) -> NDArray[np.bool_]:
    """Which neurons k are, in some part of a ball, not what their sides are, by more than rounding, shape (N, K)."""
    return np.asarray(depth > last_digits(train.points, train.rho) * lengths(network.w[k]))


def _turned(
    network: ReLUNetwork,
    train: TrainingSet,
    frame: Frame,
    k: slice,
    on: NDArray[np.bool_],
    depth: Array,
    some: NDArray[np.bool_],
    check: Callable[[], None],
) -> tuple[Array, Array, Array]:
    """How far kinks k that enter balls by rounding are to be turned (K,), and towards what: w (K, r), heights (N, K).

    Of the affine function of a kink that enters balls by δ at most, and one that leaves a width of η to them, as steep
    as it and with the same sides, the mean with the weight t = δ/(δ + η) of the second misses all balls, and is no
    steeper. Far from the origin rounding is large beside a narrow slab, and what kinks that enter balls by rounding do
    may then cost any number of times as much. Where no such slab is there, 1.
    """
    points, length = frame.coordinates(train.points), lengths(network.w[k])
    turn, ends, height = np.zeros(on.shape[1]), np.zeros((on.shape[1], frame.rank)), np.zeros(on.shape)
    eps, deep = float(np.finfo(float).eps), depth.max(axis=0)
    last = 16 * (2 + train.dimension) * eps * frame.scale * length
    which = np.flatnonzero(some & (deep > last) & on.any(axis=0) & ~on.all(axis=0))
    if not len(which):
        return turn, ends, height
    patterns, row = np.unique(on[:, which].T, axis=0, return_inverse=True)
    enough = (2 * train.rho + EASY * (train.separation - 2 * train.rho)) / frame.scale
    gaps = hull_gaps(points, patterns, wide=enough, narrow=2 * train.rho / frame.scale, watch=check)
    width = (frame.scale * (gaps.low / 2 - 8 * eps) - train.rho)[row.ravel()] * length[which]
    turn[which] = np.where(width > 0, deep[which] / (deep[which] + np.maximum(width, 0.0)), 1.0)
    ends[which] = gaps.w[row.ravel()] * length[which, None]
    height[:, which] = frame.scale * length[which] * (points @ gaps.w.T - gaps.middle)[:, row.ravel()]
    return turn, ends, height


def _hidden(
    network: ReLUNetwork,
    train: TrainingSet,
    packed: NDArray[np.uint8],
    kept: NDArray[np.bool_],
    e: Array,
    sharp: bool,
    check: Callable[[], None],
) -> Array:
    """What terms that cancel may hide at each ball, (N,), from floating point; `e` is made better where it is wanted.

    A constant that is added and taken away, at no cost, hides what a ball is missed by: next to nothing of the
    separation, and much of the width of a narrow slab.
    """
    rounding = rounding_at(network, train.points, train.rho)
    size = network.neurons * train.points.size
    if not sharp or size > LONGER:
        return rounding
    longer, few = np.longdouble, size <= EXACT
    a, w, b, c, X = (one.astype(longer) for one in (network.a, network.w, network.b, network.c, train.points))
    V = 0 if network.V is None else network.V.astype(longer)
    for n, x in enumerate(X):
        on = unpacked(packed[n : n + 1], 0, network.neurons)[0] & kept
        if few:
            e[n] = on_sides(network, train.points[n], on) - fractions(train.points[n])
        else:
            e[n] = (w[on] @ x + b[on]) @ a[on] + (V * x).sum(axis=-1) + c - x
        check()
    return np.zeros(train.size) if few else rounding * float(np.finfo(longer).eps / np.finfo(float).eps)


def _shift(before: Array, radius: Array, on: NDArray[np.bool_]) -> Array:
    """By how much offsets b_k, shape (K,), are to be moved, as little as makes the kinks miss balls on both sides.

    Where there is no such offset, the kink goes as far into the balls on the one side as on the other.
    """
    least = np.where(on, radius - before, -np.inf).max(axis=0)
    most = np.where(on, np.inf, -radius - before).min(axis=0)
    shift = np.where(least <= most, np.clip(0.0, least, most), (least + most) / 2)
    return np.where(np.isfinite(shift), shift, 0.0)
