"""From a certified denoiser of noisy samples to a proof: its multipliers and its network in rational numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.certify.finite.bounds import largest_dual_value
from exactnorm.certify.finite.evidence import Multipliers as FloatMultipliers
from exactnorm.certify.finite.evidence import PenalisedMultipliers
from exactnorm.exact.deadline import Deadline, OutOfTimeError
from exactnorm.finite_problem import FiniteProblem, coordinates, finite_problem
from exactnorm.geometry import Frame, affine_hull
from exactnorm.network import ReLUNetwork
from exactnorm.patterns import TooManyPatternsError, kink_patterns
from exactnorm.proof.bounds import RefutedError
from exactnorm.proof.coverage import complete_patterns
from exactnorm.proof.document import Multipliers, Nothing, ProvedNetwork, ProvedNeuron
from exactnorm.proof.rationals import exact, rounded
from exactnorm.proof.samples import Samples, matrices, network_values, sample_problem, samples_lower
from exactnorm.prover.cells import DIGITS, NotRepairedError, definite, translated
from exactnorm.prover.clashes import excluded
from exactnorm.prover.covering import covering
from exactnorm.prover.frame import Coordinates, affine_basis, matrix
from exactnorm.prover.frame import coordinates as exact_coordinates

WEIGHTS = 18
"""Decimals of the network's weights."""
MANY = 2000
"""Patterns beyond which no cells are made: each takes a small semidefinite program."""
DIRECTIONS = 64
"""Directions along which a network is looked for that supplies what another one misses."""


@dataclass(frozen=True, eq=False)
class SampleTask:
    """The problem in exact numbers and in coordinates; `into` takes vectors of the points' space into the outputs'."""

    finite: FiniteProblem
    problem: Samples
    frame: Frame
    where: Coordinates
    into: fmpq_mat
    inputs: Array

    @property
    def X(self) -> Array:
        """The samples in the frame."""
        return self.frame.coordinates(self.inputs)


def sample_task(denoiser: CertifiedDenoiser) -> SampleTask:
    """The problem of a denoiser for noisy samples."""
    train, decay = denoiser.train, denoiser.certificate.weight_decay
    assert train.samples is not None
    inputs = np.vstack(train.samples)
    frame = affine_hull(inputs)
    where = exact_coordinates(inputs, 0.0, frame.axes, frame.scale)
    outputs = affine_basis(train.points)
    problem = sample_problem(
        train.points, train.samples, None if decay is None else exact(decay), where.problem.basis, outputs, where.unit
    )
    rows = [[problem.outputs.offsets[n, k] for k in range(train.dimension)] for n in outputs]
    into = problem.outputs.gamma.solve(fmpq_mat(rows))
    where = replace(where, problem=problem.inputs)
    return SampleTask(finite_problem(train, decay), problem, frame, where, into, inputs)


def proved_multipliers(
    task: SampleTask, evidence: object, deadline: Deadline, said: list[str]
) -> tuple[Multipliers | Nothing, fmpq]:
    """The multipliers with their dual function at most 1, as nearly as can be proved, and their bound."""
    if not isinstance(evidence, FloatMultipliers | PenalisedMultipliers) or not evidence.values.any():
        said.append("the certificate has no multipliers; the lower bound that is proved is 0")
        return Nothing(), fmpq(0)
    L, floats = orthogonal(task, evidence.values)
    try:
        found = _on_a_line(task, L) if task.problem.inputs.rank == 1 else _by_cells(task, L, floats, deadline)
        return found, samples_lower(task.problem, found)
    except OutOfTimeError:
        said.append("the time was over before every pattern had cells; the lower bound that is proved is 0")
    except (NotRepairedError, RefutedError, TooManyPatternsError, ArithmeticError, np.linalg.LinAlgError) as failed:
        said.append(f"the multipliers are not proved: {failed}; the lower bound that is proved is 0")
    return Nothing(), fmpq(0)


