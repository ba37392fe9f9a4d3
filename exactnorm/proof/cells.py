"""The bound of one cell in exact numbers: its matrix S, and why the dual function is at most 1 where S ⪰ 0."""

from __future__ import annotations

from collections.abc import Sequence

from flint import fmpq, fmpq_mat

from exactnorm.proof.definite import negative_pivot
from exactnorm.proof.limits import FREE, Limits
from exactnorm.proof.matrices import added, matrix, squares, times
from exactnorm.proof.problem import Balls
from exactnorm.proof.rationals import about
from exactnorm.proof.records import ProvedCell

BLOCK = 200
"""Rows of a cell up to which there is a matrix of their factors, a number for every two."""


def flaw(problem: Balls, cell: ProvedCell, B_s: fmpq_mat, limits: Limits = FREE, bits: int = 0) -> str:
    """What keeps the cell from showing ‖B_s (w, b)‖ ≤ ‖w‖ on it; empty if nothing does. `bits` are those of B_s."""
    if cell.on & 1 or cell.on == 0:
        return "the first ball must be off and some other on"
    for n, m, value in cell.nu:
        if not (n < m and value >= 0):
            return f"nu[{n}, {m}] = {about(value, 3)}, where n < m and a number >= 0 belong"
    bits = extent(problem, cell, limits) + 2 * bits
    width = problem.rank + 2
    limits.room(width * (width + problem.size + len(cell.cuts)), bits, "the matrix of a cell")
    w = matrix([vector[: problem.rank] for _, vector in cell.ell], problem.rank)
    for (n, vector), square in zip(cell.ell, squares(w, problem.gamma, limits, bits), strict=True):
        if vector[-1] < 0 or square > vector[-1] ** 2:
            return f"ell[{n}] leaves its cone"
    pivot = negative_pivot(slack(problem, cell, B_s, limits, bits), limits)
    return "" if pivot is None else f"S is not positive semidefinite: a pivot is {about(pivot, 3)}"


def extent(problem: Balls, cell: ProvedCell, limits: Limits) -> int:
    """Bits that multipliers and cuts, of which three are multiplied, add to an entry of S."""
    numbers = [cell.mu, *(value for *_, value in cell.nu)]
    for listed in (*cell.cuts, *(vector for _, vector in cell.ell)):
        numbers += listed
    return 3 * limits.extent(numbers, "the matrix of a cell") + 4 * problem.bits


def slack(problem: Balls, cell: ProvedCell, B_s: fmpq_mat, limits: Limits = FREE, bits: int = 0) -> fmpq_mat:
    """S = e_t e_tᵀ − (B_s T)ᵀ Γ (B_s T) − 2Q in the coordinates (θ, b, t), or (θ, t) on a tangent cell."""
    r = problem.rank
    G = rows(problem, cell, limits, bits)
    size = G.ncols()
    BT = times(B_s, kink_map(problem, cell), limits, bits)
    twice_Q = fmpq_mat(size, size)
    for i in range(r):
        for j in range(r):
            twice_Q[i, j] = 2 * cell.mu * problem.gamma[i, j]
    twice_Q[size - 1, size - 1] = -2 * cell.mu
    half = times(G.transpose(), factors(problem, cell, G, limits, bits), limits, bits)
    metric = problem.gamma if problem.values is None else problem.values
    S = -times(BT.transpose(), times(metric, BT, limits, bits), limits, bits) - twice_Q - half - half.transpose()
    S[size - 1, size - 1] += 1
    return S


def factors(problem: Balls, cell: ProvedCell, G: fmpq_mat, limits: Limits, bits: int) -> fmpq_mat:
    """The rows that G's rows are multiplied with: Σ_m ν_nm g_m + ℓ_n, as rows of numbers, shape (rows, size)."""
    r, last = problem.rank, G.ncols() - 1
    out = pairs(cell, G, limits, bits)
    w = matrix([vector[:r] for _, vector in cell.ell], r)
    covectors = times(w, problem.gamma, limits, bits)
    for k, (n, vector) in enumerate(cell.ell):
        for i in range(r):
            out[n, i] += covectors[k, i]
        out[n, last] += vector[r]
    return out


def pairs(cell: ProvedCell, G: fmpq_mat, limits: Limits, bits: int) -> fmpq_mat:
    """Σ_m ν_nm g_m for every row n; of many rows without the square matrix of ν, which few numbers fill."""
    count = G.nrows()
    if count <= BLOCK:
        nu = fmpq_mat(count, count)
        for n, m, value in cell.nu:
            nu[n, m] = value
        return times(nu, G, limits, bits)
    out = fmpq_mat(count, G.ncols())
    for n, m, value in cell.nu:
        limits.check()
        for i in range(G.ncols()):
            out[n, i] += value * G[m, i]
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


def rows(problem: Balls, cell: ProvedCell, limits: Limits = FREE, bits: int = 0) -> fmpq_mat:
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
        cuts = times(matrix(cell.cuts, r), problem.gamma, limits, bits)
        pad = [fmpq(0)] * (2 if free else 1)
        out += [[cuts[k, i] for i in range(r)] + pad for k in range(len(cell.cuts))]
    return fmpq_mat(out)


def sign(on: int, n: int) -> int:
    """σ_n = ±1."""
    return 1 if on >> n & 1 else -1


def pattern_sum(B: Sequence[fmpq_mat], on: int, limits: Limits = FREE) -> fmpq_mat:
    """B_s, the sum of the matrices of the balls that are on."""
    out = fmpq_mat(B[0].nrows(), B[0].ncols())
    for n, one in enumerate(B, 1):
        if on >> n & 1:
            out += one
            limits.check()
    return out


def gain(problem: Balls, B: Sequence[fmpq_mat], limits: Limits = FREE) -> fmpq:
    """Σ_n ⟨B_n, T_n⟩."""
    r = problem.rank
    return added((problem.heights[n, i] * one[i, r] for n, one in enumerate(B, 1) for i in range(r)), limits)
