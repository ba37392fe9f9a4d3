"""Which balls decide whether a kink has a pattern: those whose conditions the others do not imply.

Seen from a hyperplane that makes the pattern, the cone of the conditions is a convex hull: with h(x) = w·x + b of that
hyperplane, ball n is the point σ_n (x_n, 1)/|h(x_n)| in the flat where (w, b) is 1, and decides if that is a vertex.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import cell_rows
from exactnorm.exact.balls.cells import essential_rows, unimplied, whole_cells
from exactnorm.exact.balls.problem import Reduced
from exactnorm.hulls import hull_gaps

DEEP = 1e-9
"""Depth inside a hull, in units of its extent, that rounding does not make up."""
FLAT = 3
"""Dimensions up to which a hull takes less time than the conditions one by one."""
BLOCK = 256
"""Patterns whose hyperplanes are computed at once."""


def deciding_balls(problem: Reduced, check: Callable[[], None] = lambda: None) -> NDArray[np.bool_]:
    """For each pattern the balls whose conditions the others do not imply, (P, N); what `check` raises ends it."""
    size, r = problem.points.shape
    on = np.zeros(problem.patterns.shape, dtype=bool)
    if size <= r + 1:  # a simplex: no condition follows from others
        return ~on
    cells = whole_cells(problem.patterns, r)
    for first in range(0, len(on), BLOCK):
        places = _places(problem, problem.patterns[first : first + BLOCK], check) if r <= FLAT else [None] * BLOCK
        for row, cell, place in zip(on[first:], cells[first:], places, strict=False):
            check()
            sides = None if place is None else _sides(place)
            if sides is None:
                row[essential_rows(cell, problem.points, problem.rho)] = True
            else:
                vertex, open_ = sides
                row[vertex] = True
                row[unimplied(cell_rows(cell, problem.points, problem.rho), vertex, open_)] = True
    return on


def _places(problem: Reduced, patterns: NDArray[np.bool_], check: Callable[[], None]) -> list[Array | None]:
    """The balls in the flat of each pattern, (N, r); None where no hyperplane makes it by more than rounding."""
    gaps = hull_gaps(problem.points, patterns, watch=check)
    z = np.column_stack([gaps.w, -gaps.middle])
    X = np.column_stack([problem.points, np.ones(len(problem.points))])
    height = np.where(patterns, 1.0, -1.0) * (z @ X.T)
    # An orthonormal basis of what is normal to (w, b).
    basis = np.linalg.qr(z[:, :, None], mode="complete")[0][:, :, 1:]
    return [
        ((X * np.where(pattern, 1.0, -1.0)[:, None]) @ B) / h[:, None] if h.min() > 1e-9 else None
        for pattern, B, h in zip(patterns, basis, height, strict=True)
    ]


def _sides(place: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Vertices of the hull, and those others that are not clearly inside; None if they span less than a hull."""
    if place.shape[1] == 1:
        return np.array([place.argmin(), place.argmax()], dtype=np.intp), np.zeros(0, dtype=np.intp)
    place = (place - place.mean(axis=0)) / np.abs(place - place.mean(axis=0)).max(axis=0)
    try:
        hull = ConvexHull(place)
    except QhullError:
        return None
    depth = -(place @ hull.equations[:, :-1].T + hull.equations[:, -1]).max(axis=1)
    near = depth <= DEEP
    near[hull.vertices] = False
    return np.asarray(hull.vertices, dtype=np.intp), np.flatnonzero(near)
