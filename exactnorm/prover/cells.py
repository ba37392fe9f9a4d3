"""Cells with multipliers, from floats to rationals that hold strictly."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from flint import fmpq, fmpq_mat

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import CellProof
from exactnorm.proof.cells import pattern_sum, slack
from exactnorm.proof.definite import negative_pivot
from exactnorm.proof.limits import Limits
from exactnorm.proof.problem import product
from exactnorm.proof.rationals import above, exact, root, rounded
from exactnorm.proof.records import ProvedCell
from exactnorm.prover.frame import Coordinates

DIGITS = 14
"""Decimals of dual matrices of order 1 and of multipliers: the repair costs a thousand times as much as they lose."""
LEAST = fmpq(1, 10**11)
"""Share of the interior point that is mixed in at least."""
MOST = fmpq(1, 2)
ROOMS = (4, 64, 1024)
"""Multiples of what a cell falls short by that it is tried to make up for by itself."""

Row = tuple[fmpq, ...]


@dataclass(frozen=True, eq=False)
class Repaired:
    """Dual matrices and cells that hold strictly.

    Parameters
    ----------
    B : tuple
        One matrix a ball but the first, as tuples of rows.
    cells : tuple of ProvedCell
    share : fmpq
        How much of the interior point was mixed in: the loss of the bound, relative to it.
    worst : int
        The cell that needed it, or −1.
    """

    B: tuple[tuple[Row, ...], ...]
    cells: tuple[ProvedCell, ...]
    share: fmpq
    worst: int


class NotRepairedError(ArithmeticError):
    """Multipliers are too far from a proof."""


def digits_for(where: Coordinates, B: Array) -> int:
    """Decimals for dual matrices: where balls are near each other they are large, and cancel on thin cells.

    So do coefficients where points are nearly in a flat, as vectors of the basis are nearly dependent then.
    """
    large = max(float(np.abs(B).max(initial=0.0)), float(np.abs(floats(where.into)).max(initial=0.0)))
    return DIGITS + 2 * max(0, math.ceil(math.log10(max(1.0, large))))


def repaired(
    where: Coordinates, B: Array, proofs: Sequence[CellProof], check: Callable[[], None] = lambda: None
) -> Repaired:
    """The same dual matrices and multipliers in the basis, mixed with the interior point where they are not definite.

    By concavity of S in (B, Q), (1 − ε)(B, Q) + ε(0, Q_0) has S ⪰ (1 − ε)S + εS_0, where Q_0 = −J/4, and for cells with
    a free b a little of the product of the rows of a ball that is off and one that is on.

    Raises
    ------
    NotRepairedError
        If a cell needs more than `MOST` of the interior point.
    """
    digits = digits_for(where, B)
    matrices, cells = dual_matrices(where, B, digits), []
    for one in proofs:
        cells.append(translated(where, one, digits))
        check()
    return definite(where, matrices, cells, digits, scaled_matrix, check)


def definite(
    where: Coordinates,
    matrices: Sequence[fmpq_mat],
    cells: Sequence[ProvedCell],
    digits: int,
    shrink: Callable[[fmpq_mat, fmpq, int], fmpq_mat],
    check: Callable[[], None] = lambda: None,
) -> Repaired:
    """Matrices shrunk, and cells mixed with the interior point, as little as makes all S definite."""
    sums = {cell.on: pattern_sum(matrices, cell.on) for cell in cells}
    cells, needed = list(cells), []
    for k, cell in enumerate(cells):
        check()
        cells[k], short = relieved(where, cell, sums[cell.on], digits)
        needed.append(short)
    share = max(LEAST, *(rounded(exact(4 * one), 15) for one in needed)) if needed else LEAST
    worst = int(np.argmax(needed)) if needed and max(needed) > 0 else -1
    while True:
        if share > MOST:
            cell = cells[worst]
            msg = f"the multipliers of cell {worst} (pattern {cell.on:b}) are too far from a proof: {needed[worst]:.2e}"
            raise NotRepairedError(msg)
        B_new = [shrink(one, 1 - share, digits) for one in matrices]
        new = [mixed(where, cell, share, digits) for cell in cells]
        sums = {cell.on: pattern_sum(B_new, cell.on) for cell in new}
        failed = None
        for k, cell in enumerate(new):
            if negative_pivot(slack(where.problem, cell, sums[cell.on]), Limits(check)) is not None:
                failed = k
                break
            check()
        if failed is None:
            break
        worst, share = failed, 4 * share
    text = tuple(tuple(tuple(one[i, j] for j in range(one.ncols())) for i in range(one.nrows())) for one in B_new)
    return Repaired(text, tuple(new), share, worst)


def dual_matrices(where: Coordinates, B: Array, digits: int) -> list[fmpq_mat]:
    """B_n in the basis: (θ, b) ↦ into·B_n(c·intoᵀΓθ, b)/c, c the ratio of units."""
    r, c = where.problem.rank, where.ratio
    pull = where.into.transpose() * where.problem.gamma
    out = []
    for one in B:
        left = where.into * matrix_of(one)
        k = pull.nrows()
        head = fmpq_mat([[left[i, j] for j in range(k)] for i in range(r)]) * pull
        out.append(
            fmpq_mat(
                [[rounded(head[i, j], digits) for j in range(r)] + [rounded(left[i, k] / c, digits)] for i in range(r)]
            )
        )
    return out


def matrix_of(rows: Array) -> fmpq_mat:
    """The same numbers as rationals."""
    return fmpq_mat([[exact(one) for one in row] for row in rows])


def located(where: Coordinates, proof: CellProof, digits: int) -> ProvedCell:
    """The cell in the basis, without its multipliers: what it covers does not hang on them."""
    on = sum(1 << int(n) for n in np.flatnonzero(proof.cell.pattern))
    cuts: tuple[Row, ...] = ()
    if len(proof.cell.cuts):
        normals = where.vectors(proof.cell.cuts)
        cuts = tuple(
            tuple(rounded(normals[k, i] * where.ratio, digits) for i in range(normals.ncols()))
            for k in range(len(proof.cell.cuts))
        )
    return ProvedCell(on, int(proof.cell.ball), cuts, fmpq(0), (), ())


def translated(where: Coordinates, proof: CellProof, digits: int) -> ProvedCell:
    """The cell and its multipliers in the basis, in their cones."""
    c = where.ratio
    nu = tuple(
        (int(n), int(m), value)
        for n, m in zip(*np.nonzero(np.triu(proof.nu, 1)), strict=True)
        if (value := rounded(exact(proof.nu[n, m]) / (c * c), digits)) > 0
    )
    ell = cone_rows(where, proof.ell, digits)
    return replace(located(where, proof, digits), mu=rounded(exact(proof.mu), digits), nu=nu, ell=ell)


def cone_rows(where: Coordinates, ell: Array, digits: int) -> tuple[tuple[int, Row], ...]:
    """The multipliers (λ, t) with ‖λ‖ ≤ t, as (row, vector); those that vanish to all decimals are left out."""
    out = []
    rows = np.flatnonzero(np.any(ell != 0, axis=1))
    if not len(rows):
        return ()
    w = where.vectors(ell[rows, :-1])
    for k, n in enumerate(rows):
        vector = [rounded(w[k, i] / where.ratio, digits) for i in range(w.ncols())]
        length = above(root(product(vector, where.problem.gamma, vector), upper=True), digits)
        t = max(rounded(exact(ell[n, -1]) / where.ratio, digits), length)
        if t > 0:
            out.append((int(n), (*vector, t)))
    return tuple(out)


def relieved(where: Coordinates, cell: ProvedCell, B_s: fmpq_mat, digits: int) -> tuple[ProvedCell, float]:
    """The cell and by how much its S falls short of definite; by nothing where its own room is enough.

    A cell whose bound is far below 1 has room in t: −J/4 may be added to its own Q then, and dual matrices stay.
    """
    short = shortfall(where, cell, B_s, digits)
    for factor in ROOMS if short else ():
        share = rounded(exact(factor * short), 15)
        if 0 < share <= MOST:
            other = mixed(where, cell, share, digits, keep=fmpq(1))
            if negative_pivot(slack(where.problem, other, B_s)) is None:
                return other, 0.0
    return cell, short


def shortfall(where: Coordinates, cell: ProvedCell, B_s: fmpq_mat, digits: int) -> float:
    """By how much S falls short of semidefinite, relative to the interior point's; in floating point, to begin with.

    Of a matrix that is definite nothing is asked in floating point: on a thin cell it has eigenvalues of very different
    sizes, and the small ones are lost there.
    """
    exactly = slack(where.problem, cell, B_s)
    if negative_pivot(exactly) is None:
        return 0.0
    relative = in_units_of(exactly, slack(where.problem, mixed(where, cell, fmpq(1), digits), B_s * 0))
    least = float(np.linalg.eigvalsh(relative)[0])
    return max(0.0, -least) if np.isfinite(least) else 1.0


def in_units_of(S: fmpq_mat, S_0: fmpq_mat) -> Array:
    """S where the definite S_0 is the identity; eliminated exactly, as floats may find S_0 indefinite."""
    size = S.nrows()
    for k in range(size):
        for i in range(k + 1, size):
            factor = S_0[i, k] / S_0[k, k]
            for table in (S_0, S):
                for j in range(size):
                    table[i, j] -= factor * table[k, j]
                for j in range(size):
                    table[j, i] -= factor * table[j, k]
    roots = [float(root(S_0[k, k], upper=True)) for k in range(size)]
    return np.array([[float(S[i, j]) / roots[i] / roots[j] for j in range(size)] for i in range(size)])


def floats(rows: fmpq_mat) -> Array:
    """The matrix in floating point."""
    return np.array([[float(rows[i, j]) for j in range(rows.ncols())] for i in range(rows.nrows())])


def scaled_matrix(one: fmpq_mat, factor: fmpq, digits: int) -> fmpq_mat:
    """The matrix times a factor, rounded."""
    return fmpq_mat([[rounded(one[i, j] * factor, digits) for j in range(one.ncols())] for i in range(one.nrows())])


def mixed(where: Coordinates, cell: ProvedCell, share: fmpq, digits: int, keep: fmpq | None = None) -> ProvedCell:
    """The multipliers with a share of those of the interior point, and 1 − share of their own, or `keep`."""
    keep = 1 - share if keep is None else keep
    nu = {(n, m): rounded(value * keep, digits) for n, m, value in cell.nu}
    if cell.ball < 0:
        first = next(n for n in range(1, where.problem.size) if cell.on >> n & 1)
        weight = 1 / (4 * (1 + where.problem.squared_distance(first, 0)))
        nu[0, first] = nu.get((0, first), fmpq(0)) + above(share * weight, 2 * digits)
    ell = tuple((n, shrunk(vector, keep, digits)) for n, vector in cell.ell) if share < 1 else ()
    mu = rounded(cell.mu * keep - share / 4, digits)
    kept = tuple((n, m, value) for (n, m), value in sorted(nu.items()) if value > 0)
    return ProvedCell(cell.on, cell.ball, cell.cuts, mu, kept, ell)


def shrunk(vector: Row, factor: fmpq, digits: int) -> Row:
    """The cone vector times a factor; its length is rounded up by more than its other entries lose."""
    *w, t = vector
    return (*(rounded(one * factor, digits) for one in w), above(t * factor, digits) + fmpq(2 * len(w), 10**digits))
