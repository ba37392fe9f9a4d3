"""What a network misses on each ball, in the hull of the points, and how much of it is rounding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.moved import moved, tilted, turned
from exactnorm.certify.balls.tilts import unpacked
from exactnorm.certify.interpolation import EXACT, LONGER, MISSED, Miss, last_digits, rounding_at
from exactnorm.certify.rational import fractions, on_sides
from exactnorm.geometry import Frame
from exactnorm.network import ReLUNetwork, lengths
from exactnorm.training_set import TrainingSet

NEGLIGIBLE, AT_MOST = 1e-9, 1e-6
"""Share of a network's cost below which that of correcting it is not added: what a recomputation may differ by. Where
the gap between two balls is so narrow that the rounding of coordinates is more of it, that share, up to `AT_MOST`."""


def unsure_share(train: TrainingSet, length: float) -> float:
    """The rounding of coordinates as a share of a length, between `NEGLIGIBLE` and `AT_MOST`."""
    rounding = last_digits(train.points, train.rho)
    return AT_MOST if not rounding < AT_MOST * length else max(NEGLIGIBLE, rounding / length)


def hidden_miss(network: ReLUNetwork, train: TrainingSet, miss: Miss) -> str:
    """Why it is not known whether the network interpolates; empty if it is known."""
    if miss.below(enough := MISSED * train.separation) or not miss.error <= enough:
        return ""
    return (
        f"whether the network of {network.neurons} neurons interpolates is not decided: its error is {miss.error:.1e}, "
        "as computed, but rounding could hide a larger one, and it is too large for rational arithmetic"
    )


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
    dearer : float
        By how much tilted neurons cost more, at most.
    """

    e: Array
    D: Array
    value: Array
    bent: bool
    dearer: float


def missed_on_balls(
    network: ReLUNetwork,
    train: TrainingSet,
    packed: NDArray[np.uint8],
    frame: Frame,
    check: Callable[[], None],
    sharp: bool = False,
) -> Missed:
    """What a network of the same cost misses: a kink that enters balls by its offset alone is moved out of them.

    One that cannot be, and enters them by no more than rounding, is tilted by about as little, or else turned towards
    one that passes them all: see `tilted` and `turned`. Others are left out: nothing that is added makes the network
    affine on a ball that it bends, and what the neuron does for other balls is to be made up for, too.

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
    size, kept, elsewhere = lengths(network.a), np.ones(network.neurons, dtype=bool), np.zeros_like(e)
    dearer = 0.0
    left, last = np.ones(network.neurons), 8 * frame.rank * float(np.finfo(float).eps) * frame.scale
    points = frame.sharp_coordinates(train.points)
    for one in moved(network, train, packed, check):
        k, on = one.k, one.on
        kept[k] = ~(one.deep & (size[k] > 0))
        entering = kept[k] & (size[k] > 0)
        tilt, rise, missing = tilted(one, points, frame.scale, train, entering, check)
        dearer += float(size[k] @ lengths(tilt))
        turn, ends, height = turned(one, points, frame.scale, train, entering & ~missing, check)
        kept[k] &= turn < 1
        turn = np.where(kept[k], turn, 0.0)
        on &= kept[k]
        left[k] = 1 - turn
        e += np.where(on, one.before * left[k], 0.0) @ network.a[k]
        # Offsets that are moved are no floats: in sums with others they would be rounded, and enter balls by that.
        elsewhere += np.where(on, height * turn + one.shift * left[k] + rise, 0.0) @ network.a[k]
        value += (one.depth * (kept[k] & (turn == 0) & ~missing)) @ size[k] + on @ (turn * size[k] * one.length) * last
        w_k = w[k] + tilt + turn[:, None] * (ends - w[k])
        for n, row in enumerate(on):
            D[n] += a[k][row].T @ w_k[row]
    value += _hidden(replace(network, a=network.a * left[:, None]), train, packed, kept, e, sharp, check)
    e += elsewhere
    return Missed(e @ frame.axes.T / frame.scale, D, value / frame.scale, not kept.all(), dearer)


def wrong_sides(
    network: ReLUNetwork, train: TrainingSet, packed: NDArray[np.uint8], check: Callable[[], None]
) -> tuple[Array, Array, bool]:
    """How much values (N,) and slopes (N,) on the balls may differ, at most, from those that these sides make.

    They differ as well by all that the neurons make whose kinks bend a ball, which are left out, and by what others are
    turned: see `missed_on_balls`. Also whether some were left out.
    """
    size, (value, slope) = lengths(network.a), np.zeros((2, train.size))
    offsets, out = train.points - train.points[0], False
    scale = float(lengths(offsets).max())
    last = 8 * train.dimension * float(np.finfo(float).eps) * scale
    for one in moved(network, train, packed, check, quick=True):
        alive = size[one.k] > 0
        turn, ends, height = turned(one, offsets / scale, scale, train, alive & ~one.deep, check)
        bent = (one.deep & alive) | (turn >= 1)
        turn = np.where(bent, 0.0, turn)
        # Where a kink passes a ball on the other side than it counts as, what it does there is missed as well.
        as_it_is = np.maximum(one.before, 0.0)
        other = np.abs(np.where(one.on, one.before + one.shift, 0.0) - as_it_is)
        value += (one.depth * (turn == 0) + other * ~bent + one.unsure * one.on) @ size[one.k]
        value += ((np.abs(height - one.before - one.shift) + last * one.length) * one.on) @ (turn * size[one.k])
        slope += one.on @ (turn * size[one.k] * lengths(ends - one.w))
        beyond = one.on ^ one.on[:1]  # an affine map costs nothing, so that the first ball may count as off
        value += np.abs(as_it_is - np.where(one.on[:1], one.before, 0.0)) @ (bent * size[one.k])
        slope += beyond @ (bent * size[one.k] * one.length)
        out |= bool(bent.any())
    return value, slope, out


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
