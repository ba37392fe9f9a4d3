"""The upper bound: what a network costs that maps every ball to its centre exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from flint import fmpq, fmpq_mat

from exactnorm.proof.limits import FREE, Limits, RefutedError
from exactnorm.proof.matrices import matrix, plus_times, squares, times
from exactnorm.proof.problem import Balls
from exactnorm.proof.rationals import root
from exactnorm.proof.records import ProvedNeuron

BLOCK = 20
"""Neurons that are gone through at a time."""


def upper_bound(problem: Balls, neurons: Sequence[ProvedNeuron], limits: Limits = FREE) -> fmpq:
    """Σ ‖a_k‖‖w_k‖, rounded up, of a network that maps every ball to its centre exactly.

    Raises
    ------
    RefutedError
        If a kink enters a ball, or the network misses.
    """
    bits = extent(neurons, limits) + problem.bits
    limits.room(problem.size * max(problem.rank + 1, BLOCK), bits, "what the network supplies to the balls")
    total, on = fmpq(0), []
    for first in range(0, len(neurons), BLOCK):
        for switched, cost in _judged(problem, neurons[first : first + BLOCK], first, limits, bits):
            on.append(switched)
            total += cost
            limits.check()
    check_values(problem, neurons, on, limits, bits)
    return total


def extent(neurons: Sequence[ProvedNeuron], limits: Limits) -> int:
    """Bits that a sum of Σ a (w, b)ᵀ over neurons takes, without what sizes of coordinates add."""
    kinks = limits.extent((one for neuron in neurons for one in (*neuron.w, neuron.b)), "sums over kinks")
    return kinks + limits.extent((one for neuron in neurons for one in neuron.a), "sums of output weights")


def _judged(
    problem: Balls, some: Sequence[ProvedNeuron], first: int, limits: Limits, bits: int
) -> Iterator[tuple[int, fmpq]]:
    """Of neurons, the balls that each is on at, as bits, and what it costs; `first` is the number of the first."""
    W, A = (matrix(rows, problem.rank) for rows in ([one.w for one in some], [one.a for one in some]))
    before = times(problem.heights, W.transpose(), limits, bits)
    w_squares, a_squares = squares(W, problem.gamma, limits, bits), squares(A, problem.gamma, limits, bits)
    for k, neuron in enumerate(some):
        side = sides([before[n, k] + neuron.b for n in range(problem.size)], problem.rho, w_squares[k])
        if 0 in side:
            msg = f"the kink of neuron {first + k} enters ball {side.index(0)}"
            raise RefutedError(msg)
        if side[0] > 0:
            msg = f"neuron {first + k} is on at the first ball"
            raise RefutedError(msg)
        switched = sum(1 << n for n, one in enumerate(side) if one > 0)
        yield switched, root(w_squares[k] * a_squares[k], upper=True)


def check_values(problem: Balls, neurons: Sequence[ProvedNeuron], on: Sequence[int], limits: Limits, bits: int) -> None:
    """Raise `RefutedError` unless at every ball the neurons that are on there add up to its centre."""
    r, size = problem.rank, problem.size
    # Some rows of Σ a wᵀ at a time: for every ball all of them are r times as much as the points.
    width = max(1, limits.bits // (size * r * bits))
    for first in range(0, r, width):
        rows = range(first, min(first + width, r))
        terms = ([neuron.a[i] * one for i in rows for one in neuron.w] for neuron in neurons)
        slopes = supplied(terms, len(rows) * r, size, on, limits, bits)
        if (n := other_row(slopes, fmpq_mat(size, len(rows) * r))) is not None:
            msg = f"the network is not constant on ball {n}"
            raise RefutedError(msg)
    values = supplied(([neuron.b * one for one in neuron.a] for neuron in neurons), r, size, on, limits, bits)
    if (n := other_row(times(values, problem.gamma, limits, bits), problem.heights)) is not None:
        msg = f"the network does not map ball {n} to its centre"
        raise RefutedError(msg)


def supplied(
    terms: Iterable[list[fmpq]], columns: int, size: int, on: Sequence[int], limits: Limits, bits: int
) -> fmpq_mat:
    """For every ball the sum of a row of numbers for each neuron, over the neurons that are on there."""
    found, rest = fmpq_mat(size, columns), iter(terms)
    for first in range(0, len(on), BLOCK):
        some = on[first : first + BLOCK]
        numbers = [one for _ in some for one in next(rest)]
        switched = fmpq_mat(size, len(some), [balls >> n & 1 for n in range(size) for balls in some])
        found = plus_times(found, switched, fmpq_mat(len(some), columns, numbers), limits, bits)
        limits.check()
    return found


def other_row(found: fmpq_mat, wanted: fmpq_mat) -> int | None:
    """The first row in which two matrices differ."""
    if found == wanted:
        return None
    columns = range(found.ncols())
    return next(n for n in range(found.nrows()) if any(found[n, k] != wanted[n, k] for k in columns))


def sides(heights: Sequence[fmpq], rho: fmpq, square: fmpq) -> list[int]:
    """The side of a kink that each ball is on, 1 or −1; 0 where the kink enters it (at ρ = 0, meets the point).

    Heights are those of the centres above the kink, times the length of its normal, whose square is given.
    """
    reach = rho * rho * square
    return [(1 if one > 0 else -1) if one * one >= reach and (one != 0 or rho > 0) else 0 for one in heights]
