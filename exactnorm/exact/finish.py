"""From the spread-out network of a convex solver to a small one that interpolates to rounding."""

from __future__ import annotations

import numpy as np

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


def finished(problem: Reduced, neurons: Neurons, hurry: bool) -> Neurons:
    """The same or a cheaper network with as few neurons as clustering gives, interpolating to rounding.

    With `hurry` only linear corrections are tried, which take milliseconds.
    """
    tried = [neurons]
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
    return min((one for one in good if one.cost <= least * (1 + 1e-9)), key=lambda one: (len(one.kinks), one.cost))


def interpolates(problem: Reduced, neurons: Neurons) -> bool:
    """Whether the network maps all balls to their centres, up to rounding."""
    off = float(np.abs(residual(problem.points, neurons.kinks, neurons.a)).max())
    inside = float(margins(problem.points, problem.rho, neurons.kinks).min())
    return off < 1e-11 and inside > -1e-12