def orthogonal(task: SampleTask, values: Array) -> tuple[fmpq_mat, Array]:
    """Multipliers of all samples, orthogonal to affine functions exactly, in the outputs' basis; and as floats.

    In the frame their dual function is at most 1, up to rounding. Samples that are equal share what their input has;
    with weight decay each keeps its own part of the residual.
    """
    finite, inputs, outputs = task.finite, task.problem.inputs, task.problem.outputs
    which = finite.distinct[1]
    data = coordinates(finite)
    each = (values / data.counts[:, None])[which]
    if data.decay is not None:
        x = data.target_frame.coordinates(finite.targets)
        # Certificates have multipliers for a dual function of at most 1, residuals are those for one of at most δ.
        each = each + (x - data.targets[which]) / (len(x) * data.decay)
    size = largest_dual_value(data, values) * data.input_frame.scale / task.frame.scale
    L = matrix(each / size @ data.target_frame.axes) * task.into.transpose()
    L = fmpq_mat([[rounded(L[m, i], DIGITS + 2) for i in range(outputs.rank)] for m in range(inputs.size)])
    # What is left over is taken by the samples of the basis.
    total = fmpq_mat([[fmpq(1)] * inputs.size]) * L
    slopes = inputs.gamma.solve(inputs.heights.transpose() * L)
    for i in range(outputs.rank):
        L[0, i] -= total[0, i] - sum((slopes[k, i] for k in range(inputs.rank)), fmpq(0))
        for k, row in enumerate(inputs.basis):
            L[row, i] -= slopes[k, i]
    return L, each / size


def _on_a_line(task: SampleTask, L: fmpq_mat) -> Multipliers:
    """Multipliers scaled to a largest dual value just below 1, which a line shows by itself."""
    h = task.problem.inputs.heights
    t = np.array([float(h[m, 0]) for m in range(task.problem.inputs.size)])
    axes = np.linalg.cholesky(_floats(task.problem.outputs.gamma))
    rows = _floats(L) @ axes
    ahead = np.maximum(t[None, :] - t[:, None], 0.0) @ rows
    kappa = float(np.linalg.norm(ahead, axis=1).max()) / float(task.problem.inputs.gamma[0, 0]) ** 0.5
    for loss in (1e-13, 1e-11, 1e-9, 1e-7):
        found = Multipliers(_rows(L * exact(best_factor(task, L, kappa) * (1 - loss))), (), (), ())
        try:
            samples_lower(task.problem, found)
        except RefutedError:
            continue
        return found
    msg = "their dual function is not known to seven digits"
    raise NotRepairedError(msg)


def best_factor(task: SampleTask, L: fmpq_mat, kappa: float) -> float:
    """The factor that makes most of multipliers with the largest dual value κ: a parabola's top, with weight decay."""
    most = 1 / kappa
    if task.problem.decay is None:
        return most
    outputs, decay = task.problem.outputs, float(task.problem.decay)
    x = np.array([[float(outputs.heights[n, i]) for i in range(outputs.rank)] for n in task.problem.of])
    values = _floats(L)
    square = float(np.einsum("mi,ij,mj->", values, _floats(outputs.gamma), values))
    return min(most, max(0.0, float((values * x).sum()) / (decay * len(x) * square)))


def _by_cells(task: SampleTask, L: fmpq_mat, floats: Array, deadline: Deadline) -> Multipliers:
    """Cells for every pattern of the samples, with multipliers for λ as large as they allow."""
    patterns = sample_patterns(task.inputs)
    if len(patterns) > MANY:
        msg = f"{len(patterns)} patterns of samples are too many to make cells for"
        raise NotRepairedError(msg)
    X = task.X
    ones = np.column_stack([X, np.ones(len(X))])
    made = covering(X, 0.0, patterns, floats[1:, :, None] * ones[1:, None, :], deadline)
    factor = exact(best_factor(task, L, made.kappa * float(task.where.ratio)))
    L = L * factor
    # Multipliers of cells go with the square of λ.
    shrunk = (float(factor) * made.kappa * float(task.where.ratio)) ** 2
    cells = [
        translated(task.where, replace(one, mu=one.mu * shrunk, nu=one.nu * shrunk, ell=one.ell * shrunk), DIGITS)
        for one in made.proofs
    ]
    rest = excluded(task.problem.inputs, X, 0.0, complete_patterns(cells, len(X)))
    if rest.left:
        msg = f"{len(rest.left)} patterns of samples have no cells"
        raise NotRepairedError(msg)
    found = definite(task.where, matrices(task.problem, L), cells, DIGITS, lambda one, share, _: one * share)
    return Multipliers(_rows(L * (1 - found.share)), found.cells, rest.clashes, rest.order)


