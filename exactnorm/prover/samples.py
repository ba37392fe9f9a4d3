"""From samples with multipliers and a network to a proof: both in rational numbers."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.certify.certified_network import CertifiedNetwork
from exactnorm.certify.finite.bounds import largest_dual_value
from exactnorm.certify.finite.evidence import Multipliers as FloatMultipliers
from exactnorm.certify.finite.evidence import PenalisedMultipliers
from exactnorm.exact.deadline import OutOfTimeError
from exactnorm.finite_problem import coordinates
from exactnorm.network import ReLUNetwork
from exactnorm.patterns import TooManyPatternsError, kink_patterns
from exactnorm.proof.coverage import complete_patterns
from exactnorm.proof.limits import Limits, RefutedError, UndecidedError
from exactnorm.proof.rationals import exact, rounded
from exactnorm.proof.records import Multipliers, Nothing, ProvedNetwork, SampleProof
from exactnorm.proof.samples import matrices, samples_lower, samples_upper
from exactnorm.prover.cells import DIGITS, NotRepairedError, definite, translated
from exactnorm.prover.clashes import excluded
from exactnorm.prover.covering import covering
from exactnorm.prover.frame import matrix
from exactnorm.prover.record import DIGITS as DECIMALS
from exactnorm.prover.record import Means, Rigorous, claims
from exactnorm.prover.sample_network import exact_network
from exactnorm.prover.sample_task import SampleTask, data_of

MANY = 2000
"""Patterns beyond which no cells are made: each takes a small semidefinite program."""
UNPROVED = (
    NotRepairedError,
    RefutedError,
    TooManyPatternsError,
    UndecidedError,
    ArithmeticError,
    np.linalg.LinAlgError,
)
"""Why multipliers may not be proved."""


def for_samples(task: SampleTask, found: CertifiedDenoiser | CertifiedNetwork, means: Means) -> Rigorous:
    """The proved bracket of a denoiser of noisy samples, or of a network through inputs and targets."""
    said: list[str] = []
    lower: Multipliers | Nothing = Nothing()
    bound = fmpq(0)
    if found.certificate.lower > 0:
        lower, bound = proved_multipliers(task, found.certificate.evidence, means, said)
    network, upper = _upper(task, found.network, said)
    # An objective may be small: as many decimals as for one of order 1.
    low, high = claims(max(bound, fmpq(0)), upper, DECIMALS + (max(0, -magnitude(upper)) if upper else 0))
    decay = task.finite.weight_decay
    proof = SampleProof(
        task.about,
        None if decay is None else exact(decay),
        low,
        high,
        data_of(task),
        task.problem.inputs.basis,
        task.problem.outputs.basis,
        task.problem.units,
        lower,
        network,
    )
    return Rigorous(low, high, proof, tuple(said), time.perf_counter() - means.start)


def _upper(task: SampleTask, network: ReLUNetwork, said: list[str]) -> tuple[ProvedNetwork, fmpq] | tuple[None, None]:
    """An exact network and its cost."""
    found = exact_network(task, network)
    try:
        return found, samples_upper(task.problem, found)
    except (RefutedError, UndecidedError) as failed:
        said.append(f"no upper bound is proved: {failed}")
        return None, None


def magnitude(number: fmpq) -> int:
    """The power of ten next below a number > 0, or the one before."""
    return len(str(number.p)) - len(str(number.q)) - 1


def proved_multipliers(
    task: SampleTask, evidence: object, means: Means, said: list[str]
) -> tuple[Multipliers | Nothing, fmpq]:
    """The multipliers with their dual function at most 1, as nearly as can be proved, and their bound."""
    match evidence:
        case FloatMultipliers(values=values) | PenalisedMultipliers(values=values):
            L, floats = orthogonal(task, values)
        case _:
            said.append("the certificate has no multipliers; the lower bound that is proved is 0")
            return Nothing(), fmpq(0)
    try:
        found = _on_a_line(task, L) if task.problem.inputs.rank == 1 else _by_cells(task, L, floats, means)
        return found, samples_lower(task.problem, found)
    except OutOfTimeError:
        said.append("the time was over before every pattern had cells; the lower bound that is proved is 0")
    except UNPROVED as failed:
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
    # Of samples at one place multipliers may cancel: then no kink sees them.
    size = largest_dual_value(data, values) * data.input_frame.scale / task.frame.scale or 1.0
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
    most = 1 / kappa if kappa > 0 else np.inf
    if task.problem.decay is None:
        return most
    outputs, decay = task.problem.outputs, float(task.problem.decay)
    x = np.array([[float(outputs.heights[n, i]) for i in range(outputs.rank)] for n in task.problem.of])
    values = _floats(L)
    square = float(np.einsum("mi,ij,mj->", values, _floats(outputs.gamma), values))
    return min(most, max(0.0, float((values * x).sum()) / (decay * len(x) * square)))


def _by_cells(task: SampleTask, L: fmpq_mat, floats: Array, means: Means) -> Multipliers:
    """Cells for every pattern of the samples, with multipliers for λ as large as they allow."""
    patterns = sample_patterns(task.inputs)
    if len(patterns) > MANY:
        msg = f"{len(patterns)} patterns of samples are too many to make cells for"
        raise NotRepairedError(msg)
    X = task.X
    ones = np.column_stack([X, np.ones(len(X))])
    made = covering(X, 0.0, patterns, floats[1:, :, None] * ones[1:, None, :], means)
    factor = exact(best_factor(task, L, made.kappa * float(task.where.ratio)))
    L = L * factor
    # Multipliers of cells go with the square of λ.
    shrunk = (float(factor) * made.kappa * float(task.where.ratio)) ** 2
    cells, check = [], partial(means.check, f"{len(made.proofs)} cells in rational numbers")
    for one in made.proofs:
        check()
        smaller = replace(one, mu=one.mu * shrunk, nu=one.nu * shrunk, ell=one.ell * shrunk)
        cells.append(translated(task.where, smaller, DIGITS))
    rest = excluded(task.problem.inputs, X, 0.0, complete_patterns(cells, len(X), Limits(check)), check)
    if rest.left:
        msg = f"{len(rest.left)} patterns of samples have no cells"
        raise NotRepairedError(msg)
    found = definite(task.where, matrices(task.problem, L), cells, DIGITS, lambda one, share, _: one * share, check)
    return Multipliers(_rows(L * (1 - found.share)), found.cells, rest.clashes, rest.order)


def sample_patterns(inputs: Array) -> NDArray[np.bool_]:
    """The patterns of kinks on the samples, off at the first; equal samples are on one side."""
    distinct, first, which = np.unique(inputs, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.argsort(order)
    return np.asarray(kink_patterns(distinct[order], 0.0)[:, place[which.ravel()]])


def _rows(table: fmpq_mat) -> tuple[tuple[fmpq, ...], ...]:
    return tuple(tuple(table[i, j] for j in range(table.ncols())) for i in range(table.nrows()))


def _floats(table: fmpq_mat) -> Array:
    return np.array([[float(table[i, j]) for j in range(table.ncols())] for i in range(table.nrows())])
