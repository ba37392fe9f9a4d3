"""Finite problems: a network over a growing set of kinks above, its multipliers made feasible below.

A group lasso over kinks gives a network, whose objective is the upper bound, and multipliers λ. Dividing them by the
largest value κ of their dual function, found by going through all faces of all activation patterns, gives the lower
bound; the kinks where the dual function exceeds 1 join the set. At the end of the loop nothing exceeds 1 + tol.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from exactnorm.arrays import Array
from exactnorm.certify.certificate import Certificate
from exactnorm.certify.certified import INTERRUPTED
from exactnorm.certify.finite.bounds import faces, finite_lower_bound, lower_value, projected, unsure_bound
from exactnorm.certify.finite.correction import affine_to_last_digits
from exactnorm.certify.finite_certificate import finite_certificate, finite_status
from exactnorm.closed_form.interpolant import on_a_line
from exactnorm.exact.blas import one_blas_thread
from exactnorm.exact.deadline import Deadline, OutOfTimeError, in_words
from exactnorm.exact.finite.group_lasso import Best, FiniteBracket, Master, free_fit
from exactnorm.exact.finite.mended import mended
from exactnorm.exact.finite.part import along_a_line, on_a_part, subset_bracket, too_large
from exactnorm.exact.finite.pricing import missing_kinks
from exactnorm.exact.finite.trend_filter import smoothed
from exactnorm.exact.settings import Settings
from exactnorm.finite_problem import Coordinates, FiniteProblem, coordinates
from exactnorm.network import ReLUNetwork
from exactnorm.patterns import TooManyPatternsError
from exactnorm.tables import counted

SECONDS, POWER = 4e-3, 0.81
"""Of faces^POWER: seconds that all rounds take; 41 problems of ranks 2 to 5 were off by a factor of 2.8 at most, and
half of them by less than 1.3, see `benchmarks/forecast.py`."""
ROUNDS = 200
"""More rounds than any problem that converges has been seen to need."""
SOON = 0.5
"""Seconds in which a network that needs no optimisation is looked for where there is no time."""
CROWD = 500
"""So many kinks more than twice the conditions, and those that do not matter are left out."""


@dataclass(frozen=True, eq=False)
class Solved:
    """A network, multipliers and a sentence; what these were seen to prove, whether time is up, what was told last."""

    network: ReLUNetwork
    multipliers: Array
    reason: str
    lower: float = 0.0
    hurry: bool = False
    told: FiniteBracket | None = None


def solve_finite(problem: FiniteProblem, settings: Settings) -> tuple[ReLUNetwork, Certificate, str]:
    """Network, certificate and status; the bracket is recomputed in the user's units."""
    with one_blas_thread():
        data = coordinates(problem)
        try:
            solved = _solved(problem, data, settings)
        except KeyboardInterrupt:  # before there was a network
            solved = _interrupted(problem, data)
        certificate = certified(problem, solved, settings)
        network = solved.network
        if certificate.upper == np.inf and not solved.hurry:
            network, certificate = mended(problem, network, certificate)
    reason = "; ".join([finite_status(solved.reason, certificate, settings.tol), *settings.said])
    return network, certificate, reason + "."


def _solved(problem: FiniteProblem, data: Coordinates, settings: Settings) -> Solved:
    if on_a_line(data) and data.decay is not None:
        return _line(problem, data, settings)
    if affine_to_last_digits(problem):
        affine = free_fit(data, data.targets).lifted(data.hull, data.target_frame)
        reason = "the targets are those of an affine function, to their last digits"
        return Solved(affine, np.zeros_like(data.targets), reason)
    if not too_large(data):
        return _loop(problem, data, settings)
    settings.report(FiniteBracket(np.inf, 0.0, 0, settings.deadline.elapsed, 0, "bounding a part of the data"))
    # Brackets of a part of the data are not this problem's.
    quiet = replace(settings, report=lambda _: None)

    def solve(part: FiniteProblem) -> tuple[Array, bool]:
        one = _loop(part, coordinates(part), quiet)
        return one.multipliers, one.reason.startswith(INTERRUPTED)

    network, multipliers, said, interrupted = subset_bracket(problem, data, settings.deadline, solve)
    return Solved(network, multipliers, f"{INTERRUPTED}; {said}" if interrupted else said, hurry=interrupted)


