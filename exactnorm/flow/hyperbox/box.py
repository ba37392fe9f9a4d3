"""When a trajectory reaches the boundary of the hyperbox that data on orthogonal lines span."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array, real_number
from exactnorm.flow.hyperbox.lines import Lines, orthogonal_lines
from exactnorm.flow.record import Events, Indices
from exactnorm.network import ReLUNetwork

EPS = float(np.finfo(float).eps)
SIDES = 4  # planes a line: the lower face ∓ near, the upper face ∓ near
OUT = np.array([1, 0, 0, 0, 1])
"""Whether a coordinate is beyond the box, by the number of its line's planes below it."""
AT_FACE = np.array([0, 1, 0, 1, 0])


@dataclass(frozen=True, eq=False)
class Box:
    """A hyperbox, and how near to its boundary counts as being there.

    A state is at the boundary when each coordinate is at most `near` beyond its range, one at least is within `near`
    of an end of it, and what is orthogonal to all lines is at most `near` long.

    Parameters
    ----------
    lines : Lines
    near : float
    """

    lines: Lines
    near: float

    @property
    def planes(self) -> tuple[Array, Array]:
        """Planes w·y + b = 0 at which a coordinate comes within `near` of a face or leaves it, (4k, d) and (4k,).

        The flow's own search for kinks finds when they are crossed: they are kinks across which nothing bends.
        """
        axes = self.lines.axes
        shift = (axes @ self.lines.origin)[:, None] + self._ends()
        return np.repeat(axes, SIDES, axis=0), -shift.ravel()

    def _ends(self) -> Array:
        low, high = self.lines.ends
        return np.stack([low - self.near, low + self.near, high - self.near, high + self.near], axis=1)

    def region(self, Y: Array) -> tuple[Indices, Array]:
        """How many of its line's planes each coordinate of Y (m, d) is above, (m, k), and how far Y is off them."""
        t, across = self.lines.coordinates(Y)
        # On a plane, to rounding, counts as the side nearer to the face: that is where the flow goes from there.
        slack = 16 * EPS * (np.abs(Y).max(axis=1, initial=0.0)[:, None, None] + np.abs(self._ends()).max())
        ends = self._ends() + slack * np.array([-1.0, 1.0, -1.0, 1.0])
        return (t[:, :, None] > ends).sum(axis=2), np.sqrt((across**2).sum(axis=1))

    def reached(self, Y: Array, crossed: Events, horizon: float) -> Events:
        """When the flow from each row of Y (m, d) first is at the boundary; no row where it is at the start, or never.

        Parameters
        ----------
        crossed : Events
            The planes crossed, as `kink`. What is orthogonal to all lines must decay as e^{−u}.
        """
        region, off = self.region(Y)
        m, k = region.shape
        place = crossed.start * k + crossed.kink // SIDES
        order = np.lexsort((crossed.time, place))
        before, after = _regions(region.ravel(), place[order], crossed.kink[order] % SIDES)
        far = np.flatnonzero(off > self.near)
        # First what holds at the start, then what each crossing changes, then that what is off the lines has decayed.
        start = np.concatenate([np.arange(m), crossed.start[order], far])
        time = np.concatenate([np.full(m, -1.0), crossed.time[order], np.log(off[far] / self.near)])
        away = np.concatenate([OUT[region].sum(axis=1), OUT[after] - OUT[before], np.full(len(far), -1)])
        away[far] += 1
        at_face = np.concatenate(
            [AT_FACE[region].sum(axis=1), AT_FACE[after] - AT_FACE[before], np.zeros(len(far), int)]
        )
        order = np.lexsort((time, start))
        start, time = start[order], time[order]
        there = np.flatnonzero((_running(away[order], start) == 0) & (_running(at_face[order], start) > 0))
        first = there[np.unique(start[there], return_index=True)[1]]
        first = first[(time[first] >= 0) & (time[first] <= horizon)]
        return Events(start[first], time[first], np.full(len(first), -1))

    def reached_on_the_way(self, Y: Array, ends: Array) -> Events:
        """`reached` on the straight way from Y to ends (m, d), of which e^{−u} is left at time u."""
        w, b = self.planes
        here, there = Y @ w.T + b, ends @ w.T + b
        start, plane = np.nonzero((here > 0) != (there > 0))
        here, there = here[start, plane], there[start, plane]
        with np.errstate(divide="ignore"):
            time = np.log(1 - here / there)
        return self.reached(Y, Events(start, time, plane), np.inf)


def _regions(initial: Indices, place: Indices, plane: Indices) -> tuple[Indices, Indices]:
    """Planes below a coordinate before and after each crossing; crossings of one place in order of time.

    Crossing plane j leads from j to j + 1 or back, so the two add up to 2j + 1.
    """
    begin = np.searchsorted(place, place)
    sign = np.where((np.arange(len(place)) - begin) % 2 == 0, -1, 1)
    after = sign * (initial[place] + _running(sign * (2 * plane + 1), place))
    return 2 * plane + 1 - after, after


def _running(change: Indices, group: Indices) -> Indices:
    """Sum of the changes so far in the same group; groups in order."""
    total = np.cumsum(change)
    begin = np.searchsorted(group, group)
    return np.asarray(total - (total - change)[begin])


def box_of(box: ArrayLike | Lines, near: float | None, network: ReLUNetwork) -> Box:
    """The hyperbox of data on orthogonal lines, for a denoiser that moves nothing across these lines.

    Raises
    ------
    ValueError
        If the data are not on orthogonal lines, `near` is not positive and below half the smallest gap, or the
        denoiser's outputs or kinks have a part that is orthogonal to all lines.
    """
    lines = box if isinstance(box, Lines) else orthogonal_lines(box)
    if len(lines.origin) != network.dimension:
        msg = f"the points of the box have {len(lines.origin)} coordinates, the denoiser takes {network.dimension}"
        raise ValueError(msg)
    distance = 1e-3 * lines.separation if near is None else real_number(near, "near")
    if not 0 < distance < lines.separation / 2:
        msg = f"near={distance:g}; give a distance from the box between 0 and {lines.separation / 2:g}"
        raise ValueError(msg)
    weights = [x for x in (network.a, network.w, network.V, getattr(network.V, "T", None)) if x is not None and x.size]
    stray = max(
        (np.abs(x - x @ lines.axes.T @ lines.axes).max() / (np.abs(x).max() or 1.0) for x in weights), default=0
    )
    constant = np.abs(lines.coordinates(network(lines.origin[None]))[1]).max()
    if stray > 1e-8 or constant > 1e-3 * distance:
        msg = "this denoiser moves things across the lines on which the points of the box lie; leave out box"
        raise ValueError(msg)
    return Box(lines, distance)
