"""Slabs that are no basis, and yet make up for all that one network may miss.

Where balls nearly touch, few patterns are left, and no sums of them tell all balls apart. What maps the balls to their
centres is such a sum, or there is no network at all; so is, then, what a network of such neurons misses. A set that is
off by a little, of which that is not so, may cost any number of times what a network that misses it costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.constancy import MANY
from exactnorm.certify.balls.slabs import LOOKED_AT, Slabs, basis_of_slabs
from exactnorm.certify.balls.tilts import WIDE, unpacked
from exactnorm.certify.effort import CertificateUndecided
from exactnorm.certify.interpolation import blocks
from exactnorm.geometry import Frame, shells
from exactnorm.hulls import hull_gaps
from exactnorm.network import ReLUNetwork, lengths
from exactnorm.training_set import TrainingSet

INSIDE = 1e-9
"""How far a pattern, which is 0 and 1, may be from the span of others and count as in it: far above rounding."""
LAST = 2 * float(np.finfo(float).eps)
"""By how much each coordinate may be off what it stands for, as a share of the largest of points that are no farther
out: it was rounded to half of an eps when it was read, and what it is compared with is rounded as well."""


class NotToldError(CertificateUndecided):
    """Slabs do not make up for what is missed: the least cost is not known, or there is no network at all."""


def not_told(train: TrainingSet) -> NotToldError:
    """The error to raise."""
    return NotToldError(
        f"the slabs between balls that were found do not tell all {train.size} apart: what it would cost to make up "
        "for what the network misses is not known"
    )


def is_basis(slabs: Slabs | None, size: int) -> bool:
    """Whether the slabs make up for whatever is missed on so many balls."""
    return slabs is not None and len(slabs.half) == size - 1


def slabs_of_network(
    slabs: Slabs | None,
    network: ReLUNetwork,
    train: TrainingSet,
    packed: NDArray[np.uint8],
    frame: Frame,
    check: Callable[[], None],
) -> Slabs:
    """Slabs that make up for all that the network may miss, but for rounding: those that are given, or more.

    Parameters
    ----------
    slabs : Slabs or None
        No basis.
    network : ReLUNetwork
    train : TrainingSet
    packed : ndarray of uint8, shape (N, ⌈K/8⌉)
        The neurons that are on, on each ball, eight to a byte; no kink enters a ball by more than rounding.
    frame : Frame
        Of the points.
    check : callable
        Called now and then, and may raise.

    Raises
    ------
    NotToldError
        Where the patterns of the neurons that cost something, or the points themselves by more than their last digits,
        are no sums of those of the slabs.
    """
    points = frame.sharp_coordinates(train.points)
    missing = _outside(slabs, network, packed, check)
    if len(missing):
        # Along a neuron's own direction its pattern may have no slab: the widest is in the middle of its gap.
        known = np.zeros((0, points.shape[1])) if slabs is None else slabs.w
        widest = hull_gaps(points, missing[:LOOKED_AT], watch=check).w
        slabs = basis_of_slabs(points, train.rho / frame.scale, np.vstack([known, widest]), check)
        missing = missing[:0] if is_basis(slabs, train.size) else _outside(slabs, network, packed, check)
    if slabs is None or len(missing):
        raise not_told(train)
    if not _sums_of_patterns(slabs, train.points, check):
        raise not_told(train)
    return slabs


def sides_at_centres(network: ReLUNetwork, train: TrainingSet) -> NDArray[np.uint8]:
    """The neurons that are on at each point, shape (N, ⌈K/8⌉), eight to a byte; `NotToldError` if they are too many."""
    if network.neurons * train.size > MANY:
        raise not_told(train)
    return np.vstack([np.packbits(before > 0, axis=1) for _, before in blocks(network, train.points)])


def _sums_of_patterns(slabs: Slabs, points: Array, check: Callable[[], None]) -> bool:
    """Whether points are sums of patterns, but for the last digits of each: of those with as large coordinates, too."""
    on = np.column_stack([np.ones(len(points)), slabs.on.T])
    for rows in shells(points):
        check()
        some, offsets = on[rows], points[rows] - points[rows][0]
        # Small numbers, which keep their digits.
        rest = (offsets - some.astype(np.longdouble) @ np.linalg.lstsq(some, offsets, rcond=None)[0]).astype(float)
        u, s, _ = np.linalg.svd(some, full_matrices=False)
        u = u[:, s > INSIDE]
        if not np.abs(rest - u @ (u.T @ rest)).max() <= LAST * np.abs(points[rows]).max():
            return False
    return True


def _outside(
    slabs: Slabs | None, network: ReLUNetwork, packed: NDArray[np.uint8], check: Callable[[], None]
) -> NDArray[np.bool_]:
    """The different patterns (P, N) of neurons that cost something, and are no sums of those of the slabs."""
    across = np.eye(len(packed) - 1) if slabs is None else _across(slabs)
    some = [np.zeros((0, len(packed)), dtype=bool)]
    for on in _patterns(network, packed):
        check()
        some.append(on[lengths(on[:, 1:] @ across) > INSIDE])
    return np.unique(np.vstack(some), axis=0)


def _patterns(network: ReLUNetwork, packed: NDArray[np.uint8]) -> Iterator[NDArray[np.bool_]]:
    """Patterns of neurons that cost something, off at the first ball, some at a time."""
    alive = lengths(network.a) * lengths(network.w) > 0
    for start in range(0, network.neurons, WIDE):
        end = min(start + WIDE, network.neurons)
        on = unpacked(packed, start, end).T[alive[start:end]]
        yield np.unique(on ^ on[:, :1], axis=0)


def _across(slabs: Slabs) -> Array:
    """Orthonormal columns (N − 1, m): all that is orthogonal to the patterns."""
    return np.asarray(np.linalg.qr(slabs.on[:, 1:].T.astype(float), mode="complete")[0][:, len(slabs.half) :])
