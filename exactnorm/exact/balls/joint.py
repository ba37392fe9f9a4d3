"""Dual matrices B and the multipliers of all living patterns at once, by a method whose every iterate is a proof.

Maximise Σ⟨B_n, T_n⟩ subject to the condition of every cell: a convex program, whose other side are moments of the kinks
that a network has in each cell. Both are improved together (an interior point method with the scaling of Nesterov and
Todd and the corrector of Mehrotra, to second order in B as well). B and the multipliers stay strictly feasible, so that
every iterate is a certificate with the lower bound Σ⟨B_n, T_n⟩: the method may be stopped at any time. Cells meet only
in B, and so a step takes a small elimination for each cell and one factorisation of order (N − 1) r (r + 1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import CellProof
from exactnorm.exact.balls.barrier import (
    Moments,
    Multipliers,
    Shape,
    all_products,
    begun,
    joined,
    opposite,
    proofs,
    shape,
)
from exactnorm.exact.balls.cells import whole_cells
from exactnorm.exact.balls.eliminated import (
    Change,
    Factored,
    Scaled,
    factored,
    followed,
    left,
    moved,
    operations,
    pull,
    reaches,
    to_weight,
    to_zero,
)
from exactnorm.exact.balls.families import Family, Free
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.deadline import Deadline, OutOfTimeError
from exactnorm.hulls import hull_gaps

AT_ONCE = 32
"""Cells that are eliminated at once: their rows fit into the cache, and the clock is looked at in between."""
AHEAD = 1e3
"""Sum of all products of multipliers with moments at the start, the best value being near 1: ample, so that the moments
come to ask for as much as the objective gives before these products are small."""
REACH = 0.95
"""Share of the way to the end of the domain that a step goes."""
SHORTEST = 1e-3
"""A step that gets no farther than this has no digits left."""
RIDGES = (1e-13, 1e-10, 1e-7)
"""What is added to the scaled matrix of a step until it can be factored: B may be left open by the cells."""


@dataclass(frozen=True, eq=False)
class Joint:
    """A point on the way.

    Parameters
    ----------
    B : ndarray, shape (N − 1, r, r + 1)
        With ‖B_s (w, b)‖ ≤ ‖w‖ on all cells, as the multipliers show.
    of : Shape
        The cells.
    at : Multipliers
    moments : Moments
    lower : float
        Σ⟨B_n, T_n⟩.
    ahead : float
        No B of the family is worth more for cells as these than so much above `lower`, nearly.
    family : Family
        Of B.
    """

    B: Array
    of: Shape
    at: Multipliers
    moments: Moments
    lower: float
    ahead: float
    family: Family

    @property
    def products(self) -> float:
        """The sum of all products of multipliers with their moments."""
        return all_products(self.of, self.of.sums(self.B), self.at, self.moments)

    @property
    def proofs(self) -> tuple[CellProof, ...]:
        """The multipliers as a certificate holds them."""
        return proofs(self.of, self.at)


def free(problem: Reduced) -> Free:
    """All dual matrices."""
    return Free(len(problem.points), problem.rank)


def path(problem: Reduced, upper: float, deadline: Deadline, family: Family | None = None) -> Iterator[Joint]:
    """Yield better and better points until the caller has enough or there are no more digits.

    Parameters
    ----------
    upper : float
        A cost near the least one; a scale.
    family : Family, optional
        Of B; all by default.

    Raises
    ------
    OutOfTimeError
        Also before the deadline, if the next step will not end by then.
    LinAlgError
        If some pattern has no interior to speak of.
    """
    deadline.check()
    return continued(problem, start(problem, upper, deadline, family or free(problem)), upper, deadline)


def start(problem: Reduced, upper: float, deadline: Deadline, family: Family) -> Joint:
    """B = 0, and multipliers of all patterns with room to spare."""
    of = whole(problem)
    deadline.check()
    at = begun(of, problem.points)
    deadline.check()
    B = np.zeros((len(problem.points) - 1, problem.rank, problem.rank + 1))
    return Joint(B, of, at, opposite(of, of.zero, at, AHEAD / of.degree), 0.0, AHEAD * upper, family)


def continued(problem: Reduced, now: Joint, upper: float, deadline: Deadline) -> Iterator[Joint]:
    """The path from a point on; the rest as for `path`."""
    took = 0.0
    while True:
        if took > deadline.remaining:
            raise OutOfTimeError
        begun_at = deadline.elapsed
        after = stepped(problem, now, upper, deadline)
        took = deadline.elapsed - begun_at
        if after is None:
            return
        now = after
        yield now


def whole(problem: Reduced) -> Shape:
    """All patterns, each a cell; begun from the hyperplane in the middle of its widest gap."""
    X, rho = problem.points, problem.rho
    gaps = hull_gaps(X, problem.patterns)
    # Shorter normals leave room on all sides while 2ρ < ‖w‖ gap.
    share = (1 + np.minimum(2 * rho / gaps.low, 1.0)) / 2
    inside = np.column_stack([gaps.w * share[:, None], -gaps.middle * share, np.ones(len(share))])
    cells = whole_cells(problem.patterns, problem.rank)
    return shape(cells, [np.arange(len(X))] * len(cells), inside, X, rho)


def stepped(problem: Reduced, now: Joint, upper: float, deadline: Deadline) -> Joint | None:
    """The next point, or None if there are no digits left."""
    try:
        found = _Step(now, targets(problem, upper), deadline).taken()
    except np.linalg.LinAlgError:
        return None
    return None if found is None else point(problem, now.of, *found, upper, now.family)


def targets(problem: Reduced, upper: float) -> Array:
    """T_n of all balls but the first, in units of a cost."""
    T = np.zeros((len(problem.points) - 1, problem.rank, problem.rank + 1))
    T[:, :, -1] = (problem.points[1:] - problem.points[0]) / upper
    return T


def point(
    problem: Reduced, of: Shape, B: Array, at: Multipliers, moments: Moments, upper: float, family: Family
) -> Joint:
    """A point, with what it is worth."""
    T = targets(problem, upper)
    # Until the moments ask for all that the objective gives, B may gain by more than the products say.
    rest, all_of_it = family.gradient(unasked(of, B, moments, T)), family.gradient(T)
    ahead = all_products(of, of.sums(B), at, moments) + float(np.linalg.norm(rest) / np.linalg.norm(all_of_it))
    return Joint(B, of, at, moments, upper * float((T * B).sum()), upper * ahead, family)


def unasked(of: Shape, B: Array, moments: Moments, T: Array) -> Array:
    """What the objective gives less what the moments ask for, 2 Σ B_s X over the cells that are on at a ball."""
    each = 2 * of.sums(B) @ of.T @ moments.X @ np.swapaxes(of.T, 1, 2)
    return np.asarray(T - np.tensordot((of.on * 1.0).T, each, 1))


@dataclass(frozen=True, eq=False)
class _Part:
    """Some cells, with everything but their B_s eliminated."""

    rows: NDArray[np.intp]
    on: Array
    one: Factored

    def sums(self, B: Array) -> Array:
        """B_s of the cells."""
        return np.asarray(np.tensordot(self.on, B, 1))

    def all(self, value: float) -> Array:
        """The same for every cell."""
        return np.full(len(self.rows), value)

    def spread(self, each: Array) -> Array:
        """Σ over the cells that are on at a ball, for each ball but the first."""
        return np.asarray(np.tensordot(self.on.T, each, 1))


class _Step:
    """One step from a point: a look straight to the end of the path, and a step that learns from it."""

    def __init__(self, now: Joint, T: Array, deadline: Deadline) -> None:
        self.now, self.deadline = now, deadline
        self.parts: list[_Part] = []
        self.rest = unasked(now.of, now.B, now.moments, T)
        H = self._summed()
        self.scale = 1 / np.sqrt(np.diag(H))
        H *= self.scale[:, None]
        H *= self.scale
        self.factor = _factor(H)
        self.products = sum(float(part.one.products.sum()) for part in self.parts)

    def _summed(self) -> Array:
        """The form in the unknowns of B."""
        family, begun_at, of = self.now.family, self.deadline.elapsed, self.now.of
        total = family.begun()
        for k in range(0, len(of), AT_ONCE):
            self.deadline.check()
            rows = np.arange(k, min(k + AT_ONCE, len(of)))
            cells = of[rows]
            one = factored(cells, cells.sums(self.now.B), self.now.at[rows], self.now.moments[rows])
            self.parts.append(_Part(rows, cells.on.astype(float), one))
            family.add(total, cells.on, one)
        pace = (self.deadline.elapsed - begun_at) / (len(of) * operations(of))
        if pace * family.size**3 / 3 > self.deadline.remaining:  # nothing interrupts a factorisation
            raise OutOfTimeError
        return family.form(total)

    def _solved(self, rest: Array, aims: Sequence[Scaled]) -> tuple[Array, list[Change]]:
        for part, aim in zip(self.parts, aims, strict=True):
            rest = rest - part.spread(pull(part.one, followed(part.one, aim, None).moments.X))
        family = self.now.family
        d = self.scale * cho_solve(self.factor, self.scale * family.gradient(rest), check_finite=False)
        dB = family.change(d)
        return dB, [followed(part.one, aim, part.sums(dB)) for part, aim in zip(self.parts, aims, strict=True)]

    def _reach(self, dB: Array, steps: Sequence[Change]) -> float:
        found = (reaches(part.one, step, part.sums(dB)) for part, step in zip(self.parts, steps, strict=True))
        return min(float(one.min()) for one in found)

    def taken(self) -> tuple[Array, Multipliers, Moments] | None:
        """Where the step leads; None if nowhere."""
        dB, steps = self._solved(self.rest, [to_zero(part.one) for part in self.parts])
        share = min(1.0, self._reach(dB, steps))
        rest = sum(
            float(left(part.one, step, part.all(share)).sum()) for part, step in zip(self.parts, steps, strict=True)
        )
        weight = min(1.0, max(rest, 0.0) / self.products) ** 3 * self.products / self.now.of.degree
        self.deadline.check()
        aims, bent = [], self.rest
        for part, step in zip(self.parts, steps, strict=True):
            delta = part.sums(dB)
            aims.append(to_weight(part.one, part.all(weight), step, delta))
            half = delta @ part.one.T @ step.moments.X @ np.swapaxes(part.one.T, 1, 2)
            bent = bent - part.spread(2 * half)
        dB, steps = self._solved(bent, aims)
        share = min(1.0, REACH * self._reach(dB, steps))
        return (self.now.B + share * dB, *self._moved(steps, share)) if share > SHORTEST else None

    def _moved(self, steps: Sequence[Change], share: float) -> tuple[Multipliers, Moments]:
        found = [
            moved(part.one, self.now.at[part.rows], self.now.moments[part.rows], step, part.all(share))
            for part, step in zip(self.parts, steps, strict=True)
        ]
        at, moments = [one for one, _ in found], [one for _, one in found]
        return joined(at), joined(moments)


def _factor(H: Array) -> tuple[Array, bool]:
    """Of a matrix whose diagonal is 1."""
    for ridge in RIDGES:
        H[np.diag_indices_from(H)] = 1 + ridge
        try:
            return cho_factor(H, lower=True, check_finite=False)
        except np.linalg.LinAlgError:
            continue
    msg = "the step's matrix is not definite"
    raise np.linalg.LinAlgError(msg)
