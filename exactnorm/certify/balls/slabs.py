"""Slabs between parallel hyperplanes that miss all balls: what tells balls apart, and how wide it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr
from scipy.spatial.distance import pdist

from exactnorm.arrays import Array
from exactnorm.network import lengths

LOOKED_AT = 300
"""Directions of a network's own neurons that are tried with more than a hundred points."""
LARGEST = 2**24
"""Entries of an array of differences of points."""
BASIS, TRIED = 2**22, 2**30
"""Entries of a matrix of patterns in which a basis is looked for, a second of a pivoted decomposition; and of all."""
APART = (0.3, 0.03, 1e-9)
"""How far from the span of those before a pattern is to be, which is 0 and 1; the last is far above rounding. The
nearer it is, the more slabs make up for one ball, with the more weight: so all are tried first that are far."""
ROUNDED = 8 * float(np.finfo(float).eps)
"""By how much a slab may be narrower than coordinates say, which are rounded themselves, as a share of the largest."""
ROOM = 2**20
"""Differences of points, and entries of patterns, that are looked at together."""


@dataclass(frozen=True, eq=False)
class Slabs:
    """Slabs that miss all balls, whose patterns are independent: a basis, if there are as many as balls but one.

    Parameters
    ----------
    on : ndarray of bool, shape (S, N)
        The balls beyond each slab; the first is on none.
    w : ndarray, shape (S, r)
    middle, half : ndarray, shape (S,)
        w·y on the middle plane, and half of the width.
    """

    on: NDArray[np.bool_]
    w: Array
    middle: Array
    half: Array


