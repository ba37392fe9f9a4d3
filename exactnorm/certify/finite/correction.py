"""What a network that misses its targets a little may save: the cost of another one that makes up for it.

A network f of cost R that misses by e_m, together with any network g with g(y_m) = e_m, goes through all targets and
costs R + R(g) at most: that is an upper bound on the least cost, where R alone is none. For g we take functions of one
direction, u·y, that are linear between the inputs: the inverse of the distances along u is what a miss is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from exactnorm.arrays import Array
from exactnorm.certify.along_lines import values_along_lines
from exactnorm.certify.interpolation import BLOCK, EXACT, MISSED, rounding_at
from exactnorm.certify.rational import at_points, fractions
from exactnorm.finite_problem import FiniteProblem, coordinates
from exactnorm.geometry import affine_hull
from exactnorm.network import ReLUNetwork, lengths

NEGLIGIBLE = 1e-9
"""Share of a network's cost below which that of correcting it is not added: what a recomputation may differ by."""
LAST = 256
"""Last places that count as rounding where targets are meant to be affine."""
EPS = float(np.finfo(float).eps)
DIRECTIONS = 64
"""Directions that are tried; inputs may be near each other along one and not along another."""


def at_inputs(network: ReLUNetwork, Y: Array, check: Callable[[], None] = lambda: None) -> Array:
    """f(y_m), shape (M, q), some rows at a time: memory stays small for wide networks, and `check` may raise."""
    step = max(1, BLOCK // max(network.neurons, 1))
    parts = []
    for k in range(0, len(Y), step):
        parts.append(network(Y[k : k + step]))
        check()
    return np.vstack(parts)


def misses(
    problem: FiniteProblem, network: ReLUNetwork, check: Callable[[], None] = lambda: None
) -> Iterator[tuple[Array, Array]]:
    """x_m − f(y_m) at the distinct inputs, shape (U, q), and by how much each may be off; then better known ones.

    Sums of terms that are far larger than their sum are followed along a line, or evaluated in rational arithmetic
    where the network is not too large for that. `check` is called now and then, and may raise.
    """
    first = problem.distinct[0]
    Y, x = problem.inputs[first], problem.targets[first]
    found = at_inputs(network, Y, check)
    yield x - found, rounding_at(network, Y)
    if not np.isfinite(found).all():
        return
    if network.neurons * max(Y.size, x.size) <= EXACT:
        for m in range(len(Y)):
            found[m] = np.asarray(fractions(x[m]) - at_points(network, Y[m : m + 1])[1][0], dtype=float)
            check()
        yield found, EPS * lengths(found)
    elif (along := values_along_lines(network, Y)) is not None:
        yield x - along[0], along[1] + 2e-16 * lengths(x)


def last_digits(problem: FiniteProblem) -> Array:
    """How far each target may be from an affine function by the last digits of data on one, shape (M,).

    They are the digits of the target itself, and of each coordinate of its input times the slope of all along it: a
    target that is larger, far away, lends none to it, nor a coordinate along which all are steep to another, and a
    network none at all. No slope counts for more than that of all on the whole: across inputs that nearly lie in a flat
    an affine function may be as steep as it likes.
    """
    data, steep = coordinates(problem), np.zeros(problem.inputs.shape[1])
    if problem.skip:
        fit = np.linalg.lstsq(data.free, data.targets, rcond=None)[0]
        steep = lengths(data.hull.axes.T @ fit[1:]) * data.target_frame.scale / data.hull.scale
        steep = np.minimum(steep, extent(problem.targets) / extent(problem.inputs))
    return LAST * EPS * (lengths(problem.targets) + np.abs(problem.inputs) @ steep)


def extent(rows: Array) -> float:
    """The diagonal of the box of some points."""
    return float(np.linalg.norm(np.ptp(rows, axis=0)))


def excused(problem: FiniteProblem) -> float:
    """What it may cost to make up for last digits of targets that are meant to be affine, to count as nothing.

    As much as between so many inputs that are evenly apart: between some that are nearer to each other the same digits
    make slopes of any size.
    """
    weight = np.hypot(1.0, lengths(problem.inputs).max()) if problem.penalise_bias else 1.0
    size = len(problem.distinct[0])
    return float(4 * size**2 * last_digits(problem).max() / extent(problem.inputs) * weight)


def affine_to_last_digits(problem: FiniteProblem, check: Callable[[], None] = lambda: None) -> bool:
    """Whether the targets are those of an affine function that costs nothing, but for their last digits.

    With weight decay these are digits of a residual; without, of slopes, and what they cost has to be `excused`.
    """
    data, (first, which) = coordinates(problem), problem.distinct
    off = data.targets
    for _ in range(2 if data.free.shape[1] else 0):  # the second time what the first one has rounded
        off = off - data.free @ np.linalg.lstsq(data.free, off, rcond=None)[0]
    off = data.target_frame.scale * off
    if problem.weight_decay is not None:
        apart = lengths(problem.targets - problem.targets[first[which]])  # of equal inputs
        return bool((lengths(off)[which] + apart <= last_digits(problem)).all())
    most = excused(problem)
    if not lengths(off).max() <= most * extent(problem.inputs):
        return False  # so much does any function of that cost
    return correction_cost(problem, off, np.zeros(len(off)), check) <= most


def corrected_cost(
    problem: FiniteProblem, network: ReLUNetwork, cost: float, error: float, check: Callable[[], None]
) -> tuple[float, float]:
    """The cost of the network and of correcting it; with less rounding where rounding alone is worth something.

    However dear that is, there are networks along one direction as well: what the dearer of the two costs is enough.
    Infinite for a network that misses by more than `MISSED` of the spread. Also the largest residual as far as it is
    known: `error`, or what is left of it without the rounding.
    """
    spread, size = float(np.ptp(problem.targets, axis=0).max()), float(np.abs(problem.targets).max())
    last, upper = 64 * float(np.finfo(float).eps) * size, np.inf
    for miss, unsure in misses(problem, network, check):
        off = float(lengths(miss).max())
        if not off + float(unsure.max()) <= MISSED * spread + last:
            continue
        more = correction_cost(problem, miss, unsure, check)
        # Targets that are affine to their last digits cost nothing.
        if more <= (NEGLIGIBLE * cost if cost > 0 else excused(problem)):
            return cost, off
        if cost + more < upper:
            upper, error = cost + more, off
    if upper < np.inf:
        first = problem.distinct[0]
        along = correction_cost(problem, problem.targets[first], np.zeros(len(first)), check)
        upper = cost if along <= cost * (1 + NEGLIGIBLE) else min(upper, along)
    return upper, error


def correction_cost(
    problem: FiniteProblem, miss: Array, unsure: Array, check: Callable[[], None] = lambda: None
) -> float:
    """Upper bound on the least cost of a network that takes the values `miss`, known to `unsure`, at all inputs.

    However near each other two inputs are, a network that is to be equal at both has to be flat between them: that may
    cost as much as any other slope. `check` is called after every direction, and may raise.
    """
    Y, least = problem.inputs[problem.distinct[0]], float("inf")
    for u in directions(Y):
        least = min(least, _along(problem, Y, miss, unsure, u))
        check()
    return least


def directions(Y: Array) -> Iterator[Array]:
    """Unit vectors: those of the inputs' hull, axes, and some others; of few inputs in many dimensions all in it."""
    size, p = Y.shape
    if p == 1:
        yield np.ones(1)
        return
    hull = affine_hull(Y).axes
    if p <= size:
        if len(hull) < p:
            yield from hull
        hull = np.eye(p)
    n, rng = len(hull), np.random.default_rng(0)
    for k in range(n + (DIRECTIONS if n > 1 else 0)):
        u = (rng.standard_normal(n) if k >= n else np.eye(1, n, k)[0]) @ hull
        yield u / np.linalg.norm(u)


def _along(problem: FiniteProblem, Y: Array, miss: Array, unsure: Array, u: Array) -> float:
    """The cost of the function of u·y that is linear between the inputs and takes the values `miss`, known to `unsure`.

    Infinite where two inputs coincide along u, but for rounding.
    """
    rounding = (2 + len(u)) * EPS
    used = np.flatnonzero(u)  # along an axis one column is all there is to look at
    Y, u = Y[:, used], u[used]
    order = np.argsort(Y.astype(np.longdouble) @ u, kind="stable")  # floats next to each other are told apart
    steps = np.diff(Y[order], axis=0)
    gaps, astray = steps @ u, rounding * (np.abs(steps) @ np.abs(u))
    if not ((gaps > 2 * astray).all() and np.isfinite(miss).all()):
        return float("inf")
    kinks = Y[order] @ u
    weight = np.sqrt(1 + kinks**2) if problem.penalise_bias else np.ones(len(kinks))
    slopes = np.diff(miss[order], axis=0) / gaps[:, None]
    unsure = unsure[order]
    loose = (unsure[1:] + unsure[:-1]) / (gaps - astray) + lengths(slopes) * astray / (gaps - astray)
    jumps = lengths(np.diff(slopes, axis=0)) + loose[1:] + loose[:-1]
    cost = float(weight[1:-1] @ jumps)
    if not problem.skip:
        cost += float(weight[0] * (np.linalg.norm(slopes[0]) + loose[0]))
    if not problem.constant:
        cost += float(np.linalg.norm(miss[order[0]])) + float(unsure[0])
    return cost if cost < float("inf") else float("inf")
