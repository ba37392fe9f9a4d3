"""Neurons in parts: shares of those whose kinks run through points that are on there, such that the slopes vanish.

See `sides_of_balls` for what they mean. A kink through affinely independent points has a share of its own at each, from
0 to 1; one through others has a share of each pattern on them. The least of the largest entries of all slopes D_n is a
linear program, which falls apart into one for each point, or for those on a common kink of the second kind.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, hstack, vstack
from scipy.sparse.csgraph import connected_components

from exactnorm.arrays import Array
from exactnorm.certify.balls.tilts import Known, independent, patterns_on_kink, room
from exactnorm.certify.effort import CertificateUndecided
from exactnorm.certify.interpolation import blocks
from exactnorm.network import ReLUNetwork, lengths
from exactnorm.training_set import TrainingSet

PAIRS = 100_000
"""Neurons at points, and patterns on kinks, that are looked at."""
OUT_OF_TIME = 1
"""The status of a linear program that was stopped at a limit: there may be an answer all the same."""
ENTRIES = 2**20
"""Numbers in one linear program, and in what it leaves: seconds, and some hundred megabytes."""
SECONDS = 10.0
"""For one linear program."""
ROUNDING = 1e-12
"""A share that is as near to 0 or to 1 is that."""


@dataclass(frozen=True, eq=False)
class Choices:
    """What may be on: choice c is neuron `of[c]` at the points `points[c]`.

    Parameters
    ----------
    of : ndarray of int, shape (C,)
    points : tuple of ndarray of int, length C
    group : ndarray of int, shape (C,)
        The shares of a group add up to 1 at most.
    """

    of: NDArray[np.intp]
    points: tuple[NDArray[np.intp], ...]
    group: NDArray[np.intp]


def in_parts(
    network: ReLUNetwork, train: TrainingSet, check: Callable[[], None], known: Known
) -> tuple[ReLUNetwork, NDArray[np.bool_], float]:
    """The network with neurons in parts, their sides (N, parts), and the largest entry of a slope that is left.

    No other shares leave less: where that is more than rounding, the network is no limit.

    Raises
    ------
    CertificateUndecided
        If there are too many neurons at points, or patterns.
    """
    near, cost = room(network, train), lengths(network.a) * lengths(network.w)
    through: list[tuple[NDArray[np.intp], NDArray[np.intp]]] = []
    on = np.empty((train.size, network.neurons), dtype=bool)
    if on.size > 16 * ENTRIES:
        raise _too_many()
    for rows, before in blocks(network, train.points):
        at = (np.abs(before) <= near) & (cost > 0)
        on[rows] = (before > 0) & ~at
        n, k = np.nonzero(at)
        through.append((rows[n], k))
        if sum(len(one) for _, one in through) > PAIRS:
            raise _too_many()
        check()
    n, k = (np.concatenate(one) for one in zip(*through, strict=True))
    choices = _choices(train, n, k, check, known)
    share, left = np.zeros(len(choices.of)), 0.0
    basis = _basis(network.a[k]), _basis(network.w[k])
    for points, columns in _apart(train.size, choices):
        share[columns], slope = _least(network, on, basis, points, columns, choices)
        left = max(left, slope)
        check()
    return *_divided(network, on, choices, share), left


def _too_many() -> CertificateUndecided:
    return CertificateUndecided(
        "kinks run through so many points that it is not found out on which sides they pass them"
    )


def _basis(rows: Array) -> Array:
    """An orthonormal basis (d, m) of the span of some vectors, but for rounding."""
    if not len(rows):
        return np.zeros((rows.shape[1], 0))
    unit = rows / np.maximum(lengths(rows), 1e-300)[:, None]
    _, s, vt = np.linalg.svd(unit, full_matrices=False)
    return np.asarray(vt[s > 1e-13 * s[0]].T)


def _choices(
    train: TrainingSet, n: NDArray[np.intp], k: NDArray[np.intp], check: Callable[[], None], known: Known
) -> Choices:
    """The choices of neurons k on points n."""
    order = np.lexsort((n, k))
    n, k = n[order], k[order]
    of: list[int] = []
    points: list[NDArray[np.intp]] = []
    group: list[int] = []
    patterns: dict[bytes, list[NDArray[np.intp]] | None] = {}
    for members in np.split(np.arange(len(k)), np.flatnonzero(np.diff(k)) + 1):
        if not len(members):
            continue
        F = n[members]
        if (key := F.tobytes()) not in patterns:
            check()
            one_by_one = independent(train, F)
            patterns[key] = None if one_by_one else [F[on] for on in patterns_on_kink(train, F, PAIRS, check, known)]
        some = patterns[key]
        group += range(len(of), len(of) + len(F)) if some is None else [len(of)] * len(some)
        points += [F[m : m + 1] for m in range(len(F))] if some is None else some
        of += [int(k[members[0]])] * (len(points) - len(of))
        if len(of) > PAIRS:
            raise _too_many()
    return Choices(np.array(of, dtype=np.intp), tuple(points), np.array(group, dtype=np.intp))


def _apart(size: int, choices: Choices) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Points, and choices on them, that have nothing to do with the others."""
    rows = np.concatenate([np.zeros(0, dtype=np.intp), *choices.points])
    counts = [len(one) for one in choices.points]
    # Points that one group reaches hang together.
    group = np.repeat(choices.group, counts)
    total = size + len(choices.of)
    joined = coo_array((np.ones(len(rows)), (rows, size + group)), shape=(total, total))
    label = connected_components(joined, directed=False)[1]
    names = np.unique(label[:size])
    return list(zip(_by(label[:size], names), _by(label[size + choices.group], names), strict=True))


