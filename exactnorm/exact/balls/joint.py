"""Dual matrices B and the multipliers of all living patterns at once, by a method whose every iterate is a proof.

Maximise Σ⟨B_n, T_n⟩ subject to the condition of every cell, by following the minimisers of the cells' barriers less
τ Σ⟨B_n, T_n⟩ as τ grows (an interior point method). Every iterate is strictly feasible, so that each is a certificate
with the lower bound Σ⟨B_n, T_n⟩: the method may be stopped at any time. Cells meet only in B, and so a step takes a
small elimination for each cell and one factorisation of order (N − 1) r (r + 1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import CellProof
from exactnorm.exact.balls.barrier import (
    Factored,
    Multipliers,
    Shape,
    barrier,
    factored,
    followed,
    inner,
    proofs,
    shape,
    terms,
)
from exactnorm.exact.balls.cells import whole_cells
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.deadline import Deadline
from exactnorm.hulls import hull_gaps

AT_ONCE = 32
"""Cells that are eliminated at once: their rows fit into the cache, and the clock is looked at in between."""
FIRST = 1e-3
"""τ at the start, in units of the barrier's degree: next to nothing but the barrier counts there."""
FACTORS = (3.0, 2.0, 1.6, 1.5, 1.4, 1.3, 1.25, 1.2, 1.15, 1.1, 1.05, 1.0)
"""How many times larger τ may be next: the first for which a step has room. Larger steps end at the edge of the domain,
where Newton's method has no digits left."""
ROOM = 0.75
"""Share of the way to the end of the domain that a step may go, where τ grows."""
CENTRED = 60
"""Newton steps of single cells before the first B."""
BACK = 60
"""Times that a step is shortened by a third until the barrier falls."""


@dataclass(frozen=True, eq=False)
class Joint:
    """A point of the path.

    Parameters
    ----------
    B : ndarray, shape (N − 1, r, r + 1)
        With ‖B_s (w, b)‖ ≤ ‖w‖ on all cells, as the multipliers show.
    of : Shape
    at : Multipliers
    lower : float
        Σ⟨B_n, T_n⟩.
    ahead : float
        Near the path, the best B for cells as these is worth no more than so much above `lower`, nearly.
    """

    B: Array
    of: Shape
    at: Multipliers
    lower: float
    ahead: float

    @property
    def proofs(self) -> tuple[CellProof, ...]:
        """The multipliers as a certificate holds them."""
        return proofs(self.of, self.at)


def order(problem: Reduced) -> int:
    """Of the matrix that is factored in every step."""
    return (len(problem.points) - 1) * problem.rank * (problem.rank + 1)


def path(problem: Reduced, upper: float, deadline: Deadline) -> Iterator[Joint]:
    """Yield points of the path until the caller has enough or there are no more digits.

    Parameters
    ----------
    upper : float
        A cost near the least one; a scale.

    Raises
    ------
    OutOfTimeError
    LinAlgError
        If some pattern has no interior to speak of.
    """
    X, r = problem.points, problem.rank
    of = whole(problem)
    T = np.zeros((len(X) - 1, r, r + 1))
    T[:, :, -1] = (X[1:] - X[0]) / upper
    B, at = np.zeros_like(T), alone(of, inner(of, X), deadline)
    tau = FIRST * of.degree
    while True:
        try:
            step = _Step(of, B, at, T, deadline)
        except np.linalg.LinAlgError:
            return
        found = step.longest(tau, deadline)
        if found is None:
            return
        B, at, tau = found
        yield Joint(B, of, at, upper * float((T * B).sum()), upper * of.degree / tau)


def whole(problem: Reduced) -> Shape:
    """All patterns, each a cell; begun from the hyperplane in the middle of its widest gap."""
    X, rho = problem.points, problem.rho
    gaps = hull_gaps(X, problem.patterns)
    # Shorter normals leave room on all sides while 2ρ < ‖w‖ gap.
    share = (1 + np.minimum(2 * rho / gaps.low, 1.0)) / 2
    inside = np.column_stack([gaps.w * share[:, None], -gaps.middle * share, np.ones(len(share))])
    cells = whole_cells(problem.patterns, problem.rank)
    return shape(cells, [np.arange(len(X))] * len(cells), inside, X, rho)


