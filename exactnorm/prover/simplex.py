"""The corners of a regular simplex in exact numbers: the network of one ramp a corner, and numbers for the theorems."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from flint import fmpq, fmpq_mat

from exactnorm.proof.limits import FREE, RefutedError
from exactnorm.proof.problem import Balls, product
from exactnorm.proof.rationals import above, below, root
from exactnorm.proof.records import Contact, NearCorners, ProvedNeuron
from exactnorm.proof.simplex import distance, near_corners_bound, offsets_form
from exactnorm.prover.rays import inside

DIGITS = 36
"""Decimals of numbers for a simplex of height 1."""


def corner_neurons(problem: Balls) -> tuple[ProvedNeuron, ...] | None:
    """The network c + Σ (x_n − c) φ_n(u_n·y), c the centre, with ramps across the gaps; None where there is none.

    For the first corner, which is off everywhere, 1 − φ_0 stands in place of φ_0.
    """
    size, r = problem.size, problem.rank
    if r != size - 1:
        return None
    corners = problem.gamma.solve(problem.heights.transpose())
    centre = [sum((corners[i, n] for n in range(size)), fmpq(0)) / size for i in range(r)]
    out: list[ProvedNeuron] = []
    for n in range(size):
        step = [corners[i, n] - centre[i] for i in range(r)]
        sign = 1 if n > 0 else -1
        w = tuple(sign * one for one in step)
        at = problem.heights * fmpq_mat([[one] for one in w])
        reach = problem.rho * root(product(w, problem.gamma, w), upper=True)
        others = [at[m, 0] for m in range(size) if m != n]
        low, high = (max(others), at[n, 0]) if n > 0 else (at[0, 0], min(others))
        kinks = inside(low + reach, high - reach, open_=problem.rho == 0)
        if kinks is None:
            return None
        rise = kinks[1] - kinks[0]
        out.append(ProvedNeuron(w, -kinks[0], tuple(sign * one / rise for one in step)))
        out.append(ProvedNeuron(w, -kinks[1], tuple(-sign * one / rise for one in step)))
    return tuple(out)


def near_corners(problem: Balls, rows: tuple[int, ...]) -> NearCorners | None:
    """What the theorems on regular simplices take for points near their corners; None where they are not near enough.

    Corners that are at equal distances exactly are so to all digits of a root.
    """
    count = len(rows)
    for low, high in sizes(problem, rows):
        off, middle = (high - low) / 2, (high + low) / 2
        room = problem.rho - off
        if not room > 0:
            return None
        s = below(root((count - 1) * room * room / (count * middle * middle), upper=False), DIGITS)
        for contact in (None, *contacts(count, s)):
            found = NearCorners(rows, (low, high), s, contact)
            with suppress(RefutedError):
                near_corners_bound(problem, found)
                return found
    return None


def sizes(problem: Balls, rows: tuple[int, ...]) -> Iterator[tuple[fmpq, fmpq]]:
    """Numbers that the singular values of corners may be between, wider and wider."""
    K = offsets_form(problem, rows, FREE)
    count = len(rows)
    if squared := distance(problem, rows, FREE):
        yield root(squared / 2, upper=False), root(squared / 2, upper=True)
        return
    # Σ of all squared singular values is the sum of the squared distances from the centre.
    total = [sum((K[i, j] for j in range(count - 1)), fmpq(0)) for i in range(count - 1)]
    trace = sum((K[i, i] for i in range(count - 1)), fmpq(0)) - sum(total, fmpq(0)) / count
    middle = root(trace / (count - 1), upper=False)
    for k in range(15, 8, -1):
        for step in (1, 3):
            yield middle * (1 - fmpq(step, 10**k)), middle * (1 + fmpq(step, 10**k))


def contacts(count: int, s: fmpq) -> Iterator[Contact]:
    """Slopes near the largest that the theorem on simplices near contact may allow, the steepest first."""
    gap, facing = 1 - 2 * s, fmpq(1, count) - s
    q = below(root(fmpq(1, count * (count - 2)), upper=False), DIGITS)
    half = above(gap / (q + root(q * q + gap * (1 + 2 * s), upper=False)), DIGITS)
    cosine, sine = (1 - half * half) / (1 + half * half), 2 * half / (1 + half * half)
    # (c − λ h)² + w² (1 − λ e)² = 1 with w = sin θ/(N − 2), e = `facing`.
    h, w2 = (1 - s) * cosine - s, sine * sine / (count - 2) ** 2
    square, middle = h * h + w2 * facing * facing, cosine * h + w2 * facing
    inside = middle * middle + square * sine * sine * (1 - fmpq(1, (count - 2) ** 2))
    if not (square > 0 and inside >= 0):
        return
    slope = (middle + root(inside, upper=False)) / square
    for k in (30, 25, 20):
        yield Contact(below(slope * (1 - fmpq(1, 10**k)), DIGITS), q, half)
