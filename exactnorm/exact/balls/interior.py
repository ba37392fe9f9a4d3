"""Two interior point methods, one after the other: over all whole patterns at once, then over the peaks of the dual.

The first has a proof at every step, and ends a little below the optimum, since whole patterns do not say all there is to
say. The second begins where the first has left it and goes on to the optimum; its matrices B are worth what a look at
all faces finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.exact.balls.bracket import Bracket, with_bound, with_network
from exactnorm.exact.balls.climb import Climbed, begun, climbing
from exactnorm.exact.balls.finish import interpolating
from exactnorm.exact.balls.joint import path
from exactnorm.exact.balls.kinks import Kinks, joined
from exactnorm.exact.balls.look import look
from exactnorm.exact.balls.master import master
from exactnorm.exact.balls.polish import Neurons
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.balls.tracked import Tracked, everywhere, followed, placed, together
from exactnorm.exact.settings import Settings

AHEAD = 1e-2
"""Share of the cost that whole patterns may still have to give when they are left for the peaks."""
TOLD = 1.02
"""Factor by which a bound must rise to be told."""
FLOOR = 0.85
"""Peaks from which on they are followed."""
FEW = 20_000
"""Faces of all patterns that a look in every step may take."""
EVERYWHERE = 4
"""Steps after which peaks are looked for from all faces of one ball otherwise, not only followed."""
TURNS = 6
"""Times that a look at all faces may find peaks that were missed."""
NEARLY = 0.3
"""How far a network may be from interpolating for its correction to be tried."""
ENDED = 1e-3
"""How far it may be at the end."""
HIGH = 1e-3
"""How far below 1 the peaks are whose kinks a network is sought over at the end."""


def interior(problem: Reduced, best: Bracket, settings: Settings) -> Iterator[Bracket]:
    """Better and better bounds of all whole patterns at once, each with B and multipliers.

    They end where they have next to nothing left to gain: cells that are cut finer begin there. Where digits are lost
    before, fewer come, or none.
    """
    told, best = 0.0, replace(best, phase="bounding living patterns")
    try:
        for point in path(problem, best.upper, settings.deadline):
            last = point.ahead <= AHEAD * best.upper
            if point.lower > (told if last else TOLD * told):
                told = point.lower
                yield replace(best, lower=told, B=point.B, proofs=point.proofs, seconds=settings.deadline.elapsed)
            if last:
                return
    except np.linalg.LinAlgError as failed:
        settings.said.append(f"the bound of whole patterns was not computed to the end: {failed}")


def climbed(
    problem: Reduced, rows: NDArray[np.bool_], best: Bracket, settings: Settings
) -> Iterator[tuple[Bracket, Kinks]]:
    """Better and better brackets from the B of a bracket, with the kinks of high peaks.

    Parameters
    ----------
    rows : ndarray of bool, shape (P, N)
        From `deciding_balls`.
    """
    assert best.B is not None
    deadline, check = settings.deadline, settings.deadline.check
    begun_at = deadline.elapsed
    seen = look(problem, rows, best.B, FLOOR, settings)
    took = deadline.elapsed - begun_at
    best = with_bound(problem, best, seen.B, seen.kappa)
    B, peaks = best.B, placed(problem, seen.peaks, seen.value)
    ways = elsewhere(problem, rows, settings)
    for _ in range(TURNS):
        assert B is not None
        at = None
        start = begun(B, followed(problem, B, peaks, FLOOR, check))
        for at in climbing(problem, start, best.upper, ways, FLOOR, check):
            if at.off < NEARLY:
                best = with_network(best, interpolating(problem, at.neurons(problem, best.upper)))
            best = replace(best, rounds=best.rounds + 1, seconds=deadline.elapsed, kinks=len(at.peaks))
            yield best, best.neurons.kinks
            ended = at.within and at.products < settings.tol / 8 and at.off < ENDED
            if ended or deadline.remaining < 2 * took:
                break
        if at is None:
            return
        best = with_network(best, over_high(problem, at, best.upper, settings))
        seen = look(problem, rows, at.B, FLOOR, settings)
        best = replace(with_bound(problem, best, at.B, seen.kappa), seconds=deadline.elapsed)
        yield best, joined(best.neurons.kinks, at.peaks.kinks(problem)[at.peaks.value > 1 - 10 * HIGH])
        if seen.kappa < 1 + settings.tol / 8 or best.gap <= settings.tol / 2:
            return
        B, peaks = at.B, together(at.peaks, placed(problem, seen.peaks, seen.value))


def elsewhere(problem: Reduced, rows: NDArray[np.bool_], settings: Settings) -> Callable[[Array, int], Tracked]:
    """Where to look for more peaks: on all faces, in every step, if these are few; else now and then a few ways."""
    start = everywhere(problem, rows)
    few = len(problem.patterns) * 2.0**problem.rank <= FEW

    def ways(B: Array, count: int) -> Tracked:
        if few:
            seen = look(problem, rows, B, FLOOR, settings)
            return placed(problem, seen.peaks, seen.value)
        return start if count % EVERYWHERE == 0 else start[np.zeros(0, dtype=np.intp)]

    return ways


def over_high(problem: Reduced, at: Climbed, upper: float, settings: Settings) -> Neurons | None:
    """The best network over the kinks of high peaks, or None if it does not interpolate."""
    high = at.peaks[at.peaks.value > 1 - HIGH].kinks(problem)
    return interpolating(problem, master(problem, high, upper, settings)) if len(high) else None
