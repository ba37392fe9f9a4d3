"""From the orthonormal coordinates that floats are solved in to the rational basis that is proved in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from flint import fmpq, fmpq_mat, fmpz_mat
from scipy.linalg import qr

from exactnorm.arrays import Array
from exactnorm.proof.problem import Balls, balls, rank_of, whole_offsets
from exactnorm.proof.rationals import exact, rounded

DIGITS = 40
"""Decimals of the map between coordinates."""


@dataclass(frozen=True, eq=False)
class Coordinates:
    """A problem in exact numbers, and the way there from the frame of a certificate.

    Parameters
    ----------
    problem : Balls
    unit : int
        Lengths are in 2^unit.
    ratio : fmpq
        The frame's unit, in units of the proof.
    into : fmpq_mat, shape (r, k)
        The vector Σ v_i · axis_i of the frame has coefficients into · v in the basis.
    differences : fmpq_mat, shape (r, d)
        The vectors of the basis.
    """

    problem: Balls
    unit: int
    ratio: fmpq
    into: fmpq_mat
    differences: fmpq_mat

    def vectors(self, rows: Array) -> fmpq_mat:
        """Coefficients in the basis, shape (m, r), of vectors given in the frame's axes, shape (m, k)."""
        return matrix(rows) * self.into.transpose()


def matrix(rows: Array) -> fmpq_mat:
    """The same numbers as rationals."""
    return fmpq_mat([[exact(one) for one in row] for row in np.atleast_2d(rows)])


def unit_of(points: Array) -> int:
    """The power of two next to the distance of the farthest point from the first."""
    offsets = points - points[0]
    size = float(np.abs(offsets).max())
    return math.frexp(size * float(np.linalg.norm(offsets / size, axis=1).max()))[1]


def affine_basis(points: Array) -> tuple[int, ...]:
    """Rows whose differences from the first are an affine basis, chosen far from dependent.

    The rank is that of the floats as they are: points that are nearly on a plane are not on it.
    """
    whole = whole_offsets(points)[0]
    rank = rank_of(whole)
    if rank == 0:  # all points are equal, as targets may be
        return ()
    offsets = points - points[0]
    order = qr(offsets.T / float(np.abs(offsets).max()), mode="r", pivoting=True)[1]
    first = [int(n) for n in order[:rank]]
    if rows_rank(whole, first) == rank:
        return tuple(sorted(first))
    chosen: list[int] = []
    for n in order:
        if rows_rank(whole, [*chosen, int(n)]) > len(chosen):
            chosen.append(int(n))
        if len(chosen) == rank:
            break
    return tuple(sorted(chosen))


def rows_rank(whole: fmpz_mat, rows: Sequence[int]) -> int:
    """Rank of some rows."""
    return rank_of(fmpz_mat([[whole[n, k] for k in range(whole.ncols())] for n in rows]))


def coordinates(points: Array, rho: float, origin_axes: Array, scale: float, unit: int | None = None) -> Coordinates:
    """The exact problem, and the map from the coordinates (y − x_0)·axes / scale."""
    unit = unit_of(points) if unit is None else unit
    basis = affine_basis(points)
    problem = balls(points, exact(rho), basis, unit)
    two = fmpq(2) ** unit
    differences = fmpq_mat([[problem.offsets[n, k] for k in range(points.shape[1])] for n in basis])
    # Coefficients of the projection of an axis onto the hull: Γ⁻¹ D axisᵀ.
    into = problem.gamma.solve(differences * matrix(origin_axes).transpose())
    short = fmpq_mat([[rounded(into[i, j], DIGITS) for j in range(into.ncols())] for i in range(into.nrows())])
    return Coordinates(problem, unit, exact(scale) / two, short, differences)
