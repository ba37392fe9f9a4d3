"""Proofs about samples, with weight decay or without: what multipliers show, and what a network costs.

Noisy samples of clean points, or inputs with a target each: then the points are the targets, one for every sample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from exactnorm.proof.bounds import RefutedError, check_cells
from exactnorm.proof.coverage import clash_flaw, uncovered
from exactnorm.proof.problem import Balls, balls, product
from exactnorm.proof.rationals import root
from exactnorm.proof.records import Multipliers, Nothing, ProvedNetwork


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples of points in exact numbers.

    Parameters
    ----------
    inputs : Balls
        The samples, as balls of radius 0, with the Gram matrix of the outputs' basis.
    outputs : Balls
        The points, in the unit of outputs.
    of : tuple of int
        The row of each sample's point.
    decay : fmpq or None
        Weight decay in the product of the units; None for interpolation.
    units : (int, int)
        Lengths of inputs and of outputs are in powers of two.
    """

    inputs: Balls
    outputs: Balls
    of: tuple[int, ...]
    decay: fmpq | None
    units: tuple[int, int]

    @property
    def worth(self) -> fmpq:
        """What one unit of the objective is worth in the user's units."""
        inner, outer = self.units
        return fmpq(2) ** (outer - inner) if self.decay is None else fmpq(4) ** outer


def sample_problem(
    points: NDArray[np.float64],
    samples: NDArray[np.float64],
    of: Sequence[int],
    decay: fmpq | None,
    bases: tuple[Sequence[int], Sequence[int]],
    units: tuple[int, int],
) -> Samples:
    """The problem from bases and units of samples and of points; errors as for `exactnorm.proof.problem.balls`."""
    values = balls(points, fmpq(0), bases[1], units[1])
    inputs = balls(samples, fmpq(0), bases[0], units[0])
    scaled = None if decay is None else decay / fmpq(2) ** (units[0] + units[1])
    return Samples(replace(inputs, values=values.gamma), values, tuple(of), scaled, units)


def samples_lower(problem: Samples, evidence: Multipliers | Nothing, check: Callable[[], None] = lambda: None) -> fmpq:
    """Σ⟨λ_m, x_m⟩, once ‖Σ λ_m [w·y_m + b]_+‖ ≤ ‖w‖ for all kinks; with weight decay δ, δ Σ⟨λ_m, x_m⟩ − M/2 δ² Σ‖λ_m‖².

    Every network has Σ⟨λ_m, f(y_m)⟩ = Σ_k ⟨a_k, Σ λ_m [w_k·y_m + b_k]_+⟩ ≤ R(f), as λ is orthogonal to affine
    functions; and ½t²/M ≥ δλt − ½M(δλ)².

    Raises
    ------
    RefutedError
        If a condition fails.
    """
    if isinstance(evidence, Nothing):
        return fmpq(0)
    inputs, outputs = problem.inputs, problem.outputs
    L = fmpq_mat(inputs.size, outputs.rank, [one for row in evidence.values for one in row])
    ones = fmpq_mat([[fmpq(1)] * inputs.size])
    if ones * L != ones * L * 0 or inputs.heights.transpose() * L != inputs.heights.transpose() * L * 0:
        msg = "the multipliers are not orthogonal to affine functions"
        raise RefutedError(msg)
    if inputs.rank == 1:
        check_line(problem, L)
    else:
        for clash in evidence.clashes:
            if why := clash_flaw(inputs, clash):
                raise RefutedError(why)
            check()
        if why := uncovered(inputs, evidence, check):
            raise RefutedError(why)
        check_cells(inputs, evidence.cells, matrices(problem, L), check)
    gain = sum(
        (L[m, i] * outputs.heights[n, i] for m, n in enumerate(problem.of) for i in range(outputs.rank)), fmpq(0)
    )
    if problem.decay is None:
        return problem.worth * gain
    square = sum((row_square(L, m, outputs.gamma) for m in range(inputs.size)), fmpq(0))
    return problem.worth * problem.decay * (gain - problem.decay * inputs.size * square / 2)


def row_square(L: fmpq_mat, m: int, gamma: fmpq_mat) -> fmpq:
    """The square of the vector with the coefficients in row m."""
    row = [L[m, i] for i in range(L.ncols())]
    return product(row, gamma, row)


def matrices(problem: Samples, L: fmpq_mat) -> list[fmpq_mat]:
    """λ_m (h_m, 1), for every sample but the first: what `B` is for balls."""
    h, r = problem.inputs.heights, problem.inputs.rank
    return [
        fmpq_mat([[L[m, i] * (h[m, j] if j < r else 1) for j in range(r + 1)] for i in range(L.ncols())])
        for m in range(1, problem.inputs.size)
    ]


def check_line(problem: Samples, L: fmpq_mat) -> None:
    """Raise unless ‖Σ λ_m [y_m − t]_+‖ ≤ 1 at every sample t of a line; in between it is convex, and beyond it is 0."""
    h = problem.inputs.heights
    order = sorted(range(problem.inputs.size), key=lambda m: h[m, 0])
    above = fmpq_mat(1, L.ncols())
    total = fmpq_mat(1, L.ncols())
    after = None
    for m in reversed(order):
        if after is not None:
            total += above * (h[after, 0] - h[m, 0])
        if row_square(total, 0, problem.outputs.gamma) > problem.inputs.gamma[0, 0]:
            msg = f"the multipliers are too large at the kink through sample {m}"
            raise RefutedError(msg)
        above += fmpq_mat([[L[m, i] for i in range(L.ncols())]])
        after = m


def samples_upper(problem: Samples, network: ProvedNetwork, check: Callable[[], None] = lambda: None) -> fmpq:
    """The objective of a network, rounded up; without weight decay of one that maps every sample to its point exactly.

    Raises
    ------
    RefutedError
        If it does not.
    """
    inputs, outputs = problem.inputs, problem.outputs
    cost = fmpq(0)
    for one in network.neurons:
        squared = product(one.w, inputs.gamma, one.w) * product(one.a, outputs.gamma, one.a)
        cost += root(squared, upper=True)
    found = network_values(problem, network, check) * outputs.gamma
    if problem.decay is None:
        for m, n in enumerate(problem.of):
            if any(found[m, i] != outputs.heights[n, i] for i in range(outputs.rank)):
                msg = f"the network does not map sample {m} to its point"
                raise RefutedError(msg)
        return problem.worth * cost
    values, loss = network_values(problem, network, check), fmpq(0)
    for m, n in enumerate(problem.of):
        inner = sum((values[m, i] * (found[m, i] - 2 * outputs.heights[n, i]) for i in range(outputs.rank)), fmpq(0))
        loss += inner + outputs.squared_distance(n, 0)
    return problem.worth * (loss / (2 * inputs.size) + problem.decay * cost)


def network_values(problem: Samples, network: ProvedNetwork, check: Callable[[], None] = lambda: None) -> fmpq_mat:
    """Values at the samples as coefficients in the outputs' basis, shape (M, q), from the first point."""
    h, q = problem.inputs.heights, problem.outputs.rank
    V = fmpq_mat(q, problem.inputs.rank, [one for row in network.V for one in row])
    out = h * V.transpose()
    for m in range(problem.inputs.size):
        for i in range(q):
            out[m, i] += network.c[i]
    for one in network.neurons:
        before = h * fmpq_mat([[entry] for entry in one.w])
        for m in range(problem.inputs.size):
            if (height := before[m, 0] + one.b) > 0:
                for i in range(q):
                    out[m, i] += one.a[i] * height
        check()
    return out
