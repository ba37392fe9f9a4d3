"""The bound of a part of the points, where all have too many activation patterns: a network for all is one for it.

Which part: the nearest pair, and one after another the point nearest to any that is in it. Points near each other leave
little room for kinks between them, so that few patterns live and each unit of length costs much: of a hundred digits at
f = 0.3 sixteen such have 1658 patterns and cost 67, the first sixteen 30,748 and 40 [measured].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from exactnorm.certify.balls.edges import Segments
from exactnorm.certify.balls.evidence import Cells, Faces
from exactnorm.certify.balls.part import Part
from exactnorm.certify.certified import INTERRUPTED, CertifiedDenoiser
from exactnorm.certify.door import CertificateError
from exactnorm.certify.effort import CertificateUndecided, Effort
from exactnorm.certify.evidence import bound
from exactnorm.exact.balls.bracket import Bracket
from exactnorm.exact.balls.eliminated import operations_of
from exactnorm.exact.balls.first import First
from exactnorm.exact.deadline import A_WHILE, Deadline, OutOfTimeError
from exactnorm.exact.settings import Settings
from exactnorm.patterns import TooManyPatternsError, kink_patterns
from exactnorm.training_set import TrainingSet

PHASE = "bounding a part of the points"
KEPT = 0.2
"""Share of the time limit that is kept for better networks of all points."""
A_MINUTE = 60.0
"""Seconds that this takes at most where there is no limit."""
LEAST = 0.5
"""Seconds from which it is tried."""
BEGINNING = 0.4
"""Share of its time by which all patterns of the part should have multipliers for the first time."""
STEPS = 3
"""Steps that this takes."""
RATE = 6e10
"""Operations a second."""
MOST = 20_000
"""Patterns of a part, at most."""
WIDER = 1.15
"""Factor from one number of points to the next that is tried."""


def with_part(first: First, settings: Settings, solve: Callable[[TrainingSet, Settings], CertifiedDenoiser]) -> First:
    """With the bound of a part of the points, if there is time for it and it is better.

    Parameters
    ----------
    solve : callable
        Solves the part; what it has found in its time is enough.
    """
    within = settings.deadline.earlier(KEPT)
    within = within.at_most(A_MINUTE) if within.limit is None else within
    if first.ramps is None or within.remaining < LEAST:
        return first

    def report(best: Bracket | None) -> None:
        known = first.bracket(PHASE, settings.deadline.elapsed)
        lower = max(known.lower, 0.0 if best is None else best.lower)
        settings.report(replace(known, lower=min(lower, known.upper)))

    try:
        report(None)
        rows = near_each_other(first.train, within)
        if len(rows) == first.train.size:
            return first
        part = TrainingSet(first.train.points[rows], first.train.rho)
        found = solve(part, replace(settings, deadline=within, report=report, said=[]))
    except (OutOfTimeError, ArithmeticError, ValueError):  # whatever stops it, there is the bracket of all
        return first
    except KeyboardInterrupt:
        return replace(first, interrupted=True)
    first = replace(first, interrupted=found.status.startswith(INTERRUPTED))
    evidence = found.certificate.evidence
    lower = found.certificate.lower
    if lower > first.lower and isinstance(evidence, Cells | Faces | Segments):
        return with_what_is_supported(first, Part(tuple(int(n) for n in rows), evidence), lower, settings)
    return first


def with_what_is_supported(first: First, part: Part, lower: float, settings: Settings) -> First:
    """With the bound of a part as far as a check supports it: of faces there may be too many."""
    seconds = 0.0 if first.interrupted else settings.deadline.remaining / 2
    try:
        effort = Effort(float(np.clip(seconds, LEAST, A_WHILE)))
        lower = min(lower, bound(part, first.train, claim=lower, effort=effort))
    except (CertificateError, CertificateUndecided, np.linalg.LinAlgError):
        return first
    except KeyboardInterrupt:
        return replace(first, interrupted=True)
    return replace(first, lower=lower, evidence=part) if lower > first.lower else first


def near_each_other(train: TrainingSet, deadline: Deadline) -> NDArray[np.intp]:
    """Rows of points, rising, with as many patterns as there may be time for.

    Raises
    ------
    OutOfTimeError
    """
    order, size, best = one_after_another(train.points, train.closest), 3, 2
    while size <= train.size:
        rank = min(size - 1, train.dimension)
        each = STEPS * operations_of(size, rank, rank + 2, size) / RATE
        most = int(min(MOST, BEGINNING * deadline.remaining / each))
        try:
            kink_patterns(train.points[order[:size]], train.rho, most, watch=lambda _: deadline.check())
        except TooManyPatternsError:
            break
        best, size = size, size + max(1, int((WIDER - 1) * size))
    return np.sort(order[:best])


def one_after_another(points: NDArray[np.float64], pair: tuple[int, int]) -> NDArray[np.intp]:
    """Rows in the order in which a shortest spanning tree grows from a pair of points."""
    order, away = list(pair), np.full(len(points), np.inf)
    for new in pair:
        away = np.minimum(away, np.linalg.norm(points - points[new], axis=1))
    away[order] = np.inf
    while len(order) < len(points):
        new = int(away.argmin())
        order.append(new)
        away = np.minimum(away, np.linalg.norm(points - points[new], axis=1))
        away[order] = np.inf
    return np.array(order, dtype=np.intp)
