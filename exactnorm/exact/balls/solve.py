"""From a training set with noise balls to a denoiser and its certificate: the loop that closes the gap.

Above, a network over a growing set of kinks. Below, its dual matrices B, divided by the maximum κ of the dual function
over all kinks, which is found face by face. The kinks at which the dual function peaks join the set, and the curvature
of the peaks makes the next B a Newton step. At the end semidefinite programs give the multipliers of the certificate.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial

import numpy as np

from exactnorm.certify.balls.correction import stated_upper
from exactnorm.certify.balls.dual_bound import bound_at, dual_bound, elsewhere
from exactnorm.certify.balls.evidence import Cells, Faces, Nothing
from exactnorm.certify.certificate import Certificate
from exactnorm.certify.certified import INTERRUPTED, CertifiedDenoiser
from exactnorm.certify.interpolation import sure_miss
from exactnorm.exact.balls.afterwards import cheaper, ended, raising
from exactnorm.exact.balls.averaged import folded, taken, up_to_symmetry
from exactnorm.exact.balls.bracket import Bracket
from exactnorm.exact.balls.covering import multipliers
from exactnorm.exact.balls.finish import UnaveragedError, everywhere_finished, finished, interpolates, interpolating
from exactnorm.exact.balls.first import First, first_bracket
from exactnorm.exact.balls.forecast import starting
from exactnorm.exact.balls.kinks import Kinks, joined
from exactnorm.exact.balls.living import many_faces, with_living
from exactnorm.exact.balls.loop import PATIENCE, brackets
from exactnorm.exact.balls.partly import with_part
from exactnorm.exact.balls.problem import Reduced, reduced
from exactnorm.exact.balls.start import first_kinks, moved_kinks, ramps
from exactnorm.exact.balls.told_apart import check_told_apart, special_position
from exactnorm.exact.balls.unique import touching_kinks, uniqueness
from exactnorm.exact.blas import one_blas_thread
from exactnorm.exact.deadline import A_WHILE, Deadline, OutOfTimeError
from exactnorm.exact.settings import Settings
from exactnorm.geometry import affine_hull
from exactnorm.network import ReLUNetwork
from exactnorm.patterns import TooManyPatternsError
from exactnorm.tables import counted
from exactnorm.training_set import TrainingSet

MANY_PATTERNS = 5000
"""Patterns times rank beyond which the loop begins with the kinks of the first network alone: a program over all would
take longer than the rounds that add those it needs."""
DECOMPOSITIONS = 4
"""Decompositions of all points that come before the clock is looked at again, or as much: in a thousand
coordinates half a second each."""
RAMPS = 0.2
"""Share of the time limit by which ramps end, where faces are too many to be looked at: better networks begin there."""
RESERVE = 0.05
"""Share of the time limit that is kept for finishing."""


def solve_balls(
    train: TrainingSet, settings: Settings, near: CertifiedDenoiser | None = None, *, part: bool = False
) -> CertifiedDenoiser:
    """Bracket the least cost to the tolerance, or as far as the time goes.

    Raises
    ------
    InfeasibleProblem
        If no network maps every ball to its centre.
    NothingFoundError
        If there is no network when the time is over.

    Notes
    -----
    The upper value is infinite where rounding makes the network miss more than a cost of six digits allows.
    """
    deadline, report = settings.deadline, settings.report
    check_told_apart(train)
    with one_blas_thread():
        begun = deadline.elapsed
        frame = affine_hull(train.points)
        one_decomposition = deadline.elapsed - begun
        first = first_bracket(train, frame, settings)
        settings = replace(settings, report=raising(report, first))
        if first.interrupted:
            return ended(replace(first, interrupted=True), INTERRUPTED, deadline)
        try:
            if first.feasible and deadline.remaining < DECOMPOSITIONS * one_decomposition:
                raise OutOfTimeError
            problem = up_to_symmetry(enumerated(train, first, settings), first.neurons().kinks, deadline.check)
            if many_faces(problem):
                problem, first = problem.whole, cheaper(first, replace(settings, deadline=deadline.earlier(1 - RAMPS)))
            best, kinks = started(problem, first, settings)
            first = first if first.interrupted else with_living(problem, first, settings)
            match first.evidence:
                case Cells(B=B):  # the loop goes on from that B
                    best = replace(best, B=B)
            settings = replace(settings, report=raising(report, first))
        except OutOfTimeError:
            return ended(first, late(deadline, "while activation patterns were enumerated"), deadline)
        except KeyboardInterrupt:
            return ended(replace(first, interrupted=True), INTERRUPTED, deadline)
        except TooManyPatternsError as too_many:
            return bounded(first, str(too_many), settings, part)
        except ArithmeticError as lost:
            return ended(first, f"rounding hides which activation patterns there are: {lost}", deadline)
        if first.interrupted:
            return ended(replace(first, interrupted=True), INTERRUPTED, deadline)
        if many_faces(problem) and best.B is None and first.feasible:
            why = f"{len(problem.patterns)} living patterns of affine rank {problem.rank} have too many faces"
            return bounded(first, "; ".join([why, *settings.said]), settings, part)
        return first.raised(with_symmetry(train, problem, (best, kinks), first, settings, near), settings.tol)


def bounded(first: First, reason: str, settings: Settings, part: bool) -> CertifiedDenoiser:
    """The best bracket without the program over all patterns; of a part of other points there is no part."""
    if not part:
        first = with_part(first, settings, partial(solve_balls, part=True))
    return ended(cheaper(first, settings), reason, settings.deadline)


def with_symmetry(
    train: TrainingSet,
    problem: Reduced,
    begun: tuple[Bracket, Kinks],
    first: First,
    settings: Settings,
    near: CertifiedDenoiser | None,
) -> CertifiedDenoiser:
    """Close the gap; where rounding keeps symmetric networks from interpolating, as if there were no symmetry."""
    try:
        try:
            return looped(train, problem, *begun, settings, near)
        except UnaveragedError as rounded:
            settings.said.append(f"{rounded}, so the points were solved as if they had no symmetry")
        best, kinks = started(problem.whole, first, settings)
    except OutOfTimeError:
        return ended(first, late(settings.deadline, "before a network without symmetry was found"), settings.deadline)
    except KeyboardInterrupt:
        return ended(replace(first, interrupted=True), INTERRUPTED, settings.deadline)
    return looped(train, problem.whole, best, kinks, settings, near)


def looped(
    train: TrainingSet,
    problem: Reduced,
    best: Bracket,
    kinks: Kinks,
    settings: Settings,
    near: CertifiedDenoiser | None,
) -> CertifiedDenoiser:
    """Close the gap, and make a certified denoiser of the best bracket.

    Raises
    ------
    UnaveragedError
        If the network stands for its average, and that is none.
    KeyboardInterrupt
        The same after Ctrl-C.
    """
    deadline = settings.deadline
    try:
        match near:
            case CertifiedDenoiser(network=network, certificate=Certificate(evidence=Cells(B=B) | Faces(B=B))):
                kinks = joined(kinks, moved_kinks(problem, network))
                best = replace(best, B=B)
        for bracket in brackets(problem, replace(settings, deadline=deadline.earlier(RESERVE)), best, kinks):
            best = bracket
            settings.report(best)
        reason = ended_because(problem, best, settings)
    except OutOfTimeError:
        closed = best.gap <= settings.tol
        reason = ended_because(problem, best, settings) if closed else late(deadline, "before the gap was closed")
    except KeyboardInterrupt:
        reason, settings = INTERRUPTED, replace(settings, deadline=Deadline(0.0))  # nothing slow from here on
    except ArithmeticError as failure:
        reason = f"the solvers failed: {failure}"
    try:
        return certified(train, problem, best, reason, settings)
    except UnaveragedError:
        if reason != INTERRUPTED:
            raise
    except KeyboardInterrupt:
        with suppress(UnaveragedError):
            return certified(train, problem, best, INTERRUPTED, replace(settings, deadline=Deadline(0.0)))
    raise KeyboardInterrupt  # not the moment to begin again without symmetry


def ended_because(problem: Reduced, best: Bracket, settings: Settings) -> str:
    """Why the loop ended by itself."""
    if best.gap <= settings.tol:
        return "the gap is within tol"
    if many_faces(problem):
        many = f"{len(problem.patterns)} living patterns of affine rank {problem.rank}"
        return f"{many} have too many faces to look at them again and again"
    return f"{PATIENCE} rounds in a row did not narrow the gap"


def late(deadline: Deadline, when: str) -> str:
    """The sentence about a time limit that was reached."""
    return f"the time limit of {deadline.limit:g} s was reached {when}"


def enumerated(train: TrainingSet, first: First, settings: Settings) -> Reduced:
    """The problem with all its patterns; told to whoever watches every tenth of a second."""
    deadline, told = settings.deadline, [0.0]
    begun = first.bracket("enumerating activation patterns", 0.0)

    def watch(found: int) -> None:
        deadline.check()
        if deadline.elapsed > told[0] + 0.1:
            told[0] = deadline.elapsed
            settings.report(replace(begun, seconds=told[0], phase=f"{begun.phase}: {found} found"))

    settings.report(replace(begun, seconds=deadline.elapsed))
    problem = reduced(train, watch, feasible=first.feasible, frame=first.frame)
    settings.report(replace(begun, seconds=deadline.elapsed, phase=starting(problem, settings.tol)))
    return problem


def started(problem: Reduced, first: First, settings: Settings) -> tuple[Bracket, Kinks]:
    """The kinks to begin with, those of the first network among them, and a network over them."""
    check = settings.deadline.check
    neurons = folded(problem, first.neurons())
    if len(neurons.kinks) and interpolates(problem, neurons):
        many = len(problem.patterns) * problem.rank > MANY_PATTERNS
        return Bracket(neurons.cost, neurons), neurons.kinks if many else first_kinks(problem, check)
    kinks = first_kinks(problem, check)
    start = ramps(problem, kinks)
    check()
    # Rounding may keep networks of symmetric points, each of which stands for its average, from interpolating to the
    # last digits. The first one does on all points; what misses more has no cost that an upper end may be.
    known = neurons if len(neurons.kinks) else start
    start = interpolating(problem, start) or known
    return Bracket(start.cost, start), kinks


def certified(
    train: TrainingSet, problem: Reduced, best: Bracket, reason: str, settings: Settings
) -> CertifiedDenoiser:
    """Make the network small and exact to rounding, and recompute the bracket from arrays."""
    said = replace(best, seconds=settings.deadline.elapsed)
    touching = None
    if best.gap <= 1e-5:
        settings.report(replace(said, phase="looking at uniqueness"))
        touching = touching_kinks(problem, best, settings)
    settings.report(replace(said, phase="finishing the network"))
    neurons = finished(problem, best.neurons, touching, settings)
    if problem.orbits is not None:
        neurons, touching = everywhere_finished(problem, neurons, touching, settings)
    r = problem.rank
    network = ReLUNetwork(neurons.a, neurons.kinks.w, neurons.kinks.b, None, np.zeros(r)).lifted(problem.frame)
    miss = sure_miss(network, train)
    told = len(settings.said)
    say, effort = settings.said.append, settings.deadline.effort
    upper = stated_upper(network, train, miss, problem.frame, effort, say)
    if upper == np.inf and len(settings.said) == told:
        say("what it would cost to make up for what the network misses is not known")
    # A smaller network of the same cost to nine digits is none that costs more, to whoever watches.
    watched = replace(settings, report=lambda one: settings.report(replace(one, upper=min(one.upper, best.upper))))
    certificate = replace(
        dual_certificate(problem, replace(best, upper=upper), watched), interpolation_error=miss.error
    )
    # The bound may be above the cost by the rounding of both.
    certificate = replace(certificate, lower=min(certificate.lower, certificate.upper))
    wider = (
        "with what rounding may have done the bracket is" if best.gap <= settings.tol else "the bracket is valid but"
    )
    valid = "" if certificate.certifies(settings.tol) else f"; {wider} wider than tol"
    alone = uniqueness(touching, neurons.kinks, best.gap)
    special = special_position(train, r, len(problem.whole.patterns))
    rounds = f"{counted(best.rounds, 'round')}, {counted(certificate.cells, 'cell')}"
    return CertifiedDenoiser(
        train, network, certificate, "; ".join([reason + valid, rounds, alone, *settings.said, *special]) + "."
    )


def dual_certificate(problem: Reduced, best: Bracket, settings: Settings) -> Certificate:
    """The certificate of the best B: with multipliers if they support a gap of `tol` and time allows, else without."""
    if best.B is None or not best.lower > 0:  # a B whose peaks were not looked at
        return Certificate(0.0, best.upper, None, Nothing())
    sure = 1 - elsewhere(problem.points, problem.rho) - taken(problem)
    evidence = Faces(problem.frame, best.B, len(problem.whole.patterns))
    plain = Certificate(sure * bound_at(problem.points, best.B, 1.0), best.upper, None, evidence)
    if best.gap > settings.tol and not best.proofs:
        return plain
    settings.report(replace(best, seconds=settings.deadline.elapsed, phase="computing multipliers"))
    try:
        # They may take as long as it took to close the gap, or a while, and no longer.
        within = replace(settings, deadline=settings.deadline.at_most(max(A_WHILE, settings.deadline.elapsed)))
        proofs, kappa = (best.proofs, 1.0) if best.proofs else multipliers(problem, best, within)
    except (OutOfTimeError, ArithmeticError):
        settings.said.append("the multipliers of the cells were not computed to the end")
        return plain
    if problem.orbits is not None:
        proofs = problem.orbits.everywhere(proofs)
    B = best.B / kappa
    lower = sure * dual_bound(problem.points, problem.rho, B, proofs)
    if best.upper - lower > max(settings.tol * best.upper, best.upper - plain.lower):
        settings.said.append(f"the multipliers of {len(proofs)} cells support only a lower bound of {lower:.9g}")
        return plain
    return replace(plain, lower=lower, evidence=Cells(problem.frame, B, proofs))
