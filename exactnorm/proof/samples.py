"""Proofs about samples, with weight decay or without: what multipliers show, and what a network costs.

Noisy samples of clean points, or inputs with a target each: then the points are the targets, one for every sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from exactnorm.proof.bounds import check_cells
from exactnorm.proof.coverage import clash_flaw, uncovered
from exactnorm.proof.limits import FREE, Limits, RefutedError
from exactnorm.proof.matrices import added, matrix, plus_times, squares, times
from exactnorm.proof.network import BLOCK
from exactnorm.proof.network import extent as neurons_extent
from exactnorm.proof.problem import Balls, balls
from exactnorm.proof.rationals import root, short
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
    limits: Limits = FREE,
) -> Samples:
    """The problem from bases and units of samples and of points; errors as for `exactnorm.proof.problem.balls`."""
    values = balls(points, fmpq(0), bases[1], units[1], limits)
    inputs = balls(samples, fmpq(0), bases[0], units[0], limits)
    scaled = None if decay is None else decay / fmpq(2) ** (units[0] + units[1])
    return Samples(replace(inputs, values=values.gamma), values, tuple(of), scaled, units)


def samples_lower(problem: Samples, evidence: Multipliers | Nothing, limits: Limits = FREE) -> fmpq:
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
            return multipliers_bound(problem, evidence, limits)


def multipliers_bound(problem: Samples, evidence: Multipliers, limits: Limits) -> fmpq:
    """What `samples_lower` is with multipliers."""
    inputs, outputs = problem.inputs, problem.outputs
    L = matrix(evidence.values, outputs.rank)
    bits = limits.extent(L.entries(), "sums of multipliers") + inputs.bits + outputs.bits
    limits.room(inputs.size * outputs.rank * (inputs.rank + 1), bits, "sums of multipliers")
    forms = (fmpq_mat([[fmpq(1)] * inputs.size]), inputs.heights.transpose())
    if any(one != 0 for form in forms for one in times(form, L, limits, bits).entries()):
        msg = "the multipliers are not orthogonal to affine functions"
        raise RefutedError(msg)
    if inputs.rank == 1:
        check_line(problem, L, limits, bits)
    else:
        for clash in evidence.clashes:
            if why := clash_flaw(inputs, clash, limits):
                raise RefutedError(why)
            limits.check()
        if why := uncovered(inputs, evidence, limits):
            raise RefutedError(why)
        check_cells(inputs, evidence.cells, matrices(problem, L, limits), limits)
    # By points: of all samples of one the multipliers are added first.
    switched = fmpq_mat(outputs.size, inputs.size, [int(n == k) for k in range(outputs.size) for n in problem.of])
    sums = times(switched, L, limits, bits)
    gain = added((sums[n, i] * outputs.heights[n, i] for n in range(outputs.size) for i in range(outputs.rank)), limits)
    if problem.decay is None:
        return problem.worth * gain
    square = added(squares(L, outputs.gamma, limits, bits), limits)
    return problem.worth * problem.decay * (gain - problem.decay * inputs.size * square / 2)


def matrices(problem: Samples, L: fmpq_mat, limits: Limits = FREE) -> list[fmpq_mat]:
    """λ_m (h_m, 1), for every sample but the first: what `B` is for balls."""
    found, h, r = [], problem.inputs.heights, problem.inputs.rank
    for m in range(1, problem.inputs.size):
        limits.check()
        row = [*(h[m, j] for j in range(r)), fmpq(1)]
        found.append(fmpq_mat(L.ncols(), r + 1, [L[m, i] * one for i in range(L.ncols()) for one in row]))
    return found


def check_line(problem: Samples, L: fmpq_mat, limits: Limits, bits: int) -> None:
    """Raise unless ‖Σ λ_m [y_m − t]_+‖ ≤ 1 at every sample t of a line; in between it is convex, and beyond it is 0."""
    size, q = problem.inputs.size, L.ncols()
    h = [problem.inputs.heights[m, 0] for m in range(size)]
    order = ascending(problem.inputs.heights)[::-1]
    above, total, totals = [fmpq(0)] * q, [fmpq(0)] * q, []
    for k, m in enumerate(order):
        step = h[order[k - 1]] - h[m] if k else fmpq(0)
        for i in range(q):
            limits.check()
            total[i] += above[i] * step
            above[i] += L[m, i]
        totals.append(tuple(total))
    lengths = squares(matrix(totals, q), problem.outputs.gamma, limits, bits)
    for m, square in zip(order, lengths, strict=True):
        if square > problem.inputs.gamma[0, 0]:
            msg = f"the multipliers are too large at the kink through sample {m}"
            raise RefutedError(msg)


def samples_upper(problem: Samples, network: ProvedNetwork, limits: Limits = FREE) -> fmpq:
    """The objective of a network, rounded up; without weight decay of one that maps every sample to its point exactly.

    Raises
    ------
    RefutedError
        If it does not.
    """
    outputs, bits = problem.outputs, extent(problem, network, limits)
    cost = fmpq(0)
    for first in range(0, len(network.neurons), BLOCK):
        W, A = weights(problem, network.neurons[first : first + BLOCK])
        lengths = (squares(W, problem.inputs.gamma, limits, bits), squares(A, outputs.gamma, limits, bits))
        cost += sum((root(w * a, upper=True) for w, a in zip(*lengths, strict=True)), fmpq(0))
    values = network_values(problem, network, limits, bits)
    found = times(values, outputs.gamma, limits, bits)
    if problem.decay is None:
        for m, n in enumerate(problem.of):
            if any(found[m, i] != outputs.heights[n, i] for i in range(outputs.rank)):
                msg = f"the network does not map sample {m} to its point"
                raise RefutedError(msg)
        return problem.worth * cost
    return problem.worth * (loss(problem, values, found, limits) + problem.decay * cost)


def loss(problem: Samples, values: fmpq_mat, images: fmpq_mat, limits: Limits) -> fmpq:
    """Half the mean square of what values miss, rounded up; `images` are their products with the outputs' basis."""
    outputs, total = problem.outputs, fmpq(0)
    lengths = [outputs.squared_distance(n, 0) for n in range(outputs.size)]
    for m, n in enumerate(problem.of):
        terms = (values[m, i] * (images[m, i] - 2 * outputs.heights[n, i]) for i in range(outputs.rank))
        total += short(lengths[n] + added(terms, limits), upper=True)
    return total / (2 * problem.inputs.size)