def _by(label: NDArray[np.int32], names: NDArray[np.int32]) -> list[NDArray[np.intp]]:
    """For each name the places that bear it, in their order."""
    order = np.argsort(label, kind="stable")
    first, end = (np.searchsorted(label[order], names, side=side) for side in ("left", "right"))
    return [order[i:j] for i, j in zip(first, end, strict=True)]


def _least(
    network: ReLUNetwork,
    on: NDArray[np.bool_],
    basis: tuple[Array, Array],
    points: NDArray[np.intp],
    columns: NDArray[np.intp],
    choices: Choices,
) -> tuple[Array, float]:
    """The shares of some choices that leave the least of the largest entry of the slopes at some points, and that."""
    A, W = basis
    size = A.shape[1] * W.shape[1]
    of = choices.of[columns]
    counts = [len(choices.points[c]) for c in columns]
    if size * max(len(points), sum(counts)) > ENTRIES:
        raise _too_many()
    fixed = np.array([_slope(network, on[n], A, W) for n in points]).reshape(len(points), size)
    terms = ((network.a[of] @ A)[:, :, None] * (network.w[of] @ W)[:, None, :]).reshape(len(of), size)
    column = np.repeat(np.arange(len(of)), counts)
    rows = np.searchsorted(points, np.concatenate([np.zeros(0, dtype=np.intp), *(choices.points[c] for c in columns)]))
    places = rows[:, None] * size + np.arange(size), np.broadcast_to(column[:, None], (len(column), size))
    matrix = coo_array(
        (terms[column].ravel(), (places[0].ravel(), places[1].ravel())), shape=(fixed.size, len(of))
    ).tocsr()
    if fixed.size > len(of) + 1 and fixed.size * len(of) <= ENTRIES:
        # In coordinates of the span of the columns: no entry there is more than the norm of all.
        R: Array = np.asarray(np.linalg.qr(np.column_stack([matrix.toarray(), fixed.ravel()]), mode="r"))
        return _program(csr_array(R[:, :-1]), R[:, -1], choices.group[columns])
    return _program(matrix, fixed.ravel(), choices.group[columns])


