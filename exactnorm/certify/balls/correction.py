"""What a network that misses its balls a little may save: the cost of another one that makes up for it.

On ball n the network is off by an affine map, e_n + D_n (y − x_n). A network g that equals it there, up to an affine
map that costs nothing, makes up for it, so that cost(h) + cost(g) bounds the least cost from above. We take g from
slabs, between parallel hyperplanes that miss all balls: some of their patterns form a basis, in which the affine maps
are a sum of one map for each slab, on one side of it. Take a slab of half-width η, and a point p of its middle plane, R
from the far side of the balls: two parallel kinks make a value β at p at the cost ‖β‖/η, one kink a slope along the
normal, and kinks tilted by η/2R a slope W across it: together at most ‖β‖/η + (1 + 4.2 √r R/η) ‖W‖.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from exactnorm.arrays import Array
from exactnorm.certify.balls.constancy import FLAT, sides_of_balls
from exactnorm.certify.interpolation import EXACT, value_rounding
from exactnorm.certify.rational import at_points, fractions
from exactnorm.geometry import affine_hull
from exactnorm.network import ReLUNetwork, lengths
from exactnorm.training_set import TrainingSet

MANY = 100
"""Points, beyond which a miss is not priced: it is then known to be below `MISSED` of the separation, and no more."""
NEGLIGIBLE, AT_MOST = 1e-9, 1e-6
"""Share of a network's cost below which that of correcting it is not added: what a recomputation may differ by. Where
the gap between two balls is so narrow that the rounding of coordinates is more of it, that share; from `AT_MOST` on no
miss is priced, and it is known to be below `MISSED` of the separation, and no more."""
ROOM = 16
"""Units in the last place of the coordinates by which a kink may be elsewhere than meant."""
HIDDEN = 1e-7
"""Share of the separation that rounding may hide before values are computed in rational arithmetic; networks of more
than `EXACT` weights times points are taken as floating point has them."""
LOOKED_AT = 300
"""Directions of a network's own neurons that are tried."""


