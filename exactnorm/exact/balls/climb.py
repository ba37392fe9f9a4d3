"""High values of the dual function ‖B_s (w, b)‖ on many patterns at once, found by climbing, none of them proved.

The kinks of a pattern with ‖w‖ ≤ 1 that keep off all balls by ρ form a convex set, {σ_n (w·x_n + b) ≥ ρ, ‖w‖ ≤ 1}, and
‖B_s (w, b)‖ is convex. So every step along its gradient and back onto the set climbs, however long it is; Dykstra's
method does the projection, half-space by half-space, for all patterns together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.exact.balls.kinks import Kinks
from exactnorm.exact.balls.problem import Reduced

STEP = 2.0
"""Length of a step along the gradient, in units of ‖w‖: as long as the set is wide."""
SWEEPS = 15
"""Times that every half-space is looked at for one projection."""
HALVINGS = 30
"""Times that the way back into the set is halved."""


@dataclass(frozen=True, eq=False)
class Climbers:
    """Kinks, each of one of the patterns of a problem.

    Parameters
    ----------
    of : ndarray of int, shape (K,)
        Rows of the patterns.
    w, b : ndarray, shapes (K, r) and (K,)
    value : ndarray, shape (K,)
        ‖B_s (w, b)‖ where it was last looked at.
    """

    of: NDArray[np.intp]
    w: Array
    b: Array
    value: Array

    def __len__(self) -> int:
        return len(self.of)

    def __getitem__(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> Climbers:
        return Climbers(self.of[chosen], self.w[chosen], self.b[chosen], self.value[chosen])

    def kinks(self, problem: Reduced) -> Kinks:
        """With their patterns written out."""
        return Kinks(self.w, self.b, problem.patterns[self.of])


def together(*several: Climbers) -> Climbers:
    """All of them, one after another."""
    of, w, b, value = (np.concatenate([getattr(one, name) for one in several]) for name in ("of", "w", "b", "value"))
    return Climbers(of, w, b, value)


def climbed(problem: Reduced, inside: Array, B: Array, start: Climbers, steps: int) -> Climbers:
    """Where so many steps from `start` lead, at kinks that miss all balls.

    Parameters
    ----------
    inside : ndarray, shape (P, r)
        For each pattern the normal of a hyperplane that makes it.
    B : ndarray, shape (N − 1, r, r + 1)
    """
    X, r = problem.points, problem.rank
    on = problem.patterns[start.of]
    Bs = np.tensordot(on[:, 1:] * 1.0, B, 1)
    sign = np.where(on, 1.0, -1.0)
    balls = np.column_stack([X, np.ones(len(X))])
    z = np.column_stack([start.w, start.b])
    nu, rest = np.zeros(on.shape), np.zeros_like(z)
    for _ in range(steps):
        slope = np.einsum("kij,ki->kj", Bs, np.einsum("kij,kj->ki", Bs, z))
        z = z + STEP * slope / np.maximum(np.linalg.norm(slope, axis=1), 1e-300)[:, None]
        # The multipliers of the last projection are a good start for this one.
        z = z + (nu * sign) @ balls - rest
        z, nu, rest = _projected(balls, sign, problem.rho, z, nu, rest, r)
    return _missing_balls(problem, Bs, start.of, z[:, :r], inside[start.of])


def _projected(
    balls: Array, sign: Array, rho: float, z: Array, nu: Array, rest: Array, r: int
) -> tuple[Array, Array, Array]:
    """Dykstra's sweeps over the half-spaces and the cylinder ‖w‖ ≤ 1; z comes with the multipliers' moves added."""
    square = (balls**2).sum(axis=1)
    for _ in range(SWEEPS):
        for n, ball in enumerate(balls):
            new = np.maximum(0.0, nu[:, n] + (rho - sign[:, n] * (z @ ball)) / square[n])
            z += ((new - nu[:, n]) * sign[:, n])[:, None] * ball
            nu[:, n] = new
        y = z + rest
        z = y.copy()
        z[:, :r] /= np.maximum(np.linalg.norm(y[:, :r], axis=1), 1.0)[:, None]
        rest = y - z
    return z, nu, rest


def _missing_balls(problem: Reduced, Bs: Array, of: NDArray[np.intp], w: Array, inside: Array) -> Climbers:
    """The kinks along w, moved towards `inside` until they miss all balls, at the higher end of their gap."""
    on = problem.patterns[of]

    def along(share: Array) -> tuple[Array, Array, Array]:
        v = (1 - share)[:, None] * w + share[:, None] * inside
        v = v / np.maximum(np.linalg.norm(v, axis=1), 1e-300)[:, None]
        height = v @ problem.points.T
        return v, np.where(on, height, np.inf).min(axis=1), np.where(on, -np.inf, height).max(axis=1)

    low, high = np.zeros(len(w)), np.ones(len(w))
    _, above, below = along(low)
    high[above - below >= 2 * problem.rho] = 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        _, above, below = along(middle)
        good = above - below >= 2 * problem.rho
        low, high = np.where(good, low, middle), np.where(good, middle, high)
    v, above, below = along(high)
    b = np.stack([problem.rho - above, -problem.rho - below])
    moved = np.einsum("kij,kj->ki", Bs[:, :, :-1], v) + Bs[:, :, -1] * b[:, :, None]
    value = np.linalg.norm(moved, axis=2)
    end, k = value.argmax(axis=0), np.arange(len(w))
    return Climbers(of, v, b[end, k], value[end, k])
