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
from exactnorm.certify.effort import CertificateUndecided, Effort
from exactnorm.certify.interpolation import blocks
from exactnorm.network import ReLUNetwork, lengths
from exactnorm.training_set import TrainingSet

PAIRS = 100_000
"""Neurons at points, and patterns on kinks, that are looked at."""
OUT_OF_TIME = 1
"""The status of a linear program that was stopped at a limit: there may be an answer all the same."""
ENTRIES, WORDS = 2**20, 64
"""Numbers in the slopes of one linear program, and members of all patterns; and words of eight bytes that HiGHS, and
what is handed to it, hold for each at most: half a gigabyte. What the programs leave are sixteen numbers for each."""
TOGETHER = 256
"""Vectors of which a basis is found together."""
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


@dataclass(frozen=True, eq=False)
class Slopes:
    """What neurons add to slopes, in bases of the output weights and of the directions of those that may be on.

    Parameters
    ----------
    a : ndarray, shape (K, p)
    w : ndarray, shape (K, q)
    skip : ndarray, shape (p, q)
    on : ndarray of bool, shape (N, K)
        The neurons that are on at each point whatever is chosen.
    """

    a: Array
    w: Array
    skip: Array
    on: NDArray[np.bool_]

    @property
    def size(self) -> int:
        """How many numbers a slope is, p q."""
        return self.skip.size

    def fixed(self, n: int) -> Array:
        """The slope at a point, shape (p q,), without any choice."""
        on = self.on[n]
        return np.asarray(self.a[on].T @ self.w[on] + self.skip).ravel()


