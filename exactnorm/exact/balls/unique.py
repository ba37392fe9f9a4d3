"""Whether the minimiser is the only one, as far as a computed dual can tell."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.exact.balls.bracket import Bracket
from exactnorm.exact.balls.deciding import deciding_balls
from exactnorm.exact.balls.kinks import Kinks, distinct
from exactnorm.exact.balls.look import look
from exactnorm.exact.balls.master import tangent, touched_balls
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.deadline import OutOfTimeError
from exactnorm.exact.settings import Settings

TOUCHES = 100.0
"""The dual function counts as 1 if it is nearer to 1 than this many gaps: so it is wherever 1 % of the cost sits."""
FLAT = 1e-4
"""A peak that falls off and bends less than this may be one of infinitely many."""
MANY = 10
"""Touched balls whose subsets are too many to go through."""


def touching_kinks(problem: Reduced, best: Bracket, settings: Settings) -> Kinks | None:
    """All kinks at which the dual function is 1; None if there may be infinitely many, or no time to look."""
    if best.B is None:
        return None
    try:
        peaks = look(
            problem,
            deciding_balls(problem, settings.deadline.check),
            best.B,
            1 - max(1e-6, TOUCHES * best.gap),
            settings,
            every=True,
        ).peaks
        for k in range(len(peaks)):
            Bs = best.B[peaks.pattern[k, 1:]].sum(axis=0)
            if level(problem, peaks[np.array([k])], Bs, settings.deadline.check):
                return None
    except OutOfTimeError:
        return None
    return peaks[np.unique(distinct(peaks, problem.tree.features(peaks), 1e-4))] if len(peaks) else None


def level(problem: Reduced, peak: Kinks, Bs: Array, check: Callable[[], None] = lambda: None) -> bool:
    """Whether the dual function may be as high beside a peak: along the face of some of the balls that it touches."""
    touched = touched_balls(problem, peak)
    if len(touched) > MANY:
        return True
    for size in range(1, len(touched) + 1):
        for some in combinations(touched, size):
            check()
            z, moves, bend = tangent(problem, peak, Bs, some)
            falls = np.linalg.norm(moves.T @ (Bs.T @ (Bs @ z)))
            if moves.size and falls < FLAT and np.linalg.eigvalsh(bend)[0] < FLAT:
                return True
    return False


def uniqueness(kinks: Kinks | None, network: Kinks, gap: float) -> str:
    """A sentence: the minimiser is unique, as far as the kinks that touch tell, or not shown to be.

    A minimiser uses only kinks at which every optimal dual is 1. If these are finitely many and their moments are
    linearly independent, the interpolation conditions leave no choice of output weights. A network that uses other
    kinks than the touching ones shows that the dual is not known well enough to tell.
    """
    unknown = "uniqueness of the minimiser is not shown"
    if kinks is None or gap > 1e-6 or not _same(kinks, network):
        return unknown
    moments = np.einsum("kn,kj->knj", kinks.pattern[:, 1:] * 1.0, kinks.z).reshape(len(kinks), -1)
    singular = np.linalg.svd(moments / np.linalg.norm(moments, axis=1)[:, None], compute_uv=False)
    if len(moments) > moments.shape[1] or singular[-1] < 1e-4:
        return unknown
    return (
        f"the minimiser is unique, as far as the computed dual tells: it touches its bound at {len(moments)} kinks "
        "only, whose moments are linearly independent"
    )


def _same(touching: Kinks, network: Kinks) -> bool:
    """Whether the network's kinks are the touching ones, one for one."""
    if len(touching) != len(network):
        return False
    alike = (touching.pattern[:, None] == network.pattern[None]).all(axis=2)
    near = np.abs(touching.z[:, None] - network.z[None]).max(axis=2) < 1e-2
    return bool((alike & near).any(axis=1).all() and (alike & near).any(axis=0).all())