def sample_patterns(inputs: Array) -> NDArray[np.bool_]:
    """The patterns of kinks on the samples, off at the first; equal samples are on one side."""
    distinct, first, which = np.unique(inputs, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.argsort(order)
    return np.asarray(kink_patterns(distinct[order], 0.0)[:, place[which.ravel()]])


def exact_network(task: SampleTask, network: ReLUNetwork) -> ProvedNetwork:
    """The network in rational numbers; without weight decay with what it then misses supplied along one direction."""
    inputs, outputs, unit = task.problem.inputs, task.problem.outputs, 2.0**task.where.unit
    norms = np.linalg.norm(network.w, axis=1)
    pull = inputs.gamma.solve(task.where.differences)
    w = pull * matrix(network.w / norms[:, None]).transpose() if network.neurons else fmpq_mat(inputs.rank, 0)
    a = task.into * matrix(network.a * norms[:, None]).transpose() if network.neurons else fmpq_mat(outputs.rank, 0)
    b = (network.w @ task.inputs[0] + network.b) / norms / unit
    neurons = [
        ProvedNeuron(_column(w, k), rounded(exact(float(b[k])), WEIGHTS), _column(a, k)) for k in range(network.neurons)
    ]
    V = fmpq_mat(outputs.rank, inputs.rank)
    slope = np.zeros((network.outputs, network.dimension)) if network.V is None else network.V
    if slope.any():
        V = task.into * matrix(slope) * task.where.differences.transpose() * inputs.gamma.inv()
    here = network.c + slope @ task.inputs[0] - task.finite.targets[0]
    c = task.into * matrix(here[:, None] / unit)
    found = ProvedNetwork(tuple(neurons), tuple(_column(V.transpose(), i) for i in range(outputs.rank)), _column(c, 0))
    return found if task.problem.decay is not None else corrected(task, found)


def corrected(task: SampleTask, network: ProvedNetwork) -> ProvedNetwork:
    """The network with a broken line along one direction added, that supplies exactly what it misses."""
    inputs, outputs = task.problem.inputs, task.problem.outputs
    wanted = outputs.gamma.solve(outputs.heights.transpose())
    values = network_values(task.problem, network)
    missed = [[wanted[i, n] - values[m, i] for i in range(outputs.rank)] for m, n in enumerate(task.problem.of)]
    theta, t = direction(task)
    order = sorted(range(inputs.size), key=lambda m: t[m])
    order = [m for k, m in enumerate(order) if k == 0 or t[m] != t[order[k - 1]]]
    slopes = [[(y - x) / (t[n] - t[m]) for x, y in zip(missed[m], missed[n], strict=True)] for m, n in pairwise(order)]
    more = []
    for k in range(1, len(slopes)):
        bend = tuple(y - x for x, y in zip(slopes[k - 1], slopes[k], strict=True))
        if any(bend):
            more.append(ProvedNeuron(theta, -t[order[k]], bend))
    V = tuple(
        tuple(old + slopes[0][i] * one for old, one in zip(row, theta, strict=True)) for i, row in enumerate(network.V)
    )
    first = order[0]
    c = tuple(old + missed[first][i] - slopes[0][i] * t[first] for i, old in enumerate(network.c))
    return ProvedNetwork((*network.neurons, *more), V, c)


def direction(task: SampleTask) -> tuple[tuple[fmpq, ...], list[fmpq]]:
    """A direction along which no two different samples are near each other, and the samples' places along it."""
    distinct = np.unique(task.X, axis=0)
    rng = np.random.default_rng(0)
    tried = np.vstack([np.eye(task.X.shape[1]), rng.standard_normal((DIRECTIONS, task.X.shape[1]))])
    tried /= np.linalg.norm(tried, axis=1)[:, None]
    gaps = np.diff(np.sort(distinct @ tried.T, axis=0), axis=0).min(axis=0)
    row = task.where.vectors(tried[int(np.argmax(gaps))])
    theta = tuple(rounded(row[0, i], 6) for i in range(row.ncols()))
    at = task.problem.inputs.heights * fmpq_mat([[one] for one in theta])
    return theta, [at[m, 0] for m in range(task.problem.inputs.size)]


def _column(table: fmpq_mat, k: int) -> tuple[fmpq, ...]:
    return tuple(rounded(table[i, k], WEIGHTS) for i in range(table.nrows()))


def _rows(table: fmpq_mat) -> tuple[tuple[fmpq, ...], ...]:
    return tuple(tuple(table[i, j] for j in range(table.ncols())) for i in range(table.nrows()))


def _floats(table: fmpq_mat) -> Array:
    return np.array([[float(table[i, j]) for j in range(table.ncols())] for i in range(table.nrows())])