def alone(of: Shape, at: Multipliers, deadline: Deadline) -> Multipliers:
    """The multipliers at the minimum of every cell's own barrier for B = 0, nearly."""
    B = np.zeros((len(of), of.rank, of.rank + 1))
    arrays = at.mu.copy(), at.nu.copy(), at.ell.copy()
    going = np.arange(len(of))
    for _ in range(CENTRED):
        rows, left = [going[k : k + AT_ONCE] for k in range(0, len(going), AT_ONCE)], []
        for part in rows:
            deadline.check()
            cells, now, zero = of[part], Multipliers(*arrays)[part], B[part]
            step = followed(factored(cells, zero, now), zero, 1.0)
            before, share = barrier(cells, zero, now), np.ones(len(part))
            for _ in range(BACK):
                value = barrier(cells, zero, now.moved(step, share))
                if (good := value <= before).all():
                    break
                share = np.where(good, share, share * (2 / 3))
            share = np.where(value <= before, share, 0.0)
            moved = now.moved(step, share)
            for array, new in zip(arrays, (moved.mu, moved.nu, moved.ell), strict=True):
                array[part] = new
            left.append(part[before - value > 0.1])
        going = np.concatenate(left)
        if not len(going):
            break
    return Multipliers(*arrays)


class _Step:
    """Newton's step at (B, multipliers) for any τ: the barrier's own pull and τ times the objective's."""

    def __init__(self, of: Shape, B: Array, at: Multipliers, T: Array, deadline: Deadline) -> None:
        self.of, self.B, self.at, self.T = of, B, at, T
        self.parts = [np.arange(k, min(k + AT_ONCE, len(of))) for k in range(0, len(of), AT_ONCE)]
        self.eliminated: list[Factored] = []
        H, g = self._summed(deadline)
        scale = 1 / np.sqrt(np.diag(H))
        H *= scale[:, None]
        H *= scale
        H[np.diag_indices_from(H)] += 1e-13
        factor = cho_factor(H, lower=True, overwrite_a=True, check_finite=False)
        deadline.check()
        own = -scale * cho_solve(factor, scale * g, check_finite=False)
        out = scale * cho_solve(factor, scale * T.ravel(), check_finite=False)
        self.own, self.out = self._with_multipliers(own, 1.0), self._with_multipliers(out, 0.0)

    def _summed(self, deadline: Deadline) -> tuple[Array, Array]:
        """Hessian and gradient in B: blocks (n, m) are sums over the cells that are on at both balls."""
        size, m = len(self.B), self.B[0].size
        first, second = np.triu_indices(size)
        pairs, g = np.zeros((len(first), m * m)), np.zeros((size, m))
        for part in self.parts:
            deadline.check()
            cells = self.of[part]
            one = factored(cells, cells.sums(self.B), self.at[part])
            self.eliminated.append(one)
            Hs, gs = terms(one)
            pairs += ((cells.on[:, first] & cells.on[:, second]) * 1.0).T @ Hs.reshape(len(part), -1)
            g += (cells.on * 1.0).T @ gs
        H = np.empty((size * m, size * m))
        for k, (i, j) in enumerate(zip(first, second, strict=True)):
            H[j * m : (j + 1) * m, i * m : (i + 1) * m] = pairs[k].reshape(m, m)
            H[i * m : (i + 1) * m, j * m : (j + 1) * m] = pairs[k].reshape(m, m)
        return H, g.ravel()

    def _with_multipliers(self, d: Array, own: float) -> tuple[Array, Multipliers]:
        dB = d.reshape(self.B.shape)
        some = [
            followed(one, self.of[part].sums(dB), own) for part, one in zip(self.parts, self.eliminated, strict=True)
        ]
        arrays = (np.concatenate([getattr(one, name) for one in some]) for name in ("mu", "nu", "ell"))
        return dB, Multipliers(*arrays)

    def longest(self, tau: float, deadline: Deadline) -> tuple[Array, Multipliers, float] | None:
        """Where the step for the largest τ leads for which there is room, or as far as the barrier falls."""
        (own_B, own), (out_B, out) = self.own, self.out
        for factor in FACTORS:
            deadline.check()
            dB, move = own_B + factor * tau * out_B, own.moved(out, factor * tau)
            if factor > 1 and np.isfinite(self._value(dB, move, 1 / ROOM, 0.0)):
                return self.B + dB, self.at.moved(move, 1.0), factor * tau
        before, share = self._value(dB, move, 0.0, tau), 1.0
        for _ in range(BACK):
            deadline.check()
            if self._value(dB, move, share, tau) < before:
                return self.B + share * dB, self.at.moved(move, share), tau
            share *= 2 / 3
        return None

    def _value(self, dB: Array, move: Multipliers, share: float, tau: float) -> float:
        B = self.B + share * dB
        value = barrier(self.of, self.of.sums(B), self.at.moved(move, share)).sum()
        return float(value - tau * (self.T * B).sum())
