"""The loop that narrows the gap: a network over a changing set of kinks above, the best dual matrices so far below.

Each round solves the network program with second-order terms around the best dual matrices, looks at the dual function
of what it found, and steps there, or part of the way, or learns from the peaks why not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from exactnorm.exact.balls.bracket import Bracket, dual_value, with_bound, with_network
from exactnorm.exact.balls.deciding import deciding_balls
from exactnorm.exact.balls.finish import interpolating, settled
from exactnorm.exact.balls.interior import climbed, interior
from exactnorm.exact.balls.joint import free
from exactnorm.exact.balls.kinks import Kinks, distinct, dual_values, joined
from exactnorm.exact.balls.living import FROM as LIVING_FROM
from exactnorm.exact.balls.living import has_place, many_faces, may_be_followed
from exactnorm.exact.balls.look import Look, look
from exactnorm.exact.balls.master import bends, gathered, master
from exactnorm.exact.balls.polish import Neurons
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.balls.start import edge_matrices, relaxation
from exactnorm.exact.settings import Settings

LARGEST_RELAXATION = 2500
"""Entries of all blocks together up to which the joint program comes first: it takes tenths of a second then."""
INTERIOR_FROM = 5
"""Affine rank from which an interior point method over whole patterns comes first, where it has not come before: it
takes as long as two or three rounds and saves twice as many, of those that go a long way."""
TINY = 1e-3
"""Share of the smallest distance up to which 2ρ is next to nothing: kinks that touch balls then pass through points,
where the patterns on both sides have peaks that are nearly one, and following peaks leads nowhere."""
PATIENCE = 20
"""Rounds without a narrower gap after which the loop gives up."""
LENT_FROM = 3
"""Rounds without a narrower gap after which networks are lent kinks to interpolate with: many neurons more."""
STEPS = (1.0, 0.5, 0.2)
"""Shares of the way from the best B to the next that are tried one after another."""
HOLD = 1e-3
"""What keeps the multipliers of the edges near their best at first, relative to a cost of 1."""
CLOSE = 0.05
"""Share by which the bound of a full step may be off at most, for the loop to go on from there."""
PER_PATTERN = 2
"""New kinks of one pattern that a round adds at most: early dual matrices peak nearly everywhere."""

MOST = 2500
"""Peaks that a round looks at or adds at most: setting up a program over four times as many takes seconds, in which
nothing looks at the clock or at Ctrl-C."""


def brackets(problem: Reduced, settings: Settings, best: Bracket, kinks: Kinks) -> Iterator[Bracket]:
    """Yield ever better brackets; the generator may be left at any time.

    A `best` that comes with a B, whatever it is worth here, starts from it.
    """
    rows = deciding_balls(problem, settings.deadline.check)
    if (
        best.B is None
        and problem.orbits is None
        and INTERIOR_FROM <= problem.rank < LIVING_FROM
        and has_place(problem, free(problem))
    ):
        for begun in interior(problem, best, settings):
            best = begun
            yield best
    wide = 2 * problem.rho > TINY * problem.apart and problem.orbits is None
    if best.B is not None and wide and problem.rank >= INTERIOR_FROM and may_be_followed(problem):
        for found, more in climbed(problem, rows, replace(best, phase=Bracket.phase), settings):
            best, kinks = found, more
            yield best
        if best.gap <= settings.tol / 2:
            return
    if many_faces(problem):
        return
    best, centre, kinks = started(problem, rows, replace(best, phase=Bracket.phase), kinks, settings)
    best = replace(best, seconds=settings.deadline.elapsed, kinks=len(kinks))
    yield best
    idle, hold = 0, HOLD
    while best.gap > settings.tol / 2 and idle <= PATIENCE:
        before, bound = best, worth(problem, centre)
        network = proposed(problem, best, centre, kinks, hold, settings)
        promised = dual_value(problem, network.B)
        looks = stepped(problem, rows, best, centre, network, settings)
        for one in looks:
            best = with_bound(problem, best, one.B, one.kappa)
        close = close_by(best, looks[0])
        hold *= reach((worth(problem, looks[0]) - bound) / max(promised - bound, 1e-300), close)
        if close:
            centre = looks[0]
        elif worth(problem, looks[-1]) > bound:
            centre = looks[-1]
        lent = idle >= LENT_FROM
        if looks[0].kappa < 1.05:
            best = with_network(best, interpolating(problem, over_peaks(problem, looks[0], network), lent=lent))
        kinks = following(problem, best, looks, network)
        # What the lower end cannot gain any more, as far as the program over the kinks tells, is for the upper end.
        rest = (promised - best.lower) / (best.gap * best.upper) if best.gap > 0 else 0.0
        if rest < 0.05 or (rest < 0.3 and best.rounds % 3 == 2) or best.rounds % 6 == 5:
            over_all = master(problem, kinks, best.upper, settings)
            best = with_network(best, interpolating(problem, over_all, lent=lent))
            if not lent and would_close(over_all, best, settings.tol):
                best = with_network(best, interpolating(problem, over_all, lent=True))
            if rest < 0.05 and best.gap > settings.tol / 2:
                best = with_network(best, settled(problem, over_peaks(problem, looks[0], network)))
        best = replace(best, rounds=best.rounds + 1, seconds=settings.deadline.elapsed, kinks=len(kinks))
        yield best
        idle = idle + 1 if best.gap >= before.gap * (1 - 1e-3) else 0


def would_close(network: Neurons, best: Bracket, tol: float) -> bool:
    """Whether a solver's network would close a gap that making up for its last digits leaves open."""
    allowed = tol / 2 * best.upper
    return best.upper - best.lower > allowed >= network.cost - best.lower


