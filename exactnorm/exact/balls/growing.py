"""A path over whole patterns that become more: those on which the dual function of its B is found above 1 join it.

See `chosen` for what it is for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import CellProof
from exactnorm.exact.balls.barrier import Multipliers, joined, opposite, proofs
from exactnorm.exact.balls.eliminated import operations
from exactnorm.exact.balls.families import Family
from exactnorm.exact.balls.joint import Joint, continued, point, start
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.balls.stretched import Stretched, stretched
from exactnorm.exact.balls.tracked import Tracked, followed
from exactnorm.exact.deadline import Deadline

BROKEN = 1 + 1e-6
"""Values of the dual function from which B breaks a pattern."""
HIGH = 0.9
"""Values of the dual function from which a pattern joins, if one has a value above 1: B may break it next."""
MORE = 10
"""Patterns for each point that join at once, or as many as take part, if that is more."""
ROUGHLY = 1e-2
"""Share to which it is said how far B can be stretched where patterns stop it."""
INSIDE = 0.95
"""Share of the largest B that fits patterns which join, so that there is room."""
STRETCH = 2.0
"""Steps of the path that take as long for a pattern as B takes to be stretched on it, about: until that is measured."""
SURELY = 1.25
"""Factor by which that may take longer."""
AGAIN = 10
"""Steps after which the path is where it was when patterns have joined, at least."""
FASTER = 3
"""Operations of one large factorisation in the time of one operation of small ones."""


@dataclass(frozen=True, eq=False)
class Sealed:
    """A certificate of all whole patterns.

    Parameters
    ----------
    B : ndarray, shape (N − 1, r, r + 1)
    proofs : tuple of CellProof
    lower : float
        Σ⟨B_n, T_n⟩.
    ahead : float
        No B for whole patterns is worth more than so much above `lower`, nearly.
    """

    B: Array
    proofs: tuple[CellProof, ...]
    lower: float
    ahead: float


@dataclass(frozen=True, eq=False)
class Chosen:
    """A point of the path over the patterns of some rows.

    Parameters
    ----------
    rows : ndarray of int, shape (P,)
    at : Joint
    before : tuple of Joint
        The points before it since the last patterns joined.
    took : float
        Seconds that the last step took.
    each : float
        Those to stretch B on a pattern of those that do not take part, as it was or as it is expected.
    """

    rows: NDArray[np.intp]
    at: Joint
    before: tuple[Joint, ...] = ()
    took: float = 0.0
    each: float = 0.0

    def back(self, ahead: float) -> Joint:
        """The last point that had so much ahead, or the first one."""
        return next((at for at in (self.at, *self.before[::-1]) if at.ahead >= ahead), (*self.before, self.at)[0])


@dataclass(frozen=True, eq=False)
class Path:
    """A path over patterns that become more.

    Parameters
    ----------
    problem : Reduced
        All patterns.
    ways : Tracked
        From where patterns that B breaks are looked for.
    upper : float
        A cost near the least one; a scale.
    deadline : Deadline
    watch : callable
        Called after every step.
    family : Family
        Of B.
    """

    problem: Reduced
    ways: Tracked
    upper: float
    deadline: Deadline
    watch: Callable[[], None]
    family: Family

    def part(self, rows: NDArray[np.intp]) -> Reduced:
        """The problem with these patterns alone."""
        return replace(self.problem, patterns=self.problem.patterns[rows])

    def begun(self, rows: NDArray[np.intp]) -> Chosen:
        """The beginning, with B = 0."""
        return Chosen(rows, start(self.part(rows), self.upper, self.deadline, self.family))

    def expected(self, took: float, at: Joint) -> float:
        """Seconds to stretch B on a pattern, after a step of the path that took so many for all that take part."""
        cells = len(at.of) * operations(at.of)
        return STRETCH * took / len(at.of) * cells / (cells + at.family.size**3 / (3 * FASTER))

    def sealing(self, here: Chosen) -> float:
        """How long it takes to stretch B on all patterns that do not take part."""
        return here.each * (len(self.problem.patterns) - len(here.rows))

    def late(self, here: Chosen, more: float = 0.0) -> bool:
        """Whether there is just time for that, if so many seconds are spent first."""
        return self.deadline.remaining <= SURELY * self.sealing(here) + more

    def down_to(self, goal: float, here: Chosen) -> tuple[Chosen, bool]:
        """Where no more than the share `goal` is ahead and no pattern known to be broken; and whether it is late.

        It is late as soon as there is just time for multipliers of all patterns.
        """
        while True:
            steps = continued(self.part(here.rows), here.at, self.upper, self.deadline)
            while here.at.ahead > goal * self.upper:
                begun = self.deadline.elapsed
                if (at := next(steps, None)) is None:  # no digits left
                    return here, False
                self.watch()
                took = self.deadline.elapsed - begun
                each = here.each or self.expected(took, at)
                here = Chosen(here.rows, at, (*here.before, here.at), took, each)
                if self.late(here, took):
                    return here, True
            broken = self.broken(here)
            if not len(broken):
                return here, False
            if self.late(here, AGAIN * here.took):
                return here, True
            here = self.with_more(here, broken, self.stretched(broken, here.at.B).share)

    def broken(self, here: Chosen) -> NDArray[np.intp]:
        """Rows of patterns that do not take part and on which a value above 1 is found, the highest first, not all."""
        found = followed(self.problem, here.at.B, self.ways, HIGH, self.deadline.check)
        value = np.zeros(len(self.problem.patterns))
        np.maximum.at(value, found.of, found.value)
        value[here.rows] = 0.0
        if not value.max() > BROKEN:
            return np.zeros(0, dtype=np.intp)
        return np.argsort(-value, kind="stable")[: min(self.at_once(here), np.count_nonzero(value))]

    def at_once(self, here: Chosen) -> int:
        """How many patterns may join."""
        return max(MORE * len(self.problem.points), len(here.rows))

    def with_more(self, here: Chosen, more: NDArray[np.intp], shares: Array) -> Chosen:
        """With patterns of these rows, on which B was stretched to `shares`, at most 1 of which counts.

        B and all multipliers shrink until there is room on these, too: θ² F + (1 − θ²) e_t e_tᵀ is what is left of F
        when B shrinks by θ and its multipliers by θ². That loses so much that the path goes on better from a point
        before.
        """
        old = here.back((1 - float(shares.min())) * self.upper)
        found = self.stretched(more, old.B)
        share = INSIDE * min(1.0, float(found.share.min()))
        new, weight = found.shrunk(share), old.products / old.of.degree
        kept = Multipliers(share**2 * old.at.mu, share**2 * old.at.nu, share**2 * old.at.ell)
        B = share * old.B
        moments = opposite(found.of, found.of.sums(B), new, weight)
        of, at = joined([old.of, found.of]), joined([kept, new])
        rows = np.concatenate([here.rows, more])
        arrived = point(self.problem, of, B, at, joined([old.moments, moments]), self.upper, old.family)
        return Chosen(rows, arrived, (), here.took, here.each)

    def stretched(self, rows: NDArray[np.intp], B: Array, far: float = 1.0) -> Stretched:
        """B on patterns that do not take part; how far, to two digits."""
        return stretched(self.problem, rows, B, self.deadline, far, ROUGHLY)

    def sealed(self, here: Chosen, far: float) -> tuple[Sealed, Stretched | None, Chosen]:
        """A certificate; patterns that stop B before `far`, if some do before 1, not all of many; and how long it took.

        That is known of the point from then on.
        """
        rest = np.setdiff1d(np.arange(len(self.problem.patterns)), here.rows)
        if not len(rest):
            return Sealed(here.at.B, here.at.proofs, here.at.lower, here.at.ahead), None, here
        begun = self.deadline.elapsed
        found = self.stretched(rest, here.at.B, far)
        here = replace(here, each=(self.deadline.elapsed - begun) / len(rest))
        share = float(found.share.min(initial=1.0))
        own = Multipliers(share**2 * here.at.at.mu, share**2 * here.at.at.nu, share**2 * here.at.at.ell)
        every = (*proofs(here.at.of, own), *proofs(found.of, found.shrunk(share)))
        whole = Sealed(share * here.at.B, every, share * here.at.lower, here.at.ahead + (1 - share) * here.at.lower)
        if share == 1:
            return whole, None, here
        tight = np.argsort(found.share, kind="stable")[: self.at_once(here)]
        return whole, found[tight[found.share[tight] < far]], here