def basis_of_slabs(points: Array, rho: float, own: Array, check: Callable[[], None] = lambda: None) -> Slabs | None:
    """Wide slabs with independent patterns, normal to the axes, to differences of points or to the vectors `own`.

    They are a basis, where that many were found; None where there is no slab at all. `check` is called now and then,
    and may raise.
    """
    size, r = points.shape
    pairs = np.column_stack(np.triu_indices(size, 1))
    if len(pairs) > 4 * LOOKED_AT:  # of many points those near each other
        pairs = pairs[np.argsort(pdist(points), kind="stable")[: 4 * LOOKED_AT]]
    w = np.vstack([own, np.eye(r), points[pairs[:, 0]] - points[pairs[:, 1]]])
    w = w[lengths(w) > 0]
    w /= lengths(w)[:, None]
    w = w[np.sort(np.unique(np.round(w, 12), axis=0, return_index=True)[1])]
    order = np.argsort(w @ points.T, axis=1, kind="stable")
    half = _half_widths(points, rho, w, order) - ROUNDED * max(1, r / 8) * float(lengths(points).max())
    direction, gap = np.nonzero(half > 1e-12)
    if not len(direction):
        return None
    wide, width = np.argsort(-half[direction, gap], kind="stable"), half[direction, gap]
    found, others = np.zeros(0, dtype=np.intp), np.eye(size - 1)
    step = min(8 * size, max(1, BASIS // size))
    for apart, start in product(APART, range(0, min(len(wide), TRIED // size), step)):  # the widest, if they are enough
        check()
        rows = wide[start : start + step]
        on = _beyond(order, direction[rows], gap[rows])
        first = np.sort(np.unique(_packed(on), return_index=True)[1])
        chosen, others = _independent(on[first, 1:], width[rows[first]], others, apart)
        found = np.append(found, rows[first[chosen]])
        if not others.size:
            break
    if len(found) == size - 1 and not _invertible(_beyond(order, direction[found], gap[found])[:, 1:].astype(float)):
        found = found[:-1]  # a basis but for rounding is none
    along, after = direction[found], gap[found]
    on = _beyond(order, along, after)
    ends = points[order[along, after]] + points[order[along, after + 1]]
    return Slabs(on, w[along], np.einsum("kr,kr->k", ends, w[along]) / 2, width[found])


def telling_directions(points: Array, rho: float, w: Array, check: Callable[[], None] = lambda: None) -> Array:
    """Those of the directions w (K, r) along which a pattern of the balls has its widest slab, each direction once.

    However many others there are: none can keep another from being looked at, but for thousands of patterns
    with wider slabs. `check` is called now and then, and may raise.
    """
    size = len(points)
    keys, width, row = _packed(np.zeros((0, size), dtype=bool)), np.zeros(0), np.zeros(0, dtype=np.intp)
    step = max(1, ROOM // size**2)
    for start in range(0, len(w), step):
        check()
        some = w[start : start + step]
        order = np.argsort(some @ points.T, axis=1, kind="stable")
        half = _half_widths(points, rho, some, order)
        direction, gap = np.nonzero(half > 1e-12)
        keys = np.concatenate([keys, _packed(_beyond(order, direction, gap))])
        width = np.concatenate([width, half[direction, gap]])
        row = np.concatenate([row, start + direction])
        widest = np.argsort(-width, kind="stable")
        kept = widest[np.sort(np.unique(keys[widest], return_index=True)[1])[: ROOM // size]]
        keys, width, row = keys[kept], width[kept], row[kept]
    return w[np.unique(row)]


def _beyond(order: NDArray[np.intp], direction: NDArray[np.intp], gap: NDArray[np.intp]) -> NDArray[np.bool_]:
    """The balls beyond a gap along a direction, one row each, or those before it where the first is beyond."""
    place = np.empty(order.shape, dtype=np.int32)
    np.put_along_axis(place, order, np.arange(order.shape[1], dtype=np.int32)[None, :], axis=1)
    on = np.empty((len(gap), order.shape[1]), dtype=bool)
    step = max(1, ROOM // order.shape[1])
    for start in range(0, len(gap), step):
        rows = slice(start, start + step)
        on[rows] = place[direction[rows]] > gap[rows, None]
    on ^= on[:, :1].copy()
    return on


def _packed(on: NDArray[np.bool_]) -> NDArray[np.void]:
    """Rows as strings of bytes, which sort ten times as fast as rows of numbers."""
    packed = np.packbits(on, axis=1)
    return np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel()


def slabs_around_each(points: Array, rho: float, least: float) -> Slabs | None:
    """A slab between each ball but the first and all others, normal to the way there from the middle of all.

    These are a basis as they come, and in many dimensions there they are. None unless all have half the width `least`.
    """
    offsets, size = points - points.mean(axis=0), len(points)
    w = offsets[1:] / np.maximum(lengths(offsets[1:]), 1e-300)[:, None]
    own, below = np.empty((2, size - 1))
    step = max(1, 4 * ROOM // size)
    for start in range(0, size - 1, step):
        rows = np.arange(start, min(start + step, size - 1))
        height = w[rows] @ offsets.T
        own[rows] = height[rows - start, rows + 1]
        height[rows - start, rows + 1] = -np.inf
        below[rows] = height.max(axis=1)
    last = 4 * points.shape[1] * float(np.finfo(float).eps) * float(lengths(offsets).max())
    half = (own - below) / 2 - rho - last
    if not half.min() >= least:
        return None
    return Slabs(np.eye(size, dtype=bool)[1:], w, (own + below) / 2 + w @ points.mean(axis=0), half)


def _independent(on: NDArray[np.bool_], width: Array, others: Array, apart: float) -> tuple[NDArray[np.intp], Array]:
    """Rows of patterns (C, N − 1) so far from the span of those before and of each other, and what is outside of all.

    Rows of wide slabs go before narrow ones. The patterns before are orthogonal to the columns of `others`, which are
    orthonormal; so are all, then, to those of what is returned.
    """
    part = on @ others
    new = np.flatnonzero(lengths(part) > apart)
    if not len(new):
        return new, others
    _, R, pivots = qr(part[new].T * width[new], mode="economic", pivoting=True)
    size = np.abs(np.diag(R))
    near = size <= apart * width[new[pivots[: len(size)]]]
    count = int(np.argmax(np.append(near, True)))
    chosen = new[pivots[:count]]
    Q = np.asarray(qr(part[chosen].T, mode="full")[0])
    return chosen, others @ Q[:, count:]


def _invertible(matrix: Array) -> bool:
    """Whether a square matrix is one to invert, by its condition: its singular values take ten times as long."""
    try:
        condition = float(np.linalg.norm(matrix) * np.linalg.norm(np.linalg.inv(matrix)))
    except np.linalg.LinAlgError:
        return False
    return condition * len(matrix) * float(np.finfo(float).eps) < 1


def _half_widths(points: Array, rho: float, w: Array, order: NDArray[np.intp]) -> Array:
    """Half of each gap between neighbours along each direction that the balls leave, shape (W, N − 1).

    Differences first, so that narrow gaps are known to their last digits; where these are too many numbers, differences
    of heights, less their rounding.
    """
    if order.size * points.shape[1] <= LARGEST:
        half = np.empty((len(w), len(points) - 1))
        some = max(1, ROOM // points.size)  # rows at a time
        for start in range(0, len(w), some):
            rows = slice(start, start + some)
            step = points[order[rows, 1:]] - points[order[rows, :-1]]
            half[rows] = np.einsum("wnr,wr->wn", step, w[rows]) / 2 - rho
        return half
    height = np.take_along_axis(w @ points.T, order, axis=1)
    last = 2 * points.shape[1] * float(np.finfo(float).eps) * float(lengths(points).max())
    return np.asarray(np.diff(height, axis=1) / 2 - rho - last)


def seen(slabs: Slabs, points: Array, rho: float) -> tuple[Array, Array, Array]:
    """The points p (S, r) of the middle planes, how far the balls reach from them, and what a slope across costs."""
    r = points.shape[1]
    centre = points.mean(axis=0)
    p = centre + (slabs.middle - slabs.w @ centre)[:, None] * slabs.w
    # Squares of distances with room for their rounding, which products of matrices give at once.
    away, base = ((points - centre) ** 2).sum(axis=1), ((p - centre) ** 2).sum(axis=1)
    square, step = base.copy(), max(1, 4 * ROOM // len(points))
    for start in range(0, len(p), step):
        rows = slice(start, start + step)
        square[rows] += (away - 2 * (p[rows] - centre) @ (points - centre).T).max(axis=1)
    far = np.sqrt(square + 8 * r * float(np.finfo(float).eps) * (base + away.max())) + rho
    return p, far, 4.2 * np.sqrt(r) * far / slabs.half if r > 1 else np.zeros(len(p))
