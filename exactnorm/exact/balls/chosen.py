"""The bound of all whole patterns from a path over few: those that matter, found on the way.

Nearly all of what a network has in whole patterns it has in a few dozen of them, however many live. So the interior
point method (`joint`) begins with patterns that are likely: those of a network, and the widest. The dual function says
which others its B would break; they join the path, whose B is shrunk until it fits them. In the end B is stretched on
each pattern that never joined (`stretched`), so that all have multipliers, or join after all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import CellProof
from exactnorm.exact.balls.barrier import Multipliers, joined, opposite, proofs
from exactnorm.exact.balls.joint import Joint, continued, path, point, start
from exactnorm.exact.balls.polish import Neurons
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.balls.stretched import Stretched, stretched
from exactnorm.exact.balls.tracked import Tracked, followed
from exactnorm.exact.deadline import Deadline, OutOfTimeError
from exactnorm.hulls import hull_gaps

MANY = 40
"""Patterns for each point beyond which the path begins with few of them."""
HEAVY = 1e-3
"""Share of the weight of the heaviest neuron above which one counts."""
WIDEST = 3
"""Patterns for each point, the widest, that take part from the beginning."""
GOALS = (0.3, 0.1)
"""Shares of the cost that the path may still have ahead when patterns are looked for that B breaks."""
EARLY = 0.1
"""The one of these from which multipliers for all patterns are sought, if that takes no longer than `SHARE` of the time
that is left: a bound on the way."""
SHARE = 0.2
BROKEN = 1 + 1e-6
"""Values of the dual function from which B breaks a pattern."""
HIGH = 0.9
"""Values of the dual function from which a pattern joins, if one has a value above 1: B may break it next."""
FAR = 1.1
"""How far B is stretched on patterns that do not take part; those that stop it before join, if one stops it at 1."""
MORE = 60
"""Patterns that join at once, or half as many as take part, if that is more."""
INSIDE = 0.95
"""Share of the largest B that fits patterns which join, so that there is room."""
STRETCH = 2.0
"""Steps of the path that take as long for a pattern as B takes to be stretched on it, at most."""


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
    pace : float
        Seconds that a step takes for one of the patterns.
    """

    rows: NDArray[np.intp]
    at: Joint
    before: tuple[Joint, ...] = ()
    pace: float = 0.0

    def back(self, ahead: float) -> Joint:
        """The last point that had so much ahead, or the first one."""
        return next((at for at in (self.at, *self.before[::-1]) if at.ahead >= ahead), (*self.before, self.at)[0])


def likely(problem: Reduced, network: Neurons) -> NDArray[np.intp]:
    """Rows of the patterns of heavy neurons, and of the widest ones, of all and of those that are on at a ball."""
    row = {pattern.tobytes(): k for k, pattern in enumerate(problem.patterns)}
    weight = np.linalg.norm(network.a, axis=1)
    heavy = network.kinks.pattern[weight > HEAVY * weight.max(initial=0.0)]
    used = [row[key] for pattern in heavy if (key := pattern.tobytes()) in row]
    width = hull_gaps(problem.points, problem.patterns).low
    widest = np.argsort(-width, kind="stable")[: WIDEST * len(problem.points)]
    at_a_ball = np.where(problem.patterns[:, 1:], width[:, None], 0.0).argmax(axis=0)
    return np.unique(np.concatenate([np.array(used, dtype=np.intp), widest, at_a_ball]))


def whole_path(
    problem: Reduced,
    network: Neurons,
    upper: float,
    deadline: Deadline,
    least: float,
    watch: Callable[[], None] = lambda: None,
) -> Iterator[Joint | Sealed]:
    """The path over all whole patterns, or where they are many over those that matter, until `least` is ahead.

    Parameters
    ----------
    network : Neurons
    upper : float
        Its cost, or one near the least; a scale.
    least : float
        Share of it.
    watch : callable
        Called after every step.

    Raises
    ------
    OutOfTimeError
    LinAlgError
    """
    if len(problem.patterns) > MANY * len(problem.points):
        yield from chosen_path(problem, network, upper, deadline, least, watch)
        return
    for at in path(problem, upper, deadline):
        watch()
        yield at
        if at.ahead <= least * upper:
            return