def _interrupted(problem: FiniteProblem, data: Coordinates) -> Solved:
    network, _ = along_a_line(problem, data, Deadline(SOON))
    return Solved(network, np.zeros_like(data.targets), f"{INTERRUPTED} before the first round", hurry=True)


def certified(problem: FiniteProblem, solved: Solved, settings: Settings) -> Certificate:
    """The certificate, recomputed from arrays; when time is up, at most half a second is spent on its bound.

    The bound is then what the loop saw with these multipliers, from which a recomputation would differ by rounding;
    or, where it saw none, that of a part of them. The cost, which may be looked at in rational numbers for a second, is
    computed once, and anew after Ctrl-C.
    """
    seconds = 0.4 if solved.hurry else max(1.0, settings.deadline.remaining)
    multipliers, lower = solved.multipliers, None
    try:
        if solved.told is not None:
            settings.report(replace(solved.told, seconds=settings.deadline.elapsed, phase="recomputing the bracket"))
        with suppress(TooManyPatternsError):
            lower = finite_lower_bound(problem, multipliers, Deadline(seconds).check)
    except (OutOfTimeError, KeyboardInterrupt):
        if solved.lower > 0:
            lower = max(solved.lower * (1 - 1e-10) - unsure_bound(problem, multipliers), 0.0)
        else:
            multipliers = on_a_part(coordinates(problem), multipliers)
    try:
        return finite_certificate(problem, solved.network, multipliers, lower)
    except KeyboardInterrupt:
        return finite_certificate(problem, solved.network, multipliers, lower)


def _line(problem: FiniteProblem, data: Coordinates, settings: Settings) -> Solved:
    try:
        settings.report(FiniteBracket(np.inf, 0.0, 0, settings.deadline.elapsed, 0, "solving the program on the line"))
        network, multipliers, status = smoothed(data, settings.solver, settings.deadline)
    except (OutOfTimeError, KeyboardInterrupt, ArithmeticError) as stopped:
        reason = str(stopped) if isinstance(stopped, ArithmeticError) else "stopped before the program was solved"
        network, _ = along_a_line(problem, data, Deadline(SOON))
        return Solved(network, np.zeros_like(data.targets), reason)
    reason = f"the inputs lie on a line, where one program over kinks at inputs is exact ({status})"
    return Solved(network.lifted(data.input_frame, data.target_frame), multipliers, reason)


def _loop(problem: FiniteProblem, data: Coordinates, settings: Settings) -> Solved:
    clock, unit = settings.deadline, data.unit
    try:
        master, z, best = _begun(problem, data, settings)
    except KeyboardInterrupt:
        return _interrupted(problem, data)
    reason = f"{ROUNDS} rounds were not enough"
    rounds, hurry = 0, True
    try:
        if best.gap > settings.tol and data.decay is not None:
            best, new = with_bound(data, best, best.multipliers, settings)
            z = np.vstack([z, new])
        while best.gap > settings.tol and rounds < ROUNDS:
            rounds += 1
            lasso = master.solve(z, best.upper, settings)
            before = best.upper
            if lasso.upper < best.upper:
                best = replace(best, z=lasso.z, a=lasso.a, upper=lasso.upper)
            best, new = separated(data, best, lasso.multipliers, settings)
            upper, lower = unit * best.upper, unit * best.lower
            settings.report(FiniteBracket(upper, lower, rounds, clock.elapsed, len(z)))
            if not len(new) and best.upper < before / 2:
                continue  # the solver saw numbers far from 1; now it sees better ones
            if not len(new):
                reason = "no kink is missing, but the solver leaves a gap"
                break
            # Kinks are left out only after progress: otherwise the loop could go round.
            crowded = len(z) > 2 * master.target.size + CROWD and best.upper < before * (1 - 1e-6)
            z = np.vstack([master.kept(z, lasso) if crowded else z, new])
        if best.gap <= settings.tol:
            reason = "the gap is within tol"
        hurry = False
    except OutOfTimeError:
        reason = f"the time limit of {settings.deadline.limit:g} s was reached"
    except KeyboardInterrupt:
        reason = INTERRUPTED
    except ArithmeticError as failed:
        reason, hurry = str(failed), False
    last = FiniteBracket(unit * best.upper, unit * best.lower, rounds, clock.elapsed, len(best.z))
    network = master.network(best if hurry else fewest(master, best, last, settings))
    return Solved(network, best.multipliers, f"{reason}; {counted(rounds, 'round')}", unit * best.lower, hurry, last)