def in_parts(
    network: ReLUNetwork, train: TrainingSet, effort: Effort, known: Known
) -> tuple[ReLUNetwork, NDArray[np.bool_], float]:
    """The network with neurons in parts, their sides (N, parts), and the largest entry of a slope that is left.

    No other shares leave less: where that is more than rounding, the network is no limit.

    Raises
    ------
    CertificateUndecided
        If there are too many neurons at points, or patterns, or the time is over: all programs share that of `effort`.
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
        effort.check()
    n, k = (np.concatenate(one) for one in zip(*through, strict=True))
    slopes = _slopes(network, on, np.unique(k), effort.check)
    choices = _choices(train, n, k, slopes.size, effort.check, known)
    share, left = np.zeros(len(choices.of)), 0.0
    for points, columns in _apart(train.size, choices):
        share[columns], slope = _least(slopes, points, columns, choices, effort)
        left = max(left, slope)
        effort.check()
    return *_divided(network, on, choices, share), left


def _too_many() -> CertificateUndecided:
    return CertificateUndecided(
        "kinks run through so many points that it is not found out on which sides they pass them"
    )


def _slopes(network: ReLUNetwork, on: NDArray[np.bool_], free: NDArray[np.intp], check: Callable[[], None]) -> Slopes:
    """Those of a network of which the neurons `free` run through points, beside those that are `on`."""
    A = _basis(network.a[free], ENTRIES, check)
    W = _basis(network.w[free], ENTRIES // max(A.shape[1], 1), check)
    skip = np.zeros((A.shape[1], W.shape[1])) if network.V is None else A.T @ network.V @ W
    return Slopes(network.a @ A, network.w @ W, skip, on)


def _basis(rows: Array, most: int, check: Callable[[], None]) -> Array:
    """An orthonormal basis (d, m) of the span of some vectors, but for rounding, with at most so many columns."""
    basis = np.zeros((0, rows.shape[1]))
    for start in range(0, len(rows), TOGETHER):
        check()
        some = rows[start : start + TOGETHER]
        rest = some / np.maximum(lengths(some), 1e-300)[:, None]
        for _ in range(2):  # the first leaves rounding
            rest = rest - (rest @ basis.T) @ basis
        _, s, vt = np.linalg.svd(rest, full_matrices=False)
        new = vt[s > 1e-13]
        new = new - (new @ basis.T) @ basis
        basis = np.vstack([basis, np.linalg.qr(new.T)[0].T])
        if len(basis) > most:
            raise _too_many()
    return basis.T


def _choices(
    train: TrainingSet, n: NDArray[np.intp], k: NDArray[np.intp], size: int, check: Callable[[], None], known: Known
) -> Choices:
    """The choices of neurons k on points n, where a slope is so many numbers."""
    order = np.lexsort((n, k))
    n, k = n[order], k[order]
    of: list[int] = []
    points: list[NDArray[np.intp]] = []
    group: list[int] = []
    patterns: dict[bytes, list[NDArray[np.intp]] | None] = {}
    held = 0
    for members in np.split(np.arange(len(k)), np.flatnonzero(np.diff(k)) + 1):
        if not len(members):
            continue
        F = n[members]
        if (key := F.tobytes()) not in patterns:
            check()
            # All patterns on a kink, half of its points on each, are in one program.
            most = min(PAIRS, ENTRIES // max(size * len(F), 1))
            one_by_one = independent(train, F)
            patterns[key] = None if one_by_one else [F[on] for on in patterns_on_kink(train, F, most, check, known)]
        some = patterns[key]
        held += len(F) if some is None else sum(len(one) for one in some)
        group += range(len(of), len(of) + len(F)) if some is None else [len(of)] * len(some)
        points += [F[m : m + 1] for m in range(len(F))] if some is None else some
        of += [int(k[members[0]])] * (len(points) - len(of))
        if len(of) > PAIRS or held > ENTRIES:
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
    slopes: Slopes, points: NDArray[np.intp], columns: NDArray[np.intp], choices: Choices, effort: Effort
) -> tuple[Array, float]:
    """The shares of some choices that leave the least of the largest entry of the slopes at some points, and that."""
    of, size = choices.of[columns], slopes.size
    counts = [len(choices.points[c]) for c in columns]
    if size * max(len(points), sum(counts)) > ENTRIES:
        raise _too_many()
    fixed = np.empty((len(points), size))
    for row, n in zip(fixed, points, strict=True):
        effort.check()
        row[:] = slopes.fixed(n)
    terms = (slopes.a[of][:, :, None] * slopes.w[of][:, None, :]).reshape(len(of), size)
    column = np.repeat(np.arange(len(of)), counts)
    rows = np.searchsorted(points, np.concatenate([np.zeros(0, dtype=np.intp), *(choices.points[c] for c in columns)]))
    places = rows[:, None] * size + np.arange(size), np.broadcast_to(column[:, None], (len(column), size))
    matrix = coo_array(
        (terms[column].ravel(), (places[0].ravel(), places[1].ravel())), shape=(fixed.size, len(of))
    ).tocsr()
    if fixed.size > len(of) + 1 and fixed.size * len(of) <= ENTRIES:
        # In coordinates of the span of the columns: no entry there is more than the norm of all.
        R: Array = np.asarray(np.linalg.qr(np.column_stack([matrix.toarray(), fixed.ravel()]), mode="r"))
        return _program(csr_array(R[:, :-1]), R[:, -1], choices.group[columns], effort)
    return _program(matrix, fixed.ravel(), choices.group[columns], effort)


def _program(matrix: csr_array[Any, Any], fixed: Array, group: NDArray[np.intp], effort: Effort) -> tuple[Array, float]:
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
    options: Any = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    cost, right = np.zeros(count + 1), np.concatenate([-fixed, fixed, np.ones(len(names))])
    cost[-1] = 1.0
    effort.check()
    # In a thread: for a moment HiGHS does not look at its limit, and never at Ctrl-C.
    options["time_limit"] = max(effort.remaining, 0.0)
    found = effort.wait_for(lambda: linprog(cost, A_ub=conditions, b_ub=right, method="highs", options=options))
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
        if len(parts) * max(len(on), 2 * network.dimension) > 16 * ENTRIES:
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
