"""Noise balls: the best lower bound of several ways, and an exact network."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

import numpy as np
from flint import fmpq

from exactnorm.certify.balls.simplex import one_versus_rest_is_least
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.certify.effort import Effort
from exactnorm.exact.balls.wider import solve_sturdily
from exactnorm.exact.deadline import OutOfTimeError
from exactnorm.exact.settings import Settings
from exactnorm.geometry import affine_hull
from exactnorm.network import ReLUNetwork
from exactnorm.proof.bounds import lower_bound, rays_bound
from exactnorm.proof.limits import FREE, RefutedError, UndecidedError
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
    Part,
    Proof,
    ProvedNeuron,
    Segments,
)
from exactnorm.proof.simplex import distance
from exactnorm.prover.by_cells import by_cells
from exactnorm.prover.evidence import evidence_of
from exactnorm.prover.frame import coordinates
from exactnorm.prover.network import NoNetworkError, exact_neurons, with_sides
from exactnorm.prover.rays import by_rounding, exact_rays, ray_neurons
from exactnorm.prover.record import Means, Rigorous, claims
from exactnorm.prover.segments import all_segments, exact_segments, nearest_segment
from exactnorm.prover.simplex import corner_neurons, near_corners
from exactnorm.prover.task import MANY, WORTH_SAYING, Found, Task
from exactnorm.training_set import TrainingSet

SATISFYING = 1e-4
"""Relative loss of a lower bound against the certificate's beyond which another way is tried."""


def for_balls(denoiser: CertifiedDenoiser, means: Means) -> Rigorous:
    """The proved bracket of a denoiser of noise balls."""
    train = denoiser.train
    evidence = evidence_of(denoiser)
    frame = affine_hull(train.points) if evidence.frame is None else evidence.frame
    where = coordinates(train.points, train.rho, frame.axes, frame.scale)
    rays = exact_rays(where.problem, train.points, evidence.rays) if evidence.rays else None
    task = Task(train, frame, where, evidence, rays, means, denoiser.certificate.lower)
    neurons, upper = _upper(task, denoiser.network)
    if upper is not None and float(upper) > denoiser.certificate.upper * (1 + WORTH_SAYING):
        task.said.append(f"the upper bound that is proved, {float(upper):.6g}, is weaker than the certificate's")
    lower, bound = _lower(task, denoiser.certificate.lower * (1 - SATISFYING))
    claim = Claim(BALLS, exact(train.rho), *claims(bound, upper))
    size, dimension = train.points.shape
    proof = Proof(claim, fingerprint(train.points), size, dimension, where.problem.basis, where.unit, lower, neurons)
    return Rigorous(claim.lower, claim.upper, proof, tuple(task.said), time.perf_counter() - means.start)


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
    for way in (_by_rays, _by_corners, _by_part, by_cells, _by_segments, _by_program):
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


def _by_part(task: Task) -> Found | None:
    """Some of the points alone, in the unit of all."""
    if task.evidence.part is None:
        return None
    rows, evidence = task.evidence.part
    train = TrainingSet(task.train.points[list(rows)], task.train.rho)
    frame = affine_hull(train.points) if evidence.frame is None else evidence.frame
    where = coordinates(train.points, train.rho, frame.axes, frame.scale, task.where.unit)
    some = Task(train, frame, where, evidence, None, task.means, task.stated, task.said)
    for way in (by_cells, _by_segments):
        if (found := way(some)) is not None and isinstance(found[0], Cells | Segments):
            return Part(rows, where.problem.basis, found[0]), found[1]
    return None


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
    return by_cells(replace(task, evidence=evidence_of(solved), rays=None))
