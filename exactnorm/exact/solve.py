"""From a training set with noise balls to a denoiser and its certificate: the loop that closes the gap.

Above, a network over a growing set of kinks (a group lasso). Below, its dual matrices B, moved towards the best ones so
far and made feasible by dividing by a bound κ on the dual function over every cell. Where the bound is attained, the
kink there joins the set; where it is not, the cell is split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from exactnorm.certify.certificate import Certificate, dual_bound
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.certify.interpolation import interpolation_error
from exactnorm.exact.bracket import Bracket, with_bound, with_network
from exactnorm.exact.cells import whole_cells
from exactnorm.exact.clock import Deadline, OutOfTimeError
from exactnorm.exact.covering import bounds, leaf, violators
from exactnorm.exact.finish import finished, refined
from exactnorm.exact.kinks import Kinks, distinct, dual_values, joined
from exactnorm.exact.means import DEFAULT_OPTIONS, Means
from exactnorm.exact.polish import Neurons, corrected
from exactnorm.exact.problem import Reduced, reduced
from exactnorm.exact.start import first_kinks, ramps, solve_kinks, whole_pattern_bracket
from exactnorm.exact.unique import touching_kinks, uniqueness
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import Array, TrainingSet

LARGEST_JOINT_PROGRAM = 40_000
"""Entries of all blocks together up to which the joint program is worth its time: generic simplices of 8 points."""
PATIENCE = 40
"""Rounds without a narrower gap after which the loop gives up: early rounds may add kinks for long before they pay."""


def solve_balls(
    train: TrainingSet,
    *,
    tol: float,
    solver: str,
    solver_options: dict[str, Any],
    time_limit: float | None = None,
    executor: Executor | None = None,
    report: Callable[[Bracket], None] = lambda _: None,
) -> CertifiedDenoiser:
    """Bracket the least cost to `tol`, or as far as the time goes."""
    means = Means(
        tol, solver, solver_options or DEFAULT_OPTIONS.get(solver, {}), Deadline(time_limit), executor, report
    )
    # The matrices are small: threads inside BLAS cost more than they gain, much more on a busy machine.
    with threadpool_limits(1):
        problem = reduced(train)
        kinks = first_kinks(problem)
        start = ramps(problem, kinks)
        best = Bracket(upper=start.cost, neurons=start)
        try:
            for bracket in brackets(problem, means, best, kinks):
                best = bracket
                report(best)
            reason = (
                "the gap is within tol" if best.gap <= tol else f"{PATIENCE} rounds in a row did not narrow the gap"
            )
        except OutOfTimeError:
            reason = f"the time limit of {time_limit:g} s was reached"
        except KeyboardInterrupt:
            reason = "interrupted"
        except ArithmeticError as failure:
            reason = f"the solvers failed: {failure}"
        return certified(train, problem, best, reason, means)


def brackets(problem: Reduced, means: Means, best: Bracket, kinks: Kinks) -> Iterator[Bracket]:
    """Yield ever better brackets; the generator may be left at any time."""
    leaves = [leaf(problem, cell) for cell in whole_cells(problem.patterns, problem.rank)]
    # A first bracket before anything that takes long.
    first = solve_kinks(problem, kinks, best.upper, means)
    best = with_network(best, corrected(problem.points, first))
    best = with_bound(problem, best, first.B, bounds(problem, first.B, leaves, 0, means)[0])
    yield best
    lasso: Neurons | None = first
    if len(leaves) * (2 * problem.rank + 2) ** 2 <= LARGEST_JOINT_PROGRAM:
        best, proposals = whole_pattern_bracket(problem, means, best, [one.cell for one in leaves])
        kinks, lasso = joined(kinks, proposals), None
    step, idle = 0.25, 0
    while True:
        if lasso is None:
            kinks = kinks[np.unique(distinct(kinks, 1e-6))]
            lasso = solve_kinks(problem, kinks, best.upper, means)
        best = with_network(best, corrected(problem.points, lasso))
        stationary = refined(problem, lasso, best.upper, thorough=best.rounds % 4 == 1)
        improved = stationary is not None and stationary.cost < best.upper * (1 - 1e-9)
        before = best.gap
        if stationary is not None and improved:
            best = with_network(best, stationary)
            kinks = joined(kinks, stationary.kinks)
            B, levels = stationary.B, 12
        else:
            B, levels = toward(best.B, lasso.B, step), 1
        priced, leaves = bounds(problem, B, leaves, levels, means)
        best = with_bound(problem, best, B, priced)
        new = [violators(problem, B, priced)]
        worst = max(one.kappa for one in priced) - 1
        if worst > means.tol / 4 and best.gap > means.tol:
            more, leaves = bounds(problem, lasso.B, leaves, 0, means)
            best = with_bound(problem, best, lasso.B, more)
            new.append(violators(problem, lasso.B, more))
        step = 1 - (1 - step) / 4 if worst < max(means.tol / 4, 0.1 * best.gap) else 0.25
        best = replace(
            best, rounds=best.rounds + 1, seconds=means.deadline.elapsed, cells=len(leaves), kinks=len(kinks)
        )
        yield best
        added = joined(*new)
        idle = idle + 1 if best.gap >= before * (1 - 1e-3) else 0
        if best.gap <= means.tol or idle > PATIENCE:
            return
        if len(added):
            kinks = joined(kept(kinks, lasso, best.gap), added)
            lasso = None


def kept(kinks: Kinks, lasso: Neurons, gap: float) -> Kinks:
    """The kinks that carry weight or nearly touch the dual constraint; the others may come back by themselves."""
    if gap > 1e-2:
        return kinks  # B still moves so much that today's idle kink is tomorrow's active one
    near = dual_values(lasso.kinks, lasso.B) > 1 - min(0.05, max(50 * gap, 1e-3))
    heavy = np.linalg.norm(lasso.a, axis=1) > 1e-6
    return joined(lasso.kinks[near | heavy], kinks[np.arange(len(lasso.kinks), len(kinks))])


def toward(inner: Array | None, outer: Array, step: float) -> Array:
    """The point on the way from the best feasible B to the lasso's, which is infeasible as a rule."""
    return outer if inner is None else inner + step * (outer - inner)


