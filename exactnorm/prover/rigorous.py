"""`rigorous`: from a certified denoiser to a bracket that is a theorem about the given floats."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np
from flint import fmpq

from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.geometry import affine_hull
from exactnorm.patterns import TooManyPatternsError, activation_patterns
from exactnorm.proof.bounds import RefutedError, rays_bound, segments_bound, upper_bound
from exactnorm.proof.coverage import tree_complete
from exactnorm.proof.document import Cells, Claim, Lower, Nothing, Proof, ProvedNeuron, Rays, Segments
from exactnorm.proof.problem import fingerprint
from exactnorm.proof.rationals import above, below, exact
from exactnorm.prover.cells import NotRepairedError, repaired
from exactnorm.prover.clashes import excluded
from exactnorm.prover.evidence import Evidence, evidence_of
from exactnorm.prover.frame import Coordinates, coordinates
from exactnorm.prover.network import NoNetworkError, exact_neurons
from exactnorm.prover.text import proof_text

DIGITS = 12
"""Decimals of the claimed bounds."""


@dataclass(frozen=True, eq=False)
class Rigorous:
    """A proved bracket: rational numbers lower ≤ least cost ≤ upper.

    Parameters
    ----------
    lower : fmpq
    upper : fmpq or None
        None where no exact network was found.
    proof : Proof
        The claim and all that it takes to verify it.
    said : tuple of str
        What could not be proved, and what was proved in its place.
    seconds : float
        That the proof took.
    """

    lower: fmpq
    upper: fmpq | None
    proof: Proof = field(repr=False)
    said: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def gap(self) -> float:
        """Relative gap (upper − lower)/upper; infinite where there is no upper bound."""
        return float("inf") if self.upper is None else float((self.upper - self.lower) / self.upper)

    @property
    def text(self) -> str:
        """The proof as it is written to a file."""
        return proof_text(self.proof)


def rigorous(denoiser: CertifiedDenoiser) -> Rigorous:
    """Prove a bracket on the least cost of the denoiser's problem, as near to the certificate's as may be.

    Raises
    ------
    ValueError
        If the problem is not one of noise balls.
    """
    start = time.perf_counter()
    train = denoiser.train
    if train.samples is not None:
        msg = "a proof is written for noise balls; this denoiser is for noisy samples"
        raise ValueError(msg)
    evidence, points = evidence_of(denoiser), train.points
    frame = affine_hull(points) if evidence.frame is None else evidence.frame
    where = coordinates(points, train.rho, frame.axes, frame.scale)
    X = frame.coordinates(points)
    said: list[str] = []
    neurons, upper = _upper(where, denoiser, X, said)
    lower, bound = _lower(where, evidence, X, train.rho / frame.scale, said)
    claim = Claim(
        "noise balls",
        exact(train.rho),
        below(bound, DIGITS),
        None if upper is None else above(upper, DIGITS),
    )
    size, dimension = points.shape
    proof = Proof(
        claim, fingerprint(points), size, dimension, where.problem.basis, where.unit, lower, neurons
    )
    return Rigorous(claim.lower, claim.upper, proof, tuple(said), time.perf_counter() - start)


def save_proof(file: str | PathLike[str], found: Rigorous) -> None:
    """Write the proof to a file."""
    Path(file).write_text(found.text, encoding="ascii")


def _upper(
    where: Coordinates, denoiser: CertifiedDenoiser, X: np.ndarray, said: list[str]
) -> tuple[tuple[ProvedNeuron, ...] | None, fmpq | None]:
    train = denoiser.train
    rho = train.rho * float(np.linalg.norm(X, axis=1).max()) / float(np.linalg.norm(train.points - train.points[0], axis=1).max())
    try:
        patterns = activation_patterns(X, rho)
    except TooManyPatternsError:
        patterns = np.zeros((0, train.size), dtype=bool)
    patterns = patterns[~patterns[:, 0] & patterns.any(axis=1)]
    try:
        neurons = exact_neurons(where, denoiser.network, train.points, X, patterns)
        return neurons, upper_bound(where.problem, neurons)
    except (NoNetworkError, RefutedError) as failed:
        said.append(f"no upper bound is proved: {failed}")
        return None, None


def _lower(
    where: Coordinates, evidence: Evidence, X: np.ndarray, rho: float, said: list[str]
) -> tuple[Lower, fmpq]:
    if evidence.proofs and evidence.B is not None:
        try:
            found = repaired(where, evidence.B, evidence.proofs)
        except NotRepairedError as failed:
            said.append(f"the dual matrices are not proved: {failed}")
        else:
            covered = _covered(found.cells, where.problem.size)
            rest = excluded(where.problem, X, rho, covered)
            if not rest.left:
                return Cells(found.B, found.cells, rest.clashes, rest.order), found.lower
            said.append(f"{len(rest.left)} patterns have no cells and are not shown to be empty")
    if evidence.rays:
        rays = Rays(evidence.rays)
        try:
            return rays, rays_bound(where.problem, rays)
        except RefutedError as failed:
            said.append(f"the theorem on rays does not apply to these floats: {failed}")
    if evidence.segments is not None:
        pass
    return Nothing(), fmpq(0)


def _covered(cells: tuple, size: int) -> set[int]:
    groups: dict[int, dict[int, list]] = {}
    for cell in cells:
        groups.setdefault(cell.on, {}).setdefault(cell.ball, []).append(cell.cuts)
    return {
        on
        for on, balls in groups.items()
        if (-1 in balls and tree_complete(balls[-1]))
        or all(j in balls and tree_complete(balls[j]) for j in range(size))
    }
