"""The problem in exact numbers: clean points as the rationals that their floats are, in an affine basis of their own.

With x_0 as origin and r independent differences d_i = x_{j_i} − x_0 as basis, a vector of the hull is Σ θ_i d_i, and
all that a proof asks of the points are products: Γ of the basis with itself, and h_n with h_n·θ = (x_n − x_0)·w for
w = Σ θ_i d_i. No rotation and no division; lengths are in units of a power of two, on which nothing depends.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat, fmpz, fmpz_mat, nmod_mat
from numpy.typing import NDArray

from exactnorm.proof.limits import FREE, Limits
from exactnorm.proof.matrices import added

LARGEST = 1e140
"""Coordinates above this, or distances below its inverse, are not read."""
PRIME = 2**61 - 1
"""Modulo which ranks are looked at: elimination in whole numbers takes minutes for hundreds of rows."""


@dataclass(frozen=True, eq=False)
class Balls:
    """Noise balls around clean points, in exact numbers.

    Parameters
    ----------
    offsets : fmpq_mat, shape (N, d)
        Rows x_n − x_0, in the unit.
    rho : fmpq
        Radius in the unit; 0 for the limit of small balls.
    basis : tuple of int
        Rows j_1 … j_r of the points whose differences from x_0 are the basis.
    gamma : fmpq_mat, shape (r, r)
        Gram matrix of the basis.
    heights : fmpq_mat, shape (N, r)
        Rows h_n.
    bits : int
        Of the longest numbers among them, about.
    values : fmpq_mat, optional
        Gram matrix of the basis of the values of dual matrices, where that is another than `gamma`.
    """

    offsets: fmpq_mat
    rho: fmpq
    basis: tuple[int, ...]
    gamma: fmpq_mat
    heights: fmpq_mat
    bits: int
    values: fmpq_mat | None = None

    @property
    def size(self) -> int:
        """Number of points, N."""
        return int(self.offsets.nrows())

    @property
    def rank(self) -> int:
        """Affine rank r."""
        return len(self.basis)

    def squared(self, weights: Sequence[tuple[int, fmpq]], limits: Limits = FREE) -> fmpq:
        """‖Σ v_n (x_n − x_0)‖² for pairs (n, v_n)."""
        columns = range(self.offsets.ncols())
        return added((added((v * self.offsets[n, k] for n, v in weights), limits) ** 2 for k in columns), limits)

    def squared_distance(self, n: int, m: int) -> fmpq:
        """‖x_n − x_m‖²."""
        return sum(((self.offsets[n, k] - self.offsets[m, k]) ** 2 for k in range(self.offsets.ncols())), fmpq(0))


class NoBasisError(ValueError):
    """The rows named are not an affine basis of the points."""


def balls(points: NDArray[np.float64], rho: fmpq, basis: Sequence[int], unit: int, limits: Limits = FREE) -> Balls:
    """The problem of points (N, d) and radius, in units of 2^unit.

    Raises
    ------
    NoBasisError
        If the differences of the rows `basis` from the first are dependent, or do not span all others.
    """
    whole, power = whole_offsets(points, limits)
    chosen = _spanning(whole, list(basis), limits)
    scale, longest = fmpq(2) ** (power - unit), int(max(map(fmpz.bit_length, whole.entries())))
    bits = 2 * (longest + abs(power - unit)) + whole.ncols().bit_length()
    # Products of whole numbers first: those of fractions are slower by far.
    heights, gamma = (fmpq_mat(one * chosen.transpose()) * (scale * scale) for one in (whole, chosen))
    return Balls(fmpq_mat(whole) * scale, rho / fmpq(2) ** unit, tuple(basis), gamma, heights, bits)


def part_of(problem: Balls, rows: Sequence[int], basis: Sequence[int], limits: Limits = FREE) -> Balls:
    """The problem of some of the points, two or more, in the same unit; `basis` counts these.

    Raises
    ------
    NoBasisError
        As for `balls`.
    """
    columns, first = range(problem.offsets.ncols()), rows[0]
    limits.room(len(rows) * len(columns), problem.bits, "the points of a part")
    listed = [problem.offsets[n, k] - problem.offsets[first, k] for n in rows for k in columns]
    offsets = fmpq_mat(len(rows), len(columns), listed)
    whole, bottom = offsets.numer_denom()
    chosen, scale = _spanning(whole, list(basis), limits), fmpq(1, bottom * bottom)
    heights, gamma = (fmpq_mat(one * chosen.transpose()) * scale for one in (whole, chosen))
    return Balls(offsets, problem.rho, tuple(basis), gamma, heights, problem.bits + 2)


def _spanning(whole: fmpz_mat, rows: list[int], limits: Limits) -> fmpz_mat:
    """These rows of the differences from the first point, if they are an affine basis; `NoBasisError` if not."""
    if len(set(rows)) < len(rows) or not all(1 <= n < whole.nrows() for n in rows):
        msg = f"a basis names different points other than the first, not rows {rows}"
        raise NoBasisError(msg)
    columns = range(whole.ncols())
    chosen = fmpz_mat(len(rows), len(columns), [whole[i, k] for i in rows for k in columns])
    if rank_of(chosen) < len(rows):
        msg = f"the differences of points {rows} from the first are dependent"
        raise NoBasisError(msg)
    limits.check()
    if (rank := rank_of(whole)) != len(rows):
        msg = f"{len(rows)} differences span no set of affine rank {rank}"
        raise NoBasisError(msg)
    limits.check()
    return chosen


def rank_of(table: fmpz_mat) -> int:
    """Rank of a matrix: modulo a prime if that is all that rows and columns allow, as it is no more; else exactly."""
    rows, columns = range(table.nrows()), range(table.ncols())
    least = int(nmod_mat(table, PRIME).rank())
    if least in (len(rows), len(columns)):
        return least
    used = sum(any(table[n, k] for k in columns) for n in rows), sum(any(table[n, k] for n in rows) for k in columns)
    return least if least in used else int(table.rank())


def whole_offsets(points: NDArray[np.float64], limits: Limits | None = None) -> tuple[fmpz_mat, int]:
    """Whole numbers M and a power p with M·2^p the differences from the first point."""
    mantissas, exponents = np.frexp(points)
    whole, shift = np.ldexp(mantissas, 53).astype(np.int64), exponents.astype(np.int64) - 53
    last = np.where(whole == 0, 0, np.frexp((whole & -whole).astype(np.float64))[1] - 1)  # trailing zeros
    power = int((shift + last)[whole != 0].min(initial=0))
    if limits is not None:
        bits = int((shift + 53)[whole != 0].max(initial=0)) - power + 1
        limits.room(whole.size, bits, "the points as whole numbers")
    out = fmpz_mat(*whole.shape)
    first = [_shifted(m, s - power) for m, s in zip(whole[0].tolist(), shift[0].tolist(), strict=True)]
    for n, (row, shifts) in enumerate(zip(whole, shift, strict=True)):
        for k, (m, s) in enumerate(zip(row.tolist(), shifts.tolist(), strict=True)):
            out[n, k] = _shifted(m, s - power) - first[k]
        if limits is not None:
            limits.check()
    return out, power


def _shifted(number: int, places: int) -> int:
    """The number times 2^places, where that is a whole number."""
    return number << places if places >= 0 else number >> -places


def fingerprint(points: NDArray[np.float64]) -> str:
    """SHA-256 of the points: of their shape as text, then of their rows as little-endian doubles, without −0."""
    size, dimension = points.shape
    plain = np.ascontiguousarray(points + 0.0, dtype="<f8")
    return hashlib.sha256(f"{size} {dimension}\n".encode() + plain.tobytes()).hexdigest()


def product(row: Sequence[fmpq], matrix: fmpq_mat, other: Sequence[fmpq]) -> fmpq:
    """The bilinear form rowᵀ · matrix · other."""
    return (fmpq_mat([list(row)]) * matrix * fmpq_mat([[one] for one in other]))[0, 0]


def sound_points(values: Any, least: int = 2) -> NDArray[np.float64]:
    """The user's points, `least` or more, as float64 (N, d), which integers and float32 are without rounding.

    Of lists every number is looked at: NumPy makes floats of whole numbers among floats, and rounds the largest.

    Raises
    ------
    ValueError
        If they are no table of so many finite points, or so large that squares are no use.
    """
    if np.ma.isMaskedArray(values) and np.ma.is_masked(values):
        msg = "points are masked in places, and a proof is about all of them: fill them in or leave the rows out"
        raise ValueError(msg)
    array = np.asarray(values)
    if array.ndim != 2 or array.shape[0] < least or array.shape[1] < 1 or array.dtype.kind not in "biuf":
        msg = f"points have shape {array.shape} and type {array.dtype}; give {least} or more real points, one a row"
        raise ValueError(msg)
    with np.errstate(over="ignore"):
        plain = array.astype(np.float64)
    given = array if isinstance(values, np.ndarray) else np.asarray(values, dtype=object)
    odd = None if given is array else _odd(plain, given)
    if odd is not None or not np.array_equal(_told(plain, array.dtype), array, equal_nan=array.dtype.kind == "f"):
        what = f"points of type {array.dtype} have" if odd is None else f"points hold {odd}, which has"
        msg = f"{what} more digits than doubles, and a proof is about what is given"
        raise ValueError(msg)
    if not np.isfinite(plain).all() or float(np.abs(plain).max()) > LARGEST:
        msg = f"points hold a coordinate that is not finite, or above {LARGEST:g}"
        raise ValueError(msg)
    return plain


def _odd(plain: NDArray[np.float64], given: NDArray[Any]) -> Any:
    """The first number of a table of Python's numbers that is not its double; None if there is none."""
    for one, number in zip(plain.ravel().tolist(), given.ravel(), strict=True):
        # NumPy would compare a whole number of its own with a float as floats.
        if math.isfinite(one) and one != (int(number) if isinstance(number, np.integer) else number):
            return number
    return None


def _told(plain: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    """The doubles as another type has them; of whole numbers as Python has them, as the largest overflow their type."""
    if dtype.kind in "iu":
        return np.array([int(one) for one in plain.ravel()], dtype=object).reshape(plain.shape)
    return plain.astype(dtype)
