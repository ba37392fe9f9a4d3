"""From the spread-out network of a convex solver to a small one that interpolates to rounding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import linprog

from exactnorm.exact.kinks import Kinks
from exactnorm.exact.polish import Neurons, corrected, margins, merge_nearby, newton, residual
from exactnorm.exact.problem import Reduced

# A Newton step solves a dense system in all weights; beyond this many it costs more than a round of the loop.
LARGEST_SYSTEM = 450
SMALL_SYSTEM = 150


def refined(problem: Reduced, lasso: Neurons, upper: float, thorough: bool) -> Neurons | None:
    """A stationary network near the lasso's, no costlier than `upper`, or None if Newton finds none quickly.

    Networks whose systems take longer than a few milliseconds are tried only when `thorough`.
    """
    for radius in (0.1, 0.03, 0.01):
        merged = merge_nearby(lasso, radius, 1e-5)
        if merged.a.size + merged.kinks.z.size > (LARGEST_SYSTEM if thorough else SMALL_SYSTEM):
            continue
        moved = newton(problem.points, problem.rho, merged, radius / 10, stationary=False)
        if not interpolates(problem, moved) or moved.cost > 1.1 * upper:
            continue
        moved = newton(problem.points, problem.rho, Neurons(moved.kinks, moved.a, lasso.B), radius / 10)
        if interpolates(problem, moved) and moved.cost <= upper * (1 + 1e-9):
            return moved
    return None


def finished(problem: Reduced, neurons: Neurons, touching: Kinks | None, hurry: bool) -> Neurons:
    """The same or a cheaper network with as few neurons as clustering gives, interpolating to rounding.

    The kinks at which the dual touches its bound are the ones that a minimiser uses; a network over them alone is tried
    too. With `hurry` only linear corrections are tried, which take milliseconds.
    """
    tried = [neurons]
    if touching is not None and not hurry:
        start = corrected(problem.points, Neurons(touching, np.ones((len(touching), problem.rank)), neurons.B))
        if start.a.any(axis=1).all():
            placed = newton(problem.points, problem.rho, start, 1e-2, stationary=False)
            tried += [placed, newton(problem.points, problem.rho, replace(placed, B=neurons.B), 1e-3)]
    for radius in (3e-2, 1e-2, 1e-3, 1e-5, 1e-7):
        merged = merge_nearby(neurons, radius, 1e-6)
        if merged.a.size + merged.kinks.z.size <= 2 * LARGEST_SYSTEM and not hurry:
            tried.append(newton(problem.points, problem.rho, merged, radius / 10, stationary=False))
            tried.append(
                newton(problem.points, problem.rho, Neurons(tried[-1].kinks, tried[-1].a, neurons.B), radius / 10)
            )
        tried.append(corrected(problem.points, merged))
    good = [one for one in tried if interpolates(problem, one)] or [neurons]
    least = min(one.cost for one in good)
    # Among networks of equal cost (to what the brackets resolve) the smallest says most.
    small = min((one for one in good if one.cost <= least * (1 + 1e-9)), key=lambda one: (len(one.kinks), one.cost))
    return thinned(problem, small)


def thinned(problem: Reduced, neurons: Neurons) -> Neurons:
    """A network, no costlier to nine digits, from which no neuron can be left out.

    With kinks and output directions fixed, the network is a combination with weights ‖a_k‖ ≥ 0 of its neurons' moments,
    and its cost is their sum: a linear program, whose basic solutions use linearly independent moments only.
    """
    weight = np.linalg.norm(neurons.a, axis=1)
    some = weight > 0
    kinks, a, weight = neurons.kinks[some], neurons.a[some], weight[some]
    on = kinks.pattern[:, 1:] * 1.0
    moments = np.einsum("kn,ki,kj->nijk", on, a / weight[:, None], kinks.z).reshape(-1, len(weight))
    if np.linalg.matrix_rank(moments, tol=1e-9) == len(weight):
        return Neurons(kinks, a, neurons.B)
    answer = linprog(np.ones(len(weight)), A_eq=moments, b_eq=moments @ weight, method="highs-ds")
    if answer.x is None:
        return neurons
    kept = answer.x > 1e-9 * weight.max()
    fewer = corrected(problem.points, Neurons(kinks[kept], a[kept] * (answer.x / weight)[kept, None], neurons.B))
    return fewer if interpolates(problem, fewer) and fewer.cost <= neurons.cost * (1 + 1e-9) else neurons


def interpolates(problem: Reduced, neurons: Neurons) -> bool:
    """Whether the network maps all balls to their centres, up to rounding."""
    off = float(np.abs(residual(problem.points, neurons.kinks, neurons.a)).max())
    inside = float(margins(problem.points, problem.rho, neurons.kinks).min())
    return off < 1e-11 and inside > -1e-12
