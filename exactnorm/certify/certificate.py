"""The certificate of a minimum-norm denoiser, and its recomputation from arrays alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from exactnorm.certify.cell import CellProof, cell_bound, uncovered
from exactnorm.certify.faces import largest_dual_value
from exactnorm.certify.finite import finite_lower_bound, finite_upper_bound, rounding
from exactnorm.certify.interpolation import interpolation_error
from exactnorm.certify.rays import rays_lower_bound
from exactnorm.finite_problem import FiniteProblem, finite_problem
from exactnorm.geometry import Frame
from exactnorm.network import ReLUNetwork
from exactnorm.patterns import activation_patterns
from exactnorm.tables import Tabular, TextTable, at_least, at_most
from exactnorm.training_set import Array, TrainingSet


class CertificateError(ValueError):
    """A certificate does not support what it states."""


def relative_gap(lower: float, upper: float) -> float:
    """(upper − lower)/upper; infinite where the upper bound is, 0 where both are 0."""
    if math.isinf(upper):
        return math.inf
    return (upper - lower) / upper if upper != 0 else 0.0


@dataclass(frozen=True, eq=False)
class Certificate(Tabular):
    """A bracket on the least representation cost, and what it rests on.

    Parameters
    ----------
    upper : float
        Cost of the network that comes with the certificate. Its residual is `interpolation_error`; it is the
        cost of that network, not a proof of an upper bound on the optimum. With weight decay it is the whole
        objective, and so is `lower`; no residual is left to account for.
    lower : float
        Dual bound: no network that interpolates the whole balls costs less, up to rounding.
    interpolation_error : float or None
        Supremum over the whole balls, or largest value over the noisy samples, of ‖h(y) − x_n‖, in the unit of the
        points. None with weight decay, which does not ask for interpolation.
    kind : {"computed", "theorem"}
        Whether the lower bound rests on B and the cells, or on a proved statement whose hypotheses hold.
    statement : str
        In words, what the lower bound rests on.
    patterns : int
        Number of activation patterns (with s_0 = 0, constant ones left out) that the bound covers.
    frame : Frame
        The coordinates that B and the cells are written in: x_0 is the origin, the farthest point has norm 1.
    B : ndarray, shape (N − 1, r, r + 1)
        Dual matrices, one for each ball but the first.
    proofs : tuple of CellProof
        Cells that cover every pattern, each with its multipliers. Where there are none, the lower bound rests on B
        and the maximum of its dual function, computed face by face.
    rays : tuple of int
        Of kind "theorem": rows of points on one-sided rays from the first of them. All points, or a part of them
        whose least cost bounds that of all.
    multipliers : ndarray, shape (U, r)
        For a finite problem: λ, one row for each distinct input in lexicographic order, columns coordinates of the
        targets' affine hull. `patterns`, `frame`, `B` and `proofs` are not used then.
    weight_decay : float or None
        The λ of the objective, where there is one.
    """

    upper: float
    lower: float
    interpolation_error: float | None
    kind: str
    statement: str
    patterns: int = 0
    frame: Frame | None = field(default=None, repr=False)
    B: Array | None = field(default=None, repr=False)
    proofs: tuple[CellProof, ...] = field(default=(), repr=False)
    rays: tuple[int, ...] = ()
    multipliers: Array | None = field(default=None, repr=False)
    weight_decay: float | None = None

    @property
    def gap(self) -> float:
        """Relative gap (upper − lower)/upper; infinite where the upper bound is, 0 where both are 0."""
        return relative_gap(self.lower, self.upper)

    @property
    def cells(self) -> int:
        """Number of cells whose multipliers make up the lower bound."""
        return len(self.proofs)

    def certifies(self, tol: float) -> bool:
        """Whether the relative gap is at most `tol`."""
        return self.gap <= tol

    def table(self) -> TextTable:
        """The bracket, what goes with it, and below it what it rests on."""
        rows = [
            ("cost of the network" if self.weight_decay is None else "objective at the network", at_least(self.upper)),
            ("lower bound", at_most(self.lower)),
            ("relative gap", f"{self.gap:.2e}"),
        ]
        if self.interpolation_error is not None:
            rows.append(("interpolation error", f"{self.interpolation_error:.2e}"))
        if self.patterns:
            rows.append(("patterns, cells", f"{self.patterns}, {self.cells}"))
        return TextTable(("certificate", self.kind), tuple(rows), self.statement)


def dual_bound(points: Array, rho: float, B: Array, proofs: tuple[CellProof, ...]) -> float:
    """Σ_n ⟨B_n, T_n⟩ / κ: the lower bound that B and the cells give, in the coordinates of the certificate.

    Parameters
    ----------
    points : ndarray, shape (N, r)
        Coordinates of the clean points; x_0 = 0.
    rho : float
        Radius in the same unit.
    B : ndarray, shape (N − 1, r, r + 1)
    proofs : tuple of CellProof
        Must cover every pattern; this function does not check that.
    """
    value = float(np.einsum("nr,nr->", B[:, :, -1], points[1:] - points[0]))
    if not proofs:
        return 0.0
    return max(value, 0.0) / max(cell_bound(proof, points, rho, B) for proof in proofs)


def face_bound(points: Array, rho: float, B: Array, patterns: NDArray[np.bool_]) -> float:
    """Σ_n ⟨B_n, T_n⟩ / κ, κ found by going through the faces of all patterns; B need not be feasible."""
    value = float(np.einsum("nr,nr->", B[:, :, -1], points[1:] - points[0]))
    if value <= 0:
        return 0.0
    # Where κ is below the floor the bound is valid all the same, and a B that comes from here has κ = 1.
    return value / largest_dual_value(points, rho, patterns, B, 0.999)


def check_certificate(
    certificate: Certificate, train: TrainingSet | FiniteProblem, network: ReLUNetwork
) -> tuple[float, float, float | None]:
    """Recompute (lower, upper, interpolation_error) from arrays alone; no solver and no stored result is trusted.

    Parameters
    ----------
    certificate : Certificate
    train : TrainingSet or FiniteProblem
        The problem that the certificate is for.
    network : ReLUNetwork

    Returns
    -------
    lower, upper, interpolation_error : float
        The last is None for a certificate with weight decay.

    Raises
    ------
    CertificateError
        If the cells leave a pattern uncovered, a multiplier leaves its cone, the frame does not hold the data,
        or a stored number is better than what was recomputed.
    """
    lower, upper, error = _recomputed(certificate, train, network)
    stated = certificate
    if not (lower >= stated.lower * (1 - 1e-9) and upper <= stated.upper * (1 + 1e-9)):  # nan is refused too
        msg = f"the certificate states [{stated.lower!r}, {stated.upper!r}] but supports only [{lower!r}, {upper!r}]"
        raise CertificateError(msg)
    told = stated.interpolation_error
    if error is not None and (told is None or error > told + _slack(train, network)):
        msg = f"the certificate states an interpolation error of {told}, but it is {error:.3e}"
        raise CertificateError(msg)
    return lower, upper, error


def _slack(train: TrainingSet | FiniteProblem, network: ReLUNetwork) -> float:
    """How far two computations of one interpolation error may differ."""
    if isinstance(train, FiniteProblem):
        return rounding(train, network)
    return 1e-12 * float(np.abs(train.points).max())


def _recomputed(
    certificate: Certificate, train: TrainingSet | FiniteProblem, network: ReLUNetwork
) -> tuple[float, float, float | None]:
    if isinstance(train, FiniteProblem):
        return _finite_bracket(certificate, train, network)
    if train.samples is not None:
        return _finite_bracket(certificate, finite_problem(train, certificate.weight_decay), network)
    lower = (
        _theorem_bound(certificate, train) if certificate.kind == "theorem" else _recomputed_bound(certificate, train)
    )
    return lower, network.representation_cost, interpolation_error(network, train.points, train.rho)


def _finite_bracket(
    certificate: Certificate, problem: FiniteProblem, network: ReLUNetwork
) -> tuple[float, float, float | None]:
    if certificate.weight_decay != problem.weight_decay:
        msg = f"the certificate is for weight_decay={certificate.weight_decay}, the problem has {problem.weight_decay}"
        raise CertificateError(msg)
    if certificate.multipliers is None:
        msg = "the certificate of a finite problem needs its multipliers"
        raise CertificateError(msg)
    try:
        lower = finite_lower_bound(problem, certificate.multipliers)
        upper, error = finite_upper_bound(problem, network)
    except ValueError as failed:
        raise CertificateError(str(failed)) from None
    return lower, upper, error if problem.weight_decay is None else None


def _theorem_bound(certificate: Certificate, train: TrainingSet) -> float:
    try:
        return rays_lower_bound(train.points[list(certificate.rays)], train.rho, 0)
    except (ValueError, IndexError) as failed:
        msg = f"the theorem does not apply: {failed}"
        raise CertificateError(msg) from None


def _check_proof(proof: CellProof, size: int, r: int) -> None:
    """Raise unless the arrays of a proof fit a cell of `size` balls in r dimensions and its multipliers their cones."""
    cell, rows = proof.cell, proof.cell.rows
    shapes = (len(cell.pattern), cell.cuts.shape[1:], proof.nu.shape, proof.ell.shape)
    if shapes != (size, (r,), (rows, rows), (rows, r + 1)) or not -1 <= cell.ball < size:
        msg = "a cell does not fit the balls, or its multipliers do not have the shape of its rows"
        raise CertificateError(msg)
    # Before anything is compared: no comparison with nan is true.
    if not all(np.isfinite(array).all() for array in (cell.cuts, proof.mu, proof.nu, proof.ell)):
        msg = f"the proof of pattern {cell.pattern.astype(int).tolist()} holds entries that are not finite"
        raise CertificateError(msg)
    lengths = np.linalg.norm(proof.ell[:, :r], axis=1)
    if proof.nu.min(initial=0.0) < 0 or np.any(lengths > proof.ell[:, r] * (1 + 1e-14)):
        msg = f"a multiplier of pattern {cell.pattern.astype(int).tolist()} leaves its cone"
        raise CertificateError(msg)


def _recomputed_bound(certificate: Certificate, train: TrainingSet) -> float:
    frame, B, proofs = certificate.frame, certificate.B, certificate.proofs
    if frame is None or B is None:
        if certificate.lower <= 0:
            return 0.0
        msg = "a computed certificate needs its frame, B and cells"
        raise CertificateError(msg)
    r = frame.rank
    size = float(np.ptp(train.points, axis=0).max())
    skew = np.abs(frame.axes @ frame.axes.T - np.eye(r)).max()
    # Written so that nan is refused too.
    if not (skew <= 1e-12 and frame.scale > 0 and np.array_equal(frame.origin, train.points[0])):
        msg = "the frame is not an orthonormal one at the first point"
        raise CertificateError(msg)
    if float(frame.distance(train.points).max()) > 1e-9 * size + 1e-12 * float(np.abs(train.points).max()):
        msg = "the frame does not hold the clean points"
        raise CertificateError(msg)
    points, rho = frame.coordinates(train.points), train.rho / frame.scale
    if not float(np.linalg.norm(points, axis=1).max()) <= 1 + 1e-9:
        msg = "the frame's unit is shorter than the distance of the farthest point from the first"
        raise CertificateError(msg)
    if B.shape != (train.size - 1, r, r + 1):
        msg = f"B has shape {B.shape}, expected {(train.size - 1, r, r + 1)}"
        raise CertificateError(msg)
    if not np.isfinite(B).all():
        msg = "B holds entries that are not finite"
        raise CertificateError(msg)
    for proof in proofs:
        _check_proof(proof, train.size, r)
    patterns = activation_patterns(points, rho, max_patterns=max(20000, certificate.patterns * 2))
    relevant = patterns[~patterns[:, 0] & patterns.any(axis=1)]
    if not proofs:
        return face_bound(points, rho, B, relevant)
    if missing := uncovered([proof.cell for proof in proofs], relevant):
        raise CertificateError(missing)
    return dual_bound(points, rho, B, proofs)
