"""The lower bound that evidence supports, and the upper bound of an exact network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from flint import fmpq, fmpq_mat

from exactnorm.proof.cells import flaw, gain, pattern_sum
from exactnorm.proof.coverage import clash_flaw, uncovered
from exactnorm.proof.definite import negative_pivot
from exactnorm.proof.document import Cells, Lower, ProvedNeuron, Rays, Segments
from exactnorm.proof.problem import Balls, product
from exactnorm.proof.rationals import root


class RefutedError(ValueError):
    """A condition of a proof fails; the message says which."""


def lower_bound(problem: Balls, evidence: Lower, check: Callable[[], None] = lambda: None) -> fmpq:
    """The largest number that the evidence shows to be at most every network's cost.

    Raises
    ------
    RefutedError
        If a condition fails.
    """
    if isinstance(evidence, Cells):
        return cells_bound(problem, evidence, check)
    if isinstance(evidence, Rays):
        return rays_bound(problem, evidence)
    if isinstance(evidence, Segments):
        return segments_bound(problem, evidence)
    return fmpq(0)


def cells_bound(problem: Balls, evidence: Cells, check: Callable[[], None] = lambda: None) -> fmpq:
    """Σ⟨B_n, T_n⟩, once ‖B_s (w, b)‖ ≤ ‖w‖ holds on cells that cover all patterns."""
    for clash in evidence.clashes:
        if why := clash_flaw(problem, clash):
            raise RefutedError(why)
    if why := uncovered(problem, evidence):
        raise RefutedError(why)
    B = [fmpq_mat([list(row) for row in one]) for one in evidence.B]
    sums: dict[int, fmpq_mat] = {}
    for k, cell in enumerate(evidence.cells):
        if cell.on not in sums:
            sums[cell.on] = pattern_sum(B, cell.on)
        if why := flaw(problem, cell, sums[cell.on]):
            balls = [n for n in range(problem.size) if cell.on >> n & 1]
            msg = f"cell {k} (balls {balls} on, tangent to {cell.ball}, {len(cell.cuts)} cuts): {why}"
            raise RefutedError(msg)
        check()
    return gain(problem, B)


def rays_bound(problem: Balls, evidence: Rays) -> fmpq:
    """Σ over gaps of 2Δ/(Δ − 2ρ): points on rays from the first of the rows, directions pairwise at 90° or more."""
    if len(set(evidence.rows)) < len(evidence.rows) or not 2 <= len(evidence.rows):
        msg = "rays name at least two points, none of them twice"
        raise RefutedError(msg)
    if not all(n < problem.size for n in evidence.rows):
        msg = f"rays name a point that is not there: there are {problem.size}"
        raise RefutedError(msg)
    centre, *others = evidence.rows
    H = problem.gram

    def inner(n: int, m: int) -> fmpq:
        return H[n, m] - H[n, centre] - H[centre, m] + H[centre, centre]

    rays: list[list[int]] = []
    for n in others:
        for ray in rays:
            m = ray[0]
            product_ = inner(n, m)
            if product_ > 0:
                if product_ * product_ != inner(n, n) * inner(m, m):
                    msg = f"seen from point {centre}, points {n} and {m} make an angle below 90 degrees"
                    raise RefutedError(msg)
                ray.append(n)
                break
        else:
            rays.append([n])
    total = fmpq(0)
    for ray in rays:
        ray.sort(key=lambda n: inner(n, n))
        for before, after in pairwise([centre, *ray]):
            squared = H[after, after] - 2 * H[after, before] + H[before, before]
            total += slope(squared, problem.rho)
    return total


def slope(squared: fmpq, rho: fmpq) -> fmpq:
    """A lower bound on 2Δ/(Δ − 2ρ), Δ the root of `squared`.

    Raises
    ------
    RefutedError
        If the balls touch.
    """
    if not squared > 4 * rho * rho:
        msg = "two balls at the ends of a gap touch"
        raise RefutedError(msg)
    # Decreasing in Δ: an upper bound on the root gives a lower one on the slope.
    length = root(squared, upper=True)
    return 2 * length / (length - 2 * rho)


def segments_bound(problem: Balls, evidence: Segments) -> fmpq:
    """Σ c_e 2L_e/(L_e − 2ρ) for weights with Σ c_e u_e u_eᵀ ⪯ 1, u_e the unit vectors along segments."""
    r, H, h = problem.rank, problem.gram, problem.heights
    form = fmpq_mat(problem.gamma)
    total = fmpq(0)
    for i, j, weight in evidence.segments:
        if i == j or weight < 0:
            msg = f"segment ({i}, {j}) has equal ends or a negative weight"
            raise RefutedError(msg)
        squared = H[i, i] - 2 * H[i, j] + H[j, j]
        along = [h[j, k] - h[i, k] for k in range(r)]
        # In the basis the form u uᵀ of a vector d = Σ q_i d_i is (Γq)(Γq)ᵀ/L², and Γq = h_j − h_i.
        for k in range(r):
            for m in range(r):
                form[k, m] -= weight * along[k] * along[m]
        total += weight * squared * slope(squared, problem.rho)
    if (pivot := negative_pivot(form)) is not None:
        msg = f"the weights of the segments are too large: a pivot is {float(pivot):.3g}"
        raise RefutedError(msg)
    return total


def upper_bound(problem: Balls, neurons: tuple[ProvedNeuron, ...], check: Callable[[], None] = lambda: None) -> fmpq:
    """Σ ‖a_k‖‖w_k‖, rounded up, of a network that maps every ball to its centre exactly.

    Raises
    ------
    RefutedError
        If a kink enters a ball, or the network misses.
    """
    r = problem.rank
    total = fmpq(0)
    for k, neuron in enumerate(neurons):
        squared = product(neuron.w, problem.gamma, neuron.w)
        if neuron.on & 1:
            msg = f"neuron {k} is on at the first ball"
            raise RefutedError(msg)
        if (n := entered(problem, neuron.on, neuron.w, neuron.b)) is not None:
            msg = f"the kink of neuron {k} enters ball {n}, or is on its wrong side"
            raise RefutedError(msg)
        total += root(squared * product(neuron.a, problem.gamma, neuron.a), upper=True)
        check()
    for n in range(1, problem.size):
        on = [neuron for neuron in neurons if neuron.on >> n & 1]
        slopes, values = fmpq_mat(r, r), fmpq_mat(r, 1)
        for neuron in on:
            a = fmpq_mat([[one] for one in neuron.a])
            slopes += a * fmpq_mat([list(neuron.w)])
            values += a * neuron.b
        if slopes != fmpq_mat(r, r):
            msg = f"the network is not constant on ball {n}"
            raise RefutedError(msg)
        if problem.gamma * values != fmpq_mat([[problem.heights[n, i]] for i in range(r)]):
            msg = f"the network does not map ball {n} to its centre"
            raise RefutedError(msg)
        check()
    return total


def entered(problem: Balls, on: int, w: Sequence[fmpq], b: fmpq) -> int | None:
    """A ball that a kink enters, or that it is on the wrong side of; at ρ = 0 it must not touch a point."""
    at = problem.heights * fmpq_mat([[one] for one in w])
    reach = problem.rho * problem.rho * product(w, problem.gamma, w)
    for n in range(problem.size):
        height = at[n, 0] + b
        side = height if on >> n & 1 else -height
        if not (side >= 0 and side * side >= reach if problem.rho > 0 else side > 0):
            return n
    return None
