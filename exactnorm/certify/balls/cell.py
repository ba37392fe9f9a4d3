"""Cells: pieces of the cone of kinks that make one activation pattern, and the multipliers that bound the dual on them.

A kink is z = (w, b). With pattern s and σ_n = ±1 for a ball that is on or off, the admissible kinks are
K_s = {σ_n (w·x_n + b) ≥ ρ‖w‖ for all n}. A cell is K_s, or its part tangent to ball j, cut by half-spaces p·w ≥ 0.
In lifted coordinates ẑ = (w, b, t), or (w, t) on a tangent cell, with t = ‖w‖, its conditions are linear: rows
g·ẑ ≥ 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.geometry import separating_hyperplane

COUNTS = 1e-9
"""Rounding of S, relative to S_0, from which on it is worth longer floats."""
DEEPEST = 200
"""Cuts of one cell: more than halving an angle down to rounding takes."""


@dataclass(frozen=True, eq=False)
class Cell:
    """A piece of the cone of kinks that make one activation pattern.

    Parameters
    ----------
    pattern : ndarray of bool, shape (N,)
        The balls on which the neuron is on; ``pattern[0]`` is False.
    ball : int
        The ball that the kinks of the cell are tangent to, or −1 for kinks anywhere in K_s.
    cuts : ndarray, shape (m, r)
        Normals p of the half-spaces p·w ≥ 0 that bound the cell further.
    """

    pattern: NDArray[np.bool_]
    ball: int
    cuts: Array

    @property
    def rows(self) -> int:
        """Number of linear conditions: one a ball, one a cut."""
        return len(self.pattern) + len(self.cuts)


@dataclass(frozen=True, eq=False)
class CellProof:
    """Multipliers that show ‖B_s (w, b)‖ ≤ ‖w‖ on a cell.

    Parameters
    ----------
    cell : Cell
    mu : float
        Multiplier of ‖w‖² = t².
    nu : ndarray, shape (rows, rows)
        Multipliers ≥ 0 of the products of two rows, in the strict upper triangle.
    ell : ndarray, shape (rows, r + 1)
        For each row a vector (ℓ_w, ℓ_t) with ‖ℓ_w‖ ≤ ℓ_t, whose product with the row is non-negative.
    """

    cell: Cell
    mu: float
    nu: Array
    ell: Array


def kink_map(cell: Cell, points: Array, rho: float) -> Array:
    """Matrix T with (w, b) = T ẑ: drops t, or on a cell tangent to ball j sets b = σ_j ρ t − w·x_j."""
    r = points.shape[1]
    if cell.ball < 0:
        return np.eye(r + 1, r + 2)
    T = np.eye(r + 1)
    T[r, :r] = -points[cell.ball]
    T[r, r] = rho if cell.pattern[cell.ball] else -rho
    return T


def cell_rows(cell: Cell, points: Array, rho: float) -> Array:
    """Rows g, shape (rows, dim ẑ), whose products with ẑ are non-negative on the cell.

    Row n is σ_n (w·x_n + b) − ρ t, written in ẑ (zero for n = j on a cell tangent to ball j); then one row a cut.
    """
    sign = np.where(cell.pattern, 1.0, -1.0)
    if cell.ball >= 0:
        # σ_n w·(x_n − x_j) + (σ_n σ_j − 1) ρ t: differences first, so that nothing cancels later.
        offsets = points - points[cell.ball]
        rows = np.column_stack([sign[:, None] * offsets, (sign * sign[cell.ball] - 1.0) * rho])
    else:
        rows = np.column_stack([sign[:, None] * points, sign, np.full(len(points), -rho)])
    cuts = np.zeros((len(cell.cuts), rows.shape[1]))
    cuts[:, : cell.cuts.shape[1]] = cell.cuts
    return np.vstack([rows, cuts])


def cone_form(size: int, r: int) -> Array:
    """J with ẑᵀ J ẑ = ‖w‖² − t², which vanishes on every cell."""
    J = np.zeros((size, size))
    J[:r, :r] = np.eye(r)
    J[-1, -1] = -1.0
    return J


def multiplier_form(proof: CellProof, points: Array, rho: float) -> Array:
    """Q = μ J + Σ ν_nm sym(g_n g_mᵀ) + Σ sym(g_n ℓ_nᵀ): ẑᵀ Q ẑ ≥ 0 on the cell when ν ≥ 0 and ‖ℓ_w‖ ≤ ℓ_t."""
    r = points.shape[1]
    G = cell_rows(proof.cell, points, rho)
    ell = np.zeros_like(G)
    ell[:, :r], ell[:, -1] = proof.ell[:, :r], proof.ell[:, r]
    half = G.T @ np.triu(proof.nu, 1) @ G + G.T @ ell
    return np.asarray(proof.mu * cone_form(G.shape[1], r) + (half + half.T) / 2)


def slack_matrix(proof: CellProof, points: Array, rho: float, B: Array) -> Array:
    """S = e_t e_tᵀ − (B_s T)ᵀ(B_s T) − 2Q; where S ⪰ 0, ‖B_s (w, b)‖ ≤ ‖w‖ on the cell."""
    BT = B[proof.cell.pattern[1:]].sum(axis=0) @ kink_map(proof.cell, points, rho)
    S: Array = -BT.T @ BT - 2 * multiplier_form(proof, points, rho)
    S[-1, -1] += 1.0
    return S


def interior_slack(cell: Cell, points: Array, rho: float) -> Array:
    """A positive definite S for B = 0: Q = −J/4, and on a cell with a free b a little of g_0 g_nᵀ, ball n being on.

    Because S is concave in (B, Q), mixing this one in repairs an indefinite S at a known price.
    """
    r = points.shape[1]
    if cell.ball >= 0:
        return np.eye(r + 1) / 2
    S = cone_form(r + 2, r) / 2
    S[-1, -1] += 1.0
    G = cell_rows(cell, points, rho)
    on = int(np.argmax(cell.pattern))
    product = np.outer(G[0], G[on])
    # x_0 is the origin and |x_n| ≤ 1 in the coordinates of a certificate, which keeps this definite.
    return S - (product + product.T) / (4.0 * (1.0 + float(points[on] @ points[on])))


def cell_bound(proof: CellProof, points: Array, rho: float, B: Array) -> float:
    """Upper bound on max ‖B_s (w, b)‖ over the kinks with ‖w‖ = 1 of the cell, from its multipliers.

    If S has a negative eigenvalue (a solver's rounding), the multipliers are mixed with an interior point: with τ
    the largest eigenvalue of −S relative to the interior S_0, S + τ S_0 ⪰ 0, so that ‖B_s (w, b)‖² ≤ 1 + τ, and the
    bound is 1 + τ/2. The rounding of S counts as such an eigenvalue; it is that of its terms, so that terms which
    cancel gain nothing. Infinite where S is no number.
    """
    return 1.0 + shortfall(proof, points, rho, B) / 2


def shortfall(proof: CellProof, points: Array, rho: float, B: Array) -> float:
    """The least τ ≥ 0 for which S + τ S_0 is surely positive semidefinite.

    In a thin pattern multipliers are large and their terms cancel: where rounding counts, S is computed with the
    longest floats there are. It is then that of the coordinates as they are, which are rounded themselves: `blurred`
    says what that may hide.
    """
    inverse = np.linalg.inv(np.linalg.cholesky(interior_slack(proof.cell, points, rho)))
    short = np.inf
    for number in (np.float64, np.longdouble):
        P, C, turn = (as_numbers(one, number) for one in (points, B, inverse))
        relative = turn @ slack_matrix(proof, P, rho, C) @ turn.T
        rounding = np.abs(inverse) @ slack_rounding(proof, P, rho, C) @ np.abs(inverse.T)
        size = float(np.linalg.norm(relative.astype(float)))
        # Eigenvalues are computed in double precision whatever S is.
        unsure = float(np.linalg.norm(rounding)) + 8 * len(relative) * float(np.finfo(float).eps) * size
        if not (np.isfinite(size) and unsure < np.inf):
            return float(np.inf)
        values, vectors = np.linalg.eigh((relative.astype(float) + relative.astype(float).T) / 2)
        hidden = 0.0 if number is np.float64 else 2 * blurred(proof.cell, points, rho)
        short = min(short, max(0.0, unsure - float(values[0])) + hidden)
        if not unsure > COUNTS:
            break
        rounding = rounding + 8 * len(relative) * np.finfo(number).eps * np.abs(relative)  # of the turns
        if surely_definite(vectors.T @ relative @ vectors, np.abs(vectors.T) @ rounding @ np.abs(vectors)):
            return min(short, hidden)
    return short


def blurred(cell: Cell, points: Array, rho: float) -> float:
    """The share of ‖B_s (w, b)‖ on a pattern by which it may be larger at the points that the coordinates stand for.

    Let each be off by ε, and γ be half of what the gap between the pattern's hulls is wider than 2ρ. Mixed with a share
    ε/(ε + γ) of the kink in the middle of the gap, any kink that has the pattern at the points has it at the rounded
    ones. So the largest value is at most 1 + 2ε/γ times as large; ε is 2 units in the last place of 1.
    """
    free = 2 * separating_hyperplane(points[cell.pattern], points[~cell.pattern])[2] - 2 * rho
    eps = float(np.finfo(float).eps)
    return min(1.0, 8 * eps / free) if free > 0 else 1.0


def as_numbers(values: Array, number: type[np.floating[Any]]) -> Array:
    """The same in floats of another length."""
    return np.asarray(values, dtype=number)


def surely_definite(S: Array, rounding: Array) -> bool:
    """Whether S is positive definite whatever its entries' rounding, told after it is scaled to a diagonal of 1.

    Large eigenvalues then do not hide small ones in other directions.
    """
    diagonal = np.diag(S)
    if not (diagonal > 0).all():
        return False
    scale = 1 / np.sqrt(diagonal)
    with np.errstate(over="ignore", invalid="ignore"):
        unit = (S * scale[:, None] * scale).astype(float)
        error = float(np.linalg.norm((rounding * scale[:, None] * scale).astype(float)))
        error += 8 * len(unit) * float(np.finfo(float).eps) * float(np.linalg.norm(unit))
    return error < np.inf and bool(np.linalg.eigvalsh((unit + unit.T) / 2)[0] > error)


def repaired(proof: CellProof, points: Array, tau: float) -> CellProof:
    """The multipliers of (S + τ S_0)/(1 + τ), which go with B/√(1 + τ)."""
    nu, pattern = proof.nu.copy(), proof.cell.pattern
    if proof.cell.ball < 0:
        on = int(np.argmax(pattern))
        nu[0, on] += tau / (4.0 * (1.0 + float(points[on] @ points[on])))
    share = 1 / (1 + tau)
    return CellProof(proof.cell, share * (proof.mu - tau / 4), share * nu, share * proof.ell)


def slack_rounding(proof: CellProof, points: Array, rho: float, B: Array) -> Array:
    """Bounds on the rounding of the entries of S: so many last places of the sums of their absolute terms."""
    cell = proof.cell
    T, G = np.abs(kink_map(cell, points, rho)), np.abs(cell_rows(cell, points, rho))
    BT = np.abs(B[cell.pattern[1:]]).sum(axis=0) @ T
    ell = np.zeros_like(G)
    r = points.shape[1]
    ell[:, :r], ell[:, -1] = np.abs(proof.ell[:, :r]), np.abs(proof.ell[:, r])
    form = np.abs(proof.mu * cone_form(G.shape[1], r)) + G.T @ np.triu(np.abs(proof.nu), 1) @ G + G.T @ ell
    terms = BT.T @ BT + form + form.T
    terms[-1, -1] += 1.0
    operations = 2 * len(G) + len(B) + 2 * len(terms)
    return np.asarray(4 * operations * np.finfo(terms.dtype).eps * terms, dtype=float)


def uncovered(cells: list[Cell], patterns: NDArray[np.bool_]) -> str:
    """Return "" when the cells cover the optimal kinks of every pattern, else a sentence naming one gap.

    A pattern is covered by its whole cone, or by its tangent cells for all balls (kinks tangent to some ball
    suffice for an optimum); either may be cut further, by hyperplanes whose two sides are both there.
    """
    if any(len(cell.cuts) > DEEPEST for cell in cells):
        return f"a cell is cut more than {DEEPEST} times"
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
