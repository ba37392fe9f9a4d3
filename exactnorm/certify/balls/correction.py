"""What a network that misses its balls a little may save: the cost of another one that makes up for it.

On ball n the network is off by an affine map, e_n + D_n (y − x_n). A network g that equals it there, up to an affine
map that costs nothing, makes up for it, so that cost(h) + cost(g) bounds the least cost from above. We take g from
slabs, between parallel hyperplanes that miss all balls: some of their patterns form a basis, in which the affine maps
are a sum of one map for each slab, on one side of it. Take a slab of half-width η, and a point p of its middle plane, R
from the far side of the balls: two parallel kinks make a value β at p at the cost ‖β‖/η, one kink a slope along the
normal, and kinks tilted by η/2R a slope W across it: together at most ‖β‖/η + (1 + 4.2 √r R/η) ‖W‖.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.along_lines import balls_along_lines
from exactnorm.certify.balls.constancy import FLAT, SMALL, sides_of_balls
from exactnorm.certify.balls.slabs import LOOKED_AT, Slabs, basis_of_slabs, seen, slabs_around_each
from exactnorm.certify.effort import CertificateUndecided
from exactnorm.certify.interpolation import EXACT, Miss, last_digits, rounding_at
from exactnorm.certify.rational import at_points, fractions
from exactnorm.geometry import Frame, affine_hull
from exactnorm.network import ReLUNetwork, lengths
from exactnorm.training_set import TrainingSet

MANY = 100
"""Points, up to which misses are priced as they are; beyond, by their sizes, whatever their directions."""
QUICK, MOST = 400, 2000
"""Points, up to which slabs are looked for at once; and up to which they are where the miss is not plainly nothing."""
NEGLIGIBLE, AT_MOST = 1e-9, 1e-6
"""Share of a network's cost below which that of correcting it is not added: what a recomputation may differ by. Where
the gap between two balls is so narrow that the rounding of coordinates is more of it, that share, up to `AT_MOST`; from
there on, what the rounding of the points explains of a miss is left out of it."""
ROOM = 16
"""Units in the last place of the coordinates by which a kink may be elsewhere than meant."""
HIDDEN = 1e-7
"""Share of the separation that rounding may hide before values are computed in rational arithmetic, or, in networks of
more than `EXACT` weights times points, are taken to miss by all that rounding may hide."""


def upper_value(network: ReLUNetwork, train: TrainingSet, sides: NDArray[np.bool_], miss: Miss) -> float:
    """The cost of the network, and that of correcting it, where that is more than rounding.

    Parameters
    ----------
    network : ReLUNetwork
    train : TrainingSet
    sides : ndarray of bool, shape (N, K)
        The neurons that are on, on each ball; not looked at for more than `MANY` points.
    miss : Miss
        Of the network on the balls, its slope there included where the balls are small.

    Raises
    ------
    CertificateUndecided
        If there are so many points that the cost of a correction is not known.
    """
    return _with_correction(network, train, sides, miss, 1.0)


def stated_upper(network: ReLUNetwork, train: TrainingSet, miss: Miss, frame: Frame | None = None) -> float:
    """The upper value to state, so that others, who round otherwise, find no more.

    The `frame` is what `affine_hull` says of the points, where it is known: of a thousand coordinates it takes long.
    """
    sides, slope = np.zeros((0, 0), dtype=bool), 0.0
    if train.size <= MANY or train.rho <= SMALL * train.separation:
        sides, slope = sides_of_balls(network, train)
    try:
        if slope <= FLAT:
            return _with_correction(network, train, sides, replace(miss, slope=slope), 4.0, frame)
    except CertificateUndecided:
        pass
    return network.representation_cost


def _with_correction(
    network: ReLUNetwork,
    train: TrainingSet,
    sides: NDArray[np.bool_],
    miss: Miss,
    room: float,
    frame: Frame | None = None,
) -> float:
    cost = network.representation_cost
    free = train.separation - 2 * train.rho
    unsure = _unsure(train, free)
    # A kink in a gap so narrow is where it is to so many digits only, and so is what it costs.
    share = ROOM * float(np.finfo(float).eps) * (float(np.abs(train.points).max()) + train.rho) / free
    if not share < 1:
        return np.inf
    sure = cost * (1 + share) if share > NEGLIGIBLE else cost
    if train.size <= MANY:
        more = room * correction_cost(network, train, sides, frame)
    else:
        more = room * _cost_of_many(network, train, miss, NEGLIGIBLE * cost, frame)
    return sure if more <= unsure * cost else sure + more


def _unsure(train: TrainingSet, length: float) -> float:
    """The rounding of coordinates as a share of a length, between `NEGLIGIBLE` and `AT_MOST`."""
    rounding = last_digits(train.points, train.rho)
    return AT_MOST if not rounding < AT_MOST * length else max(NEGLIGIBLE, rounding / length)


def _explained(train: TrainingSet) -> float:
    """How much of a miss is the rounding of the points: nothing, but where the balls are too near to tell."""
    narrow = _unsure(train, train.separation - 2 * train.rho) == AT_MOST
    return last_digits(train.points, train.rho) if narrow else 0.0


def correction_cost(
    network: ReLUNetwork, train: TrainingSet, sides: NDArray[np.bool_], frame: Frame | None = None
) -> float:
    """Upper bound on the least cost of a network that makes up for what `network` misses on the balls.

    Parameters
    ----------
    network : ReLUNetwork
    train : TrainingSet
    sides : ndarray of bool, shape (N, K)
        The neurons that are on, on each ball.
    frame : Frame, optional
        Of the points, where it is known.

    Returns
    -------
    float
        Where no slabs tell all balls apart, an estimate from the narrowest gap.
    """
    frame = affine_hull(train.points) if frame is None else frame
    points, rho = frame.coordinates(train.points), train.rho / frame.scale
    e, D = _misses(network, train, sides)
    e = _beyond(e, _explained(train))
    e, D = e / frame.scale, D @ frame.axes.T  # only what happens in the hull of the points matters
    slabs = basis_of_slabs(points, rho, network.w[:LOOKED_AT] @ frame.axes.T)
    if slabs is None:
        gap = (train.separation - 2 * train.rho) / frame.scale
        return float((lengths(e) + 6 * np.linalg.norm(D, axis=(1, 2))).sum()) * 4 / gap
    return _cost(slabs, points, rho, e, D)


def _beyond(found: Array, explained: float) -> Array:
    """What is left of each row, or matrix, once a length is taken off it."""
    length = np.sqrt((found**2).reshape(len(found), -1).sum(axis=1))
    share = np.maximum(length - explained, 0.0) / np.where(length > 0, length, 1.0)
    return np.asarray(found * share.reshape(-1, *[1] * (found.ndim - 1)))


def _misses(network: ReLUNetwork, train: TrainingSet, sides: NDArray[np.bool_]) -> tuple[Array, Array]:
    """e_n, shape (N, q), with what kinks inside the balls add, and D_n, shape (N, q, d).

    They are those of a network of the same cost: a kink that enters balls by its offset alone is moved out of them.
    """
    e = np.empty_like(train.points)
    D = np.empty((train.size, network.outputs, network.dimension))
    size, w = lengths(network.a), lengths(network.w)
    b = _moved_out(network, train, sides)
    touches = last_digits(train.points, train.rho)
    # Terms that cancel may hide a miss from floating point.
    rounding = rounding_at(network, train.points, train.rho)
    hidden = rounding > HIDDEN * train.separation
    large = network.neurons * train.points.size > EXACT
    for n, (x, on) in enumerate(zip(train.points, sides, strict=True)):
        before = network.w @ x + b
        D[n] = network.a[on].T @ network.w[on] + (0 if network.V is None else network.V)
        e[n] = before[on] @ network.a[on] + (0 if network.V is None else network.V @ x) + network.c - x
        if hidden[n] and large:
            e[n] += rounding[n] / np.sqrt(len(x))
        elif hidden[n]:
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


def _cost(slabs: Slabs, points: Array, rho: float, e: Array, D: Array) -> float:
    """The cost that the slabs allow for making up for e_n + D_n (y − x_n) on every ball."""
    size, r = points.shape
    at_origin = e - np.einsum("nqr,nr->nq", D, points)
    maps = np.concatenate([D, at_origin[:, :, None]], axis=2)
    wanted = (maps[1:] - maps[0]).reshape(size - 1, -1)
    parts = np.linalg.solve(slabs.on[:, 1:].T.astype(float), wanted).reshape(size - 1, e.shape[1], r + 1)
    p, _, across = seen(slabs, points, rho)
    W = np.linalg.norm(parts[:, :, :r], axis=(1, 2))
    value = np.linalg.norm(parts[:, :, r] + np.einsum("sqr,sr->sq", parts[:, :, :r], p), axis=1)
    cost = float(np.sum(value / slabs.half + (1 + across) * W))
    return cost if cost < np.inf else np.inf


def _cost_of_many(network: ReLUNetwork, train: TrainingSet, miss: Miss, nothing: float, frame: Frame | None) -> float:
    """The cost that slabs allow for making up for misses whose sizes are known, but not their directions.

    Raises
    ------
    CertificateUndecided
        Where no basis of slabs is known, and the misses are not so small that many times the estimate from the
        narrowest gap would be `nothing`.
    """
    found = balls_along_lines(network, train.points, train.rho, least=0)
    if found is not None:
        e, D = lengths(found.off) + found.rounding + found.intrusion, found.reach + found.entered
    elif miss.each is not None:
        e, D = miss.each
    else:
        msg = "how much the network misses on each ball is not known"
        raise CertificateUndecided(msg)
    if train.rho <= SMALL * train.separation:  # kinks may run through the points
        D = np.full(train.size, miss.slope)
    e = np.maximum(e - _explained(train), 0.0)
    gap = train.separation - 2 * train.rho
    if train.size <= MOST:
        # In many dimensions there they are, and neither a hull nor a basis need be looked for.
        scale = float(lengths(train.points - train.points[0]).max())
        offsets = (train.points - train.points[0]) / scale
        if (each := slabs_around_each(offsets, train.rho / scale, gap / (8 * scale))) is not None:
            return _cost_of_sizes(each, offsets, train.rho / scale, e / scale, D)
    frame = affine_hull(train.points) if frame is None else frame
    points = frame.coordinates(train.points)
    if frame.rank == 1:
        return _cost_on_a_line(train, frame.scale * points[:, 0], e, D, None if found is None else found.off)
    crude = 4 * train.size * float(np.sum(e + 6 * frame.scale * D)) / gap
    if train.size > QUICK and crude <= nothing:
        return crude
    slabs = None
    if train.size <= MOST:
        own = np.unique(np.round(network.w[: 4 * train.size] @ frame.axes.T, 12), axis=0)
        slabs = basis_of_slabs(points, train.rho / frame.scale, own[: 4 * LOOKED_AT])
    if slabs is not None:
        return _cost_of_sizes(slabs, points, train.rho / frame.scale, e / frame.scale, D)
    if crude <= nothing:
        return crude
    msg = (
        f"the network misses by up to {miss.error + miss.rounding:.1e}, as far as is known, and with {train.size} "
        "points what it would cost to make up for that is not found"
    )
    raise CertificateUndecided(msg)


def _cost_on_a_line(train: TrainingSet, t: Array, e: Array, D: Array, off: Array | None) -> float:
    """Between neighbours on the line, heights t, a value and a slope: differences of two misses, seen from the middle.

    Where the misses themselves are known, `off`, neighbours may differ by little.
    """
    order = np.argsort(t, kind="stable")
    gaps = np.diff(t[order])
    e, slope = e[order], D[order][1:] + D[order][:-1]
    value = e[1:] + e[:-1]
    if off is not None:
        unsure = e - lengths(off[order])
        value = np.minimum(value, lengths(np.diff(off[order], axis=0)) + np.abs(unsure[1:]) + np.abs(unsure[:-1]))
    return float(np.sum(2 * (value + slope * gaps / 2) / (gaps - 2 * train.rho) + slope))


def _cost_of_sizes(slabs: Slabs, points: Array, rho: float, e: Array, D: Array) -> float:
    """As `_cost`, for misses of at most e_n and D_n, whatever their directions."""
    share = np.abs(np.linalg.inv(slabs.on[:, 1:].T.astype(float)))
    _, far, across = seen(slabs, points, rho)
    value, slope = share @ (e[1:] + e[0]), share @ (D[1:] + D[0])
    return float(np.sum((value + slope * far) / slabs.half + (1 + across) * slope))