@dataclass(frozen=True, eq=False)
class Slabs:
    """Slabs that miss all balls, one for each ball but the first, whose patterns form a basis.

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


def upper_value(network: ReLUNetwork, train: TrainingSet, sides: NDArray[np.bool_]) -> float:
    """The cost of the network, and that of correcting it, where that is more than rounding.

    Parameters
    ----------
    network : ReLUNetwork
    train : TrainingSet
    sides : ndarray of bool, shape (N, K)
        The neurons that are on, on each ball; not looked at for more than `MANY` points.
    """
    return _with_correction(network, train, sides, 1.0)


def stated_upper(network: ReLUNetwork, train: TrainingSet) -> float:
    """The upper value to state, so that others, who round otherwise, find no more."""
    if train.size > MANY:
        return network.representation_cost
    sides, slope = sides_of_balls(network, train)
    return _with_correction(network, train, sides, 4.0) if slope <= FLAT else network.representation_cost


def _with_correction(network: ReLUNetwork, train: TrainingSet, sides: NDArray[np.bool_], room: float) -> float:
    cost = network.representation_cost
    if train.size > MANY:
        return cost
    free = train.separation - 2 * train.rho
    unsure = _unsure(train, free)
    # A kink in a gap so narrow is where it is to so many digits only, and so is what it costs.
    share = ROOM * float(np.finfo(float).eps) * (float(np.abs(train.points).max()) + train.rho) / free
    if not share < 1:
        return np.inf
    sure = cost * (1 + share) if share > NEGLIGIBLE else cost
    if unsure == AT_MOST:  # what would be priced is the rounding of the points
        return sure
    more = room * correction_cost(network, train, sides)
    return sure if more <= unsure * cost else sure + more


def _unsure(train: TrainingSet, length: float) -> float:
    """The rounding of coordinates as a share of a length, between `NEGLIGIBLE` and `AT_MOST`."""
    rounding = 64 * float(np.finfo(float).eps) * (float(np.abs(train.points).max()) + train.rho)
    return AT_MOST if not rounding < AT_MOST * length else max(NEGLIGIBLE, rounding / length)


def correction_cost(network: ReLUNetwork, train: TrainingSet, sides: NDArray[np.bool_]) -> float:
    """Upper bound on the least cost of a network that makes up for what `network` misses on the balls.

    Parameters
    ----------
    network : ReLUNetwork
    train : TrainingSet
    sides : ndarray of bool, shape (N, K)
        The neurons that are on, on each ball.

    Returns
    -------
    float
        Where no slabs tell all balls apart, an estimate from the narrowest gap.
    """
    frame = affine_hull(train.points)
    points, rho = frame.coordinates(train.points), train.rho / frame.scale
    e, D = _misses(network, train, sides)
    e, D = e / frame.scale, D @ frame.axes.T  # only what happens in the hull of the points matters
    slabs = basis_of_slabs(points, rho, network.w[:LOOKED_AT] @ frame.axes.T)
    if slabs is None:
        gap = (train.separation - 2 * train.rho) / frame.scale
        return float((lengths(e) + 6 * np.linalg.norm(D, axis=(1, 2))).sum()) * 4 / gap
    return _cost(slabs, points, rho, e, D)


def _misses(network: ReLUNetwork, train: TrainingSet, sides: NDArray[np.bool_]) -> tuple[Array, Array]:
    """e_n, shape (N, q), with what kinks inside the balls add, and D_n, shape (N, q, d).

    They are those of a network of the same cost: a kink that enters balls by its offset alone is moved out of them.
    """
    e = np.empty_like(train.points)
    D = np.empty((train.size, network.outputs, network.dimension))
    size, w = lengths(network.a), lengths(network.w)
    b = _moved_out(network, train, sides)
    touches = _unsure(train, train.separation) * train.separation
    # Terms that cancel may hide a miss from floating point.
    reach = float(np.linalg.norm(train.points, axis=1).max()) + train.rho
    hidden = value_rounding(network, reach) > HIDDEN * train.separation
    hidden = hidden and network.neurons * train.points.size <= EXACT
    for n, (x, on) in enumerate(zip(train.points, sides, strict=True)):
        before = network.w @ x + b
        D[n] = network.a[on].T @ network.w[on] + (0 if network.V is None else network.V)
        e[n] = before[on] @ network.a[on] + (0 if network.V is None else network.V @ x) + network.c - x
        if hidden:
            e[n] = (at_points(replace(network, b=b), x[None])[1] - fractions(x))[0].astype(float)
        depth = np.maximum(train.rho * w - np.where(on, before, -before), 0.0)
        # In no direction in particular.
        e[n] += float(depth @ size) / np.sqrt(len(x))
        entered = depth > touches * w
        D[n] += float((size * w)[entered].sum()) / np.sqrt(D[n].size)
    return e, D


def _moved_out(network: ReLUNetwork, train: TrainingSet, sides: NDArray[np.bool_]) -> Array:
    """The offsets b_k, shape (K,), moved as little as makes the kinks miss the balls on both of their sides.

    Where there is no such offset, the kink goes as far into the balls on the one side as on the other.
    """
    before = train.points @ network.w.T + network.b
    radius = train.rho * lengths(network.w)
    least = np.where(sides, radius - before, -np.inf).max(axis=0)
    most = np.where(sides, np.inf, -radius - before).min(axis=0)
    shift = np.where(least <= most, np.clip(0.0, least, np.maximum(least, most)), (least + most) / 2)
    return network.b + np.where(np.isfinite(shift), shift, 0.0)


def basis_of_slabs(points: Array, rho: float, own: Array) -> Slabs | None:
    """Wide slabs whose patterns form a basis, normal to the axes, to differences of points or to the vectors `own`."""
    size, r = points.shape
    pairs = np.column_stack(np.triu_indices(size, 1))
    if len(pairs) > 4 * LOOKED_AT:  # of many points those near each other
        nearest = np.argsort(np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1), kind="stable")
        pairs = pairs[nearest[: 4 * LOOKED_AT]]
    w = np.vstack([own, np.eye(r), points[pairs[:, 0]] - points[pairs[:, 1]]])
    w = w[lengths(w) > 0]
    w /= lengths(w)[:, None]
    order = np.argsort(points @ w.T, axis=0, kind="stable").T
    step = points[order[:, 1:]] - points[order[:, :-1]]
    half = np.einsum("wnr,wr->wn", step, w) / 2 - rho
    direction, gap = np.nonzero(half > 1e-12)
    if not len(direction):
        return None
    middle = np.einsum("kr,kr->k", points[order[direction, gap]] + points[order[direction, gap + 1]], w[direction]) / 2
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(size)[None, :], axis=1)
    wide = np.argsort(-half[direction, gap], kind="stable")
    for many in (8 * size, 64 * size, 512 * size, len(wide)):  # the widest, if they are enough
        rows = wide[:many]
        on = place[direction[rows]] > gap[rows, None]
        on ^= on[:, :1]  # the side of the first ball is the other one
        # Rows as strings of bytes, which sort ten times as fast as rows of numbers.
        packed = np.packbits(on, axis=1)
        first = np.sort(np.unique(packed.view(f"V{packed.shape[1]}").ravel(), return_index=True)[1])
        on, rows = on[first], rows[first]
        if len(rows) < size - 1:
            continue
        pivots = qr(on[:, 1:].T * half[direction[rows], gap[rows]], mode="r", pivoting=True)[1][: size - 1]
        on, best = on[pivots], rows[pivots]
        if np.linalg.matrix_rank(on[:, 1:].astype(float)) == size - 1:
            return Slabs(on, w[direction[best]], middle[best], half[direction[best], gap[best]])
    return None


def _cost(slabs: Slabs, points: Array, rho: float, e: Array, D: Array) -> float:
    """The cost that the slabs allow for making up for e_n + D_n (y − x_n) on every ball."""
    size, r = points.shape
    at_origin = e - np.einsum("nqr,nr->nq", D, points)
    maps = np.concatenate([D, at_origin[:, :, None]], axis=2)
    wanted = (maps[1:] - maps[0]).reshape(size - 1, -1)
    parts = np.linalg.solve(slabs.on[:, 1:].T.astype(float), wanted).reshape(size - 1, e.shape[1], r + 1)
    centre = points.mean(axis=0)
    p = centre + (slabs.middle - slabs.w @ centre)[:, None] * slabs.w
    far = np.linalg.norm(points[None] - p[:, None], axis=2).max(axis=1) + rho
    W = np.linalg.norm(parts[:, :, :r], axis=(1, 2))
    value = np.linalg.norm(parts[:, :, r] + np.einsum("sqr,sr->sq", parts[:, :, :r], p), axis=1)
    across = 4.2 * np.sqrt(r) * far / slabs.half if r > 1 else 0.0
    cost = float((value / slabs.half + (1 + across) * W).sum())
    return cost if cost < np.inf else np.inf
