"""A look at the dual function of some B: its peaks on all faces of all patterns, and so the bound that B gives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.faces import Peaks, face_peaks
from exactnorm.exact.balls.kinks import Kinks, distinct
from exactnorm.exact.balls.polish import margins
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.deadline import collected
from exactnorm.exact.settings import Settings

ENTERS = 1e-11
"""Depth in a ball from which a kink is none: its value bounds what kinks near it attain, but no network may have it."""
TOUCHES = 1e-14
"""Depth up to which it touches the ball, by rounding."""
SHARE = 32
"""Patterns that one task of an executor looks at, at least."""


@dataclass(frozen=True, eq=False)
class Look:
    """B, the maximum κ of its dual function or the floor, whichever is larger, and the peaks above the floor."""

    B: Array
    kappa: float
    peaks: Kinks
    value: Array


def look(
    problem: Reduced, rows: NDArray[np.bool_], B: Array, floor: float, settings: Settings, every: bool = False
) -> Look:
    """Find the peaks of the dual function of B above `floor`; shared out by the executor if there is one.

    Parameters
    ----------
    rows : ndarray of bool, shape (P, N)
        From `deciding_balls`.
    floor : float
        Below 1.
    every : bool
        Also the lower peaks of faces.
    """
    found = _shared(problem, rows, B, floor, settings, every) if settings.executor else []
    if not settings.executor:
        for one in face_peaks(problem.points, problem.rho, problem.patterns, rows, B, floor, every):
            settings.deadline.check()
            found.append(one)
    w, b, value = (np.concatenate([getattr(one, name) for one in found]) for name in ("w", "b", "value"))
    kinks = Kinks(w, b, problem.patterns[np.concatenate([one.pattern for one in found])])
    margin = margins(problem.points, problem.rho, kinks).min(axis=1, initial=np.inf)
    # Of peaks that are one, one that enters no ball speaks for them: a kink found where two balls are nearly in line
    # with a third may enter that, and what a network with it misses is dear.
    real = np.flatnonzero(margin > -ENTERS)
    order = real[np.lexsort((-value[real], margin[real] < -TOUCHES))]
    first = order[np.unique(distinct(kinks[order], problem.tree.features(kinks[order]), 1e-7))]
    first = first[np.argsort(-value[first], kind="stable")]
    return Look(B, float(value.max(initial=floor)), kinks[first], value[first])


def _shared(
    problem: Reduced, rows: NDArray[np.bool_], B: Array, floor: float, settings: Settings, every: bool
) -> list[Peaks]:
    assert settings.executor is not None
    size = max(SHARE, math.ceil(len(rows) / 16))
    parts = [slice(first, first + size) for first in range(0, len(rows), size)]
    tasks = [
        settings.executor.submit(
            all_peaks, problem.points, problem.rho, problem.patterns[part], rows[part], B, floor, every
        )
        for part in parts
    ]
    return [
        Peaks(one.pattern + part.start, one.w, one.b, one.value)
        for part, found in zip(parts, collected(tasks, settings.deadline), strict=True)
        for one in found
    ]


def all_peaks(*arguments: Any) -> list[Peaks]:
    """What `face_peaks` yields, as a list that an executor can send back."""
    return list(face_peaks(*arguments))