def certified(train: TrainingSet, problem: Reduced, best: Bracket, reason: str, means: Means) -> CertifiedDenoiser:
    """Make the network small and exact to rounding, and recompute the bracket from arrays."""
    touching = touching_kinks(problem, best, means.solver) if best.gap <= 1e-5 else None
    neurons = finished(problem, best.neurons, touching, hurry=means.deadline.remaining <= 0)
    r = problem.rank
    network = ReLUNetwork(neurons.a, neurons.kinks.w, neurons.kinks.b, None, np.zeros(r)).lifted(problem.frame)
    lower = 0.0 if best.B is None else dual_bound(problem.points, problem.rho, best.B, best.proofs)
    certificate = Certificate(
        upper=network.representation_cost,
        lower=lower,
        interpolation_error=interpolation_error(network, train.points, train.rho),
        kind="computed",
        statement=(
            "The lower bound is a dual bound: matrices B and, for every cell of every activation pattern, multipliers "
            "that bound the dual function there, recomputed in floating point. The upper value is the cost of the "
            "network, whose residual is the interpolation error."
        ),
        patterns=len(problem.patterns),
        frame=problem.frame,
        B=best.B,
        proofs=best.proofs,
    )
    valid = "" if certificate.certifies(means.tol) else "; the bracket is valid but wider than tol"
    alone = uniqueness(touching, neurons.kinks, best.gap)
    rounds = f"{best.rounds} rounds, {certificate.cells} cells"
    return CertifiedDenoiser(train, network, certificate, "; ".join([reason + valid, rounds, alone, *means.said]) + ".")
