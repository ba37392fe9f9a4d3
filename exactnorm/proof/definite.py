"""Whether a matrix of rationals is positive semidefinite: L D Lᵀ in balls, and in rationals where balls meet 0."""

from __future__ import annotations

import threading

from flint import arb, ctx, fmpq, fmpq_mat

from exactnorm.proof.limits import FREE, Limits
from exactnorm.proof.rationals import end

FLINTS = threading.Lock()
"""For who sets the precision of balls: flint has one for all threads."""
BITS = (128, 512)
"""Precisions that are tried before rational numbers, which grow with every step."""


def negative_pivot(matrix: fmpq_mat, limits: Limits = FREE) -> fmpq | None:
    """None if the matrix is positive semidefinite; otherwise the pivot of L D Lᵀ that is not, or about it.

    For a pivot that is 0 while its row is not, minus the size of the largest entry of the row.

    Raises
    ------
    UndecidedError
        If the time is over, or rational numbers, which grow with every step, would grow too long.
    """
    for bits in BITS:
        decided, pivot = _in_balls(matrix, bits, limits)
        if decided:
            return pivot
    return _in_rationals(matrix, limits)


def _in_balls(matrix: fmpq_mat, bits: int, limits: Limits) -> tuple[bool, fmpq | None]:
    """Whether all pivots are told from 0 by balls of so many bits, and the first negative one."""
    with FLINTS:
        before = ctx.prec
        try:
            ctx.prec = bits
            size = matrix.nrows()
            S = [[arb(matrix[i, j]) for j in range(i + 1)] for i in range(size)]
            for k in range(size):
                pivot = S[k][k]
                if not pivot > 0:
                    return (True, end(pivot, upper=True)) if pivot < 0 else (False, None)
                for i in range(k + 1, size):
                    factor = S[i][k] / pivot
                    row = S[i]
                    for j in range(k + 1, i + 1):
                        row[j] -= factor * S[j][k]
                limits.check()
            return True, None
        finally:
            ctx.prec = before


def _in_rationals(matrix: fmpq_mat, limits: Limits) -> fmpq | None:
    size = matrix.nrows()
    # The entries that are left after k steps are quotients of determinants of order k + 1 and k.
    what = "the elimination of a matrix that is nearly singular"
    limits.room(size * size, size * limits.extent(matrix.entries(), what), what)
    S = [[matrix[i, j] for j in range(i + 1)] for i in range(size)]
    for k in range(size):
        pivot = S[k][k]
        if pivot < 0:
            return pivot
        column = [S[i][k] for i in range(k + 1, size)]
        if pivot == 0:
            if any(column):
                return -max(abs(one) for one in column)
            continue
        for i in range(k + 1, size):
            factor = S[i][k] / pivot
            for j in range(k + 1, i + 1):
                S[i][j] -= factor * S[j][k]
                limits.check()
    return None
