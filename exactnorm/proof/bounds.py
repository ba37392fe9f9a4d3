"""The lower bound that evidence supports."""

from __future__ import annotations

from collections.abc import Sequence

from flint import fmpq, fmpq_mat

from exactnorm.proof.cells import flaw, gain, pattern_sum
from exactnorm.proof.coverage import clash_flaw, uncovered
from exactnorm.proof.definite import negative_pivot
from exactnorm.proof.limits import FREE, Limits, RefutedError
from exactnorm.proof.matrices import matrix, times
from exactnorm.proof.problem import Balls, NoBasisError, part_of
from exactnorm.proof.rationals import about, root, short
from exactnorm.proof.records import Cells, Corners, Lower, NearCorners, Nothing, Part, ProvedCell, Rays, Segments
from exactnorm.proof.simplex import corners_bound, near_corners_bound


def lower_bound(problem: Balls, evidence: Lower, limits: Limits = FREE) -> fmpq:
    """The largest number that the evidence shows to be at most every network's cost.

    Raises
    ------
    RefutedError
        If a condition fails.
    """
    match evidence:
        case Cells():
            return cells_bound(problem, evidence, limits)
        case Rays():
            return rays_bound(problem, evidence, limits)
        case Segments():
            return segments_bound(problem, evidence, limits)
        case Corners():
            return corners_bound(problem, evidence, limits)
        case NearCorners():
            return near_corners_bound(problem, evidence, limits)
        case Part():
            return part_bound(problem, evidence, limits)
        case Nothing():
            return fmpq(0)


def part_bound(problem: Balls, evidence: Part, limits: Limits = FREE) -> fmpq:
    """The bound of the part: a network that maps all balls to their centres does so with those of some points."""
    try:
        some = part_of(problem, evidence.rows, evidence.basis, limits)
    except NoBasisError as failed:
        msg = f"of the part {failed}"
        raise RefutedError(msg) from None
    return lower_bound(some, evidence.lower, limits)


def cells_bound(problem: Balls, evidence: Cells, limits: Limits = FREE) -> fmpq:
    """Σ⟨B_n, T_n⟩, once ‖B_s (w, b)‖ ≤ ‖w‖ holds on cells that cover all patterns."""
    for clash in evidence.clashes:
        if why := clash_flaw(problem, clash, limits):
            raise RefutedError(why)
        limits.check()
    if why := uncovered(problem, evidence, limits):
        raise RefutedError(why)
    B = [matrix(one, problem.rank + 1) for one in evidence.B]
    check_cells(problem, evidence.cells, B, limits)
    return gain(problem, B, limits)


def check_cells(problem: Balls, cells: Sequence[ProvedCell], B: Sequence[fmpq_mat], limits: Limits = FREE) -> None:
    """Raise `RefutedError` unless ‖B_s (w, b)‖ ≤ ‖w‖ on every cell."""
    bits = limits.extent((one for some in B for one in some.entries()), "a sum of dual matrices")
    limits.room(B[0].nrows() * B[0].ncols(), bits, "a sum of dual matrices")
    on, B_s = 0, fmpq_mat(B[0])
    for k, cell in enumerate(cells):
        if cell.on != on or k == 0:  # of one pattern at a time: all sums together have no bound
            on, B_s = cell.on, pattern_sum(B, cell.on, limits)
        if why := flaw(problem, cell, B_s, limits, bits):
            balls = [n for n in range(problem.size) if cell.on >> n & 1]
            msg = f"cell {k} ({balls} on, tangent to {cell.ball}, {len(cell.cuts)} cuts): {why}"
            raise RefutedError(msg)
        limits.check()


