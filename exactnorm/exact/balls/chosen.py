"""The bound of all whole patterns from a path over few: those that matter, found on the way.

Nearly all of what a network has in whole patterns it has in a few dozen of them, however many live. So the interior
point method (`joint`) begins with patterns that are likely: those of a network, and the widest. As soon as not too much
is ahead, B is stretched on each pattern that does not take part (`stretched`): then all have multipliers, and so there
is a bound. Those that stop B join the path, which goes on from where B fits them. The multipliers of all others are
kept, as they show the next B, too, on most patterns, and where they do not they are a good beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.exact.balls.families import Family
from exactnorm.exact.balls.growing import SURELY, Chosen, Path, Sealed
from exactnorm.exact.balls.joint import Joint, path
from exactnorm.exact.balls.polish import Neurons
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.balls.stretched import Stretched
from exactnorm.exact.deadline import OutOfTimeError
from exactnorm.exact.settings import Settings
from exactnorm.hulls import hull_gaps

MANY = 40
"""Patterns for each point beyond which the path begins with few of them."""
HEAVY = 1e-3
"""Share of the weight of the heaviest neuron above which one counts."""
WIDEST = 3
"""Patterns for each point, the widest, that take part from the beginning."""
GOALS = (0.3, 0.1, 0.03)
"""Shares of the cost that the path may still have ahead when B is stretched on all patterns, a bound on the way."""


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
    settings: Settings,
    least: float,
    family: Family,
    watch: Callable[[], None] = lambda: None,
    before: Joint | Sealed | None = None,
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
    before : Joint or Sealed, optional
        The end of a path over another family: the patterns that matter for it and multipliers for all others.

    Raises
    ------
    OutOfTimeError
    LinAlgError
    """
    if len(problem.patterns) > MANY * len(problem.points):
        way = Path(problem, upper, settings, watch, family)
        if isinstance(before, Sealed):
            yield from chosen_path(way, before.of.rows, least, before.of.others)
            return
        gaps = hull_gaps(problem.points, problem.patterns, watch=settings.deadline.check)
        yield from chosen_path(way, likely(problem, network, gaps.low), least)
        return
    for at in path(problem, upper, settings.deadline, family):
        watch()
        yield at


def chosen_path(way: Path, rows: NDArray[np.intp], least: float, others: Stretched | None = None) -> Iterator[Sealed]:
    """Yield better and better certificates, until no more than the share `least` of the cost is ahead.

    Parameters
    ----------
    rows : ndarray of int
        Patterns to begin with; over which some network interpolates, or else they do not hold B in all directions.
    others : Stretched, optional
        Multipliers of any B on the others.

    Raises
    ------
    OutOfTimeError
        Also before the deadline, if there will be no other certificate by then.
    LinAlgError
        If some pattern has no interior to speak of.
    """
    here = way.begun(rows, others)
    for goal in (*(one for one in GOALS if one > least), least):
        more: Chosen | None = here
        while more is not None:
            here, late = way.down_to(goal, more)
            if way.sealing(here) > SURELY * way.deadline.remaining:
                raise OutOfTimeError
            here = way.sealed(here)
            yield Sealed(here)
            if late and way.late(here):
                raise OutOfTimeError
            more = way.grown(here)
