"""Dual matrices B and a network at once, by an interior point method over the peaks of the dual function.

Maximise Σ⟨B_n, T_n⟩ while every peak of the dual function stays below 1. A peak z of a pattern s moves with B, and
φ(B_s) = max ‖B_s z‖² near it is smooth and convex (`bent`), so that Newton's method applies: with multipliers λ of
φ ≤ 1 the neurons a = 2 λ B_s z on the kinks z interpolate where the slope of the Lagrangian is 0, and their cost less
the objective is Σ 2 λ √φ (1 − √φ). Each step asks for the products λ (1 − φ) to be a share of what they are (primal
and dual together), and follows the peaks to where it leads (`tracked`).

Peaks may be missed there. So B is worth nothing until a look at all faces says so, while the network is one whatever B.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from exactnorm.arrays import Array
from exactnorm.exact.balls.bent import Bent, bent
from exactnorm.exact.balls.lineage import Lineage, lineage, unknown
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.balls.tracked import Tracked, followed, together
from exactnorm.exact.balls.trail import Climbed, gone_back, late_slack, room, sums

REACH = 0.95
"""Share of the way to where some peak reaches 1, or some multiplier 0, that a step goes."""
SHORTER = 0.4
"""Factor by which a step is shortened while peaks at its end are too high."""
SHORTEST = 1e-3
"""Shorter steps are none."""
HIGH = 0.98
"""Peaks at the end of a step that are at least so high are looked for at its beginning as well."""
AGAIN = 6
"""Times in a row that a step is computed anew, with peaks that it had not known of."""
MOST = 20_000
"""Peaks that are followed at most: the lower ones are left out then. What is left out may rise unseen."""
TRAIL = 8
"""Points that are remembered, to go back to where peaks that were missed are below 1."""
RIDGES = (1e-12, 1e-8, 1e-5, 1e-3)
"""Added to the scaled matrix of a step: the next one where a step leads nowhere, since the peaks that are known leave B
open in some direction."""


def climbing(
    problem: Reduced,
    start: Climbed,
    upper: float,
    ways: Callable[[int, Array], Tracked],
    floor: float,
    check: Callable[[], None],
) -> Iterator[Climbed]:
    """Yield better and better points, until no step leads on.

    Parameters
    ----------
    upper : float
        A cost near the least one: a scale.
    ways : callable
        Where else than near known ones peaks are to be looked for, after so many steps, of B.
    floor : float
        Peaks below are left out.
    check : callable
        Called again and again; what it raises ends the search.
    """
    T = np.zeros_like(start.B)
    T[:, :, -1] = (problem.points[1:] - problem.points[0]) / upper
    now, count, again, firm = start, 0, 0, 0
    trail = [start]
    while firm < len(RIDGES):
        check()
        try:
            step = _Step(problem, now, T, RIDGES[firm])
        except np.linalg.LinAlgError:
            firm += 1
            continue
        found, more = _stepped(problem, now, step, partial(ways, count), floor, check)
        if more is not None and again < AGAIN:
            now, trail = gone_back(problem, trail, more, floor, check)
            again += 1
            continue
        if found is None:
            firm += 1
            continue
        if len(found.peaks) > MOST:
            floor = max(floor, float(np.sort(found.peaks.value)[-MOST]))
        now, count, again = replace(found, off=_off(problem, found, T)), count + 1, 0
        firm = max(0, firm - 1)
        trail = [*trail[-TRAIL + 1 :], now]
        yield now


def _off(problem: Reduced, at: Climbed, T: Array) -> float:
    one = bent(problem, sums(problem, at.B), at.peaks)
    return float(np.linalg.norm(_spread(problem, at.peaks, at.weight, one.slope) - T) / np.linalg.norm(T))


def _stepped(
    problem: Reduced,
    now: Climbed,
    step: _Step,
    ways: Callable[[Array], Tracked],
    floor: float,
    check: Callable[[], None],
) -> tuple[Climbed | None, Tracked | None]:
    """Where the step leads; or peaks at its beginning that were not known, which explain why it leads too high."""
    dB, dweight, dslack, share, aim = step.taken()
    first = True
    while share > SHORTEST:
        B = now.B + share * dB
        peaks = followed(problem, B, together(now.peaks, ways(B)), floor, check)
        line = lineage(peaks, now.peaks)
        slack = now.slack + share * dslack
        if _allowed(peaks, line, now, slack, share):
            return _arrived(B, peaks, line, now.weight + share * dweight, slack, aim), None
        if first:  # peaks that were there before explain more than shorter steps would
            back = followed(problem, now.B, together(now.peaks, peaks[peaks.value > HIGH]), floor, check)
            if unknown(back, now.peaks).any():
                return None, back
        first = False
        share *= SHORTER
    return None, None


def _allowed(peaks: Tracked, line: Lineage, now: Climbed, slack: Array, share: float) -> bool:
    """Whether all peaks are below 1, or on their way down there as far as a step of this length may ask."""
    was = line.origin
    left = np.where(line.old & (now.short[was] < 0), (1 - share / 2) * -now.short[was] - slack[was], 0.0)
    return bool((room(peaks) > -np.maximum(left, 0.0)).all())


def _arrived(B: Array, peaks: Tracked, line: Lineage, weight: Array, slack: Array, aim: float) -> Climbed:
    """A point whose peaks inherit multipliers; those of new peaks are such as go with products that are `aim`."""
    slack = np.where(peaks.value < 1, room(peaks), np.where(line.old, slack[line.origin], late_slack(peaks)))
    return Climbed(B, peaks, np.where(line.old, line.inherited(weight), aim / slack), slack)


def _spread(problem: Reduced, peaks: Tracked, weight: Array, each: Array) -> Array:
    """Σ_k weight_k each_k over the peaks that are on at a ball, for each ball but the first."""
    total = np.zeros((len(problem.patterns), *each.shape[1:]))
    np.add.at(total, peaks.of, weight[:, None, None] * each)
    return np.asarray(np.tensordot((problem.patterns[:, 1:] * 1.0).T, total, 1))


class _Step:
    """A step from a point."""

    def __init__(self, problem: Reduced, now: Climbed, T: Array, ridge: float) -> None:
        self.problem, self.now, self.T = problem, now, T
        self.of = bent(problem, sums(problem, now.B), now.peaks)
        self.mean = now.products / len(now.peaks)
        H = _hessian(problem, now, self.of)
        # Where no peak that is known holds an entry of B, a step along it is as long as rounding makes it.
        self.scale = 1 / np.sqrt(np.maximum(np.diag(H), 1e-16 * np.diag(H).max()))
        H *= self.scale[:, None]
        H *= self.scale
        H[np.diag_indices_from(H)] += ridge
        self.factor = cho_factor(H, lower=True, overwrite_a=True, check_finite=False)

    def _towards(self, aim: float) -> tuple[Array, Array, Array, Array]:
        """Changes of B, λ and slack after which the products are `aim`, to first order, and those of B_s at peaks."""
        now, slack = self.now, self.now.slack
        rest = self.T - _spread(self.problem, now.peaks, (aim - now.weight * now.short) / slack, self.of.slope)
        dB = (self.scale * cho_solve(self.factor, self.scale * rest.ravel(), check_finite=False)).reshape(rest.shape)
        D = sums(self.problem, dB)[now.peaks.of]
        dslack = now.short - (self.of.slope * D).sum(axis=(1, 2))
        return dB, (aim - now.weight * (slack + dslack)) / slack, dslack, D

    def _reach(self, dweight: Array, dslack: Array, D: Array) -> float:
        """How far until some slack is 0, to second order, or some multiplier."""
        half = np.sqrt(dslack**2 + 4 * self.of.second(D) * self.now.slack) - dslack
        slack = 2 * self.now.slack / np.maximum(half, 1e-300)
        falls = dweight < 0
        return float(min(slack.min(), (self.now.weight[falls] / -dweight[falls]).min(initial=np.inf)))

    def taken(self) -> tuple[Array, Array, Array, float, float]:
        """Changes of B, λ and slack, the share of them to go, and what the products are aimed at."""
        _, *straight = self._towards(0.0)
        aim = self.mean * max((1 - min(1.0, self._reach(*straight))) ** 3, 1e-3)
        dB, dweight, dslack, D = self._towards(aim)
        return dB, dweight, dslack, min(1.0, REACH * self._reach(dweight, dslack, D)), aim


def _hessian(problem: Reduced, now: Climbed, of: Bent) -> Array:
    """Σ λ φ'' + (λ/slack) φ' φ'ᵀ, whose blocks (n, m) are sums over the patterns that are on at both balls."""
    r, size = problem.rank, len(now.B)
    m = r * (r + 1)
    slope = of.slope.reshape(-1, m) * np.sqrt(now.weight / now.slack)[:, None]
    rows = np.concatenate([slope, of.rows * np.sqrt(2 * now.weight)[of.of][:, None]])
    pattern = np.concatenate([now.peaks.of, now.peaks.of[of.of]])
    used = np.unique(now.peaks.of)
    each = np.zeros((len(used), m, m))
    order = np.argsort(pattern, kind="stable")
    ends = np.searchsorted(pattern[order], used, side="right")
    for k, some in enumerate(np.split(order, ends[:-1])):
        each[k] = rows[some].T @ rows[some]
    zz = np.zeros((len(problem.patterns), r + 1, r + 1))
    np.add.at(zz, now.peaks.of, (2 * now.weight)[:, None, None] * of.z[:, :, None] * of.z[:, None, :])
    blocks = each.reshape(len(used), r, r + 1, r, r + 1)
    blocks[:, np.arange(r), :, np.arange(r), :] += zz[used]
    first, second = np.triu_indices(size)
    on = problem.patterns[used, 1:]
    pairs = ((on[:, first] & on[:, second]) * 1.0).T @ each.reshape(len(used), -1)
    H = np.empty((size * m, size * m))
    for k, (i, j) in enumerate(zip(first, second, strict=True)):
        H[j * m : (j + 1) * m, i * m : (i + 1) * m] = pairs[k].reshape(m, m)
        H[i * m : (i + 1) * m, j * m : (j + 1) * m] = pairs[k].reshape(m, m)
    return H