def rays_bound(problem: Balls, evidence: Rays, limits: Limits = FREE) -> fmpq:
    """Σ over gaps of 2Δ/l, along rays with directions pairwise at 90° or more, less what points beside them take.

    A ray from the centre crosses the ball of a point at a height t with a half chord ρ' = √(ρ² − δ²), δ the point's
    distance from the ray's line. On the chord the component of h along the ray is t; so over a gap, of height Δ and of
    length l between the chords, its slope rises from 0 to Δ/l at least, and falls again. Neurons supply what that
    takes, and each supplies at most ‖a‖‖w‖ to all rays together, as their directions are obtuse. Points of other rays
    are no obstacle, then.

    Where δ > ρ the centre stands for the chord, δ beside the ray: as for every ball at ρ = 0 whose point is on the ray
    up to rounding only. A neuron then supplies more than that, by 3(δ_1 + δ_2)/l for every gap at most.
    """
    lines = [line for line, _ in evidence.rays]
    if len(lines) > 2 * problem.rank:
        # No more directions than that are pairwise obtuse; and comparing pairs would take long.
        msg = f"of {len(lines)} rays in rank {problem.rank} two make an angle below 90 degrees"
        raise RefutedError(msg)
    bits = 2 * (limits.extent((one for line in lines for one in line), "products of directions") + problem.bits)
    limits.room(len(lines) * problem.size, bits, "products of directions")
    directions = matrix(lines, problem.rank)
    products = times(times(directions, problem.gamma, limits, bits), directions.transpose(), limits, bits)
    for k in range(len(lines)):
        if products[k, k] == 0:
            msg = f"ray {k} has no direction"
            raise RefutedError(msg)
        for m in range(k):
            if products[k, m] > 0:
                msg = f"rays {m} and {k} make an angle below 90 degrees"
                raise RefutedError(msg)
    heights = times(problem.heights, directions.transpose(), limits, bits)
    total, excess = fmpq(0), fmpq(0)
    for k, (_, points) in enumerate(evidence.rays):
        at = [heights[n, k] - heights[evidence.centre, k] for n in range(problem.size)]
        one, more = ray_bound(problem, evidence.centre, products[k, k], at, points, limits)
        total, excess = total + one, excess + more
    return total / (1 + excess)


def ray_bound(
    problem: Balls, centre: int, square: fmpq, at: Sequence[fmpq], points: Sequence[int], limits: Limits = FREE
) -> tuple[fmpq, fmpq]:
    """The sum over the gaps of one ray, rounded down, and what a neuron may supply beyond its share, rounded up.

    `at` are heights, and all lengths here are, times the length of the direction, whose square is given.
    """
    reach = problem.rho * problem.rho * square
    total, excess = fmpq(0), fmpq(0)
    before, beside = fmpq(0), fmpq(0)
    # Roots are rounded to the side that proves less: a longer gap is worth less, and excuses more.
    chords = [problem.rho * root(square, upper=upper) for upper in (False, True)]
    for n in points:
        height = at[n]
        off = problem.squared_distance(n, centre) * square - height * height
        halves = [root(reach - off, upper=upper) if off <= reach else fmpq(0) for upper in (False, True)]
        aside = root(off, upper=True) if off > reach else fmpq(0)
        gap = height - before
        length, shorter = (gap - chord - half for chord, half in zip(chords, halves, strict=True))
        if not shorter > 0:
            msg = f"point {n} is not beyond the one before it on a ray from point {centre}, or their balls touch"
            raise RefutedError(msg)
        total += short(2 * gap / length, upper=False)
        excess += short(3 * (beside + aside) / shorter, upper=True)
        before, chords, beside = height, halves, aside
        limits.check()
    return total, excess


def slope(squared: fmpq, rho: fmpq) -> fmpq:
    """A lower bound on 2Δ/(Δ − 2ρ), Δ the root of `squared`.

    Raises
    ------
    RefutedError
        If the balls touch.
    """
    if not squared > 4 * rho * rho:
        msg = "two balls at the ends of a segment touch"
        raise RefutedError(msg)
    # Decreasing in Δ: an upper bound on the root gives a lower one on the slope.
    length = root(squared, upper=True)
    return 2 * length / (length - 2 * rho)


def segments_bound(problem: Balls, evidence: Segments, limits: Limits = FREE) -> fmpq:
    """Σ c_e 2L_e/(L_e − 2ρ) for weights with Σ c_e u_e u_eᵀ ⪯ 1, u_e the unit vectors along segments."""
    r, h = problem.rank, problem.heights
    bits = limits.extent((weight for *_, weight in evidence.segments), "the form of the segments") + 2 * problem.bits
    limits.room(problem.size * r, bits, "the form of the segments")
    # In the basis the form u uᵀ of d = Σ q_i d_i is (Γq)(Γq)ᵀ/L², and Γq = h_j − h_i. So the sum of all is hᵀM, where
    # every segment adds v(h_j − h_i) to row j of M, and takes it from row i: r numbers each, not r².
    M = fmpq_mat(problem.size, r)
    total = fmpq(0)
    for i, j, weight in evidence.segments:
        limits.check()
        if i == j or weight < 0:
            msg = f"segment ({i}, {j}) has equal ends or a negative weight"
            raise RefutedError(msg)
        squared = problem.squared_distance(i, j)
        total += short(weight * squared * slope(squared, problem.rho), upper=False)
        for k in range(r):
            step = weight * (h[j, k] - h[i, k])
            M[j, k] += step
            M[i, k] -= step
    form = problem.gamma - times(h.transpose(), M, limits, bits)
    if (pivot := negative_pivot(form, limits)) is not None:
        msg = f"the weights of the segments are too large: a pivot is {about(pivot, 3)}"
        raise RefutedError(msg)
    return total
