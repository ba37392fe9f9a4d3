"""Dual matrices B from kinks that follow the peaks of their dual function.

Where few patterns live, a network of ramps is nearly the best there is, and it leaves most of B open: the B of a
program over some kinks soars between them. So B is held near the best so far, by how much ‖B_s z‖ changes over the
kinks of all patterns, and the kinks climb after it. With weights W_k on the kinks, B solves the equations
(Σ W_k φ_k φ_kᵀ + h G) Λ = T + h G Λ_best, and weights grow where ‖Λᵀφ_k‖ > 1: at a fixed point W_k Λᵀφ_k are the output
weights of a network that interpolates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from exactnorm.arrays import Array
from exactnorm.exact.balls.climb import Climbers, climbed, together
from exactnorm.exact.balls.polish import Neurons
from exactnorm.exact.balls.problem import Reduced
from exactnorm.hulls import hull_gaps

WEIGHINGS = 12
"""Times that the weights are improved before the kinks climb again."""
FRESH = 5
"""Rounds after which every pattern is climbed from new starts."""
STARTS = 400
"""New starts together, or one of each pattern if these are more."""
FORESEEN = 1.1
"""Largest value found by climbing up to which B may go farther next time."""
HOLD = (1e-4, 0.1, 1.0)
"""What holds B near the best so far: at least, at first, at most."""
LIGHT = 1e-3
"""Weight of all kinks together that those without any are given, so that theirs may grow."""
HEAVY = 2e-3
"""Share of the largest weight from which a kink that climbs leaves a copy behind."""
KINKS = 1000
"""Kinks that are followed without regard to their weights, or `A_PATTERN` of each pattern if these are more."""
A_PATTERN = 3
SPREAD = 4000
"""Kinks over which the change of B is measured, or four of each pattern if these are more."""
SAME = 1e-2
"""Difference of two kinks of a pattern that counts as none."""


@dataclass(frozen=True, eq=False)
class Central:
    """Dual matrices as far as climbing tells.

    Parameters
    ----------
    B : ndarray, shape (N − 1, r, r + 1)
        With a dual function of 1 at most wherever it was looked at.
    promised : float
        Σ⟨B_n, T_n⟩: the lower bound, if it is 1 at most everywhere.
    """

    B: Array
    promised: float


@dataclass(frozen=True, eq=False)
class Followed:
    """Kinks with weights."""

    kinks: Climbers
    W: Array


def centred(problem: Reduced, B: Array, network: Neurons, more: Climbers | None = None) -> Iterator[Central]:
    """Yield the best B so far after every round; the caller ends it.

    Parameters
    ----------
    B : ndarray, shape (N − 1, r, r + 1)
        To begin with.
    network : Neurons
        One that interpolates; its kinks are the first to have weight.
    more : Climbers, optional
        Kinks to look at from the start.
    """
    rng = np.random.default_rng(0)
    size, r = problem.points.shape
    gaps = hull_gaps(problem.points, problem.patterns)
    T = np.zeros((size - 1, r + 1, r))
    T[:, r] = (problem.points[1:] - problem.points[0]) / network.cost
    T = T.reshape(-1, r)
    first = climbed(problem, gaps.w, B, _fresh(gaps.w, gaps.middle, rng), 30)
    best = _columns(B) / first.value.max()
    found = _begun(problem, network, together(first, *([more] if more is not None else [])))
    G = _spread(problem, gaps.w, gaps.middle, B, rng)
    worth, hold, turn = float((best * T).sum()), HOLD[1], 0
    while True:
        L, found = _weighed(problem, found, T, best, hold * G)
        at = _matrices(L, size, r)
        kinks = [climbed(problem, gaps.w, at, found.kinks, 4)]
        if turn % FRESH == 0:
            kinks.append(climbed(problem, gaps.w, at, _fresh(gaps.w, gaps.middle, rng), 20))
        kappa = max(float(one.value.max()) for one in (found.kinks, *kinks))
        value = float((L * T).sum()) / kappa
        # The nearer the peaks were foreseen, the farther B may go.
        factor = (0.7 if kappa < FORESEEN else 1.0) if value > worth else 1.3
        hold = float(np.clip(hold * factor, HOLD[0], HOLD[2]))
        if value > worth:
            worth, best = value, L / kappa
        found = _followed(found, *kinks)
        # What is found now may have been missed when the best was looked at.
        above = float(np.linalg.norm(_features(problem, found.kinks) @ best, axis=1).max())
        worth, best = worth / max(above, 1.0), best / max(above, 1.0)
        turn += 1
        yield Central(_matrices(best, size, r), worth * network.cost)


def _fresh(w: Array, middle: Array, rng: np.random.Generator) -> Climbers:
    """Starts of each pattern: the hyperplane in the middle of its widest gap, and others that are turned away."""
    each = 1 + max(1, STARTS // len(w))
    of, turn = np.tile(np.arange(len(w)), each), np.repeat(np.arange(each) > 0, len(w))
    turned = w[of] + turn[:, None] * rng.standard_normal((len(of), w.shape[1])) / np.sqrt(w.shape[1])
    turned /= np.linalg.norm(turned, axis=1)[:, None]
    return Climbers(of, turned, -middle[of], np.zeros(len(of)))


def _begun(problem: Reduced, network: Neurons, more: Climbers) -> Followed:
    row = {pattern.tobytes(): k for k, pattern in enumerate(problem.patterns)}
    of = np.array([row[pattern.tobytes()] for pattern in network.kinks.pattern], dtype=np.intp)
    own = Climbers(of, network.kinks.w, network.kinks.b, np.zeros(len(of)))
    weight = np.linalg.norm(network.a, axis=1) / network.cost
    return Followed(together(own, more), np.concatenate([weight, np.zeros(len(more))]))


def _features(problem: Reduced, kinks: Climbers) -> Array:
    """Rows φ with B_s z = Λᵀφ."""
    z = np.column_stack([kinks.w, kinks.b])
    return (problem.patterns[kinks.of][:, 1:, None] * z[:, None, :]).reshape(len(kinks), -1)


def _spread(problem: Reduced, w: Array, middle: Array, B: Array, rng: np.random.Generator) -> Array:
    """Mean of φφᵀ over kinks in all directions that the patterns leave."""
    one = _fresh(w, middle, rng)
    each = max(2, SPREAD // len(one))
    some = [climbed(problem, w, B, _fresh(w, middle, rng), 0) for _ in range(each)]
    phi = _features(problem, together(*some))
    G: Array = phi.T @ phi / len(phi)
    G[np.diag_indices_from(G)] += 1e-6 * float(np.diag(G).max())
    return G


def _weighed(problem: Reduced, found: Followed, T: Array, best: Array, hold: Array) -> tuple[Array, Followed]:
    """Λ for the kinks as they are, and their weights; values are those at Λ."""
    kinks, K = found.kinks, len(found.kinks)
    phi = _features(problem, kinks)
    right, W = T + hold @ best, found.W
    L, value = best, found.kinks.value
    for _ in range(WEIGHINGS):
        W = np.maximum(W, LIGHT / K)
        S = (phi.T * W) @ phi + hold
        scale = np.sqrt(np.diag(S))
        S /= scale[:, None] * scale
        S[np.diag_indices_from(S)] += 1e-12
        factor = cho_factor(S, lower=True, overwrite_a=True, check_finite=False)
        L = cho_solve(factor, right / scale[:, None], check_finite=False) / scale[:, None]
        value = np.linalg.norm(phi @ L, axis=1)
        W = W * np.clip(value, 0.2, 5.0) ** np.where(value > 1, 2.5, 1.5)
    return L, Followed(Climbers(kinks.of, kinks.w, kinks.b, value), W)


def _followed(found: Followed, moved: Climbers, *more: Climbers) -> Followed:
    """The kinks where they climbed to, heavy ones where they were as well, without what is there twice.

    A weight goes with its kink; a heavy one is shared between both places.
    """
    heavy = found.W / found.W.max() > HEAVY
    share = np.where(heavy, 0.5, 1.0) * found.W
    kinks = together(found.kinks[heavy], moved, *more)
    W = np.concatenate([share[heavy], share, np.zeros(sum(map(len, more)))])
    order = np.lexsort((-kinks.value, kinks.of))
    most = max(A_PATTERN, KINKS // len(set(kinks.of.tolist())))
    light, kept = 0.05 * HEAVY * float(W.max()), list[int]()
    mine: list[int] = []
    for k in order:
        if kept and kinks.of[kept[-1]] != kinks.of[k]:
            mine = []
        near = [j for j in mine if np.abs(kinks.w[j] - kinks.w[k]).max() < SAME]
        near = [j for j in near if abs(kinks.b[j] - kinks.b[k]) < SAME]
        if near:
            W[near[0]] += W[k]
        elif len(mine) < most or W[k] > light:
            mine.append(k)
            kept.append(k)
    rows: NDArray[np.intp] = np.array(kept, dtype=np.intp)
    return Followed(kinks[rows], W[rows])


def _columns(B: Array) -> Array:
    """B as a matrix with one column for each output coordinate."""
    return np.moveaxis(B, 2, 1).reshape(-1, B.shape[1])


def _matrices(L: Array, size: int, r: int) -> Array:
    return np.ascontiguousarray(np.moveaxis(L.reshape(size - 1, r + 1, r), 2, 1))
