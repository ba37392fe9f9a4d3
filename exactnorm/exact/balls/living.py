"""The lower bound of all living patterns, each bounded by one semidefinite program, where faces are too many.

Dual matrices B are found by climbing, which proves nothing. Then every pattern that some hyperplane makes is priced:
its program bounds ‖B_s (w, b)‖ over all its kinks, and with κ the largest of these bounds, Σ⟨B_n, T_n⟩/κ is a lower
bound. Where a program finds a kink that climbing had missed, the next B minds it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import CellProof, cell_bound
from exactnorm.certify.balls.dual_bound import dual_bound, elsewhere
from exactnorm.certify.balls.evidence import Cells
from exactnorm.exact.balls.cells import whole_cells
from exactnorm.exact.balls.central import Central, centred
from exactnorm.exact.balls.climb import Climbers
from exactnorm.exact.balls.covering import Leaf, candidates, leaf, priced_leaves
from exactnorm.exact.balls.first import First
from exactnorm.exact.balls.polish import Neurons
from exactnorm.exact.balls.pricing import Priced, rescaled, scaled
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.balls.start import edge_matrices
from exactnorm.exact.deadline import OutOfTimeError
from exactnorm.exact.settings import DEFAULT_OPTIONS, Settings, Solver

FROM = 11
"""Affine rank from which this comes before the faces: there are 2^r or so of each pattern."""
FACES = 2**22
"""Faces of all patterns beyond which they are not gone through: the loop would not end its first round in minutes."""
SHARE = 0.6
"""Of the time limit: what this may take where faces are gone through as well."""
ROUGH = {"tol_gap_abs": 1e-4, "tol_gap_rel": 1e-4, "tol_feas": 1e-6}
"""What Clarabel is asked for: bounds are recomputed from its multipliers, and these lose a share of 1e-4 or so."""
SAMPLE = 4
"""Patterns from whose programs the time for all is told."""
ROOM = 1.3
"""Times that forecast that are kept for the programs."""
IDLE = 30
"""Rounds in a row that may bring less than `GAIN` before the programs are solved."""
GAIN = 2e-3
"""Share by which a bound must rise to be worth the time."""
CYCLES = 6
"""Times that B is improved and the patterns are priced."""
MISSED = 1.003
"""κ of a pattern from which its kinks are looked at next time."""


@dataclass(frozen=True, eq=False)
class Living:
    """A lower bound, and cells with multipliers that it rests on, one for each living pattern."""

    lower: float
    evidence: Cells


def many_faces(problem: Reduced) -> bool:
    """Whether the patterns have too many faces to go through."""
    return problem.rank >= FROM and len(problem.patterns) * 2.0**problem.rank > FACES


def with_living(problem: Reduced, first: First, settings: Settings) -> First:
    """With the bound of living patterns, if the rank is high and it is better."""
    if problem.rank < FROM or first.ramps is None or first.closed is not None:
        return first
    deadline = settings.deadline.earlier(0.1 if many_faces(problem) else 1 - SHARE)
    phase = "bounding living patterns"

    def report(lower: float) -> None:
        bracket = first.bracket(phase, settings.deadline.elapsed)
        settings.report(replace(bracket, lower=min(max(lower, first.lower), first.upper)))

    report(0.0)
    try:
        found = living_bound(problem, first.neurons(), replace(settings, deadline=deadline), report)
    except KeyboardInterrupt:
        return replace(first, interrupted=True)
    if found is None or not found.lower > first.lower:
        return first
    return replace(first, lower=found.lower, evidence=found.evidence)


def living_bound(
    problem: Reduced, network: Neurons, settings: Settings, report: Callable[[float], None] = lambda _: None
) -> Living | None:
    """The best bound of living patterns within the time; None if there is none, and then `settings.said` says why.

    Parameters
    ----------
    network : Neurons
        One that interpolates.
    report : callable
        Called with every bound that is proved.

    Raises
    ------
    KeyboardInterrupt
        At once, where nothing is proved yet.
    """
    settings, best, more = _rough(settings), None, None
    try:
        B = edge_matrices(problem, settings)
        leaves = [leaf(problem, cell, settings.deadline) for cell in whole_cells(problem.patterns, problem.rank)]
        seconds = time_for_all(problem, B, leaves, settings)
        if ROOM * seconds > settings.deadline.remaining:
            settings.said.append(
                f"bounding each of {len(leaves)} living patterns by a semidefinite program takes about {seconds:.0f} s"
            )
            return None
        for _ in range(CYCLES):
            found = improved(problem, B, network, more, settings, seconds)
            if best is not None and found.promised < best.lower * (1 + GAIN):
                break
            B = found.B
            priced = priced_again(problem, B, leaves, best.evidence.proofs if best else (), settings)
            new, more = bound_of(problem, B, priced), missed(problem, priced)
            if best is None or new.lower > best.lower:
                best = new
                report(best.lower)
    except OutOfTimeError:
        pass
    except (ArithmeticError, np.linalg.LinAlgError) as failed:
        settings.said.append(f"the bound of living patterns was not computed to the end: {failed}")
    except KeyboardInterrupt:
        if best is None:
            raise
    return best


def _rough(settings: Settings) -> Settings:
    """With tolerances that are good enough for bounds, unless the user has some of his own."""
    if settings.solver.options != DEFAULT_OPTIONS.get(settings.solver.name) or settings.solver.name != "CLARABEL":
        return settings
    return replace(settings, solver=Solver("CLARABEL", dict(ROUGH)))


def time_for_all(problem: Reduced, B: Array, leaves: Sequence[Leaf], settings: Settings) -> float:
    """About how many seconds the programs of all leaves take, one after another."""
    before = settings.deadline.elapsed
    some = leaves[:: max(1, len(leaves) // SAMPLE)][:SAMPLE]
    priced_leaves(problem, B, some, math.inf, replace(settings, executor=None))
    return (settings.deadline.elapsed - before) * len(leaves) / len(some)


def improved(
    problem: Reduced, B: Array, network: Neurons, more: Climbers | None, settings: Settings, seconds: float
) -> Central:
    """The best B by climbing, until it rises no more or half of the time that the programs leave is over."""
    deadline = settings.deadline
    end = deadline.remaining - max(0.5 * (deadline.remaining - ROOM * seconds), 0.0)
    found, mark, idle = None, 0.0, 0
    for found in centred(problem, B, network, more):
        idle = 0 if found.promised > mark * (1 + GAIN) else idle + 1
        mark = found.promised if idle == 0 else mark
        if idle > IDLE or (deadline.limit is not None and deadline.remaining < end):
            break
    assert found is not None
    return found


def priced_again(
    problem: Reduced, B: Array, leaves: Sequence[Leaf], old: tuple[CellProof, ...], settings: Settings
) -> list[Priced]:
    """Bounds on all leaves: by multipliers of an earlier B where these still do, by programs elsewhere."""
    kept: dict[int, Priced] = {}
    for k, proof in enumerate(old):
        settings.deadline.check()
        kappa = cell_bound(proof, problem.points, problem.rho, B)
        if kappa < MISSED:
            kept[k] = Priced(kappa, rescaled(proof, 1 / kappa**2), np.zeros((0, 0)), kappa)
    open_ = [k for k in range(len(leaves)) if k not in kept]
    found = priced_leaves(problem, B, [leaves[k] for k in open_], math.inf, settings)
    kept.update(zip(open_, found, strict=True))
    return [kept[k] for k in range(len(leaves))]


def bound_of(problem: Reduced, B: Array, priced: Sequence[Priced]) -> Living:
    """What B and the bounds on all patterns prove."""
    kappa = max(one.kappa for one in priced)
    proofs = tuple(scaled(one, kappa) for one in priced)
    lower = dual_bound(problem.points, problem.rho, B / kappa, proofs)
    sure = 1 - elsewhere(problem.points, problem.rho)
    return Living(sure * lower, Cells(problem.frame, B / kappa, proofs))


def missed(problem: Reduced, priced: Sequence[Priced]) -> Climbers | None:
    """Kinks at which the dual function is above 1, as far as the programs tell."""
    of, w, b = [], [], []
    for k, one in enumerate(priced):
        if one.kappa > MISSED and one.X.size:
            kinks = candidates(problem, one)
            of.append(np.full(len(kinks), k, dtype=np.intp))
            w.append(kinks.w)
            b.append(kinks.b)
    if not of:
        return None
    return Climbers(np.concatenate(of), np.vstack(w), np.concatenate(b), np.zeros(sum(map(len, of))))
