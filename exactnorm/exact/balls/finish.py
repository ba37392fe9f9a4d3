"""From the spread-out network of a convex solver to a small one that interpolates to rounding."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from scipy.linalg import qr, solve_triangular

from exactnorm.arrays import Array
from exactnorm.exact.balls.averaged import average, corrected_average, everywhere, unmet
from exactnorm.exact.balls.kinks import Kinks, joined
from exactnorm.exact.balls.master import master
from exactnorm.exact.balls.polish import Neurons, corrected, margins, merge_nearby, newton, residual
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.deadline import Deadline, OutOfTimeError
from exactnorm.exact.settings import Settings

SAME = 1 + 1e-9
"""Costs within this factor of each other are equal, to what brackets resolve."""
MANY_PATTERNS = 5000
"""Patterns times rank up to which a correction over kinks of all patterns takes hundredths of a second."""
DEAR = 1e-2
"""Share of its cost that what an average misses by rounding may cost where there is no time for another network."""
LENT = (1e-2, 1e-3, 1e-4)
"""What these kinks may carry at first, as shares of the largest output weight: less costs less, and may not suffice."""
# A Newton step solves a dense system in all weights; beyond this many it costs more than a round of the loop.
LARGEST_SYSTEM = 2500
LARGEST_STATIONARY = 600
MANY_NEURONS = 1500
"""Neurons of an average, up to which those are left out that can be."""
STEPS = 30.0
"""Operations, in units of the cube of the number of weights, of a Newton iteration that converges."""
MERGED = 6e4
"""Operations, or as long as they take, for each neuron that is compared with those of its pattern."""
SPEED = 2e9
"""Operations a second that dense linear algebra does at least."""
SMALL = 2e8
"""Operations that are done whatever the clock says: hundredths of a second."""


class UnaveragedError(Exception):
    """The average of a network over the symmetries of the points has too many neurons, or loses its digits."""


def finished(problem: Reduced, neurons: Neurons, touching: Kinks | None, settings: Settings) -> Neurons:
    """The same or a cheaper network with as few neurons as clustering gives, interpolating to rounding.

    The kinks at which the dual touches its bound are the ones that a minimiser uses: a network over them alone, if it
    costs no more, is taken. After the deadline only linear corrections are tried, which take milliseconds.
    """
    if problem.orbits is not None:
        return finished_average(problem, neurons, touching, settings)
    tried = [neurons]
    if touching is not None and settings.deadline.remaining > 0:
        tried.append(over_touching(problem, touching, neurons, settings))
        if interpolates(problem, tried[-1]) and tried[-1].cost <= neurons.cost * SAME:
            return thinned(problem, tried[-1], settings.deadline)
    for radius in (3e-2, 1e-2, 1e-3, 1e-5, 1e-7):
        if not in_time(MERGED * len(neurons.kinks), settings.deadline):
            break
        touch = radius / 10 * problem.room
        merged = merge_nearby(problem.tree, neurons, radius, 1e-6)
        size = merged.a.size + merged.kinks.z.size
        if size <= LARGEST_SYSTEM and in_time(STEPS * size**3, settings.deadline):
            tried.append(newton(problem.points, problem.rho, merged, touch, stationary=False))
            if size <= LARGEST_STATIONARY and in_time(STEPS * (3 * size) ** 3, settings.deadline):
                moved = Neurons(tried[-1].kinks, tried[-1].a, neurons.B)
                tried.append(newton(problem.points, problem.rho, moved, touch))
        if not in_time(4.0 * problem.points.size * problem.rank * len(merged.kinks) ** 2, settings.deadline):
            continue
        tried.append(corrected(problem.points, merged))
        if touching is not None and any(
            len(one.kinks) <= len(touching) and one.cost <= neurons.cost and interpolates(problem, one) for one in tried
        ):
            break  # as small as the dual says it can be
    good = [one for one in tried if interpolates(problem, one)] or [neurons]
    least = min(one.cost for one in good)
    # Among networks of equal cost (to what the brackets resolve) the smallest says most.
    small = min((one for one in good if one.cost <= least * SAME), key=lambda one: (len(one.kinks), one.cost))
    return thinned(problem, small, settings.deadline)


def interpolating(problem: Reduced, network: Neurons, *, lent: bool = False) -> Neurons | None:
    """The network with its output weights corrected, or None if they cannot be: its kinks do not suffice.

    Neurons that carry next to nothing, as an interior point method leaves many, are left out if it goes without them.
    Where that costs more than rounding, other kinks may be lent to it, and it has many neurons then.
    """
    if not len(network.kinks):
        return None
    moved = _reweighed(problem, network)
    if not lent or problem.orbits is not None or (moved is not None and moved.cost <= network.cost * SAME):
        return moved
    return min([*([] if moved is None else [moved]), *helped(problem, network)], key=lambda one: one.cost, default=None)


def helped(problem: Reduced, network: Neurons) -> list[Neurons]:
    """The network corrected with the kinks at the ends of all gaps as well, as far as it then interpolates.

    A solver's network misses by 1e-8 or so. Where the moments of its kinks are nearly dependent, or do not span all
    conditions, its own kinks make up for that at a cost of percents; these others at about what is missing.
    """
    if len(problem.patterns) * problem.rank > MANY_PATTERNS:
        return []
    kinks = joined(network.kinks, problem.gap_kinks)
    a = np.vstack([network.a, np.zeros((len(kinks) - len(network.a), problem.rank))])
    out = []
    for least in LENT:
        moved = corrected(problem.points, Neurons(kinks, a, network.B), least)
        moved = corrected(problem.points, moved, least)  # the last digits
        out += [moved] if interpolates(problem, moved) else []
    return out


def _reweighed(problem: Reduced, network: Neurons) -> Neurons | None:
    weight = np.linalg.norm(network.a, axis=1)
    if not weight.any():
        return None
    heavy = weight > 1e-6 * weight.max()
    for kept in (heavy, np.ones_like(heavy)):
        some = Neurons(network.kinks[kept], network.a[kept], network.B)
        moved = corrected(problem.points, some) if problem.orbits is None else corrected_average(problem, some)
        if interpolates(problem, moved):
            return moved
    return None


def settled(problem: Reduced, network: Neurons) -> Neurons | None:
    """The network with kinks and output weights moved together until it interpolates, or None if that fails.

    Where the moments of the kinks are nearly dependent, output weights alone cannot make up for the last digits that
    the kinks lack, or only at a cost.
    """
    if problem.orbits is not None or not 0 < network.a.size + network.kinks.z.size <= LARGEST_SYSTEM:
        return None
    moved = newton(problem.points, problem.rho, network, problem.touch, stationary=False)
    moved = corrected(problem.points, moved)
    return moved if interpolates(problem, moved) else None


def finished_average(problem: Reduced, neurons: Neurons, touching: Kinks | None, settings: Settings) -> Neurons:
    """The same for a network that means its average over the group."""
    tried = []
    if touching is not None and settings.deadline.remaining > 0:
        with suppress(ArithmeticError, OutOfTimeError):
            tried.append(corrected_average(problem, master(problem, touching, neurons.cost, settings)))
    tried += [
        corrected_average(problem, merge_nearby(problem.tree, neurons, radius, 1e-6)) for radius in (1e-2, 1e-3, 1e-5)
    ]
    good = [one for one in tried if interpolates(problem, one) and one.cost <= neurons.cost * SAME]
    return min([*good, neurons], key=lambda one: len(one.kinks))


def everywhere_finished(
    problem: Reduced, neurons: Neurons, touching: Kinks | None, settings: Settings
) -> tuple[Neurons, Kinks | None]:
    """The average of a network over the group, thinned, and all touching kinks."""
    spread = average(problem, neurons)
    # Corrections of what is rounding would only add to the cost: the conditions of symmetric kinks are dependent.
    if spread is not None and not interpolates(problem.whole, spread):
        spread = interpolating(problem.whole, spread, lent=True)
    allowed = settings.tol / 4 if settings.deadline.remaining > 0 else DEAR
    if spread is None or spread.cost > neurons.cost * (1 + allowed):
        msg = f"the average of {len(neurons.kinks)} neurons over the symmetries of the points is no network"
        raise UnaveragedError(msg)
    if len(spread.kinks) <= MANY_NEURONS:
        spread = thinned(problem.whole, spread, settings.deadline)
    return spread, None if touching is None else everywhere(problem, touching, MANY_NEURONS)


def over_touching(problem: Reduced, touching: Kinks, neurons: Neurons, settings: Settings) -> Neurons:
    """The cheapest network over the touching kinks, or `neurons` where no solver finds it in time."""
    try:
        return corrected(problem.points, master(problem, touching, neurons.cost, settings))
    except (ArithmeticError, OutOfTimeError):
        return neurons


def thinned(problem: Reduced, neurons: Neurons, deadline: Deadline) -> Neurons:
    """A network, no costlier to nine digits, from which no neuron can be left out; the same if there is no time.

    With kinks and output directions fixed, the network is a combination with weights ‖a_k‖ ≥ 0 of its neurons' moments,
    and its cost is their sum. Carathéodory: along a combination of moments that vanishes the weights are moved, in the
    direction in which their sum does not grow, until one of them is 0, and again until the moments are independent.
    """
    weight = np.linalg.norm(neurons.a, axis=1)
    some = weight > 0
    kinks, a, weight = neurons.kinks[some], neurons.a[some], weight[some]
    rows, count = problem.points[1:].size * (problem.rank + 1), len(weight)
    if not in_time(2.0 * rows * count * min(rows, count), deadline):
        return neurons
    on = kinks.pattern[:, 1:] * 1.0
    moments = np.einsum("kn,ki,kj->nijk", on, a / weight[:, None], kinks.z).reshape(-1, count)
    left = without_dependent(moments, weight, deadline)
    if np.count_nonzero(left) == count:
        return Neurons(kinks, a, neurons.B)
    kept = left > 1e-9 * weight.max()
    if not kept.any():  # rounding has eaten the weights
        return Neurons(kinks, a, neurons.B)
    fewer = corrected(problem.points, Neurons(kinks[kept], a[kept] * (left / weight)[kept, None], neurons.B))
    return fewer if interpolates(problem, fewer) and fewer.cost <= neurons.cost * SAME else neurons


def without_dependent(moments: Array, weight: Array, deadline: Deadline) -> Array:
    """Weights ≥ 0 with the same combination of the columns and no larger sum, positive on independent columns only.

    Or on more, if the deadline passes first and it would take long.
    """
    R, order = qr(moments, mode="r", pivoting=True, check_finite=False)
    rank = int(np.sum(np.abs(np.diag(R)) > 1e-9 * abs(R[0, 0])))
    free = len(weight) - rank
    # Columns that span the combinations that vanish, rows in the order of the pivots.
    null = np.vstack([-solve_triangular(R[:rank, :rank], R[:rank, rank:]), np.eye(free)])
    left = weight[order].copy()
    long = 4.0 * free * null.size > SMALL
    for _ in range(free):
        if long and deadline.remaining <= 0:
            break
        # Some entry is −1 or 1, and with a sum that is not positive some entry is negative.
        move = null[:, 0] if null[:, 0].sum() <= 0 else -null[:, 0]
        with np.errstate(divide="ignore", over="ignore"):
            steps = np.where(move < -1e-12, left / np.maximum(-move, 1e-300), np.inf)
        k = int(np.argmin(steps))
        left = np.maximum(left + steps[k] * move, 0.0)
        left[k] = 0.0
        # The other combinations, without neuron k: it stays at 0.
        pivot = int(np.argmax(np.abs(null[k])))
        null = np.delete(null - np.outer(null[:, pivot], null[k] / null[k, pivot]), pivot, axis=1)
        null[k] = 0.0
        if null.shape[1]:
            null /= np.abs(null).max(axis=0)
    out = np.empty_like(left)
    out[order] = left
    return out


def in_time(operations: float, deadline: Deadline) -> bool:
    """Whether dense linear algebra of so many operations fits well into the time that is left; small ones always do."""
    return operations < SMALL or operations / SPEED < deadline.remaining / 4


def interpolates(problem: Reduced, neurons: Neurons) -> bool:
    """Whether the network maps all balls to their centres, up to rounding."""
    if problem.orbits is None:
        off = float(np.abs(residual(problem.points, neurons.kinks, neurons.a)).max())
    else:
        off = float(np.abs(unmet(problem, neurons.kinks, neurons.a)).max())
    inside = float(margins(problem.points, problem.rho, neurons.kinks).min())
    # Relative to the distance of the points as well: where balls nearly touch, making up for a miss takes a share of
    # the cost that is tens of times as large, and the network stands in the way of others that miss nothing. What a
    # costly network rounds to is far below the error that a certificate may have (`check_told_apart`).
    allowed = max(1e-9 * problem.apart, 2 * np.finfo(float).eps * neurons.cost)
    return off < min(1e-11, allowed) and inside > -min(1e-12, max(1e-9 * problem.apart, 4e-15))
