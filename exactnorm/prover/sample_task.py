"""A problem with samples in exact numbers, of noisy ones or of inputs with targets, and the way there from floats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flint import fmpq, fmpq_mat

from exactnorm.arrays import Array
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.certify.certified_network import CertifiedNetwork
from exactnorm.finite_problem import FiniteProblem, finite_problem
from exactnorm.geometry import Frame, affine_hull
from exactnorm.proof.problem import fingerprint
from exactnorm.proof.rationals import exact
from exactnorm.proof.records import SAMPLES, TARGETS, Data
from exactnorm.proof.samples import Samples, sample_problem
from exactnorm.prover.frame import Coordinates, affine_basis, unit_of
from exactnorm.prover.frame import coordinates as exact_coordinates


@dataclass(frozen=True, eq=False)
class SampleTask:
    """The problem in exact numbers and in coordinates; `into` takes vectors of the points' space into the outputs'.

    `about` is what the claim will say it is about; `points` are clean points, or the targets.
    """

    about: str
    points: Array
    finite: FiniteProblem
    problem: Samples
    frame: Frame
    where: Coordinates
    into: fmpq_mat

    @property
    def inputs(self) -> Array:
        """All samples, shape (M, p)."""
        return self.finite.inputs

    @property
    def X(self) -> Array:
        """The samples in the frame."""
        return self.frame.coordinates(self.inputs)


def sample_task(denoiser: CertifiedDenoiser) -> SampleTask:
    """The problem of a denoiser for noisy samples."""
    train = denoiser.train
    assert train.samples is not None
    finite = finite_problem(train, denoiser.certificate.weight_decay)
    of = [n for n, one in enumerate(train.samples) for _ in one]
    unit = unit_of(finite.inputs)
    return _task(SAMPLES, train.points, finite, of, (unit, unit))


def network_task(found: CertifiedNetwork) -> SampleTask:
    """The problem of a network through inputs and targets.

    Raises
    ------
    ValueError
        If it has no skip connection or penalises biases: no proof has been written down for these.
    """
    finite = found.problem
    if not finite.skip or finite.penalise_bias:
        given = "no skip connection" if not finite.skip else "penalised biases"
        msg = (
            f"the problem has {given}: there are proofs for networks with a skip connection and free biases only; its "
            "certificate can be recomputed in floating point with exactnorm.check_certificate"
        )
        raise ValueError(msg)
    constant = not (finite.targets != finite.targets[0]).any()
    units = unit_of(finite.inputs), 0 if constant else unit_of(finite.targets)
    return _task(TARGETS, finite.targets, finite, range(len(finite.inputs)), units)


def _task(about: str, points: Array, finite: FiniteProblem, of: Sequence[int], units: tuple[int, int]) -> SampleTask:
    inputs, decay = finite.inputs, finite.weight_decay
    frame = affine_hull(inputs)
    where = exact_coordinates(inputs, 0.0, frame.axes, frame.scale)
    outputs = affine_basis(points)
    problem = sample_problem(
        points, inputs, of, None if decay is None else exact(decay), (where.problem.basis, outputs), units
    )
    columns = range(points.shape[1])
    rows = fmpq_mat(len(outputs), len(columns), [problem.outputs.offsets[n, k] for n in outputs for k in columns])
    into = problem.outputs.gamma.solve(rows)
    return SampleTask(about, points, finite, problem, frame, replace(where, problem=problem.inputs), into)


def data_of(task: SampleTask) -> Data:
    """What the claim is for."""
    inputs, points = task.inputs, task.points
    return Data((fingerprint(points), fingerprint(inputs)), *points.shape, *inputs.shape)


def ratio(task: SampleTask) -> fmpq:
    """The unit of inputs in that of outputs."""
    inner, outer = task.problem.units
    return fmpq(2) ** (inner - outer)