def extent(problem: Samples, network: ProvedNetwork, limits: Limits) -> int:
    """Bits of a value of the network; `UndecidedError` if all together are too long."""
    bits = neurons_extent(network.neurons, limits) + problem.inputs.bits + problem.outputs.bits
    bits += limits.extent((one for row in (*network.V, network.c) for one in row), "V and c")
    width = max(problem.outputs.rank, problem.inputs.rank, BLOCK)
    limits.room(problem.inputs.size * width, bits, "what the network is at the samples")
    return bits


def network_values(problem: Samples, network: ProvedNetwork, limits: Limits = FREE, bits: int = 0) -> fmpq_mat:
    """Values at the samples as coefficients in the outputs' basis, shape (M, q), from the first point."""
    if problem.inputs.rank == 1:
        return line_values(problem, network, limits)
    h, q = problem.inputs.heights, problem.outputs.rank
    out = times(h, matrix(network.V, problem.inputs.rank).transpose(), limits, bits)
    out += fmpq_mat(h.nrows(), q, list(network.c) * h.nrows())
    for first in range(0, len(network.neurons), BLOCK):
        some = network.neurons[first : first + BLOCK]
        W, A = weights(problem, some)
        before = times(h, W.transpose(), limits, bits)
        active = fmpq_mat(h.nrows(), len(some))
        for k, one in enumerate(some):
            for m in range(h.nrows()):
                if (height := before[m, k] + one.b) > 0:
                    active[m, k] = height
            limits.check()
        out = plus_times(out, active, A, limits, bits)
    return out


def line_values(problem: Samples, network: ProvedNetwork, limits: Limits) -> fmpq_mat:
    """The same on a line: from one kink to the next slope and constant change by one neuron's."""
    h, q = problem.inputs.heights, problem.outputs.rank
    out, slope, level = fmpq_mat(h.nrows(), q), [row[0] for row in network.V], list(network.c)

    def switch(neuron: ProvedNeuron, sign: int) -> None:
        for i, one in enumerate(neuron.a):
            slope[i] += sign * one * neuron.w[0]
            level[i] += sign * one * neuron.b
            limits.check()

    for one in network.neurons:
        if one.w[0] < 0 or (one.w[0] == 0 and one.b > 0):
            switch(one, 1)
    kinks = sorted(((-one.b / one.w[0], k) for k, one in enumerate(network.neurons) if one.w[0] != 0), reverse=True)
    for m in ascending(h):
        while kinks and kinks[-1][0] < h[m, 0]:
            passed = network.neurons[kinks.pop()[1]]
            switch(passed, 1 if passed.w[0] > 0 else -1)
        for i in range(q):
            out[m, i] = slope[i] * h[m, 0] + level[i]
            limits.check()
    return out


def ascending(heights: fmpq_mat) -> list[int]:
    """The rows of a single column in order, compared as whole numbers, which is faster."""
    over_one_denominator = heights.numer_denom()[0]
    keys = [int(one) for one in over_one_denominator.entries()]
    return sorted(range(len(keys)), key=keys.__getitem__)


def weights(problem: Samples, neurons: Sequence[ProvedNeuron]) -> tuple[fmpq_mat, fmpq_mat]:
    """Rows w and a of neurons."""
    return (
        matrix([one.w for one in neurons], problem.inputs.rank),
        matrix([one.a for one in neurons], problem.outputs.rank),
    )
