"""From a training set with noise balls to a denoiser and its certificate: the loop that closes the gap.

Above, a network over a growing set of kinks. Below, its dual matrices B, divided by the maximum κ of the dual function
over all kinks, which is found face by face. The kinks at which the dual function peaks join the set, and the curvature
of the peaks makes the next B a Newton step. At the end semidefinite programs give the multipliers of the certificate.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from exactnorm.certify.certificate import Certificate, dual_bound
from exactnorm.certify.certified import INTERRUPTED, CertifiedDenoiser
from exactnorm.certify.interpolation import interpolation_error
from exactnorm.exact.bracket import Bracket
from exactnorm.exact.clock import Deadline, OutOfTimeError
from exactnorm.exact.covering import multipliers
from exactnorm.exact.finish import finished
from exactnorm.exact.kinks import joined
from exactnorm.exact.loop import PATIENCE, brackets, interpolating
from exactnorm.exact.means import DEFAULT_OPTIONS, Means
from exactnorm.exact.problem import TOLD_APART, Reduced, reduced, too_near
from exactnorm.exact.start import first_kinks, moved_kinks, ramps
from exactnorm.exact.unique import touching_kinks, uniqueness
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import TrainingSet


def solve_balls(
    train: TrainingSet,
    *,
    tol: float,
    solver: str,
    solver_options: dict[str, Any],
    time_limit: float | None = None,
    executor: Executor | None = None,
    report: Callable[[Bracket], None] = lambda _: None,
    near: CertifiedDenoiser | None = None,
) -> CertifiedDenoiser:
    """Bracket the least cost to `tol`, or as far as the time goes."""
    means = Means(
        tol, solver, solver_options or DEFAULT_OPTIONS.get(solver, {}), Deadline(time_limit), executor, report
    )
    # The matrices are small: threads inside BLAS cost more than they gain, much more on a busy machine.
    with threadpool_limits(1):
        try:
            problem = reduced(train)
            kinks = first_kinks(problem)
        except ArithmeticError as lost:
            raise too_near(train) from lost
        start = ramps(problem, kinks)
        start = interpolating(problem, start) or start
        best = Bracket(upper=start.cost, neurons=start)
        try:
            if near is not None:
                kinks = joined(kinks, moved_kinks(problem, near.network))
                best = replace(best, B=near.certificate.B)
            for bracket in brackets(problem, means, best, kinks):
                best = bracket
                report(best)
            reason = (
                "the gap is within tol" if best.gap <= tol else f"{PATIENCE} rounds in a row did not narrow the gap"
            )
        except OutOfTimeError:
            reason = f"the time limit of {time_limit:g} s was reached"
        except KeyboardInterrupt:
            reason, means = INTERRUPTED, replace(means, deadline=Deadline(0.0))  # nothing slow from here on
        except ArithmeticError as failure:
            reason = f"the solvers failed: {failure}"
        try:
            return certified(train, problem, best, reason, means)
        except KeyboardInterrupt:
            return certified(train, problem, best, INTERRUPTED, replace(means, deadline=Deadline(0.0)))


def certified(train: TrainingSet, problem: Reduced, best: Bracket, reason: str, means: Means) -> CertifiedDenoiser:
    """Make the network small and exact to rounding, and recompute the bracket from arrays."""
    touching = touching_kinks(problem, best, means) if best.gap <= 1e-5 else None
    neurons = finished(problem, best.neurons, touching, means)
    r = problem.rank
    network = ReLUNetwork(neurons.a, neurons.kinks.w, neurons.kinks.b, None, np.zeros(r)).lifted(problem.frame)
    error = interpolation_error(network, train.points, train.rho)
    if not error <= TOLD_APART * train.separation:
        raise too_near(train)
    certificate = replace(
        dual_certificate(problem, replace(best, upper=network.representation_cost), means), interpolation_error=error
    )
    valid = "" if certificate.certifies(means.tol) else "; the bracket is valid but wider than tol"
    alone = uniqueness(touching, neurons.kinks, best.gap)
    rounds = f"{best.rounds} rounds, {certificate.cells} cells"
    return CertifiedDenoiser(train, network, certificate, "; ".join([reason + valid, rounds, alone, *means.said]) + ".")


def dual_certificate(problem: Reduced, best: Bracket, means: Means) -> Certificate:
    """The certificate of the best B: with multipliers if they support a gap of `tol` and time allows, else without."""
    plain = Certificate(
        upper=best.upper,
        lower=best.lower,
        interpolation_error=None,
        kind="computed",
        statement=(
            "The lower bound is a dual bound: matrices B, and the maximum of their dual function over all kinks, found "
            "in floating point by going through the faces of all activation patterns. The upper value is the cost of "
            "the network, whose residual is the interpolation error."
        ),
        patterns=len(problem.patterns),
        frame=problem.frame,
        B=best.B,
    )
    if best.B is None or best.gap > means.tol:
        return plain
    try:
        proofs, kappa = (best.proofs, 1.0) if best.proofs else multipliers(problem, best, means)
    except (OutOfTimeError, KeyboardInterrupt, ArithmeticError):
        means.said.append("the multipliers of the cells were not computed to the end")
        return plain
    B = best.B / kappa
    lower = dual_bound(problem.points, problem.rho, B, proofs)
    if best.upper - lower > means.tol * best.upper:
        means.said.append(f"the multipliers of {len(proofs)} cells support only a lower bound of {lower:.9g}")
        return plain
    statement = (
        "The lower bound is a dual bound: matrices B and, for every cell of every activation pattern, multipliers "
        "that bound the dual function there, recomputed in floating point. The upper value is the cost of the network, "
        "whose residual is the interpolation error."
    )
    return replace(plain, lower=lower, B=B, proofs=proofs, statement=statement)
