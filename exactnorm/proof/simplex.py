"""Corners of a regular simplex, exactly or nearly: what balls around them cost at least, by the theorems on these."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from flint import fmpq, fmpq_mat

from exactnorm.proof.definite import negative_pivot
from exactnorm.proof.limits import FREE, Limits, RefutedError, UndecidedError, digits
from exactnorm.proof.matrices import LONG, matrix, times
from exactnorm.proof.problem import Balls
from exactnorm.proof.rationals import about, root, short
from exactnorm.proof.records import Contact, Corners, NearCorners


def corners_bound(problem: Balls, evidence: Corners, limits: Limits = FREE) -> fmpq:
    """2(N − 1)/(1 − 2s) for the N corners of a regular simplex and a number s ≤ ρ/m, m its height.

    It is what balls of radius s m cost, and larger ones cost no less.
    """
    rows = evidence.corners
    count = len(rows)
    squared = distance(problem, rows, limits) if different(problem, rows) else fmpq(0)
    if squared == 0:
        msg = "points are no corners of a regular simplex: their distances differ, or are 0"
        raise RefutedError(msg)
    s = root(2 * (count - 1) * problem.rho * problem.rho / (count * squared), upper=False)
    if not 2 * s < 1:
        msg = "the balls at the corners of a simplex are as large as half its height"
        raise RefutedError(msg)
    return one_versus_rest(count, s, limits) * (count - 1)


def near_corners_bound(problem: Balls, evidence: NearCorners, limits: Limits = FREE) -> fmpq:
    """λ (N − 1 − N ε/g) for points within ε of the corners of a simplex of edge √2 g, λ by a theorem for its balls.

    With offsets from one corner, K their Gram matrix and K_0 = I + 11ᵀ, a² K_0 ⪯ K ⪯ b² K_0 says that the singular
    values of the corners, seen from their centre, are between a and b. With g in the middle between these in their
    place corners are those of a regular simplex, and each has moved by ε = (b − a)/2 at most. A network that maps balls
    around the points to these is constant on balls of radius ρ − ε around the corners, with values within ε of them.

    Raises
    ------
    RefutedError
        If a condition fails.
    """
    rows, (low, high), s = evidence.corners, evidence.between, evidence.share
    count = len(rows)
    bits = limits.extent((low, high, s), "the numbers of a simplex") + problem.bits
    limits.room(count * count, bits, "the form of a simplex")
    if not (different(problem, rows) and 0 < low <= high):
        msg = "points are no corners of a simplex, or it is between no two sizes"
        raise RefutedError(msg)
    K = offsets_form(problem, rows, limits)
    unit = fmpq_mat(count - 1, count - 1, [fmpq(1 + (i == j)) for i in range(count - 1) for j in range(count - 1)])
    for form in (K - low * low * unit, high * high * unit - K):
        if (pivot := negative_pivot(form, limits)) is not None:
            msg = f"points are farther from the corners of a regular simplex than is said: a pivot is {about(pivot, 3)}"
            raise RefutedError(msg)
    off, middle = (high - low) / 2, (high + low) / 2
    room = problem.rho - off
    if not (s > 0 and 2 * s < 1 and room > 0 and s * s * count * middle * middle <= (count - 1) * room * room):
        msg = "the balls at the corners of a simplex are smaller than is said, or as large as half its height"
        raise RefutedError(msg)
    contact = evidence.contact
    # A shorter s is that of smaller balls, which cost no more.
    slope = (
        one_versus_rest(count, short(s, upper=False), limits)
        if contact is None
        else near_contact(count, s, contact, limits)
    )
    return slope * (count - 1 - count * off / middle)


def different(problem: Balls, rows: Sequence[int]) -> bool:
    """Whether rows may be corners: three or more, none twice, and no more than span a simplex."""
    return 3 <= len(rows) <= problem.rank + 1 and len(set(rows)) == len(rows)


def one_versus_rest(count: int, s: fmpq, limits: Limits) -> fmpq:
    """2/(1 − 2s), the slope of ramps between balls of radius s at the corners of a simplex of height 1.

    Raises
    ------
    RefutedError
        If the theorem on regular simplices does not cover this radius.
    """
    if k := excessive(count, s, limits):
        msg = f"at this radius the theorem on regular simplices does not cover kinks with {k} corners on one side"
        raise RefutedError(msg)
    return 2 / (1 - 2 * s)


def near_contact(count: int, s: fmpq, given: Contact, limits: Limits = FREE) -> fmpq:
    """The slope λ that is given, if the theorem on simplices near contact holds with it; for a height of 1.

    Its largest tilt may be any that is not smaller, and the inradius of a face any that is not larger; λ need not be
    the root of an equation then, as long as the two ends of the largest tilt are within 1.

    Raises
    ------
    RefutedError
        If it does not.
    UndecidedError
        If numbers are so long that their products take seconds.
    """
    slope, q, half = given.slope, given.inradius, given.tilt
    if (bits := limits.extent((slope, q, half, s), "the numbers of a simplex near contact")) > LONG:
        msg = f"the numbers of a simplex near contact have {digits(bits)} digits, more than {digits(LONG)}"
        raise UndecidedError(msg)
    cosine, sine = (1 - half * half) / (1 + half * half), 2 * half / (1 + half * half)
    p = 1 - slope * (fmpq(1, count) - s)
    spread, flat = p / (count - 2), slope * fmpq(count - 1, count) - p
    lower, upper = slope * s - flat * cosine, (1 + slope * s) * cosine - slope * (q * sine + s)
    side = spread * sine
    holds = {
        "two corners on either side": count == 3 or 8 * s * s * (count - 2) >= count - 1,
        "the inradius of a face": q > 0 and q * q * count * (count - 2) <= 1,
        "the largest tilt": 0 < half < 1 and cosine - q * sine <= 2 * s,
        "a kink along a height": slope > 0 and slope * (1 - 2 * s) <= 2,
        "a bend between tilts": abs(flat) >= abs(spread),
        "the lower end": lower * lower + side * side <= 1,
        "the upper end": upper * upper + side * side <= 1,
        "a fall between tilts": (1 + slope * s) * sine**3 <= slope * q * cosine * (1 + cosine) ** 2,
    }
    for what, good in holds.items():
        if not good:
            msg = f"the theorem on simplices near contact does not hold: {what}"
            raise RefutedError(msg)
    return slope


def distance(problem: Balls, rows: Sequence[int], limits: Limits) -> fmpq:
    """The squared distance between points, if it is the same for every two; else 0."""
    K = offsets_form(problem, rows, limits)
    first: fmpq = K[0, 0]
    for i, j in combinations(range(len(rows) - 1), 2):
        limits.check()
        if K[j, j] != first or 2 * K[i, j] != first:
            return fmpq(0)
    return first


def offsets_form(problem: Balls, rows: Sequence[int], limits: Limits) -> fmpq_mat:
    """The Gram matrix of the offsets of all but the first of the rows from it."""
    columns, (first, *others) = range(problem.offsets.ncols()), rows
    table = [[problem.offsets[n, k] - problem.offsets[first, k] for k in columns] for n in others]
    offsets = matrix(table, problem.offsets.ncols())
    return times(offsets, offsets.transpose(), limits, problem.bits)


def excessive(count: int, s: fmpq, limits: Limits) -> int:
    """A number of corners on one side of a kink for which the dual function may exceed 1; 0 if there is none.

    The inequality of the theorem on regular simplices, with ρ/m = s and ν = N(1 − 2s).
    """
    nu = count * (1 - 2 * s)
    for k in range(1, count // 2 + 1):
        limits.check()
        far = count - k
        one = far * far - nu * nu if k > 1 else fmpq(0)
        other = k * k - nu * nu if far > 1 else fmpq(0)
        largest = max(one, other)
        if largest <= 0:
            continue
        excess = max(one * k * (k - 1), other * far * (far - 1), fmpq(0))
        T = 2 / (1 - root(k * far * nu * nu / (count * (k * far * count + excess)), upper=False))
        reached = excess / largest * (T - 2) * (T - 2) + fmpq(k * far, count) * T * T
        if not reached * s * s >= fmpq(count - 1, count):
            return k
    return 0