def chosen_path(
    problem: Reduced,
    network: Neurons,
    upper: float,
    deadline: Deadline,
    least: float,
    watch: Callable[[], None] = lambda: None,
) -> Iterator[Sealed]:
    """Yield better and better certificates, until no more than `least` of the cost `upper` is ahead.

    Raises
    ------
    OutOfTimeError
        Also before the deadline, if there will be no other certificate by then.
    LinAlgError
        If some pattern has no interior to speak of.
    """
    way = Path(problem, _ways(problem), upper, deadline, watch)
    here = way.begun(likely(problem, network))
    for goal in (*(one for one in GOALS if one > least), least):
        here, late = way.down_to(goal, here)
        while late or goal == least or (goal <= EARLY and way.sealing(here) < SHARE * deadline.remaining):
            if way.sealing(here) > deadline.remaining:
                raise OutOfTimeError
            found, open_ = way.sealed(here)
            yield found
            if late:
                raise OutOfTimeError
            if goal > least or open_ is None:
                break
            here, late = way.down_to(goal, way.with_more(here, open_.rows, open_.share))


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
    """

    problem: Reduced
    ways: Tracked
    upper: float
    deadline: Deadline
    watch: Callable[[], None]

    def part(self, rows: NDArray[np.intp]) -> Reduced:
        """The problem with these patterns alone."""
        return replace(self.problem, patterns=self.problem.patterns[rows])

    def begun(self, rows: NDArray[np.intp]) -> Chosen:
        """The beginning, with B = 0."""
        return Chosen(rows, start(self.part(rows), self.upper, self.deadline))

    def sealing(self, here: Chosen) -> float:
        """How long it takes to stretch B on all patterns that do not take part."""
        return STRETCH * here.pace * (len(self.problem.patterns) - len(here.rows))

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
                here = Chosen(here.rows, at, (*here.before, here.at), took / len(here.rows))
                if self.deadline.remaining <= 1.5 * self.sealing(here) + took:
                    return here, True
            broken = self.broken(here)
            if not len(broken):
                return here, False
            here = self.with_more(here, broken, stretched(self.problem, broken, here.at.B, self.deadline).share)

    def broken(self, here: Chosen) -> NDArray[np.intp]:
        """Rows of patterns that do not take part and on which a value above 1 is found, the highest first, not all."""
        found = followed(self.problem, here.at.B, self.ways, HIGH, self.deadline.check)
        value = np.zeros(len(self.problem.patterns))
        np.maximum.at(value, found.of, found.value)
        value[here.rows] = 0.0
        if not value.max() > BROKEN:
            return np.zeros(0, dtype=np.intp)
        order = np.argsort(-value, kind="stable")[: self.at_once(here)]
        return order[value[order] > 0]

    def at_once(self, here: Chosen) -> int:
        """How many patterns may join."""
        return max(MORE, len(here.rows) // 2)

    def with_more(self, here: Chosen, more: NDArray[np.intp], shares: Array) -> Chosen:
        """With patterns of these rows, on which B was stretched to `shares`, at most 1 of which counts.

        B and all multipliers shrink until there is room on these, too: θ² F + (1 − θ²) e_t e_tᵀ is what is left of F
        when B shrinks by θ and its multipliers by θ². That loses so much that the path goes on better from a point
        before.
        """
        old = here.back((1 - min(1.0, float(shares.min()))) * self.upper)
        found = stretched(self.problem, more, old.B, self.deadline)
        share = INSIDE * min(1.0, float(found.share.min()))
        new, weight = found.shrunk(share), old.products / old.of.degree
        kept = Multipliers(share**2 * old.at.mu, share**2 * old.at.nu, share**2 * old.at.ell)
        B = share * old.B
        moments = opposite(found.of, found.of.sums(B), new, weight)
        of, at = joined([old.of, found.of]), joined([kept, new])
        rows = np.concatenate([here.rows, more])
        return Chosen(rows, point(self.problem, of, B, at, joined([old.moments, moments]), self.upper), (), here.pace)

    def sealed(self, here: Chosen) -> tuple[Sealed, Stretched | None]:
        """A certificate, and the patterns on which B did not fit, if any, and not all if they are many."""
        rest = np.setdiff1d(np.arange(len(self.problem.patterns)), here.rows)
        if not len(rest):
            return Sealed(here.at.B, here.at.proofs, here.at.lower, here.at.ahead), None
        found = stretched(self.problem, rest, here.at.B, self.deadline, FAR)
        share = min(1.0, float(found.share.min(initial=1.0)))
        own = Multipliers(share**2 * here.at.at.mu, share**2 * here.at.at.nu, share**2 * here.at.at.ell)
        every = (*proofs(here.at.of, own), *proofs(found.of, found.shrunk(share)))
        whole = Sealed(share * here.at.B, every, share * here.at.lower, here.at.ahead + (1 - share) * here.at.lower)
        if share == 1:
            return whole, None
        tight = np.argsort(found.share, kind="stable")[: self.at_once(here)]
        return whole, found[tight[found.share[tight] < FAR]]


def _ways(problem: Reduced) -> Tracked:
    """A kink of each pattern, along the normal of its widest gap, on the face of the first ball."""
    size = len(problem.patterns)
    touched = np.zeros((size, len(problem.points)), dtype=bool)
    touched[:, 0] = True
    return Tracked(np.arange(size), touched, hull_gaps(problem.points, problem.patterns).w, np.zeros(size))
