"""A path over whole patterns that become more: those on which its B cannot be shown to be at most 1 join it.

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
from exactnorm.exact.balls.stretched import Stretched, stretched, stretched_on
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.settings import Settings

FAR = 1.1
"""How far B is stretched on patterns that do not take part: so that it may grow before that has to be done again."""
NEXT = 1.05
"""How far B reaches at most on patterns that join before they stop it; at most half as far above 1 as it is short."""
MORE = 10
"""Patterns for each point that join at once, or as many as take part, if that is more."""
ENTRIES = 2**27
"""Numbers that the factors of all cells that take part may hold together: one GiB."""
ROUGHLY = 1e-2
"""Share to which it is said how far B can be stretched where patterns stop it."""
INSIDE = 0.95
"""Share of the largest B that fits patterns which join, so that there is room."""
STRETCH = 2.0
"""Steps of the path that take as long for a pattern as B takes to be stretched on it, about: until that is measured."""
SURELY = 1.25
"""Factor by which that may take longer."""
FASTER = 3
"""Operations of one large factorisation in the time of one operation of small ones."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """A point of the path over the patterns of some rows.

    Parameters
    ----------
    rows : ndarray of int, shape (P,)
    at : Joint
    others : Stretched, optional
        Multipliers on the patterns that do not take part, of the B of this point or of one before.
    before : tuple of Joint
        The points before it since the last patterns joined.
    each : float
        Seconds to stretch B on a pattern of those that do not take part, as it was or as it is expected.
    """

    rows: NDArray[np.intp]
    at: Joint
    others: Stretched | None = None
    before: tuple[Joint, ...] = ()
    each: float = 0.0

    def back(self, ahead: float) -> Joint:
        """The last point that had so much ahead, or the first one."""
        return next((at for at in (self.at, *self.before[::-1]) if at.ahead >= ahead), (*self.before, self.at)[0])

    @property
    def share(self) -> float:
        """How far B was stretched where it could be least, at most 1."""
        return 1.0 if self.others is None else float(self.others.share.min(initial=1.0))


@dataclass(frozen=True, eq=False)
class Sealed:
    """A certificate of all whole patterns.

    Parameters
    ----------
    of : Chosen
        A point with multipliers of its own B on all other patterns.
    """

    of: Chosen

    @property
    def B(self) -> Array:
        """As far as it fits all patterns, shape (N − 1, r, r + 1)."""
        return np.asarray(self.of.share * self.of.at.B)

    @property
    def lower(self) -> float:
        """Σ⟨B_n, T_n⟩."""
        return self.of.share * self.of.at.lower

    @property
    def ahead(self) -> float:
        """No B for whole patterns is worth more than so much above `lower`, nearly."""
        return self.of.at.ahead + self.of.at.lower - self.lower

    @property
    def proofs(self) -> tuple[CellProof, ...]:
        """The multipliers as a certificate holds them."""
        share, at, others = self.of.share, self.of.at.at, self.of.others
        own = Multipliers(share**2 * at.mu, share**2 * at.nu, share**2 * at.ell)
        found = proofs(self.of.at.of, own)
        return found if others is None else (*found, *proofs(others.of, others.shrunk(share)))


@dataclass(frozen=True, eq=False)
class Path:
    """A path over patterns that become more.

    Parameters
    ----------
    problem : Reduced
        All patterns.
    upper : float
        A cost near the least one; a scale.
    settings : Settings
    watch : callable
        Called after every step.
    family : Family
        Of B.
    """

    problem: Reduced
    upper: float
    settings: Settings
    watch: Callable[[], None]
    family: Family

    @property
    def deadline(self) -> Deadline:
        """When it ends."""
        return self.settings.deadline

    def part(self, rows: NDArray[np.intp]) -> Reduced:
        """The problem with these patterns alone."""
        return replace(self.problem, patterns=self.problem.patterns[rows])

    def begun(self, rows: NDArray[np.intp], others: Stretched | None = None) -> Chosen:
        """The beginning, with B = 0."""
        return Chosen(rows, start(self.part(rows), self.upper, self.deadline, self.family), others)

    def expected(self, took: float, at: Joint) -> float:
        """Seconds to stretch B on a pattern, after a step of the path that took so many for all that take part."""
        cells = len(at.of) * operations(at.of)
        return STRETCH * took / len(at.of) * cells / (cells + at.family.size**3 / (3 * FASTER))

    def sealing(self, here: Chosen) -> float:
        """How long it takes to stretch B on all patterns that do not take part, but for those where it fits already."""
        return here.each * self.open(here)

    def open(self, here: Chosen) -> int:
        """How many patterns do not take part and have no multipliers for this B."""
        if here.others is None:
            return len(self.problem.patterns) - len(here.rows)
        return int(np.count_nonzero(here.others.reaching(here.at.B) < 1))

    def late(self, here: Chosen, more: float = 0.0) -> bool:
        """Whether there is just time for that, if so many seconds are spent first."""
        time = self.deadline.remaining - more
        every = here.each * (len(self.problem.patterns) - len(here.rows))
        return time <= SURELY * every and time <= SURELY * self.sealing(here)

    def down_to(self, goal: float, here: Chosen) -> tuple[Chosen, bool]:
        """Where no more than the share `goal` is ahead; and whether it is late.

        It is late as soon as there is just time for multipliers of all patterns.
        """
        steps = continued(self.part(here.rows), here.at, self.upper, self.deadline)
        while here.at.ahead > goal * self.upper:
            begun = self.deadline.elapsed
            if (at := next(steps, None)) is None:  # no digits left
                break
            self.watch()
            took = self.deadline.elapsed - begun
            each = here.each or self.expected(took, at)
            here = replace(here, at=at, before=(*here.before, here.at), each=each)
            if self.late(here, took):
                return here, True
        return here, False

    def at_once(self, here: Chosen) -> int:
        """How many patterns may join."""
        size = int(here.at.of.G.shape[2])
        place = ENTRIES // (size * (size + 1) // 2) ** 2 - len(here.rows)
        return int(min(max(MORE * len(self.problem.points), len(here.rows)), max(place, 0)))

    def sealed(self, here: Chosen) -> Chosen:
        """With multipliers on all patterns that do not take part, and how long it took the first time."""
        rest = np.setdiff1d(np.arange(len(self.problem.patterns)), here.rows)
        if not len(rest):
            return replace(here, others=None)
        if here.others is not None:
            return replace(here, others=stretched_on(here.others, here.at.B, self.settings, FAR, ROUGHLY))
        begun = self.deadline.elapsed
        others = stretched(self.problem, rest, here.at.B, self.settings, FAR, ROUGHLY)
        return replace(here, others=others, each=(self.deadline.elapsed - begun) / len(rest))

    def grown(self, here: Chosen) -> Chosen | None:
        """With the patterns on which B was stretched least, not all of many; None if it fits all, or if none has place.

        They are those that stop B, and those that would stop it next.

        B and all multipliers shrink until there is room on these, too: θ² F + (1 − θ²) e_t e_tᵀ is what is left of F
        when B shrinks by θ and its multipliers by θ². That loses so much that the path goes on better from a point
        before.
        """
        if here.others is None or here.share == 1 or not self.at_once(here):
            return None
        order = np.argsort(here.others.share, kind="stable")[: self.at_once(here)]
        tight = order[here.others.share[order] < min(1 + (1 - here.share) / 2, NEXT)]
        old = here.back((1 - here.share) * self.upper)
        found = stretched_on(here.others[tight], old.B, replace(self.settings, executor=None), 1.0, ROUGHLY)
        share = INSIDE * min(1.0, float(found.share.min()))
        new, weight = found.shrunk(share), old.products / old.of.degree
        kept = Multipliers(share**2 * old.at.mu, share**2 * old.at.nu, share**2 * old.at.ell)
        B = share * old.B
        moments = opposite(found.of, found.of.sums(B), new, weight)
        of, at = joined([old.of, found.of]), joined([kept, new])
        arrived = point(self.problem, of, B, at, joined([old.moments, moments]), self.upper, old.family)
        rest = here.others[np.setdiff1d(np.arange(len(here.others)), tight)]
        return Chosen(np.concatenate([here.rows, found.rows]), arrived, rest, (), here.each)
