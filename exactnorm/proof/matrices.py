"""Products of matrices of rationals, with a look at the clock between steps that take a fraction of a second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flint import fmpq, fmpq_mat

from exactnorm.proof.limits import Limits

LONG = 2**14
"""Bits of an entry beyond which entries are gone through one by one."""
STEP = 2**28
"""Size of a step: entries, times terms of each, times their bits."""


def times(A: fmpq_mat, B: fmpq_mat, limits: Limits, bits: int) -> fmpq_mat:
    """The product of two matrices; `bits` are those of an entry of it, or more."""
    rows, inner, columns = A.nrows(), A.ncols(), B.ncols()
    each = columns * (inner + 32) * (bits + 64)
    if rows * each <= STEP:
        return A * B
    if bits > LONG:
        return plus_times(fmpq_mat(rows, columns), A, B, limits, bits)
    found, step = [], max(1, STEP // each)
    for first in range(0, rows, step):
        limits.check()
        found += (picked(A, range(first, min(first + step, rows))) * B).entries()
    return fmpq_mat(rows, columns, found)


def plus_times(out: fmpq_mat, A: fmpq_mat, B: fmpq_mat, limits: Limits, bits: int) -> fmpq_mat:
    """`out` + A·B; `out` itself may be changed."""
    if bits <= LONG:
        return out + times(A, B, limits, bits)
    for i in range(A.nrows()):
        for k in range(A.ncols()):
            if (factor := A[i, k]) != 0:
                for j in range(B.ncols()):
                    limits.check()
                    out[i, j] += factor * B[k, j]
    return out


def squares(rows: fmpq_mat, gamma: fmpq_mat, limits: Limits, bits: int) -> list[fmpq]:
    """The squared lengths of vectors given as rows of coefficients, `bits` those of a sum of coefficients."""
    images, columns = times(rows, gamma, limits, bits), range(rows.ncols())
    terms = ([images[k, i] * rows[k, i] for i in columns] for k in range(rows.nrows()))
    return [added(some, limits) if bits > LONG else sum(some, fmpq(0)) for some in terms]


def added(numbers: Iterable[fmpq], limits: Limits) -> fmpq:
    """The sum, with a look at the clock between its terms."""
    total = fmpq(0)
    for one in numbers:
        total += one
        limits.check()
    return total


def matrix(rows: Sequence[Sequence[fmpq]], columns: int) -> fmpq_mat:
    """The matrix with these rows, of which there may be none."""
    return fmpq_mat(len(rows), columns, [one for row in rows for one in row])


def picked(table: fmpq_mat, rows: Sequence[int]) -> fmpq_mat:
    """Some rows of a matrix, which itself it is if they are all."""
    if len(rows) == table.nrows():
        return table
    columns = range(table.ncols())
    return fmpq_mat(len(rows), len(columns), [table[n, k] for n in rows for k in columns])
