"""How far dual matrices may be stretched on whole patterns before no multipliers are left, many patterns at once.

The largest θ with ‖θ B_s z‖ ≤ ‖w‖ shown on a pattern is one over the bound that multipliers give for B there: the
interior point method of all patterns (`joint`) with the one unknown θ in place of B, from B = 0 on. Most patterns say
nothing at all: there a θ of 1 is reached after two or three steps, and that is all that is asked.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.exact.balls.barrier import Moments, Multipliers, Shape, begun, joined, opposite, slack
from exactnorm.exact.balls.eliminated import (
    Change,
    Scaled,
    bend,
    factored,
    followed,
    left,
    moved,
    pull,
    reaches,
    to_weight,
    to_zero,
)
from exactnorm.exact.balls.joint import AT_ONCE, whole
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.deadline import collected
from exactnorm.exact.settings import Settings

AHEAD = 3.0
"""Sum of the products of a cell at the start, θ being near 1: what it still says is next to nothing by then."""
REACH = 0.95
"""Share of the way to the end of the domain that a step goes."""
CLOSE = 1e-3
"""Sum of the products, relative to θ, at which θ is as large as it can be, nearly."""
STEPS = 25
"""Of a cell, at most: rounding ends it before."""
TASKS, LARGEST = 16, 8
"""Tasks of an executor, at least if there is so much to do, and the most batches of `AT_ONCE` patterns in one."""
TESTED = 256
"""Cells that are looked at together."""
INSIDE = 0.99
"""Share of the way to where F of kept multipliers is singular."""
FARTHEST = 1e6
"""How far B = 0 reaches."""


@dataclass(frozen=True, eq=False)
class Stretched:
    """P whole patterns, their rows, how far B was stretched on each, shape (P,), and the multipliers that show it.

    With the moments that these go with, from where multipliers of another B may be sought.
    """

    rows: NDArray[np.intp]
    of: Shape
    share: Array
    at: Multipliers
    moments: Moments

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, part: NDArray[np.intp]) -> Stretched:
        return Stretched(self.rows[part], self.of[part], self.share[part], self.at[part], self.moments[part])

    def shrunk(self, share: float) -> Multipliers:
        """Multipliers of B times `share`, not above that of any of them: those times the square of the quotient.

        Raises
        ------
        LinAlgError
            If B could not be stretched at all on some pattern, for rounding.
        """
        if not self.share.min(initial=np.inf) > 0:
            msg = "a pattern has no multipliers to speak of"
            raise np.linalg.LinAlgError(msg)
        factor = (share / self.share) ** 2
        return Multipliers(self.at.mu * factor, self.at.nu * factor[:, None], self.at.ell * factor[:, None, None])

    def reaching(self, B: Array) -> Array:
        """How far another B may be stretched with the multipliers as they are, shape (P,), nearly.

        F + (B_s T)ᵀ(B_s T) does not depend on B: with its Cholesky factor L, θ = 1/‖B_s T L⁻ᵀ‖.
        """
        out = np.empty(len(self))
        for first in range(0, len(self), TESTED):
            part = np.arange(first, min(first + TESTED, len(self)))
            of = self.of[part]
            L = np.linalg.cholesky(slack(of, of.zero, self.at[part]))
            met = np.linalg.solve(L, np.swapaxes(of.sums(B) @ of.T, 1, 2))
            out[part] = INSIDE / np.maximum(np.linalg.norm(met, 2, axis=(1, 2)), 1 / FARTHEST)
        return out

    def with_share(self, share: Array) -> Stretched:
        """The same multipliers, for another B that they stretch so far."""
        return replace(self, share=share)


def together(*several: Stretched) -> Stretched:
    """The patterns of all, in the order of their rows."""
    rows, share = (np.concatenate([getattr(one, name) for one in several]) for name in ("rows", "share"))
    of, at = joined([one.of for one in several]), joined([one.at for one in several])
    whole = Stretched(rows, of, share, at, joined([one.moments for one in several]))
    return whole[np.argsort(rows)]


def stretched(
    problem: Reduced,
    rows: NDArray[np.intp],
    B: Array,
    settings: Settings,
    far: float = 1.0,
    close: float = CLOSE,
) -> Stretched:
    """Stretch B to `far` on the patterns of these rows, or as far as multipliers allow but for a share `close`.

    Shared out by the executor if there is one.

    Raises
    ------
    OutOfTimeError
    LinAlgError
        If some pattern has no interior to speak of.
    """
    parts = [rows[k : k + AT_ONCE] for k in range(0, len(rows), AT_ONCE)]
    given = [(replace(problem, patterns=problem.patterns[some]), some, B, far, close) for some in parts]
    return together(*_each(_from_nothing, given, settings))


def stretched_on(before: Stretched, B: Array, settings: Settings, far: float = 1.0, close: float = CLOSE) -> Stretched:
    """The same on the patterns of `before`, from multipliers of another B.

    Those on which B reaches 1 with the multipliers as they are keep these.

    Raises
    ------
    OutOfTimeError
    LinAlgError
    """
    reached = before.reaching(B)
    short = reached < 1
    kept = before.with_share(reached)
    if not short.any():
        return kept
    again = kept[np.flatnonzero(short)]
    parts = [again[np.arange(k, min(k + AT_ONCE, len(again)))] for k in range(0, len(again), AT_ONCE)]
    found = _each(_going_on, [(one, B, far, close) for one in parts], settings)
    return together(kept[np.flatnonzero(~short)], *found)


def _each(call: Callable[..., Stretched], given: Sequence[tuple[Any, ...]], settings: Settings) -> Iterator[Stretched]:
    if settings.executor is None:
        for some in given:
            settings.deadline.check()
            yield call(*some, check=settings.deadline.check)
        return
    size = min(math.ceil(len(given) / TASKS), LARGEST)
    chunks = [given[k : k + size] for k in range(0, len(given), size)]
    for found in collected([settings.executor.submit(in_turn, call, chunk) for chunk in chunks], settings.deadline):
        yield from found


def in_turn(call: Callable[..., Stretched], given: Sequence[tuple[Any, ...]]) -> list[Stretched]:
    """What a call gives to each of several batches: a task of an executor."""
    return [call(*some) for some in given]


def _from_nothing(
    problem: Reduced,
    rows: NDArray[np.intp],
    B: Array,
    far: float,
    close: float,
    check: Callable[[], None] = lambda: None,
) -> Stretched:
    with np.errstate(all="ignore"):
        of = whole(problem)
    if not all(np.isfinite(one).all() for one in (of.G, of.T, of.E)):
        msg = "a pattern has no interior"
        raise np.linalg.LinAlgError(msg)
    at = begun(of, problem.points)
    moments = opposite(of, of.zero, at, AHEAD * len(of) / of.degree)
    return _going_on(Stretched(rows, of, np.zeros(len(of)), at, moments), B, far, close, check)


def _going_on(
    start: Stretched, B: Array, far: float, close: float, check: Callable[[], None] = lambda: None
) -> Stretched:
    of, D = start.of, start.of.sums(B)
    degree = of.degree // len(of)
    share, at, moments = copy.deepcopy((start.share, start.at, start.moments))
    going = np.arange(len(of))
    for _ in range(STEPS):
        check()
        with np.errstate(all="ignore"):  # a cell whose digits are lost stays where it is
            step = _Step(of[going], D[going], share[going], at[going], moments[going], degree)
        here = step.finite
        share[going[here]] += step.rise[here]
        for target, new in zip(_arrays(at, moments), _arrays(*step.arrived), strict=True):
            target[going[here]] = new[here]
        # What is ahead is foretold, and less than nothing where a step went so far that it says little.
        going = going[here & (share[going] < far) & (np.abs(step.ahead) > close * share[going])]
        if not len(going):
            break
    return Stretched(start.rows, of, share, at, moments)


def _arrays(at: Multipliers, moments: Moments) -> tuple[Array, ...]:
    return at.mu, at.nu, at.ell, moments.X, moments.nu, moments.ell


class _Step:
    """A step of cells, each by itself: straight to the end of its path, and again with what that teaches."""

    def __init__(self, of: Shape, D: Array, share: Array, at: Multipliers, moments: Moments, degree: int) -> None:
        Bs = share[:, None, None] * D
        self.D, self.one = D, factored(of, Bs, at, moments)
        self.bend = bend(self.one, D)
        # What the objective gives less what the moments ask for.
        rest = 1 - (D * (2 * Bs @ of.T @ moments.X @ np.swapaxes(of.T, 1, 2))).sum(axis=(1, 2))
        step, delta = self._towards(rest, to_zero(self.one))
        least = left(self.one, step, np.minimum(1.0, reaches(self.one, step, delta)))
        products = self.one.products
        weight = np.clip(least / products, 0.0, 1.0) ** 3 * products / degree
        half = 2 * delta @ self.one.T @ step.moments.X @ np.swapaxes(self.one.T, 1, 2)
        step, delta = self._towards(rest - (D * half).sum(axis=(1, 2)), to_weight(self.one, weight, step, delta))
        way = np.minimum(1.0, REACH * reaches(self.one, step, delta))
        self.rise = way * (delta * D).sum(axis=(1, 2)) / (D**2).sum(axis=(1, 2))
        self.arrived = moved(self.one, at, moments, step, way)
        self.ahead = left(self.one, step, way) + np.abs(rest) * (1 - way)

    @property
    def finite(self) -> NDArray[np.bool_]:
        """The cells whose step leads somewhere."""
        every = [self.rise, self.ahead, *_arrays(*self.arrived)]
        return np.asarray(np.all([np.isfinite(one.reshape(len(one), -1)).all(axis=1) for one in every], axis=0))

    def _towards(self, rest: Array, aim: Scaled) -> tuple[Change, Array]:
        """The step to an aim, and what it changes of B_s."""
        asked = pull(self.one, followed(self.one, aim, None).moments.X)
        rise = (rest - (self.D * asked).sum(axis=(1, 2))) / self.bend
        delta = rise[:, None, None] * self.D
        return followed(self.one, aim, delta), delta