def started(
    problem: Reduced, rows: NDArray[np.bool_], best: Bracket, kinks: Kinks, settings: Settings
) -> tuple[Bracket, Look, Kinks]:
    """The first network over the kinks, the best of some first B with a look at it, and more kinks."""
    best = with_network(best, interpolating(problem, master(problem, kinks, best.upper, settings)))
    first = [edge_matrices(problem, settings)] if best.B is None else [best.B]
    if problem.orbits is not None:
        first = [problem.orbits.averaged(B) for B in first]
    best = replace(best, lower=0.0, B=None, proofs=())
    if len(problem.patterns) * (2 * problem.rank + 2) ** 2 <= LARGEST_RELAXATION:
        best, proposals = relaxation(problem, settings, best)
        if best.B is not None:
            first.append(best.B)
            kinks = joined(kinks, proposals)
            best = with_network(best, interpolating(problem, master(problem, kinks, best.upper, settings)))
    looks = [look(problem, rows, B, 0.8, settings) for B in first]
    centre = max(looks, key=lambda at: worth(problem, at))
    return with_bound(problem, best, centre.B, centre.kappa), centre, kinks


def proposed(problem: Reduced, best: Bracket, centre: Look, kinks: Kinks, hold: float, settings: Settings) -> Neurons:
    """The network over the kinks and the highest peaks of the centre, which stand for kinks near them."""
    peaks = centre.peaks[among_most(centre, centre.value > level(best) * centre.kappa)]
    far = ~near(problem, kinks, peaks, min(0.1, (best.gap / 10) ** (1 / 3)))
    return master(problem, kinks[far], best.upper, settings, bends(problem, peaks, centre.B / centre.kappa), hold)


def stepped(
    problem: Reduced, rows: NDArray[np.bool_], best: Bracket, centre: Look, network: Neurons, settings: Settings
) -> list[Look]:
    """Looks at the B of the network and, unless its bound is better or nearly so, on the way there."""
    floor = 1 - min(0.2, max(0.02, 4 * best.gap))
    inner, looks = centre.B / centre.kappa, []
    for step in STEPS:
        looks.append(look(problem, rows, inner + step * (network.B - inner), floor, settings))
        if worth(problem, looks[-1]) > worth(problem, centre) or (
            step == 1 and looks[0].kappa - 1 < min(best.gap, CLOSE)
        ):
            break
    return looks


