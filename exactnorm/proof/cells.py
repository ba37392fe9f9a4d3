"""The bound of one cell in exact numbers: its matrix S, and why the dual function is at most 1 where S ⪰ 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flint import fmpq, fmpq_mat

from exactnorm.proof.definite import negative_pivot
from exactnorm.proof.problem import Balls, product
from exactnorm.proof.rationals import about
from exactnorm.proof.records import ProvedCell


def flaw(problem: Balls, cell: ProvedCell, B_s: fmpq_mat, check: Callable[[], None] = lambda: None) -> str:
    """What keeps the cell from showing ‖B_s (w, b)‖ ≤ ‖w‖ on it; empty if nothing does."""
    if cell.on & 1 or cell.on == 0:
        return "the first ball must be off and some other on"
    for n, m, value in cell.nu:
        if not (n < m and value >= 0):
            return f"nu[{n}, {m}] = {about(value, 3)}, where n < m and a number >= 0 belong"
    for n, vector in cell.ell:
        *w, t = vector
        if t < 0 or product(w, problem.gamma, w) > t * t:
            return f"ell[{n}] leaves its cone"
    pivot = negative_pivot(slack(problem, cell, B_s), check)
    return "" if pivot is None else f"S is not positive semidefinite: a pivot is {about(pivot, 3)}"


def slack(problem: Balls, cell: ProvedCell, B_s: fmpq_mat) -> fmpq_mat:
    """S = e_t e_tᵀ − (B_s T)ᵀ Γ (B_s T) − 2Q in the coordinates (θ, b, t), or (θ, t) on a tangent cell."""
    r = problem.rank
    G = rows(problem, cell)
    size = G.ncols()
    BT = B_s * kink_map(problem, cell)
    twice_Q = fmpq_mat(size, size)
    for i in range(r):
        for j in range(r):
            twice_Q[i, j] = 2 * cell.mu * problem.gamma[i, j]
    twice_Q[size - 1, size - 1] = -2 * cell.mu
    half = G.transpose() * multipliers(problem, cell, G)
    metric = problem.gamma if problem.values is None else problem.values
    S = -(BT.transpose() * metric * BT) - twice_Q - half - half.transpose()
    S[size - 1, size - 1] += 1
    return S


def multipliers(problem: Balls, cell: ProvedCell, G: fmpq_mat) -> fmpq_mat:
    """The rows that G's rows are multiplied with: Σ_m ν_nm g_m + ℓ_n, as rows of numbers, shape (rows, size)."""
    r, size = problem.rank, G.ncols()
    nu = fmpq_mat(G.nrows(), G.nrows())
    for n, m, value in cell.nu:
        nu[n, m] = value
    ell = fmpq_mat(G.nrows(), r)
    for n, vector in cell.ell:
        for i in range(r):
            ell[n, i] = vector[i]
    out = nu * G
    covectors = ell * problem.gamma
    for n, vector in cell.ell:
        for i in range(r):
            out[n, i] += covectors[n, i]
        out[n, size - 1] += vector[r]
    return out


def kink_map(problem: Balls, cell: ProvedCell) -> fmpq_mat:
    """T with (θ, b) = T ẑ: drops t, or on a cell tangent to ball j sets b = σ_j ρ t − h_j·θ."""
    r = problem.rank
    free = cell.ball < 0
    T = fmpq_mat(r + 1, r + 2 if free else r + 1)
    for i in range(r):
        T[i, i] = fmpq(1)
    if free:
        T[r, r] = fmpq(1)
        return T
    for i in range(r):
        T[r, i] = -problem.heights[cell.ball, i]
    T[r, r] = problem.rho * sign(cell.on, cell.ball)
    return T


def rows(problem: Balls, cell: ProvedCell) -> fmpq_mat:
    """Rows g with g·ẑ ≥ 0 on the cell: σ_n (w·(x_n − x_0) + b) − ρ t for every ball, then p·w for every cut."""
    r, free = problem.rank, cell.ball < 0
    out = []
    for n in range(problem.size):
        s = sign(cell.on, n)
        if free:
            out.append([s * problem.heights[n, i] for i in range(r)] + [fmpq(s), -problem.rho])
        else:
            j = cell.ball
            row = [s * (problem.heights[n, i] - problem.heights[j, i]) for i in range(r)]
            out.append([*row, (s * sign(cell.on, j) - 1) * problem.rho])
    if cell.cuts:
        cuts = fmpq_mat([list(one) for one in cell.cuts]) * problem.gamma
        pad = [fmpq(0)] * (2 if free else 1)
        out += [[cuts[k, i] for i in range(r)] + pad for k in range(len(cell.cuts))]
    return fmpq_mat(out)


def sign(on: int, n: int) -> int:
    """σ_n = ±1."""
    return 1 if on >> n & 1 else -1


def pattern_sum(B: Sequence[fmpq_mat], on: int) -> fmpq_mat:
    """B_s, the sum of the matrices of the balls that are on."""
    out = fmpq_mat(B[0].nrows(), B[0].ncols())
    for n, one in enumerate(B, 1):
        if on >> n & 1:
            out += one
    return out


def gain(problem: Balls, B: Sequence[fmpq_mat]) -> fmpq:
    """Σ_n ⟨B_n, T_n⟩."""
    r = problem.rank
    return sum((problem.heights[n, i] * one[i, r] for n, one in enumerate(B, 1) for i in range(r)), fmpq(0))
