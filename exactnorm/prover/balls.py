"""Noise balls: the best lower bound of several ways, and an exact network."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np
from flint import fmpq

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import CellProof
from exactnorm.certify.balls.simplex import one_versus_rest_is_least
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.certify.effort import Effort
from exactnorm.exact.balls.pricing import rescaled
from exactnorm.exact.balls.wider import solve_sturdily
from exactnorm.exact.deadline import OutOfTimeError
from exactnorm.exact.settings import Settings
from exactnorm.geometry import Frame, affine_hull
from exactnorm.network import ReLUNetwork
from exactnorm.patterns import Patterns, TooManyPatternsError, activation_patterns
from exactnorm.proof.bounds import cells_bound, lower_bound, rays_bound
from exactnorm.proof.coverage import TooManyPatternsError as UnsearchedError
from exactnorm.proof.coverage import complete_patterns
from exactnorm.proof.limits import FREE, Limits, RefutedError, UndecidedError
from exactnorm.proof.network import upper_bound
from exactnorm.proof.problem import fingerprint
from exactnorm.proof.rationals import exact
from exactnorm.proof.records import (
    BALLS,
    Cells,
    Claim,
    Corners,
    Lower,
    Nothing,
    Proof,
    ProvedNeuron,
    Rays,
)
from exactnorm.proof.simplex import distance
from exactnorm.prover.cells import DIGITS, NotRepairedError, located, repaired
from exactnorm.prover.clashes import Excluded, excluded
from exactnorm.prover.covering import Covering, covering
from exactnorm.prover.evidence import Evidence, evidence_of
from exactnorm.prover.frame import Coordinates, coordinates
from exactnorm.prover.network import NoNetworkError, exact_neurons, with_sides
from exactnorm.prover.rays import by_rounding, exact_rays, ray_neurons
from exactnorm.prover.record import Means, Rigorous, claims
from exactnorm.prover.segments import all_segments, exact_segments, nearest_segment
from exactnorm.prover.simplex import corner_neurons, near_corners
from exactnorm.training_set import TrainingSet

MANY = 2000
"""Patterns beyond which no cells are made for the purpose: each takes a small semidefinite program."""
WORTH_SAYING = 2e-6
"""Relative loss of a bound, of a lower one by cells that were made for it, beyond which it is told."""
SATISFYING = 1e-4
"""Relative loss of a lower bound against the certificate's beyond which another way is tried."""
UNPROVED = (NotRepairedError, RefutedError, UnsearchedError, UndecidedError, ArithmeticError, np.linalg.LinAlgError)
"""Why dual matrices may not be proved."""

Found = tuple[Lower, fmpq]


def for_balls(denoiser: CertifiedDenoiser, means: Means) -> Rigorous:
    """The proved bracket of a denoiser of noise balls."""
    train = denoiser.train
    evidence = evidence_of(denoiser)
    frame = affine_hull(train.points) if evidence.frame is None else evidence.frame
    where = coordinates(train.points, train.rho, frame.axes, frame.scale)
    rays = exact_rays(where.problem, train.points, evidence.rays) if evidence.rays else None
    task = Task(train, frame, where, evidence, rays, means)
    neurons, upper = _upper(task, denoiser.network)
    if upper is not None and float(upper) > denoiser.certificate.upper * (1 + WORTH_SAYING):
        task.said.append(f"the upper bound that is proved, {float(upper):.6g}, is weaker than the certificate's")
    lower, bound = _lower(task, denoiser.certificate.lower * (1 - SATISFYING))
    claim = Claim(BALLS, exact(train.rho), *claims(bound, upper))
    size, dimension = train.points.shape
    proof = Proof(claim, fingerprint(train.points), size, dimension, where.problem.basis, where.unit, lower, neurons)
    return Rigorous(claim.lower, claim.upper, proof, tuple(task.said), time.perf_counter() - means.start)


@dataclass(frozen=True, eq=False)
class Task:
    """The problem in exact numbers and in the frame's, what there is to prove it with, and what there is to say."""

    train: TrainingSet
    frame: Frame
    where: Coordinates
    evidence: Evidence
    rays: Rays | None
    means: Means
    said: list[str] = field(default_factory=list)

    @property
    def X(self) -> Array:
        """The points in the frame."""
        return self.frame.coordinates(self.train.points)

    @property
    def rho(self) -> float:
        """The radius in the frame."""
        return self.train.rho / self.frame.scale

    @cached_property
    def patterns(self) -> Patterns:
        """The living patterns with the first ball off; none where they are too many."""
        try:
            found = activation_patterns(self.X, self.rho)
        except (TooManyPatternsError, ArithmeticError):
            found = np.zeros((0, self.train.size), dtype=bool)
        return found[~found[:, 0] & found.any(axis=1)]


def _upper(task: Task, network: ReLUNetwork) -> tuple[tuple[ProvedNeuron, ...] | None, fmpq | None]:
    """An exact network and its cost."""
    problem = task.where.problem
    try:
        neurons = None if task.rays is None else ray_neurons(problem, task.rays)
        if neurons is None and len(task.evidence.corners) == problem.size and _one_versus_rest(task.train):
            neurons = corner_neurons(problem)
        if neurons is None:
            check = partial(task.means.check, "a network in rational numbers")
            left = task.means.deadline.remaining
            network, on = with_sides(network, task.train, Effort(max(left, 1e-9) if np.isfinite(left) else None))
            neurons = exact_neurons(task.where, network, on, task.train.points, task.X, lambda: task.patterns, check)
        return neurons, upper_bound(problem, neurons)
    except (NoNetworkError, RefutedError, UndecidedError) as failed:
        task.said.append(f"no upper bound is proved: {failed}")
    except OutOfTimeError:
        task.said.append("no upper bound is proved: the time was over")
    return None, None


