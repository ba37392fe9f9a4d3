"""Sums of ramps over given cuts, least in cost: by least squares, weighted anew by the last lengths.

min Σ_S c_S ‖a_S‖ subject to Σ_{S ∋ n} a_S = x_n − x_0: ramps across gaps, each c_S = 2/width a unit of output. Every
step interpolates; its multipliers say which other cuts would pay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from exactnorm.arrays import Array
from exactnorm.closed_form.ramps import ramp_network
from exactnorm.exact.balls.gathered import Cuts
from exactnorm.exact.deadline import Deadline
from exactnorm.network import ReLUNetwork

MOST_STEPS = 200
"""Times that least squares are weighted anew."""
EXACT = 1e-11
"""Error of a sum of ramps, in units of the farthest point's distance, that counts as none."""


@dataclass(frozen=True, eq=False)
class Ramps:
    """x_0 + Σ_S a_S φ_S: ramps φ_S across the gaps of cuts.

    Parameters
    ----------
    cuts : Cuts
    a : ndarray, shape (P, r)
    missing : ndarray, shape (N, r)
        By how much it fails to interpolate, as weights that add up to 0 over the balls of every cut; 0 if it does not.
    prices : ndarray, shape (N, r)
        Multipliers that add up to 0: a cut pays if their sum over its balls is longer than its cost.
    """

    cuts: Cuts
    a: Array
    missing: Array
    prices: Array

    @property
    def cost(self) -> float:
        """Σ_S c_S ‖a_S‖."""
        return float(self.cuts.cost @ np.linalg.norm(self.a, axis=1))

    @property
    def interpolates(self) -> bool:
        """Whether all balls are mapped to their centres."""
        return bool(np.abs(self.missing).max() <= EXACT)

    def network(self, x0: Array) -> ReLUNetwork:
        """As a network, with the first point at x0."""
        some = np.flatnonzero(self.a.any(axis=1))
        cuts = self.cuts[some]
        return ramp_network(cuts.w, cuts.start, cuts.width, self.a[some], x0)


def reweighted(X: Array, cuts: Cuts, deadline: Deadline, steps: int = 3) -> Ramps:
    """Least Σ c_S ‖a_S‖ over the cuts, nearly: least squares, weighted by the last lengths, again and again."""
    target = X[1:] - X[0]
    on = cuts.on[:, 1:].astype(float)
    share = 1 / cuts.cost
    best = _least_squares(target, cuts, on, share)
    last = best
    for step in range(min(steps, MOST_STEPS) if best.interpolates else 0):
        if deadline.remaining <= 0:
            break
        length = np.linalg.norm(last.a, axis=1)
        # A share for those that are out, so that they may come in again: less and less.
        share = (length + 1e-2 * 0.7**step * length.max()) / cuts.cost
        last = _least_squares(target, cuts, on, share)
        if not last.interpolates:
            break
        gained = best.cost - last.cost
        best = last if gained > 0 else best
        if step > 8 and gained < 1e-6 * best.cost:
            break
    return best


def interpolating(X: Array, cuts: Cuts, a: Array) -> Ramps:
    """The sum of ramps with jumps near `a` that interpolates, if the cuts suffice."""
    length = np.linalg.norm(a, axis=1)
    share, on = length + 1e-3 * length.max(), cuts.on[:, 1:].astype(float)
    moved = _least_squares(X[1:] - X[0] - on.T @ a, cuts, on, share)
    return Ramps(cuts, a + moved.a, moved.missing, moved.prices)


def _least_squares(target: Array, cuts: Cuts, on: Array, share: Array) -> Ramps:
    """Least Σ ‖a_S‖²/share_S that interpolates, or comes nearest to it."""
    matrix = (on.T * share) @ on
    # In units of their diagonal, so that one small addition fits all and keeps the factors finite.
    diagonal = np.diag(matrix)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    matrix /= scale[:, None] * scale
    matrix[np.diag_indices_from(matrix)] += 1e-12
    try:
        factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError:
        matrix = ((on.T * share) @ on) / (scale[:, None] * scale)
        matrix[np.diag_indices_from(matrix)] += 1e-9
        factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    a, prices, missing = np.zeros((len(cuts), target.shape[1])), np.zeros_like(target), target
    for _ in range(6):  # refinement takes back what the addition did, where there is a solution
        move = cho_solve(factor, missing / scale[:, None], check_finite=False) / scale[:, None]
        prices = prices + move
        a = a + share[:, None] * (on @ move)
        missing = target - on.T @ a
        if np.abs(missing).max() <= EXACT / 100:
            break
    return Ramps(cuts, a, balanced(missing), balanced(prices))


def balanced(v: Array) -> Array:
    """With an entry for the first ball, so that all add up to 0."""
    return np.vstack([-v.sum(axis=0), v])