def _slope(network: ReLUNetwork, on: NDArray[np.bool_], A: Array, W: Array) -> Array:
    """The slope that the neurons make that are on, in the bases of the others."""
    skip = 0.0 if network.V is None else A.T @ network.V @ W
    return np.asarray((network.a[on] @ A).T @ (network.w[on] @ W) + skip)


def _program(matrix: csr_array[Any, Any], fixed: Array, group: NDArray[np.intp]) -> tuple[Array, float]:
    """Shares x ≥ 0, at most 1 together in each group, for which ‖matrix x + fixed‖∞ is least, and that norm."""
    rows, count = matrix.shape
    if not np.isfinite(fixed).all() or not np.isfinite(matrix.data).all():
        return np.zeros(count), math.inf
    if not count:
        return np.zeros(0), float(np.abs(fixed).max(initial=0.0))
    below = coo_array(-np.ones((rows, 1)))
    names, which = np.unique(group, return_inverse=True)
    once = coo_array((np.ones(count), (which, np.arange(count))), shape=(len(names), count + 1))
    conditions: Any = vstack([hstack([matrix, below]), hstack([-matrix, below]), once])
    options: Any = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10, "time_limit": SECONDS}
    cost = np.zeros(count + 1)
    cost[-1] = 1.0
    found = linprog(
        cost,
        A_ub=conditions,
        b_ub=np.concatenate([-fixed, fixed, np.ones(len(names))]),
        method="highs",
        options=options,
    )
    # A slope that is not known to be the least one shows nothing, so that no network is refused for lack of time.
    if found.x is None or found.status == OUT_OF_TIME:
        msg = f"on which sides kinks pass the points that they run through is not found out: {found.message}"
        raise CertificateUndecided(msg)
    return np.clip(found.x[:-1], 0.0, 1.0), float(found.x[-1])


def _divided(
    network: ReLUNetwork, on: NDArray[np.bool_], choices: Choices, share: Array
) -> tuple[ReLUNetwork, NDArray[np.bool_]]:
    """The network with neurons in parts, and their sides."""
    share = np.where(share < ROUNDING, 0.0, np.where(share > 1 - ROUNDING, 1.0, share))
    whole = np.setdiff1d(np.arange(network.neurons), choices.of)
    parts = [(int(k), 1.0, np.zeros(0, dtype=np.intp)) for k in whole]
    for rows in np.split(np.arange(len(choices.of)), np.flatnonzero(np.diff(choices.of)) + 1):
        if len(rows):
            k, points = int(choices.of[rows[0]]), [choices.points[c] for c in rows]
            together = any(len(one) > 1 for one in points)
            some = _patterns(points, share[rows]) if together else _levels(np.concatenate(points), share[rows])
            parts += [(k, weight, members) for weight, members in some if weight > 0]
        if len(parts) * len(on) > 16 * ENTRIES:
            raise _too_many()
    of, weight = np.array([k for k, _, _ in parts], dtype=np.intp), np.array([part for _, part, _ in parts])
    sides = on[:, of]
    for j, (_, _, members) in enumerate(parts):
        sides[members, j] = True
    a = network.a[of] * weight[:, None]
    return ReLUNetwork(a, network.w[of], network.b[of], network.V, network.c), sides


def _patterns(points: list[NDArray[np.intp]], share: Array) -> list[tuple[float, NDArray[np.intp]]]:
    """A part for each pattern, and what is left for that with all off."""
    off = max(1.0 - float(share.sum()), 0.0)
    parts = [(float(one), members) for one, members in zip(share, points, strict=True)]
    return [*parts, (off if off > ROUNDING else 0.0, np.zeros(0, dtype=np.intp))]


def _levels(points: NDArray[np.intp], share: Array) -> list[tuple[float, NDArray[np.intp]]]:
    """Parts of which the first are on wherever a share is: at any point those that are on add up to its share."""
    steps = np.unique(np.concatenate([[0.0, 1.0], share]))
    return [(float(high - low), points[share >= high]) for low, high in pairwise(steps)]
