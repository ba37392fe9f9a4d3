"""What a network that misses its balls a little may save: the cost of another one that makes up for it.

On ball n the network is off by an affine map, e_n + D_n (y − x_n). A network g that equals it there, up to an affine
map that costs nothing, makes up for it, so that cost(h) + cost(g) bounds the least cost from above. We take g from
slabs, between parallel hyperplanes that miss all balls: some of their patterns form a basis, in which the affine maps
are a sum of one map for each slab, on one side of it. Take a slab of half-width η, and a point p of its middle plane, R
from the far side of the balls: two parallel kinks make a value β at p at the cost ‖β‖/η, one kink a slope along the
normal, and kinks tilted by η/2R a slope W across it: together at most ‖β‖/η + (1 + 4.2 √r R/η) ‖W‖.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.along_lines import balls_along_lines
from exactnorm.certify.balls.constancy import FLAT, SECONDS, SMALL, Sides, sides_of_balls
from exactnorm.certify.balls.missed import (
    NEGLIGIBLE,
    Missed,
    hidden_miss,
    missed_on_balls,
    unsure_share,
    wrong_sides,
)
from exactnorm.certify.balls.sizes import cost_of_sizes, cost_on_a_line, norms
from exactnorm.certify.balls.slabs import (
    LOOKED_AT,
    Slabs,
    basis_of_slabs,
    seen,
    slabs_around_each,
    telling_directions,
)
from exactnorm.certify.balls.spanned import is_basis, not_told, sides_at_centres, slabs_of_network
from exactnorm.certify.effort import CertificateUndecided, Effort
from exactnorm.certify.interpolation import MISSED, Miss
from exactnorm.geometry import Frame, affine_hull
from exactnorm.network import ReLUNetwork, lengths
from exactnorm.training_set import TrainingSet

MANY = 100
"""Points, up to which misses are priced as they are; beyond, by their sizes, whatever their directions."""
MOST = 2000
"""Points, up to which slabs are looked for."""
EACH = 2**35
"""Products of numbers, up to which one is looked for around each of more points: some ten seconds."""
DEAR = 1e-2
"""Share of a network's cost above which a price of what it misses by rounding says nothing of it, but of the slabs."""
ROOM = 16
"""Units in the last place of the coordinates by which a kink may be elsewhere than meant."""


def upper_value(
    network: ReLUNetwork,
    train: TrainingSet,
    sides: Sides,
    miss: Miss,
    check: Callable[[], None] = lambda: None,
) -> float:
    """The cost of the network, and that of correcting it, where that is more than rounding.

    Parameters
    ----------
    network : ReLUNetwork
    train : TrainingSet
    sides : Sides
        The neurons that are on, on each ball; not looked at for more than `MANY` balls that are not small.
    miss : Miss
        Of the network on the balls, its slope there included where the balls are small.
    check : callable
        Called now and then, and may raise.

    Raises
    ------
    CertificateUndecided
        If the cost of a correction is not known.
    """
    return _with_correction(network, train, sides, miss, 1.0, check=check)


