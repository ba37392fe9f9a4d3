"""Two interior point methods, one after the other: over all whole patterns at once, then over the peaks of the dual.

The first has a proof at every step, and ends a little below the optimum, since whole patterns do not say all there is
to say. The second begins there and goes on to the optimum; its matrices B are worth what a look at all faces finds.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.exact.balls.bracket import Bracket, dual_value, with_bound, with_network
from exactnorm.exact.balls.chosen import whole_path
from exactnorm.exact.balls.climb import climbing
from exactnorm.exact.balls.covering import ROUNDED, easy, priced_leaves
from exactnorm.exact.balls.finish import STEPS, in_time, interpolating, settled
from exactnorm.exact.balls.joint import free
from exactnorm.exact.balls.kinks import Kinks, joined, tangent_kinks
from exactnorm.exact.balls.look import Look, look
from exactnorm.exact.balls.master import master
from exactnorm.exact.balls.polish import Neurons
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.balls.tracked import Tracked, everywhere, followed, placed, together
from exactnorm.exact.balls.trail import Climbed, begun, with_more
from exactnorm.exact.settings import Settings

AHEAD = 1e-2
"""Share of the cost that whole patterns may still have to give when they are left for the peaks."""
TOLD = 1.02
"""Factor by which a bound must rise to be told."""
FLOORS = (0.85, 0.7, 0.5, 0.2)
"""Peaks are followed from the first of these on above which there are enough."""
ENOUGH = 0.5
"""Peaks for each unknown of B, so that they hold it in all directions: each of them does so in several."""
FEW = 20_000
"""Faces of all patterns up to which looks at them are taken on the way."""
OFTEN = 3
"""Steps from one of these looks to the next."""
EVERYWHERE = 4
"""Steps after which peaks are looked for from all faces of one ball where there are more, not only followed."""
MANY = 300_000
"""Faces of all patterns from which only those of patterns are looked at that multipliers leave open."""
FACE_SECONDS = 3e-5
"""Of a look at all peaks of a pattern, for each of its 2^r faces, in ten dimensions; ample."""
OPEN = 0.99
"""Height of the peaks of patterns on which multipliers may not bound the dual function by 1."""
ONE, SEVERAL = 1.25, 6.0
"""Looks for which there must be time if one is to be taken at the end, and if some are on the way."""
NARROWER = 0.9
"""Share of the products, and of what peaks are above 1, below which they count as less."""
PATIENCE = 12
"""Steps in a row that bring no less of them, after which a look is due."""
AIMS = (1e-3, 1e-5)
"""Where faces are many, what the products are to come down to before a look that takes long: bounds on the way."""
TURNS = 8
"""Times that a look at all faces may find peaks that were missed."""
NEARLY = 0.3
"""How far a network may be from interpolating for its correction to be tried."""
ENDED = 1e-3
"""How far it may be at the end."""
HEAVY = (1e-4, 1e-5, 1e-6, 1e-7)
"""Shares of the largest weight above which neurons are kept, when they are moved until they interpolate."""
SYSTEM = 600
"""Numbers in the kinks of these up to which that is tried: tenths of a second in six dimensions, seconds in eleven."""
HIGH = 1e-3
"""How far below 1 the peaks are whose kinks a network is sought over at the end."""


def interior(problem: Reduced, best: Bracket, settings: Settings) -> Iterator[Bracket]:
    """Better and better bounds of all whole patterns at once, each with B and multipliers.

    They end where they have next to nothing left to gain: cells that are cut finer begin there. Where digits are lost
    before, fewer come, or none.
    """
    told, best = 0.0, replace(best, phase="bounding living patterns")

    def going() -> None:
        settings.report(replace(best, lower=told, seconds=settings.deadline.elapsed))

    try:
        every = free(problem)
        for point in whole_path(problem, best.neurons, best.upper, settings, AHEAD, every, going):
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
    best : Bracket
        Its B may have peaks above 1, unless there are too many faces to look at them all.
    """
    assert best.B is not None
    B = best.B
    if not in_time(float(free(problem).size) ** 3 / 3, settings.deadline):  # nothing interrupts a factorisation
        return
    start = everywhere(problem, rows, settings.deadline.check)
    search, peaks, best = begun_search(Search(problem, rows, start, settings), B, best)
    if not len(peaks):
        return
    point, scale = begun(B, peaks), best.upper
    last = settings.tol / 30
    aims = [last] if faces(problem) <= MANY else [*(aim for aim in AIMS if aim > last), last]
    for _ in range(TURNS):
        # For a look at the end, if there is time for it at all; what is found without one is a network.
        looks = settings.deadline.remaining / sealing(problem, point.peaks)
        aims = aims if looks > SEVERAL else aims[-1:]
        best, at = yield from _climbed_to(aims[0], search, point, scale, best, looks > ONE)
        if at is None or best.gap <= settings.tol / 2:
            return
        high = at.peaks.kinks(problem)[at.peaks.value > 1 - 10 * HIGH]
        # The look first, as it has its time; that of the networks is whatever is left.
        if there_is_time := ONE * settings.deadline.remaining > sealing(problem, at.peaks):
            seen = search.sealed(at.B)
            best = replace(with_bound(problem, best, at.B, seen.kappa), seconds=settings.deadline.elapsed)
            yield best, joined(best.neurons.kinks, high)
        if best.gap > settings.tol / 2:
            for network in at_the_end(problem, at, scale, best, settings):
                best = with_network(best, network)
                if best.upper - dual_value(problem, at.B) <= settings.tol / 4 * best.upper:
                    break
            yield best, joined(best.neurons.kinks, high)
        if not there_is_time:
            return
        if best.gap <= settings.tol / 2 or (seen.kappa < 1 + last and len(aims) == 1):
            return
        if seen.kappa < 1 + aims[0]:
            aims = aims[1:] or aims
        more = together(at.peaks, placed(problem, seen.peaks, seen.value))
        point = with_more(at, followed(problem, at.B, more, search.floor, settings.deadline.check))