def _begun(problem: FiniteProblem, data: Coordinates, settings: Settings) -> tuple[Master, Array, Best]:
    """The program, the kinks to begin with, and what is known from them; told, as long as the gap is open."""
    clock = settings.deadline
    settings.report(FiniteBracket(np.inf, 0.0, 0, clock.elapsed, 0, "looking for a first network"))
    master = Master(data)
    z = first_kinks(problem, data)
    best = master.start(z)
    if best.gap > settings.tol:
        upper, lower = data.unit * best.upper, data.unit * best.lower
        settings.report(FiniteBracket(upper, lower, 0, clock.elapsed, len(z), starting(data)))
    return master, z, best


def starting(data: Coordinates) -> str:
    """The phase before the loop, with the line to say once: how much there is to go through, and about how long."""
    count = faces(data, len(data.features))
    return (
        f"starting: about {count} faces of activation patterns of {len(data.features)} inputs; closing the gap to 1e-6 "
        f"takes about {in_words(SECONDS * count**POWER)} on one core, give or take a factor of 3"
    )


def fewest(master: Master, best: Best, told: FiniteBracket, settings: Settings) -> Best:
    """The best network without neurons that can be left out; as it is, if nobody wants to wait for that."""
    try:
        settings.report(replace(told, seconds=settings.deadline.elapsed, phase="finishing the network"))
        return master.thinned(best, settings.tol)
    except KeyboardInterrupt:
        return best


def separated(data: Coordinates, best: Best, outer: Array, settings: Settings) -> tuple[Best, Array]:
    """Better bounds and missing kinks, from points on the way from the best multipliers to the lasso's.

    The lasso's multipliers jump about as long as kinks are missing. A kink that is missed on the way there is missed
    there too, and says more; where none is missed, the point on the way is a better bound.
    """
    found = [np.zeros((0, best.z.shape[1]))]
    for step in (0.3, 0.7, 1.0):
        best, new = with_bound(data, best, best.multipliers + step * (outer - best.multipliers), settings)
        found.append(new)
        if best.gap <= settings.tol or (len(new) and step > 0.5):
            break
    return best, np.vstack(found)


def with_bound(data: Coordinates, best: Best, multipliers: Array, settings: Settings) -> tuple[Best, Array]:
    """The bracket with the bound that these multipliers give, if it is better; and kinks where they exceed 1."""
    L = projected(data, multipliers)
    kappa, new, excess = 0.0, [np.zeros((0, best.z.shape[1]))], [np.zeros(0)]
    for found in missing_kinks(data, L, settings):
        kappa = max(kappa, found.kappa)
        new.append(found.z)
        excess.append(found.values)
    most = np.argsort(-np.concatenate(excess))[: max(30, L.size)]
    lower, share = lower_value(data, L, kappa)
    return (replace(best, multipliers=share * L, lower=lower) if lower > best.lower else best), distinct_rows(
        np.vstack(new)[most]
    )


def distinct_rows(z: Array) -> Array:
    """Without repetitions: a kink through two inputs is found at both."""
    return z[np.sort(np.unique(np.round(z, 9), axis=0, return_index=True)[1])]


def first_kinks(problem: FiniteProblem, data: Coordinates) -> Array:
    """Kinks through every input, normal to a few directions: along any one of them some network interpolates."""
    rank = data.hull.rank
    rng = np.random.default_rng(0)
    count = 1 if rank == 1 else int(np.clip(400 / len(problem.distinct[0]), rank + 1, 40))
    w = rng.standard_normal((count, rank))
    w /= np.linalg.norm(w, axis=1)[:, None]
    w = w if problem.skip else np.vstack([w, -w])
    t = data.hull.coordinates(problem.inputs[problem.distinct[0]])
    z = np.column_stack([np.repeat(w, len(t), axis=0), -(w @ t.T).ravel()])
    if not data.penalise_bias:
        return z
    # The same affine functions, written on (y, 1).
    slope = z[:, :-1] @ data.hull.axes / data.hull.scale
    functions = np.column_stack([slope, z[:, -1] - slope @ data.hull.origin]) @ data.input_frame.axes.T
    return np.asarray(functions / np.linalg.norm(functions, axis=1, keepdims=True))
