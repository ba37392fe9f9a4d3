"""The bound of one cell in exact numbers: its matrix S, and why the dual function is at most 1 where S ⪰ 0."""

from __future__ import annotations

from collections.abc import Sequence

from flint import fmpq, fmpq_mat

from exactnorm.proof.definite import negative_pivot
from exactnorm.proof.limits import FREE, Limits
from exactnorm.proof.matrices import added, matrix, plus_times, squares, times
from exactnorm.proof.problem import Balls
from exactnorm.proof.rationals import about
from exactnorm.proof.records import ProvedCell

BLOCK = 200
"""Rows of a cell that are multiplied with others at a time."""


def flaw(problem: Balls, cell: ProvedCell, B_s: fmpq_mat, limits: Limits = FREE) -> str:
    """What keeps the cell from showing ‖B_s (w, b)‖ ≤ ‖w‖ on it; empty if nothing does."""
    if cell.on & 1 or cell.on == 0:
        return "the first ball must be off and some other on"
    for n, m, value in cell.nu:
        if not (n < m and value >= 0):
            return f"nu[{n}, {m}] = {about(value, 3)}, where n < m and a number >= 0 belong"
    bits = extent(problem, cell, B_s, limits)
    for n, vector in cell.ell:
        *w, t = vector
        if t < 0 or squares(matrix([w], problem.rank), problem.gamma, limits, bits)[0] > t * t:
            return f"ell[{n}] leaves its cone"
    pivot = negative_pivot(slack(problem, cell, B_s, limits, bits), limits)
    return "" if pivot is None else f"S is not positive semidefinite: a pivot is {about(pivot, 3)}"


def extent(problem: Balls, cell: ProvedCell, B_s: fmpq_mat, limits: Limits) -> int:
    """Bits of an entry of S; `UndecidedError` if all together are too long."""
    what = "the matrix of a cell"
    cuts = limits.extent((one for cut in cell.cuts for one in cut), what)
    pairs = limits.extent((cell.mu, *(value for *_, value in cell.nu)), what)
    linear = limits.extent((one for _, vector in cell.ell for one in vector), what)
    bits = 2 * limits.extent(B_s.entries(), what) + 2 * cuts + pairs + linear + 4 * problem.bits
    size = problem.rank + 2
    limits.room(size * (size + problem.size + len(cell.cuts)), bits, what)
    return bits


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
    half = products(problem, cell, G, limits, bits)
    metric = problem.gamma if problem.values is None else problem.values
    S = -times(BT.transpose(), times(metric, BT, limits, bits), limits, bits) - twice_Q - half - half.transpose()
    S[size - 1, size - 1] += 1
    return S


def products(problem: Balls, cell: ProvedCell, G: fmpq_mat, limits: Limits, bits: int) -> fmpq_mat:
    """Σ_n g_n (Σ_m ν_nm g_m + ℓ_n)ᵀ over the rows g of G, shape (size, size)."""
    r, size = problem.rank, G.ncols()
    with_rows: dict[int, list[tuple[int, fmpq]]] = {}
    for n, m, value in cell.nu:
        with_rows.setdefault(n, []).append((m, value))
    linear, half = dict(cell.ell), fmpq_mat(size, size)
    for first in range(0, G.nrows(), BLOCK):
        some = range(first, min(first + BLOCK, G.nrows()))
        nu, ell = fmpq_mat(len(some), G.nrows()), fmpq_mat(len(some), r)
        for k, n in enumerate(some):
            for m, value in with_rows.get(n, ()):
                nu[k, m] = value
            for i, value in enumerate(linear.get(n, ())[:r]):
                ell[k, i] = value
        factors, covectors = times(nu, G, limits, bits), times(ell, problem.gamma, limits, bits)
        for k, n in enumerate(some):
            if n in linear:
                for i in range(r):
                    factors[k, i] += covectors[k, i]
                factors[k, size - 1] += linear[n][r]
        part = G if len(some) == G.nrows() else matrix([[G[n, i] for i in range(size)] for n in some], size)
        half = plus_times(half, part.transpose(), factors, limits, bits)
    return half


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
