"""Points on the way up over the peaks of the dual function (`climb`), and the way back where some were missed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from exactnorm.arrays import Array
from exactnorm.exact.balls.lineage import lineage, unknown
from exactnorm.exact.balls.polish import Neurons
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.balls.tracked import Tracked, followed, together

LEAST = 1e-4
"""Least slack of peaks at the start, and of those that are found late and are too high by less."""
FIRST = 1e-2
"""Sum of the products at the start, the best value being near 1."""


@dataclass(frozen=True, eq=False)
class Climbed:
    """A point on the way.

    Parameters
    ----------
    B : ndarray, shape (N − 1, r, r + 1)
    peaks : Tracked
    weight : ndarray, shape (K,)
        The multipliers λ, the best value being near 1.
    slack : ndarray, shape (K,)
        1 − φ; more where φ is above 1, at peaks that were found late.
    off : float
        By how much the network of these multipliers fails to interpolate, relative to the targets.
    """

    B: Array
    peaks: Tracked
    weight: Array
    slack: Array
    off: float = np.inf

    @property
    def short(self) -> Array:
        """1 − φ less the slack: 0, or what late peaks are still to come down by."""
        return np.minimum(room(self.peaks) - self.slack, 0.0)

    @property
    def products(self) -> float:
        """Σ λ (1 − φ), how far from the best, relative to it, while no peak is missed nor above 1."""
        return float((self.weight * self.slack).sum())

    @property
    def within(self) -> bool:
        """Whether all peaks that are known are below 1."""
        return bool(self.peaks.value.max() < 1)

    def neurons(self, problem: Reduced, upper: float) -> Neurons:
        """The network of the multipliers; it interpolates up to `off`."""
        kinks = self.peaks.kinks(problem)
        y = np.einsum("kij,kj->ki", sums(problem, self.B)[self.peaks.of], kinks.z)
        return Neurons(kinks, 2 * upper * self.weight[:, None] * y, self.B)


def room(peaks: Tracked) -> Array:
    """1 − φ."""
    return np.asarray((1 - peaks.value) * (1 + peaks.value))


def sums(problem: Reduced, B: Array) -> Array:
    """B_s of all patterns."""
    return np.asarray(np.tensordot(problem.patterns[:, 1:] * 1.0, B, 1))


def begun(B: Array, peaks: Tracked) -> Climbed:
    """The point to start from."""
    slack = late_slack(peaks)
    return Climbed(B, peaks, FIRST / len(peaks) / slack, slack)


def late_slack(peaks: Tracked) -> Array:
    """What peaks that were not known before begin with."""
    return np.maximum(np.abs(room(peaks)), LEAST)


def with_more(now: Climbed, peaks: Tracked) -> Climbed:
    """The same point with more peaks known, those that it has among them."""
    line, known = lineage(peaks, now.peaks), ~unknown(peaks, now.peaks)
    known &= line.old
    slack = np.where(known, now.slack[line.origin], late_slack(peaks))
    new = now.products / len(now.peaks) / slack
    return Climbed(now.B, peaks, np.where(known, now.weight[line.origin], new), slack, now.off)


def gone_back(
    problem: Reduced, trail: list[Climbed], more: Tracked, floor: float, check: Callable[[], None]
) -> tuple[Climbed, list[Climbed]]:
    """The last point at which peaks that were missed are below 1, with these known, and the points before it.

    Or above 1 by less in all than is ahead there: they come down on the way then. If they are above by more at every
    point, the last one.
    """
    for last in range(len(trail) - 1, -1, -1):
        at = trail[last]
        peaks = more if last == len(trail) - 1 else followed(problem, at.B, together(at.peaks, more), floor, check)
        late = unknown(peaks, at.peaks) & (peaks.value >= 1)
        if not late.any() or np.maximum(-room(peaks)[late], LEAST).sum() < at.products:
            return with_more(at, peaks), trail[: last + 1]
    return with_more(trail[-1], more), trail