def faces(problem: Reduced) -> float:
    """Of all patterns, at most."""
    return len(problem.patterns) * 2.0**problem.rank


def sealing(problem: Reduced, peaks: Tracked) -> float:
    """Seconds that a look takes: at the faces of all patterns, or where these are many of those with high peaks."""
    few = faces(problem) <= MANY
    open_ = len(problem.patterns) if few else max(1, len(np.unique(peaks.of[peaks.value > OPEN])))
    return FACE_SECONDS * open_ * 2.0**problem.rank * (problem.rank / 10)


@dataclass(frozen=True, eq=False)
class Search:
    """Where peaks are looked for: those above a floor."""

    problem: Reduced
    rows: NDArray[np.bool_]
    start: Tracked
    settings: Settings
    floor: float = FLOORS[0]

    def looked(self, B: Array) -> Look:
        """At all faces."""
        return look(self.problem, self.rows, B, self.floor, self.settings)

    def ways(self, count: int, B: Array) -> Tracked:
        """Where else than near known peaks: on all faces now and then if these are few, else a few ways."""
        few = faces(self.problem) <= FEW
        if few and count % OFTEN == 0:
            seen = self.looked(B)
            return placed(self.problem, seen.peaks, seen.value)
        return self.start if not few and count % EVERYWHERE == 0 else self.start[:0]

    def sealed(self, B: Array) -> Look:
        """A look at all peaks; where faces are many, at those of patterns that multipliers do not bound by 1."""
        problem, settings = self.problem, self.settings
        if faces(problem) <= MANY:
            return self.looked(B)
        enough = 1 + settings.tol / 8
        done, leaves = easy(problem, B, settings)
        done += priced_leaves(problem, B, leaves, enough, settings)
        # A bound that is no number is none.
        tight = {one.proof.cell.pattern.tobytes(): one.kappa for one in done if one.kappa <= enough * ROUNDED}
        loose = np.array([pattern.tobytes() not in tight for pattern in problem.patterns])
        if not loose.any():
            none = tangent_kinks(problem.points[:0], problem.points, problem.rho)
            return Look(B, max(tight.values()), none, np.zeros(0))
        part = replace(problem, patterns=problem.patterns[loose])
        seen = look(part, self.rows[loose], B, self.floor, settings)
        return replace(seen, kappa=max([seen.kappa, *tight.values()]))


def begun_search(search: Search, B: Array, best: Bracket) -> tuple[Search, Tracked, Bracket]:
    """With the highest floor above which there are peaks enough to hold B, those peaks, and the bound of a look."""
    problem, check = search.problem, search.settings.deadline.check
    for floor in FLOORS:
        search = replace(search, floor=floor)
        start = search.start
        if faces(problem) <= MANY:
            seen = search.looked(B)
            best = with_bound(problem, best, seen.B, seen.kappa)
            start = together(start, placed(problem, seen.peaks, seen.value))
        peaks = followed(problem, B, start, floor, check)
        if len(peaks) > ENOUGH * free(problem).size:
            break
    return search, peaks, best


def _climbed_to(
    aim: float, search: Search, point: Climbed, scale: float, best: Bracket, looked: bool
) -> Generator[tuple[Bracket, Kinks], None, tuple[Bracket, Climbed | None]]:
    """Climb until the products are below `aim`, no less, or there is just time for a look; the point at the end.

    `looked` says whether there is to be a look; `scale` is the cost in units of which the multipliers are, whatever
    networks are found on the way.
    """
    problem, deadline = search.problem, search.settings.deadline
    at, least, idle, before = None, np.inf, 0, deadline.elapsed
    for at in climbing(problem, point, scale, search.ways, search.floor, deadline.check):
        if at.off < NEARLY:
            best = with_network(best, interpolating(problem, at.neurons(problem, scale)))
        best = replace(best, rounds=best.rounds + 1, seconds=deadline.elapsed, kinks=len(at.peaks))
        yield best, best.neurons.kinks
        left = at.products - float(at.short.sum())
        least, idle = (left, 0) if left < NARROWER * least else (least, idle + 1)
        ended = at.within and at.products < aim and at.off < max(ENDED, aim)
        closed = best.gap <= search.settings.tol / 2
        took, before = deadline.elapsed - before, deadline.elapsed
        kept = sealing(problem, at.peaks) if looked else 0.0
        if closed or ended or idle > PATIENCE or deadline.remaining < took + kept:
            break
    return best, at


def at_the_end(
    problem: Reduced, at: Climbed, scale: float, best: Bracket, settings: Settings
) -> Iterator[Neurons | None]:
    """Networks near that of the multipliers, whose moments are nearly dependent where weights alone do not close it.

    Its heavy neurons moved until they interpolate, from fewer to more of them, and the best one over the kinks of high
    peaks; None where that is no network.
    """
    network = at.neurons(problem, scale)
    weight = np.linalg.norm(network.a, axis=1)
    for share in HEAVY:
        some = weight > share * weight.max()
        heavy = Neurons(network.kinks[some], network.a[some], network.B)
        size = heavy.a.size + heavy.kinks.z.size
        if heavy.kinks.z.size <= SYSTEM and in_time(STEPS * float(size) ** 3, settings.deadline):
            yield settled(problem, heavy)
    high = at.peaks[at.peaks.value > 1 - HIGH].kinks(problem)
    if len(high):
        yield interpolating(problem, master(problem, high, best.upper, settings))
