"""The bound of all whole patterns from a path over few: those that matter, found on the way.

Nearly all of what a network has in whole patterns it has in a few dozen of them, however many live. So the interior
point method (`joint`) begins with patterns that are likely: those of a network, and the widest. The dual function says
which others its B would break; they join the path, whose B is shrunk until it fits them. In the end B is stretched on
each pattern that never joined (`stretched`), so that all have multipliers, or join after all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.exact.balls.families import Family
from exactnorm.exact.balls.growing import SURELY, Path, Sealed
from exactnorm.exact.balls.joint import Joint, path
from exactnorm.exact.balls.polish import Neurons
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.balls.tracked import Tracked
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
EARLY, SHARE = 0.1, 0.2
"""The one of these from which multipliers for all patterns are sought, a bound on the way, if that takes no longer than
this share of the time that is left."""
FAR = 1.1
"""How far B is stretched on patterns that do not take part; those that stop it before join, if one stops it at 1."""


def likely(problem: Reduced, network: Neurons, width: Array) -> NDArray[np.intp]:
    """Rows of the patterns of heavy neurons, and of the widest ones, of all and of those that are on at a ball.

    Parameters
    ----------
    width : ndarray, shape (P,)
        Of the gap of each pattern.
    """
    row = {pattern.tobytes(): k for k, pattern in enumerate(problem.patterns)}
    weight = np.linalg.norm(network.a, axis=1)
    heavy = network.kinks.pattern[weight > HEAVY * weight.max(initial=0.0)]
    used = [row[key] for pattern in heavy if (key := pattern.tobytes()) in row]
    widest = np.argsort(-width, kind="stable")[: WIDEST * len(problem.points)]
    at_a_ball = np.where(problem.patterns[:, 1:], width[:, None], 0.0).argmax(axis=0)
    return np.unique(np.concatenate([np.array(used, dtype=np.intp), widest, at_a_ball]))


def whole_path(
    problem: Reduced,
    network: Neurons,
    upper: float,
    deadline: Deadline,
    least: float,
    family: Family,
    watch: Callable[[], None] = lambda: None,
) -> Iterator[Joint | Sealed]:
    """The path over all whole patterns, or where they are many over those that matter.

    Parameters
    ----------
    network : Neurons
    upper : float
        Its cost, or one near the least; a scale.
    least : float
        Share of it that is ahead at the end of a path over few; that over all goes on until there are no more digits.
    family : Family
        Of B.
    watch : callable
        Called after every step.

    Raises
    ------
    OutOfTimeError
    LinAlgError
    """
    if len(problem.patterns) > MANY * len(problem.points):
        gaps = hull_gaps(problem.points, problem.patterns, watch=deadline.check)
        way = Path(problem, from_the_first_ball(problem, gaps.w), upper, deadline, watch, family)
        yield from chosen_path(way, likely(problem, network, gaps.low), least)
        return
    for at in path(problem, upper, deadline, family):
        watch()
        yield at


def chosen_path(way: Path, rows: NDArray[np.intp], least: float) -> Iterator[Sealed]:
    """Yield better and better certificates, until no more than the share `least` of the cost is ahead.

    Parameters
    ----------
    rows : ndarray of int
        Patterns to begin with.

    Raises
    ------
    OutOfTimeError
        Also before the deadline, if there will be no other certificate by then.
    LinAlgError
        If some pattern has no interior to speak of.
    """
    here, deadline = way.begun(rows), way.deadline
    for goal in (*(one for one in GOALS if one > least), least):
        here, late = way.down_to(goal, here)
        while late or goal == least or (goal <= EARLY and way.sealing(here) < SHARE * deadline.remaining):
            if way.sealing(here) > SURELY * deadline.remaining:
                raise OutOfTimeError
            found, open_, here = way.sealed(here, 1.0 if late else FAR)
            yield found
            if late and way.late(here):
                raise OutOfTimeError
            if open_ is None or (goal > least and not late):
                break
            here, late = way.down_to(goal, way.with_more(here, open_.rows, open_.share))


def from_the_first_ball(problem: Reduced, normals: Array) -> Tracked:
    """A kink of each pattern, along its normal, on the face of the first ball."""
    size = len(problem.patterns)
    touched = np.zeros((size, len(problem.points)), dtype=bool)
    touched[:, 0] = True
    return Tracked(np.arange(size), touched, normals, np.zeros(size))
