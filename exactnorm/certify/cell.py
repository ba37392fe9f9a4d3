"""Cells: pieces of the cone of kinks that make one activation pattern, and the multipliers that bound the dual on them.

A kink is z = (w, b). With pattern s and σ_n = ±1 for a ball that is on or off, the admissible kinks are
K_s = {σ_n (w·x_n + b) ≥ ρ‖w‖ for all n}. A cell is K_s, or its part tangent to ball j, cut by half-spaces p·w ≥ 0.
In lifted coordinates ẑ = (w, b, t), or (w, t) on a tangent cell, with t = ‖w‖, its conditions are linear: rows
g·ẑ ≥ 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactnorm.training_set import Array


@dataclass(frozen=True, eq=False)
class Cell:
    """One piece of a pattern's cone with the multipliers that bound ‖B_s (w, b)‖ ≤ ‖w‖ on it.

    Parameters
    ----------
    pattern : ndarray of bool, shape (N,)
        The balls on which the neuron is on; ``pattern[0]`` is False.
    ball : int
        The ball that the kinks of the cell are tangent to, or −1 for kinks anywhere in K_s.
    cuts : ndarray, shape (m, r)
        Normals p of the half-spaces p·w ≥ 0 that bound the cell further.
    mu : float
        Multiplier of ‖w‖² = t².
    nu : ndarray, shape (N + m, N + m)
        Multipliers ≥ 0 of the products of two rows, in the upper triangle.
    ell : ndarray, shape (N + m, r + 1)
        For each row a vector (ℓ_w, ℓ_t) with ‖ℓ_w‖ ≤ ℓ_t, whose product with the row is non-negative.
    """

    pattern: NDArray[np.bool_]
    ball: int
    cuts: Array
    mu: float
    nu: Array
    ell: Array


def kink_map(pattern: NDArray[np.bool_], ball: int, points: Array, rho: float) -> Array:
    """Matrix T with (w, b) = T ẑ: drops t, or on a cell tangent to `ball` sets b = σ_j ρ t − w·x_j."""
    r = points.shape[1]
    if ball < 0:
        return np.eye(r + 1, r + 2)
    sign = 1.0 if pattern[ball] else -1.0
    T = np.zeros((r + 1, r + 1))
    T[:r, :r] = np.eye(r)
    T[r, :r] = -points[ball]
    T[r, r] = sign * rho
    return T


def cell_rows(pattern: NDArray[np.bool_], ball: int, cuts: Array, points: Array, rho: float) -> Array:
    """Rows g, shape (N + m, dim ẑ), whose products with ẑ are non-negative on the cell.

    Row n is σ_n (w·x_n + b) − ρ t, written in ẑ (zero for n = ball on a tangent cell); then one row a cut.
    """
    sign = np.where(pattern, 1.0, -1.0)
    T = kink_map(pattern, ball, points, rho)
    rows = sign[:, None] * (np.column_stack([points, np.ones(len(points))]) @ T)
    rows[:, -1] -= rho
    if ball >= 0:
        # Exactly: σ_n w·(x_n − x_j) + (σ_n σ_j − 1) ρ t; differences first, so that nothing cancels later.
        rows[:, :-1] = sign[:, None] * (points - points[ball])
        rows[:, -1] = (sign * sign[ball] - 1.0) * rho
    return np.vstack([rows, np.pad(cuts, ((0, 0), (0, rows.shape[1] - cuts.shape[1])))])


def cone_form(size: int, r: int) -> Array:
    """J with ẑᵀ J ẑ = ‖w‖² − t², which vanishes on every cell."""
    J = np.zeros((size, size))
    J[:r, :r] = np.eye(r)
    J[-1, -1] = -1.0
    return J


def multiplier_form(cell: Cell, points: Array, rho: float) -> Array:
    """Q = μ J + Σ ν_nm sym(g_n g_mᵀ) + Σ sym(g_n ℓ_nᵀ): ẑᵀ Q ẑ ≥ 0 on the cell when ν ≥ 0 and ‖ℓ_w‖ ≤ ℓ_t."""
    r = points.shape[1]
    G = cell_rows(cell.pattern, cell.ball, cell.cuts, points, rho)
    ell = np.zeros_like(G)
    ell[:, :r], ell[:, -1] = cell.ell[:, :r], cell.ell[:, r]
    half = G.T @ np.triu(cell.nu, 1) @ G + G.T @ ell
    Q: Array = cell.mu * cone_form(G.shape[1], r) + (half + half.T) / 2
    return Q


def slack_matrix(cell: Cell, points: Array, rho: float, B: Array) -> Array:
    """S = e_t e_tᵀ − (B_s T)ᵀ(B_s T) − 2Q; where S ⪰ 0, ‖B_s (w, b)‖ ≤ ‖w‖ on the cell."""
    BT = B[cell.pattern[1:]].sum(axis=0) @ kink_map(cell.pattern, cell.ball, points, rho)
    S = -BT.T @ BT - 2 * multiplier_form(cell, points, rho)
    S[-1, -1] += 1.0
    return S


def interior_slack(cell: Cell, points: Array, rho: float) -> Array:
    """A positive definite S for B = 0: Q = −J/4, and on a cell with a free b a little of g_0 g_nᵀ, ball n being on.

    Because S is concave in (B, Q), mixing this one in repairs an indefinite S at a known price.
    """
    r = points.shape[1]
    if cell.ball >= 0:
        return np.eye(r + 1) / 2
    size = r + 2
    S = -cone_form(size, r) * -0.5
    S[-1, -1] += 1.0
    G = cell_rows(cell.pattern, -1, cell.cuts, points, rho)
    on = int(np.argmax(cell.pattern))
    product = np.outer(G[0], G[on])
    # x_0 is the origin and |x_n| ≤ 1 in the coordinates of a certificate, which keeps this definite.
    return S - (product + product.T) / (4.0 * (1.0 + float(points[on] @ points[on])))


def cell_bound(cell: Cell, points: Array, rho: float, B: Array) -> float:
    """Upper bound on max ‖B_s (w, b)‖ over the kinks with ‖w‖ = 1 of the cell, from its multipliers.

    If S has a negative eigenvalue (a solver's rounding), the multipliers are mixed with an interior point: with τ
    the largest eigenvalue of −S relative to the interior S_0, S + τ S_0 ⪰ 0, and the bound is 1 + τ.
    """
    S = slack_matrix(cell, points, rho, B)
    L = np.linalg.cholesky(interior_slack(cell, points, rho))
    relative = np.linalg.solve(L, np.linalg.solve(L, S).T)
    rounding = 64 * len(S) * np.finfo(float).eps * float(np.abs(relative).max())
    return 1.0 + max(0.0, rounding - float(np.linalg.eigvalsh((relative + relative.T) / 2)[0]))


def uncovered(cells: list[Cell], patterns: NDArray[np.bool_]) -> str:
    """Return "" when the cells cover the optimal kinks of every pattern, else a sentence naming one gap.

    A pattern is covered by its whole cone, or by its tangent cells for all balls (kinks tangent to some ball
    suffice for an optimum); either may be cut further, by hyperplanes whose two sides are both there.
    """
    groups: dict[bytes, dict[int, list[Array]]] = {}
    for cell in cells:
        groups.setdefault(cell.pattern.tobytes(), {}).setdefault(cell.ball, []).append(cell.cuts)
    for pattern in patterns:
        balls = groups.get(pattern.tobytes(), {})
        if -1 in balls and _tree_complete(balls[-1]):
            continue
        missing = [j for j in range(len(pattern)) if j not in balls or not _tree_complete(balls[j])]
        if missing:
            return f"pattern {pattern.astype(int).tolist()} is not covered (tangent to ball {missing[0]})"
    return ""


def _tree_complete(leaves: list[Array]) -> bool:
    """Whether half-space cells are the leaves of a tree of two-sided cuts, so that together they miss nothing."""
    if any(len(cuts) == 0 for cuts in leaves):
        return True
    first = leaves[0][0]
    below = [cuts[1:] for cuts in leaves if np.array_equal(cuts[0], -first)]
    above = [cuts[1:] for cuts in leaves if np.array_equal(cuts[0], first)]
    return bool(above) and bool(below) and _tree_complete(above) and _tree_complete(below)
