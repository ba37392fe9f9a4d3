"""The lower bound that evidence supports, and the upper bound of an exact network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from flint import fmpq, fmpq_mat

from exactnorm.proof.cells import flaw, gain, pattern_sum
from exactnorm.proof.coverage import clash_flaw, uncovered
from exactnorm.proof.definite import negative_pivot
from exactnorm.proof.problem import Balls
from exactnorm.proof.rationals import about, root
from exactnorm.proof.records import Cells, Corners, Lower, Nothing, ProvedCell, ProvedNeuron, Rays, Segments

BLOCK = 20
"""Neurons that are gone through at a time: what they supply takes r² numbers each."""


class RefutedError(ValueError):
    """A condition of a proof fails; the message says which."""


def lower_bound(problem: Balls, evidence: Lower, check: Callable[[], None] = lambda: None) -> fmpq:
    """The largest number that the evidence shows to be at most every network's cost.

    Raises
    ------
    RefutedError
        If a condition fails.
    """
    match evidence:
        case Cells():
            return cells_bound(problem, evidence, check)
        case Rays():
            return rays_bound(problem, evidence, check)
        case Segments():
            return segments_bound(problem, evidence, check)
        case Corners():
            return corners_bound(problem, evidence)
        case Nothing():
            return fmpq(0)


def cells_bound(problem: Balls, evidence: Cells, check: Callable[[], None] = lambda: None) -> fmpq:
    """Σ⟨B_n, T_n⟩, once ‖B_s (w, b)‖ ≤ ‖w‖ holds on cells that cover all patterns."""
    for clash in evidence.clashes:
        if why := clash_flaw(problem, clash):
            raise RefutedError(why)
        check()
    if why := uncovered(problem, evidence, check):
        raise RefutedError(why)
    B = [fmpq_mat([list(row) for row in one]) for one in evidence.B]
    check_cells(problem, evidence.cells, B, check)
    return gain(problem, B)


def check_cells(
    problem: Balls, cells: Sequence[ProvedCell], B: Sequence[fmpq_mat], check: Callable[[], None] = lambda: None
) -> None:
    """Raise `RefutedError` unless ‖B_s (w, b)‖ ≤ ‖w‖ on every cell."""
    sums: dict[int, fmpq_mat] = {}
    for k, cell in enumerate(cells):
        if cell.on not in sums:
            sums[cell.on] = pattern_sum(B, cell.on)
        if why := flaw(problem, cell, sums[cell.on], check):
            on = [n for n in range(problem.size) if cell.on >> n & 1]
            msg = f"cell {k} ({on} on, tangent to {cell.ball}, {len(cell.cuts)} cuts): {why}"
            raise RefutedError(msg)
        check()


def rays_bound(problem: Balls, evidence: Rays, check: Callable[[], None] = lambda: None) -> fmpq:
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
    r = problem.rank
    directions = fmpq_mat(len(lines), r, [one for line in lines for one in line])
    products = directions * problem.gamma * directions.transpose()
    for k in range(len(lines)):
        if products[k, k] == 0:
            msg = f"ray {k} has no direction"
            raise RefutedError(msg)
        for m in range(k):
            if products[k, m] > 0:
                msg = f"rays {m} and {k} make an angle below 90 degrees"
                raise RefutedError(msg)
    heights = problem.heights * directions.transpose()
    total, excess = fmpq(0), fmpq(0)
    for k, (_, points) in enumerate(evidence.rays):
        at = [heights[n, k] - heights[evidence.centre, k] for n in range(problem.size)]
        one, more = ray_bound(problem, evidence.centre, products[k, k], at, points)
        total, excess = total + one, excess + more
        check()
    return total / (1 + excess)


def ray_bound(
    problem: Balls, centre: int, square: fmpq, at: Sequence[fmpq], points: Sequence[int]
) -> tuple[fmpq, fmpq]:
    """The sum over the gaps of one ray, rounded down, and what a neuron may supply beyond its share, rounded up.

    `at` are heights, and all lengths here are, times the length of the direction, whose square is given.
    """
    reach = problem.rho * problem.rho * square
    total, excess = fmpq(0), fmpq(0)
    before, chord, beside = fmpq(0), problem.rho * root(square, upper=False), fmpq(0)
    for n in points:
        height = at[n]
        off = problem.squared_distance(n, centre) * square - height * height
        half = root(reach - off, upper=False) if off <= reach else fmpq(0)
        aside = root(off, upper=True) if off > reach else fmpq(0)
        gap = height - before
        length = gap - chord - half
        if not length > 0:
            msg = f"point {n} is not beyond the one before it on a ray from point {centre}, or their balls touch"
            raise RefutedError(msg)
        total += 2 * gap / length
        excess += 3 * (beside + aside) / length
        before, chord, beside = height, half, aside
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


def segments_bound(problem: Balls, evidence: Segments, check: Callable[[], None] = lambda: None) -> fmpq:
    """Σ c_e 2L_e/(L_e − 2ρ) for weights with Σ c_e u_e u_eᵀ ⪯ 1, u_e the unit vectors along segments."""
    r, h = problem.rank, problem.heights
    form = fmpq_mat(problem.gamma)
    total = fmpq(0)
    for i, j, weight in evidence.segments:
        if i == j or weight < 0:
            msg = f"segment ({i}, {j}) has equal ends or a negative weight"
            raise RefutedError(msg)
        squared = problem.squared_distance(i, j)
        along = [h[j, k] - h[i, k] for k in range(r)]
        # In the basis the form u uᵀ of a vector d = Σ q_i d_i is (Γq)(Γq)ᵀ/L², and Γq = h_j − h_i.
        for k in range(r):
            for m in range(r):
                form[k, m] -= weight * along[k] * along[m]
        total += weight * squared * slope(squared, problem.rho)
        check()
    if (pivot := negative_pivot(form, check)) is not None:
        msg = f"the weights of the segments are too large: a pivot is {about(pivot, 3)}"
        raise RefutedError(msg)
    return total


def corners_bound(problem: Balls, evidence: Corners) -> fmpq:
    """2(N − 1)/(1 − 2s) for the N corners of a regular simplex and a number s ≤ ρ/m, m its height.

    It is what balls of radius s m cost, and larger ones cost no less.
    """
    rows = evidence.corners
    count = len(rows)
    different = count >= 3 and len(set(rows)) == count
    squares = distances(problem, rows) if different else set()
    if len(squares) != 1 or (squared := squares.pop()) == 0:
        msg = "points are no corners of a regular simplex: their distances differ, or are 0"
        raise RefutedError(msg)
    s = root(2 * (count - 1) * problem.rho * problem.rho / (count * squared), upper=False)
    if not 2 * s < 1:
        msg = "the balls at the corners of a simplex are as large as half its height"
        raise RefutedError(msg)
    if k := excessive(count, s):
        msg = f"at this radius the theorem on regular simplices does not cover kinks with {k} corners on one side"
        raise RefutedError(msg)
    return 2 * (count - 1) / (1 - 2 * s)


def distances(problem: Balls, rows: Sequence[int]) -> set[fmpq]:
    """The squared distances between points, two by two."""
    columns = range(problem.offsets.ncols())
    offsets = fmpq_mat([[problem.offsets[n, k] for k in columns] for n in rows])
    G = offsets * offsets.transpose()
    return {G[i, i] + G[j, j] - 2 * G[i, j] for i, j in combinations(range(len(rows)), 2)}


def excessive(count: int, s: fmpq) -> int:
    """A number of corners on one side of a kink for which the dual function may exceed 1; 0 if there is none.

    The inequality of the theorem on regular simplices, with ρ/m = s and ν = N(1 − 2s).
    """
    nu = count * (1 - 2 * s)
    for k in range(1, count // 2 + 1):
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


def upper_bound(problem: Balls, neurons: tuple[ProvedNeuron, ...], check: Callable[[], None] = lambda: None) -> fmpq:
    """Σ ‖a_k‖‖w_k‖, rounded up, of a network that maps every ball to its centre exactly.

    Raises
    ------
    RefutedError
        If a kink enters a ball, or the network misses.
    """
    r, size = problem.rank, problem.size
    total = fmpq(0)
    # Column i·(r + 1) + j of row n is the entry (i, j) of Σ a (w, b)ᵀ over the neurons that are on at ball n.
    found = fmpq_mat(size, r * (r + 1))
    for first in range(0, len(neurons), BLOCK):
        some = neurons[first : first + BLOCK]
        switched = fmpq_mat(size, len(some))
        for k, (side, cost) in enumerate(_judged(problem, some, first)):
            for n in range(size):
                if side[n] > 0:
                    switched[n, k] = fmpq(1)
            total += cost
            check()
        found += switched * fmpq_mat([[a * one for a in neuron.a for one in (*neuron.w, neuron.b)] for neuron in some])
        check()  # what has been added up may have as many digits as all neurons together
    slopes = [i * (r + 1) + j for i in range(r) for j in range(r)]
    values = fmpq_mat([[found[n, i * (r + 1) + r] for i in range(r)] for n in range(size)]) * problem.gamma
    for n in range(size):
        check()
        if any(found[n, k] != 0 for k in slopes):
            msg = f"the network is not constant on ball {n}"
            raise RefutedError(msg)
        if any(values[n, i] != problem.heights[n, i] for i in range(r)):
            msg = f"the network does not map ball {n} to its centre"
            raise RefutedError(msg)
    return total


def _judged(problem: Balls, some: Sequence[ProvedNeuron], first: int) -> Iterator[tuple[list[int], fmpq]]:
    """Of neurons, the side of each on every ball and what it costs; `first` is the number of the first of them."""
    W = fmpq_mat([list(neuron.w) for neuron in some])
    A = fmpq_mat([list(neuron.a) for neuron in some])
    before = problem.heights * W.transpose()
    w_squares, a_squares = squares(W, problem.gamma), squares(A, problem.gamma)
    for k, neuron in enumerate(some):
        side = sides([before[n, k] + neuron.b for n in range(problem.size)], problem.rho, w_squares[k])
        if 0 in side:
            msg = f"the kink of neuron {first + k} enters ball {side.index(0)}"
            raise RefutedError(msg)
        if side[0] > 0:
            msg = f"neuron {first + k} is on at the first ball"
            raise RefutedError(msg)
        yield side, root(w_squares[k] * a_squares[k], upper=True)


def squares(rows: fmpq_mat, gamma: fmpq_mat) -> list[fmpq]:
    """The squared lengths of vectors given as rows of coefficients."""
    images = rows * gamma
    columns = range(rows.ncols())
    return [sum((images[k, i] * rows[k, i] for i in columns), fmpq(0)) for k in range(rows.nrows())]


def sides(heights: Sequence[fmpq], rho: fmpq, square: fmpq) -> list[int]:
    """The side of a kink that each ball is on, 1 or −1; 0 where the kink enters it (at ρ = 0, meets the point).

    Heights are those of the centres above the kink, times the length of its normal, whose square is given.
    """
    reach = rho * rho * square
    return [(1 if one > 0 else -1) if one * one >= reach and (one != 0 or rho > 0) else 0 for one in heights]