def stated_upper(
    network: ReLUNetwork,
    train: TrainingSet,
    miss: Miss,
    frame: Frame | None = None,
    effort: Effort | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> float:
    """The upper value to state, so that others, who round otherwise, find no more.

    It is infinite where the network is not constant near the points, and where a look at it ends undecided: once the
    time is over, or where what the network misses has no price. Of more than `MANY` balls it is the cost where that is
    undecided, and 1 % more without time, which is not shown to be enough. Whatever a check would not support is told to
    `say`, in words for a status. The `frame` is what `affine_hull` says of the points, where it is known: of a thousand
    coordinates it takes long.
    """
    effort = (Effort() if effort is None else effort).or_at_most(SECONDS)
    sides = Sides(network, np.zeros((0, 0), dtype=np.uint8), 0.0)
    if not miss.error <= MISSED * train.separation:
        say("no upper value is stated, as the network that was found misses balls by more than rounding")
        return np.inf
    try:
        if why_hidden := hidden_miss(network, train, miss):
            raise CertificateUndecided(why_hidden)
        if train.size <= MANY or train.rho <= SMALL * train.separation:
            sides = sides_of_balls(network, train, effort)
        if sides.slope <= FLAT:
            return _with_correction(network, train, sides, replace(miss, slope=sides.slope), 4.0, frame, effort.check)
        say("no upper value is stated, as the network that was found is not constant near the points")
    except CertificateUndecided as why:
        if train.size > MANY:
            say(f"the upper value is the cost of the network, and nothing supports it: {why}")
            # By up to this share, or a miss by rounding is left undecided: see `_cost_of_many`.
            return (1 + DEAR if effort.remaining <= 0 else 1) * network.representation_cost
        say(f"no upper value is stated: {why}")
    return np.inf


def _with_correction(
    network: ReLUNetwork,
    train: TrainingSet,
    sides: Sides,
    miss: Miss,
    room: float,
    frame: Frame | None = None,
    check: Callable[[], None] = lambda: None,
) -> float:
    cost = network.representation_cost
    free = train.separation - 2 * train.rho
    unsure = unsure_share(train, free)
    # A kink in a gap so narrow is where it is to so many digits only, and so is what it costs.
    share = ROOM * float(np.finfo(float).eps) * (float(np.abs(train.points).max()) + train.rho) / free
    if not share < 1:
        return np.inf
    sure = cost * (1 + share) if share > NEGLIGIBLE else cost
    if train.size <= MANY:
        more = room * correction_cost(sides.network, train, sides.packed, frame, check, unsure * cost / room)
    else:
        more = room * _cost_of_many(network, train, sides, miss, frame, check)
    return sure if more <= unsure * cost else sure + more


def correction_cost(
    network: ReLUNetwork,
    train: TrainingSet,
    packed: NDArray[np.uint8],
    frame: Frame | None = None,
    check: Callable[[], None] = lambda: None,
    enough: float = 0.0,
) -> float:
    """Upper bound on the least cost of a network that makes up for what `network` misses on the balls.

    Parameters
    ----------
    network : ReLUNetwork
    train : TrainingSet
    packed : ndarray of uint8, shape (N, ⌈K/8⌉)
        The neurons that are on, on each ball, eight to a byte.
    frame : Frame, optional
        Of the points, where it is known.
    check : callable
        Called after every ball, and may raise.
    enough : float
        Down to which it need not be known: values are not computed without rounding where rounding costs no more.

    Raises
    ------
    CertificateUndecided
        Where the slabs that were found do not make up for all of it but rounding.
    """
    frame = affine_hull(train.points) if frame is None else frame
    points, rho = frame.sharp_coordinates(train.points), train.rho / frame.scale
    slabs = basis_of_slabs(points, rho, _own(network, frame, points, rho, check), check)
    if frame.rank > 1 and not is_basis(slabs, train.size):
        slabs = slabs_of_network(slabs, network, train, packed, frame, check)
    cost = np.inf
    for sharp in (False, True):
        if cost <= enough:
            break
        missed = missed_on_balls(network, train, packed, frame, check, sharp)
        if slabs is not None and (is_basis(slabs, train.size) or not (frame.rank == 1 or missed.bent)):
            cost = min(cost, missed.dearer + _cost(slabs, points, rho, missed))
        elif frame.rank == 1:
            e = frame.scale * (lengths(missed.e) + missed.value)
            more = cost_on_a_line(train, frame.scale * points[:, 0], e, norms(missed.D), frame.scale * missed.e)
            cost = min(cost, missed.dearer + more)
        else:  # a kink that bends a ball is no sum of slabs
            raise not_told(train)
    return cost


def _cost(slabs: Slabs, points: Array, rho: float, missed: Missed) -> float:
    """The cost that the slabs allow for making up for what is missed, which is a sum of their patterns."""
    size, r = points.shape
    at_origin = missed.e - np.einsum("nqr,nr->nq", missed.D, points)
    maps = np.concatenate([missed.D, at_origin[:, :, None]], axis=2)
    wanted = (maps[1:] - maps[0]).reshape(size - 1, -1)
    on = slabs.on[:, 1:].T.astype(float)
    parts = np.linalg.solve(on, wanted) if len(on) == len(on.T) else np.linalg.lstsq(on, wanted, rcond=None)[0]
    p, _, across = seen(slabs, points, rho)
    parts = parts.reshape(-1, r, r + 1)
    value = lengths(parts[:, :, r] + np.einsum("sqr,sr->sq", parts[:, :, :r], p))
    cost = float(np.sum(value / slabs.half + (1 + across) * norms(parts[:, :, :r])))
    cost += cost_of_sizes(slabs, points, rho, missed.value, np.zeros(size))
    return cost if cost < np.inf else np.inf


def _own(network: ReLUNetwork, frame: Frame, points: Array, rho: float, check: Callable[[], None]) -> Array:
    """Directions of the network's neurons that cost something, as far as they tell balls apart best."""
    alive = lengths(network.a) * lengths(network.w) > 0
    w = network.w[alive] @ frame.axes.T
    w = w[lengths(w) > 0]
    return telling_directions(points, rho, np.unique(np.round(w / lengths(w)[:, None], 12), axis=0), check)


def _cost_of_many(
    network: ReLUNetwork,
    train: TrainingSet,
    sides: Sides,
    miss: Miss,
    frame: Frame | None,
    check: Callable[[], None],
) -> float:
    """The cost that slabs allow for making up for misses whose sizes are known, but not their directions.

    Raises
    ------
    CertificateUndecided
        Where no slabs are known that make up for them; or where they are mere rounding, and the slabs make far more of
        it.
    """
    found = balls_along_lines(network, train.points, train.rho, least=0)
    if found is not None:
        e, D = lengths(found.off) + found.rounding + found.intrusion, found.reach + found.entered
    elif miss.each is not None:
        e, D = miss.each
    else:
        msg = "how much the network misses on each ball is not known"
        raise CertificateUndecided(msg)
    small, gap, cost = (
        train.rho <= SMALL * train.separation,
        train.separation - 2 * train.rho,
        network.representation_cost,
    )
    off = None if found is None else found.off
    if found is not None and len(found.lines) == 1 and not (small or miss.entered > 0):
        frame = affine_hull(train.points) if frame is None else frame
        if frame.rank == 1:  # between neighbours there is room, and no kink has anywhere else to go
            return cost_on_a_line(train, frame.scale * frame.coordinates(train.points)[:, 0], e, D, off)
    # With balls that are small, kinks may run through the points.
    net, packed = (sides.network, sides.packed) if small else (network, sides_at_centres(network, train))
    value, slope, bent = wrong_sides(net, train, packed, check)
    e, D = e + value, (miss.slope if small else D) + slope
    if train.size <= MOST or train.size * train.points.size <= EACH:
        # In many dimensions there they are, and neither a hull nor a basis need be looked for.
        scale = float(lengths(train.points - train.points[0]).max())
        offsets = (train.points - train.points[0]) / scale
        if (each := slabs_around_each(offsets, train.rho / scale, gap / (8 * scale))) is not None:
            return cost_of_sizes(each, offsets, train.rho / scale, e / scale, D)
    frame = affine_hull(train.points) if frame is None else frame
    points = frame.sharp_coordinates(train.points)
    if frame.rank == 1:
        return cost_on_a_line(train, frame.scale * points[:, 0], e, D, off)
    slabs = None
    if train.size <= MOST:
        alive = lengths(network.a) * lengths(network.w) > 0
        own = np.unique(np.round(network.w[alive][: 4 * train.size] @ frame.axes.T, 12), axis=0)
        slabs = basis_of_slabs(points, train.rho / frame.scale, own[: 4 * LOOKED_AT], check)
        if not is_basis(slabs, train.size):
            if bent:
                raise not_told(train)
            slabs = slabs_of_network(slabs, net, train, packed, frame, check)
    if slabs is not None:
        more = cost_of_sizes(slabs, points, train.rho / frame.scale, e / frame.scale, D)
        if not (more > DEAR * cost and max(float(e.max()) / gap, float(D.max())) <= NEGLIGIBLE):
            return more
    msg = (
        f"the network misses by up to {miss.error + miss.rounding:.1e}, as far as is known, and with {train.size} "
        "points what it would cost to make up for that is not found"
    )
    raise CertificateUndecided(msg)