def _one_versus_rest(train: TrainingSet) -> bool:
    """Whether a ramp for each corner of a simplex has the least cost."""
    try:
        return one_versus_rest_is_least(train.points, train.rho)
    except ValueError:
        return False


def _lower(task: Task, wanted: float) -> Found:
    """The best lower bound of several ways, the later ones tried only where the earlier disappoint."""
    best: Found = (Nothing(), fmpq(0))
    for way in (_by_rays, _by_corners, _by_cells, _by_segments, _by_program):
        found = way(task)
        if found is not None and found[1] > best[1]:
            best = found
        if float(best[1]) >= wanted and best[1] > 0:
            return best
    for last in (all_segments, nearest_segment):
        found = last(task.where.problem, task.train, task.where.unit)
        if found is not None and found[1] > best[1]:
            best = found
    if float(best[1]) < wanted:
        task.said.append(f"the lower bound that is proved, {float(best[1]):.6g}, is weaker than the certificate's")
    return best


def _by_rays(task: Task) -> Found | None:
    if task.rays is None:
        if task.evidence.rays:
            task.said.append("the theorem on rays does not apply to these floats: its hypotheses hold to rounding only")
        return None
    try:
        bound = rays_bound(task.where.problem, task.rays)
    except (RefutedError, UndecidedError) as failed:
        task.said.append(f"the theorem on rays does not apply to these floats: {failed}")
        return None
    if by_rounding(task.where.problem, task.rays):
        task.said.append(
            "these floats are one-sided rays up to rounding only: what is proved holds for them as they are"
        )
    return task.rays, bound


def _by_corners(task: Task) -> Found | None:
    if not task.evidence.corners:
        return None
    problem, rows = task.where.problem, task.evidence.corners
    found: Lower = Corners(rows)
    try:
        bound = lower_bound(problem, found)
    except RefutedError as failed:
        near = near_corners(problem, rows)
        if near is None:
            task.said.append(f"the theorems on regular simplices do not apply to these floats: {failed}")
            return None
        found, bound = near, lower_bound(problem, near)
    if not distance(problem, rows, FREE):
        task.said.append(
            "these floats are the corners of a regular simplex up to rounding only: what is proved holds for them as "
            "they are"
        )
    return found, bound


def _by_cells(task: Task) -> Found | None:
    if task.evidence.B is None:
        return None
    B, proofs = task.evidence.B, task.evidence.proofs
    problem = task.where.problem
    try:
        if not proofs and len(task.patterns) <= MANY:
            made = covering(task.X, task.rho, task.patterns, B, task.means)
            B, proofs = made.B, made.proofs
            _tell_loss(task, made)
        places, check = [], partial(task.means.check, "patterns without a kink")
        for one in proofs:
            check()
            places.append(located(task.where, one, DIGITS))
        covered = complete_patterns(places, problem.size, Limits(check))
        rest = excluded(problem, task.X, task.rho, covered, check)
        if 0 < len(rest.left) <= MANY:
            B, proofs = _with_cells(task, B, proofs, rest)
        elif rest.left:
            task.said.append(f"{len(rest.left)} patterns have no cells, too many to make them")
            return None
        check = partial(task.means.check, f"{len(proofs)} cells in rational numbers")
        found = repaired(task.where, B, proofs, check)
        evidence = Cells(found.B, found.cells, rest.clashes, rest.order)
        # The verifier's word, not the repair's: nothing is claimed that it does not show.
        return evidence, cells_bound(problem, evidence, Limits(check))
    except OutOfTimeError:
        task.said.append("the time was over before every pattern had cells that are proved")
        return None
    except UNPROVED as failed:
        task.said.append(f"the dual matrices are not proved: {failed}")
        return None


def _with_cells(
    task: Task, B: Array, proofs: Sequence[CellProof], rest: Excluded
) -> tuple[Array, tuple[CellProof, ...]]:
    """Cells also for the patterns that are left, dead by too little to be shown so."""
    patterns = np.array([[on >> n & 1 for n in range(task.train.size)] for on in rest.left], dtype=bool)
    made = covering(task.X, task.rho, patterns, B, task.means)
    _tell_loss(task, made)
    return made.B, (*(rescaled(one, made.kappa**-2) for one in proofs), *made.proofs)


def _tell_loss(task: Task, made: Covering) -> None:
    """Say by how much cells that were made prove less than the certificate, and which is to blame."""
    if made.lost > WORTH_SAYING:
        on = np.flatnonzero(made.worst.pattern).tolist()
        task.said.append(
            f"multipliers of {len(made.proofs)} cells prove {made.lost:.1g} less than the certificate, "
            f"because of one with balls {on} on"
        )


def _by_segments(task: Task) -> Found | None:
    if task.evidence.segments is None:
        return None
    return exact_segments(task.where.problem, task.train.points, task.where.unit, task.evidence.segments)


def _by_program(task: Task) -> Found | None:
    """The program, for a theorem that does not hold exactly."""
    if not task.evidence.rays or not 0 < len(task.patterns) <= MANY:
        return None
    try:
        solved = solve_sturdily(task.train, Settings(1e-6, task.means.solver, task.means.deadline))
    except (ValueError, ArithmeticError) as failed:
        task.said.append(f"nor did the program: {failed}")
        return None
    task.said.append("a bracket of the convex program, near the theorem's, is proved in its place")
    return _by_cells(replace(task, evidence=evidence_of(solved), rays=None))