def close_by(best: Bracket, at: Look) -> bool:
    """Whether a look's B is so nearly feasible that the next second-order terms are worth more than its bound."""
    return at.kappa - 1 < min(best.gap, CLOSE)


def worth(problem: Reduced, at: Look) -> float:
    """The lower bound that the B of a look gives."""
    return dual_value(problem, at.B) / at.kappa


def reach(share: float, close: bool) -> float:
    """The factor for what holds B near its best, from the share of the promised gain that came true."""
    return 0.1 if share > 0.6 or close else 0.3 if share > 0.3 else 1.0 if share > 0.1 else 3.0


def over_peaks(problem: Reduced, at: Look, network: Neurons) -> Neurons:
    """The network moved onto the peaks nearest to its kinks, with output weights along B_s z, as at an optimum."""
    weight = gathered(problem.tree, at.peaks, network)
    peaks, weight = at.peaks[weight > 0], weight[weight > 0]
    outward = np.einsum("kn,nij,kj->ki", peaks.pattern[:, 1:] * 1.0, at.B, peaks.z)
    outward *= (weight / np.linalg.norm(outward, axis=1))[:, None]
    return Neurons(peaks, outward, at.B)


def following(problem: Reduced, best: Bracket, looks: list[Look], network: Neurons) -> Kinks:
    """The next kinks: the highest peaks, kinks that carry weight or are about to, and those of the best network.

    These last make sure that some network over all of them interpolates.
    """
    new = [one.peaks[highest(one, level(best) if one is looks[0] else 1.0)] for one in looks]
    kept = np.linalg.norm(network.a, axis=1) > 1e-5 * best.upper
    if best.gap > 0.1:  # B still moves so much that today's idle kink is tomorrow's active one
        kept |= dual_values(network.kinks, network.B) > (0.9 if best.gap < 0.3 else 0.3)
    elif best.B is not None:
        kept |= dual_values(network.kinks, best.B) > 1 - max(1e-6, 2 * best.gap)
    out = joined(best.neurons.kinks, *new, network.kinks[kept])
    return out[np.unique(distinct(out, problem.tree.features(out), 1e-7))]


def near(problem: Reduced, kinks: Kinks, peaks: Kinks, radius: float) -> NDArray[np.bool_]:
    """Which kinks are so near to a peak of their pattern that its second-order term speaks for them."""
    same = (kinks.pattern[:, None] == peaks.pattern).all(axis=2)
    z, at = problem.tree.features(kinks), problem.tree.features(peaks)
    out = np.zeros(len(kinks), dtype=bool)
    for k in np.flatnonzero(same.any(axis=1)):
        out[k] = np.abs(at[same[k]] - z[k]).max(axis=(1, 2)).min() < radius
    return out


def level(best: Bracket) -> float:
    """Height above which peaks count."""
    return 1 - max(0.02, min(0.1, 3 * best.gap))


def highest(at: Look, level: float) -> NDArray[np.bool_]:
    """Which peaks reach `level`: all of them if they are few, else the highest ones of every pattern."""
    high = at.value > level
    _, pattern = np.unique(at.peaks.pattern, axis=0, return_inverse=True)
    pattern = pattern.ravel()
    order = np.lexsort((-at.value, pattern))
    first = np.searchsorted(pattern[order], pattern[order])
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order)) - first
    return among_most(at, high & (rank < PER_PATTERN))


def among_most(at: Look, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The highest `MOST` of some peaks; the others are the next round's."""
    if np.count_nonzero(chosen) <= MOST:
        return chosen
    least = np.sort(at.value[chosen])[-MOST]
    return np.asarray(chosen & (at.value >= least))
