"""From the spread-out network of a convex solver to a small one that interpolates to rounding."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from exactnorm.exact.clock import OutOfTimeError
from exactnorm.exact.kinks import Kinks
from exactnorm.exact.master import master
from exactnorm.exact.means import Means
from exactnorm.exact.polish import Neurons, corrected, margins, merge_nearby, newton, residual
from exactnorm.exact.problem import Reduced

# A Newton step solves a dense system in all weights; beyond this many it costs more than a round of the loop.
LARGEST_SYSTEM = 2500
LARGEST_STATIONARY = 600


def finished(problem: Reduced, neurons: Neurons, touching: Kinks | None, means: Means) -> Neurons:
    """The same or a cheaper network with as few neurons as clustering gives, interpolating to rounding.

    The kinks at which the dual touches its bound are the ones that a minimiser uses: a network over them alone, if it
    costs no more, is taken. After the deadline only linear corrections are tried, which take milliseconds.
    """
    tried = [neurons]
    if touching is not None and means.deadline.remaining > 0:
        tried.append(over_touching(problem, touching, neurons, means))
        if interpolates(problem, tried[-1]) and tried[-1].cost <= neurons.cost:
            return thinned(problem, tried[-1])
    for radius in (3e-2, 1e-2, 1e-3, 1e-5, 1e-7):
        merged = merge_nearby(neurons, radius, 1e-6)
        size = merged.a.size + merged.kinks.z.size
        if size <= LARGEST_SYSTEM and means.deadline.remaining > 0:
            tried.append(newton(problem.points, problem.rho, merged, radius / 10, stationary=False))
            if size <= LARGEST_STATIONARY:
                moved = Neurons(tried[-1].kinks, tried[-1].a, neurons.B)
                tried.append(newton(problem.points, problem.rho, moved, radius / 10))
        tried.append(corrected(problem.points, merged))
        if touching is not None and any(
            len(one.kinks) <= len(touching) and one.cost <= neurons.cost and interpolates(problem, one) for one in tried
        ):
            break  # as small as the dual says it can be
    good = [one for one in tried if interpolates(problem, one)] or [neurons]
    least = min(one.cost for one in good)
    # Among networks of equal cost (to what the brackets resolve) the smallest says most.
    small = min((one for one in good if one.cost <= least * (1 + 1e-9)), key=lambda one: (len(one.kinks), one.cost))
    return thinned(problem, small)


def over_touching(problem: Reduced, touching: Kinks, neurons: Neurons, means: Means) -> Neurons:
    """The cheapest network over the touching kinks, or `neurons` where no solver finds it in time."""
    try:
        return corrected(problem.points, master(problem, touching, neurons.cost, means))
    except (ArithmeticError, OutOfTimeError, KeyboardInterrupt):
        return neurons


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
    # Relative to the distance of the points as well: a network that maps two of them to one place is no solution.
    return off < min(1e-11, 1e-6 * problem.apart) and inside > -1e-12
