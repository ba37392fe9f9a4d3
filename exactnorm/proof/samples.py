"""Proofs about samples, with weight decay or without: what multipliers show, and what a network costs.

Noisy samples of clean points, or inputs with a target each: then the points are the targets, one for every sample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from exactnorm.proof.bounds import BLOCK, RefutedError, check_cells, squares
from exactnorm.proof.coverage import clash_flaw, uncovered
from exactnorm.proof.problem import Balls, balls
from exactnorm.proof.rationals import root
from exactnorm.proof.records import Multipliers, Nothing, ProvedNetwork, ProvedNeuron


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
    match evidence:
        case Nothing():
            return fmpq(0)
        case Multipliers():
            return multipliers_bound(problem, evidence, check)


def multipliers_bound(problem: Samples, evidence: Multipliers, check: Callable[[], None]) -> fmpq:
    """What `samples_lower` is with multipliers."""
    inputs, outputs = problem.inputs, problem.outputs
    L = fmpq_mat(inputs.size, outputs.rank, [one for row in evidence.values for one in row])
    ones = fmpq_mat([[fmpq(1)] * inputs.size])
    if ones * L != ones * L * 0 or inputs.heights.transpose() * L != inputs.heights.transpose() * L * 0:
        msg = "the multipliers are not orthogonal to affine functions"
        raise RefutedError(msg)
    if inputs.rank == 1:
        check_line(problem, L, check)
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
    square = sum(squares(L, outputs.gamma), fmpq(0))
    return problem.worth * problem.decay * (gain - problem.decay * inputs.size * square / 2)


def matrices(problem: Samples, L: fmpq_mat) -> list[fmpq_mat]:
    """λ_m (h_m, 1), for every sample but the first: what `B` is for balls."""
    h, r = problem.inputs.heights, problem.inputs.rank
    return [
        fmpq_mat(
            L.ncols(), r + 1, [L[m, i] * (h[m, j] if j < r else 1) for i in range(L.ncols()) for j in range(r + 1)]
        )
        for m in range(1, problem.inputs.size)
    ]


def check_line(problem: Samples, L: fmpq_mat, check: Callable[[], None] = lambda: None) -> None:
    """Raise unless ‖Σ λ_m [y_m − t]_+‖ ≤ 1 at every sample t of a line; in between it is convex, and beyond it is 0."""
    size, q = problem.inputs.size, range(L.ncols())
    h = [problem.inputs.heights[m, 0] for m in range(size)]
    order = sorted(range(size), key=lambda m: h[m], reverse=True)
    sums = fmpq_mat(size, L.ncols())
    above, total = [fmpq(0) for _ in q], [fmpq(0) for _ in q]
    for k, m in enumerate(order):
        check()
        step = h[order[k - 1]] - h[m] if k else fmpq(0)
        for i in q:
            total[i] += above[i] * step
            sums[m, i] = total[i]
            above[i] += L[m, i]
    for m in range(size):
        check()
        row = fmpq_mat(1, L.ncols(), [sums[m, i] for i in q])
        if squares(row, problem.outputs.gamma)[0] > problem.inputs.gamma[0, 0]:
            msg = f"the multipliers are too large at the kink through sample {m}"
            raise RefutedError(msg)


def samples_upper(problem: Samples, network: ProvedNetwork, check: Callable[[], None] = lambda: None) -> fmpq:
    """The objective of a network, rounded up; without weight decay of one that maps every sample to its point exactly.

    Raises
    ------
    RefutedError
        If it does not.
    """
    inputs, outputs = problem.inputs, problem.outputs
    W, A = weights(problem, network.neurons)
    cost = fmpq(0)
    for w, a in zip(squares(W, inputs.gamma), squares(A, outputs.gamma), strict=True):
        cost += root(w * a, upper=True)
    values = network_values(problem, network, check)
    found, q = values * outputs.gamma, range(outputs.rank)
    if problem.decay is None:
        for m, n in enumerate(problem.of):
            if any(found[m, i] != outputs.heights[n, i] for i in q):
                msg = f"the network does not map sample {m} to its point"
                raise RefutedError(msg)
        return problem.worth * cost
    loss = fmpq(0)
    lengths = [outputs.squared_distance(n, 0) for n in range(outputs.size)]
    for m, n in enumerate(problem.of):
        loss += sum((values[m, i] * (found[m, i] - 2 * outputs.heights[n, i]) for i in q), lengths[n])
        check()
    return problem.worth * (loss / (2 * inputs.size) + problem.decay * cost)


def network_values(problem: Samples, network: ProvedNetwork, check: Callable[[], None] = lambda: None) -> fmpq_mat:
    """Values at the samples as coefficients in the outputs' basis, shape (M, q), from the first point."""
    h, q = problem.inputs.heights, problem.outputs.rank
    V = fmpq_mat(q, problem.inputs.rank, [one for row in network.V for one in row])
    out = h * V.transpose() + fmpq_mat(h.nrows(), q, list(network.c) * h.nrows())
    for first in range(0, len(network.neurons), BLOCK):
        some = network.neurons[first : first + BLOCK]
        W, A = weights(problem, some)
        before = h * W.transpose()
        active = fmpq_mat(h.nrows(), len(some))
        for k, one in enumerate(some):
            for m in range(h.nrows()):
                if (height := before[m, k] + one.b) > 0:
                    active[m, k] = height
            check()
        out += active * A
    return out


def weights(problem: Samples, neurons: Sequence[ProvedNeuron]) -> tuple[fmpq_mat, fmpq_mat]:
    """Rows w and a of neurons."""
    count = len(neurons)
    return (
        fmpq_mat(count, problem.inputs.rank, [one for neuron in neurons for one in neuron.w]),
        fmpq_mat(count, problem.outputs.rank, [one for neuron in neurons for one in neuron.a]),
    )
