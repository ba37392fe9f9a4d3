"""A network for any balls that some hyperplanes tell apart, without going through all patterns: a sum of ramps.

The search for its cuts: enough to interpolate at first, then those that would pay by the multipliers of the last sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform

from exactnorm.arrays import Array
from exactnorm.exact.balls.dives import flipped, told_apart
from exactnorm.exact.balls.gathered import (
    ROOM,
    Cuts,
    Sweep,
    apart,
    every_cut,
    first_directions,
    joined,
    sought,
    swept,
    widened,
)
from exactnorm.exact.balls.peeled import peeled, telling_pairs
from exactnorm.exact.balls.reweighted import Ramps, balanced, reweighted
from exactnorm.exact.deadline import Deadline
from exactnorm.patterns import telling

ROUNDS = 12
"""Times that cuts are added; the last ones gain a percent or so."""
PATIENCE = 2
"""Times in a row that new cuts may bring nothing to speak of."""
SEARCHES = 60
"""Times that cuts are looked for one by one where sweeps leave points together."""
MOST = 3000
"""Points beyond which the program is not written down: its least squares take square matrices of them."""
MANY = 200
"""Points from which sorting along thousands of directions takes so long that a network is wanted before."""
DIRECTIONS = 200
"""Directions along each of which all points may be told apart."""
CUTS_EACH = (2, 8)
"""Cuts for each point that are enough for a first network, at first and where they were not."""
DIVED = 200
"""Points up to which dives look for more cuts where nothing else brings any."""
NEAREST = 10
"""Balls nearest to a cut that are tried on its other side."""
ALL_CUTS = 9
"""Points up to which all ways to cut them in two are looked at: hundredths of a second."""


def cheap_ramps(
    X: Array,
    rho: float,
    deadline: Deadline,
    start: Ramps | None = None,
    rounds: int | None = None,
    patience: int = PATIENCE,
) -> Iterator[Ramps]:
    """Yield ever cheaper sums of ramps that interpolate the balls; none, if none is found.

    Parameters
    ----------
    X : ndarray, shape (N, r)
        Coordinates with the first point at the origin and the farthest at distance 1.
    rho : float
    deadline : Deadline
    start : Ramps, optional
        One to go on from.
    rounds : int, optional
        Times that cuts are added at most.
    patience : int
        Times in a row that they may bring nothing to speak of.

    Raises
    ------
    OutOfTimeError
        Soon after the deadline.
    """
    if len(X) > MOST:
        return
    if start is None and len(X) > MANY and (start := one_by_one(X, rho) or along_one(X, rho)) is not None:
        yield start
    few = len(X) <= ALL_CUTS  # a network is there in hundredths of a second, whatever the clock says
    if not few:
        deadline.check()
    rng = np.random.default_rng(0)
    sweep = swept(X, rho, first_directions(X))
    if not few:
        deadline.check()
    if (best := start or _first(sweep, rng, deadline)) is None:
        return
    if best is not start:
        yield best
    cuts, idle = best.cuts, 0
    for _ in range(max(2, min(ROUNDS, 2000 // len(X))) if rounds is None else rounds):
        if not few:
            cuts = _improved_cuts(sweep, best, cuts, deadline)
        if idle and ALL_CUTS < len(X) <= DIVED:
            cuts = joined(cuts, _dived(sweep, rng, deadline))
        deadline.check()
        found = reweighted(X, cuts, deadline, steps=max(8, 4000 // len(X)))
        idle = idle + 1 if found.cost > best.cost * (1 - 1e-3) else 0
        if found.interpolates and found.cost < best.cost:
            best = found
            yield best
        if few or idle > patience:  # of few points all cuts were there from the first, along their widest gaps
            return


def one_by_one(X: Array, rho: float) -> Ramps | None:
    """A ramp for each point but the first, none of the others on its slope; None if some point has none.

    From the mean of the others to the point, or as it is where the points' covariance is one, which in a simplex is
    normal to the face of the others: whichever has more room. In many dimensions few points are in the hull of others,
    and these directions are there without looking for any.
    """
    on = np.eye(len(X), dtype=bool)[1:]
    cuts: Cuts | None = None
    for normals in _normals(X):
        # A point that is the mean of the others has no direction; a gap of width 0 is none.
        w = normals / np.maximum(np.linalg.norm(normals, axis=1), 1e-300)[:, None]
        height = w @ X.T
        own = height[on]
        height[on] = -np.inf
        below = height.max(axis=1)
        more = Cuts(on, w, below + rho, own - below - 2 * rho)
        cuts = more if cuts is None else joined(cuts, more)
    if cuts is None or not cuts.width.min() > ROOM:
        return None
    a = X[cuts.on.argmax(axis=1)]
    prices = np.zeros_like(X)
    prices[cuts.on.argmax(axis=1)] = a * (cuts.cost / np.linalg.norm(a, axis=1))[:, None]
    return Ramps(cuts, a, np.zeros_like(X), balanced(prices[1:]))


def along_one(X: Array, rho: float) -> Ramps | None:
    """A ramp in each gap along one direction; None if along no direction of some all balls are apart."""
    w, narrowest = widest_direction(X)
    if not narrowest > 2 * rho + ROOM:
        return None
    sweep = swept(X, rho, w[None])
    cuts = sweep.cuts(np.arange(len(X) - 1))
    a = np.diff(X[sweep.order[0]], axis=0)
    a = np.where(cuts.w @ w < 0, -1.0, 1.0)[:, None] * a  # those that leave the first ball off look the other way
    prices = np.zeros_like(X)
    each = np.diff(X[sweep.order[0]], axis=0)
    each *= (2 / sweep.width[0] / np.linalg.norm(each, axis=1))[:, None]
    prices[sweep.order[0, 1:]] += each
    prices[sweep.order[0, :-1]] -= each
    return Ramps(cuts, a, np.zeros_like(X), prices)


def widest_direction(X: Array) -> tuple[Array, float]:
    """Of some directions the one whose narrowest gap between the heights of two points is widest, and that gap."""
    directions = np.ones((1, 1)) if X.shape[1] == 1 else telling(X, np.random.default_rng(0), DIRECTIONS)
    narrowest = np.diff(np.sort(directions @ X.T, axis=1), axis=1).min(axis=1)
    best = int(narrowest.argmax())
    return directions[best], float(narrowest[best])


def some_suffice(sweep: Sweep) -> bool:
    """Whether over some of the cuts of a sweep ramps interpolate."""
    cuts = _first_cuts(sweep, np.random.default_rng(0), CUTS_EACH[0] * len(sweep.X) + 200)
    return len(cuts) > 0 and reweighted(sweep.X, cuts, Deadline(None), 0).interpolates


def _normals(X: Array) -> Iterator[Array]:
    """Directions along which each point but the first may lie above all others, as rows."""
    size, r = X.shape
    offsets = X - X.mean(axis=0)
    yield offsets[1:]
    with suppress(np.linalg.LinAlgError):
        if size == r + 1:
            yield np.asarray(np.linalg.inv(X[1:]).T)  # n · x_m is 1 for its own point and 0 for all others
        else:
            yield np.asarray(np.linalg.solve(offsets.T @ offsets, offsets[1:].T).T)


def _first(sweep: Sweep, rng: np.random.Generator, deadline: Deadline) -> Ramps | None:
    """A first sum of ramps that interpolates, over as many cuts as it takes."""
    if len(sweep.X) <= ALL_CUTS:
        found = reweighted(sweep.X, every_cut(sweep.X, sweep.rho, lambda: None), Deadline(None))
        return found if found.interpolates else None
    for share in CUTS_EACH:
        deadline.check()
        cuts = _first_cuts(sweep, rng, share * len(sweep.X) + 200)
        found = reweighted(sweep.X, cuts, deadline)
        if found.interpolates:
            return found
    more, left = peeled(sweep.X, sweep.rho, deadline.check)
    cuts = joined(cuts, more)
    while len(left) > 1:
        found = reweighted(sweep.X, cuts, deadline)
        if found.interpolates:
            return found
        deadline.check()
        v = found.missing[:, int(np.argmax(np.linalg.norm(found.missing, axis=0)))]
        pairs = telling_pairs(sweep.X, sweep.rho, v, left, deadline.check)
        known, cuts = len(cuts), joined(cuts, pairs)
        if len(cuts) == known:
            break
    for _ in range(SEARCHES):
        deadline.check()
        found = reweighted(sweep.X, cuts, deadline)
        if found.interpolates:
            return found
        deadline.check()
        more, sweep = _telling(sweep, found.missing, rng, deadline)
        if not len(more):
            break
        cuts = joined(cuts, more)
    return None


def _dived(sweep: Sweep, rng: np.random.Generator, deadline: Deadline) -> Cuts:
    """Cuts that tell neighbours along a shortest spanning tree apart."""
    i, j = minimum_spanning_tree(squareform(pdist(sweep.X))).nonzero()
    return told_apart(sweep.X, sweep.rho, i.astype(np.intp), j.astype(np.intp), rng, deadline.check)


def _first_cuts(sweep: Sweep, rng: np.random.Generator, count: int) -> Cuts:
    """All cuts along the directions that have most, cuts between those the first leaves together, the widest of others.

    Where the rows of 0s and 1s of N cuts are independent, some sum of ramps across them interpolates.
    """
    size = len(sweep.X)
    open_ = sweep.width > ROOM
    number = open_.sum(axis=1)
    order = np.argsort(-number, kind="stable")
    along = order[: int(np.searchsorted(np.cumsum(number[order]), count)) + 1]
    k, after = np.nonzero(open_[along])
    cuts = sweep.cuts(along[k] * (size - 1) + after)
    cuts = joined(cuts, sweep.cuts(_highest(sweep.width, ROOM, size + 100)))
    together = np.flatnonzero(~open_[along[0]])
    i, j = sweep.order[along[0], together + 1], sweep.order[along[0], together]
    return joined(cuts, apart(sweep.X, sweep.rho, i, j, rng)) if 0 < len(i) <= 200 else cuts


def _telling(sweep: Sweep, missing: Array, rng: np.random.Generator, deadline: Deadline) -> tuple[Cuts, Sweep]:
    """Cuts that tell apart what others have left together, and the sweep with the directions that were looked for."""
    size = len(sweep.X)
    v = missing[:, int(np.argmax(np.linalg.norm(missing, axis=0)))]
    floor = 1e-9 * float(np.abs(v).max())
    order = np.argsort(v, kind="stable")[: size // 2]
    i, j = np.argsort(-v, kind="stable")[: size // 2], order
    unlike = v[i] - v[j] > floor
    i, j = i[unlike][:50], j[unlike][:50]
    cuts = sweep.cuts(_highest(sweep.worth(v[:, None]), floor, size // 4 + 20))
    cuts = joined(cuts, apart(sweep.X, sweep.rho, i, j, rng))
    if len(cuts) and float(np.abs(cuts.on @ v).max()) > floor:
        return cuts, sweep
    normals = sought(sweep.X, sweep.rho, v, rng, deadline.check)
    sweep = swept(sweep.X, sweep.rho, np.vstack([sweep.directions, normals]))
    return sweep.cuts(_highest(sweep.worth(v[:, None]), floor, size // 4 + 20)), sweep


def _improved_cuts(sweep: Sweep, best: Ramps, cuts: Cuts, deadline: Deadline) -> Cuts:
    """The cuts in use, widened, those that would pay, and the others while they are not too many."""
    used = np.linalg.norm(best.a, axis=1) * best.cuts.cost > 1e-6 * best.cost
    wide = widened(sweep.X, sweep.rho, best.cuts[used], deadline.check)
    if len(sweep.X) > ALL_CUTS:
        flips = flipped(sweep.X, sweep.rho, wide, best.prices, NEAREST, deadline.check)
        wide = joined(wide, _most_worth(flips, best.prices, len(sweep.X)))
    paying = sweep.worth(best.prices) * np.maximum(sweep.width, 0) / 2
    wide = joined(wide, sweep.cuts(_highest(paying, 1.0, len(sweep.X) // 4 + 20)))
    return joined(wide, cuts) if len(cuts) < 3 * len(sweep.X) + 200 else wide


def _most_worth(cuts: Cuts, prices: Array, count: int) -> Cuts:
    """The `count` cuts that pay most."""
    worth = np.linalg.norm(cuts.on @ prices, axis=1) * cuts.width
    return cuts[np.argsort(-worth, kind="stable")[:count]]


def _highest(value: Array, floor: float, count: int) -> NDArray[np.intp]:
    """Indices into the flattened array of the `count` highest values above `floor`, no more than a few a row."""
    few = min(value.shape[1], max(3, 2 * count // len(value)))
    best = np.argpartition(-value, few - 1, axis=1)[:, :few]
    at = (np.arange(len(value))[:, None] * value.shape[1] + best).ravel()
    at = at[value.ravel()[at] > floor]
    return np.asarray(at[np.argsort(-value.ravel()[at], kind="stable")[:count]])
