"""The lower bound of all living patterns, each with multipliers, where faces are too many to go through.

An interior point method over all of them at once (`joint`) gives ever better dual matrices, with a proof at every step;
so this takes whatever time there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from exactnorm.certify.balls.dual_bound import dual_bound, elsewhere
from exactnorm.certify.balls.evidence import Cells
from exactnorm.exact.balls.chosen import MANY, whole_path
from exactnorm.exact.balls.families import Family, pairs
from exactnorm.exact.balls.first import First
from exactnorm.exact.balls.growing import ENTRIES, Sealed
from exactnorm.exact.balls.joint import Joint, free
from exactnorm.exact.balls.polish import Neurons
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.deadline import OutOfTimeError
from exactnorm.exact.settings import Settings

FROM = 11
"""Affine rank from which this comes before the faces: there are 2^r or so of each pattern."""
FACES = 2**22
"""Faces of all patterns beyond which they are not gone through: the loop would not end its first round in minutes."""
FOLLOWED = 2**25
"""Faces up to which the peaks of the dual function are followed, for a good part of the time: they take memory."""
SHARE, ALL = 0.6, 0.9
"""Of the time limit: what this may take, if the peaks of the dual function are followed after that, and if not."""
ENOUGH, SOON = 0.05, 0.5
"""Share of the width of the bracket that more steps might bring, up to which they are not worth their time, and up to
which the next family promises more."""
LEAST = 1e-3
"""Share of the cost that more steps might bring at the end of a path over few patterns."""
TOLD = 1.02
"""Factor by which a bound must rise to be told and kept."""
FREE = 2000
"""Unknowns of all B up to which these are sought at once; with more, those made of pairs come first."""
ORDER = 8000
"""Largest order of the matrix of a step: half a GiB, twice."""
FEW = 10
"""Patterns for each point for which there must be place if a path over some is to begin."""


@dataclass(frozen=True, eq=False)
class Living:
    """A lower bound, its cells with multipliers, one for each living pattern, and whether Ctrl-C ended the search."""

    lower: float
    evidence: Cells
    interrupted: bool = False


def many_faces(problem: Reduced) -> bool:
    """Whether the patterns have too many faces to go through."""
    return problem.rank >= FROM and len(problem.patterns) * 2.0**problem.rank > FACES


def has_place(problem: Reduced, family: Family, patterns: int | None = None) -> bool:
    """Whether steps of the interior point method over so many patterns, all by default, fit into the memory."""
    size = (problem.rank + 2) * (problem.rank + 3) // 2
    return family.size <= ORDER and (patterns or len(problem.patterns)) * size**2 <= ENTRIES


def may_be_followed(problem: Reduced) -> bool:
    """Whether the peaks of the dual function on all faces can be followed, in time and in memory."""
    return has_place(problem, free(problem)) and len(problem.patterns) * 2.0**problem.rank <= FOLLOWED


def ladder(problem: Reduced) -> Iterator[Family]:
    """The families of dual matrices to try one after another, as far as a step of them fits into the memory."""
    every, taking_part = free(problem), len(problem.patterns)
    if taking_part > MANY * len(problem.points):
        taking_part = FEW * len(problem.points)
    if every.size > FREE and has_place(problem, few := pairs(problem.points, problem.rho), taking_part):
        yield few
    if has_place(problem, every, taking_part):
        yield every


def with_living(problem: Reduced, first: First, settings: Settings) -> First:
    """With the bound of living patterns, if the rank is high and it is better."""
    if problem.rank < FROM or first.ramps is None or first.closed is not None or problem.orbits is not None:
        return first
    families = tuple(ladder(problem))
    if not families:
        settings.said.append(
            f"{len(problem.patterns)} living patterns of affine rank {problem.rank} take too much memory"
        )
        return first
    share = SHARE if may_be_followed(problem) else ALL
    within, network = replace(settings, deadline=settings.deadline.earlier(1 - share)), first.neurons()
    return _raised(
        first, settings, lambda report: living_bound(problem, network, first.upper, within, families, report)
    )


def _raised(first: First, settings: Settings, bound: Callable[[Callable[[float], None]], Living | None]) -> First:
    def report(lower: float) -> None:
        bracket = first.bracket("bounding living patterns", settings.deadline.elapsed)
        settings.report(replace(bracket, lower=min(max(lower, first.lower), first.upper)))

    report(0.0)
    try:
        found = bound(report)
    except KeyboardInterrupt:
        return replace(first, interrupted=True)
    if found is None:
        return first
    first = replace(first, interrupted=found.interrupted)
    return replace(first, lower=found.lower, evidence=found.evidence) if found.lower > first.lower else first


def living_bound(
    problem: Reduced,
    network: Neurons,
    upper: float,
    settings: Settings,
    families: Sequence[Family],
    report: Callable[[float], None] = lambda _: None,
) -> Living | None:
    """The best bound of living patterns by the deadline; None if there is none, and then `settings.said` says why.

    Parameters
    ----------
    network : Neurons
    upper : float
        Its cost.
    families : sequence of Family
        Of B, one after another.
    report : callable
        Called with the bound that is proved, after every step.

    Raises
    ------
    KeyboardInterrupt
        At once, where nothing is proved yet.
    """
    best: Joint | Sealed | None = None
    last: Joint | Sealed | None = None
    told, steps, interrupted = 0.0, 0, False

    def going() -> None:
        report(told)

    try:
        for family in families:
            for point in whole_path(problem, network, upper, settings, LEAST, family, going, last):
                steps, last = steps + 1, point
                if not point.lower > 0:  # B may have no multipliers
                    continue
                if best is None or point.lower > best.lower:
                    best = point
                if best.lower > TOLD * told:
                    told = best.lower
                    report(proved(problem, best).lower)
                enough = ENOUGH if family is families[-1] else SOON
                if point.ahead < max(enough * (upper - best.lower), settings.tol * upper / 4):
                    break
        if best is not None:
            settings.said.append(ended(problem, best, steps, families[-1]))
    except OutOfTimeError:
        many = f"{len(problem.patterns)} living patterns"
        settings.said.append(f"in the time it had, the bound of {many} was still rising after {steps} steps")
    except (ArithmeticError, np.linalg.LinAlgError) as failed:
        settings.said.append(f"the bound of living patterns was not computed to the end: {failed}")
    except KeyboardInterrupt:
        if best is None:
            raise
        interrupted = True
    return None if best is None else replace(proved(problem, best), interrupted=interrupted)


def ended(problem: Reduced, at: Joint | Sealed, steps: int, family: Family) -> str:
    """The sentence about a bound that more steps would not raise."""
    best = "whole patterns give" if family.size == free(problem).size else "pairs of points give on whole patterns"
    return (
        f"after {steps} steps the bound of {len(problem.patterns)} living patterns is within "
        f"{100 * at.ahead / at.lower:.1g} % of the best that {best}, and more time would not raise it"
    )


def proved(problem: Reduced, at: Joint | Sealed) -> Living:
    """What B and the multipliers of all patterns prove, recomputed."""
    proofs = at.proofs
    lower = dual_bound(problem.points, problem.rho, at.B, proofs)
    sure = 1 - elsewhere(problem.points, problem.rho)
    return Living(sure * lower, Cells(problem.frame, at.B, proofs))
