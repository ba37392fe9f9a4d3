"""From a training set with noise balls to a denoiser and its certificate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactnorm.certify.certificate import Certificate, dual_bound
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.certify.interpolation import interpolation_error
from exactnorm.exact.cells import proposed_directions, whole_cells
from exactnorm.exact.kinks import distinct, tangent_kinks
from exactnorm.exact.polish import Neurons, margins, merge_nearby, newton, residual
from exactnorm.exact.program import block_program, dual_matrices, kink_program, proofs, solve
from exactnorm.geometry import Frame, affine_hull
from exactnorm.network import ReLUNetwork
from exactnorm.patterns import activation_patterns
from exactnorm.training_set import Array, TrainingSet


@dataclass(frozen=True, eq=False)
class Reduced:
    """The problem in coordinates of the affine hull: x_0 = 0, the farthest point at distance 1."""

    frame: Frame
    points: Array
    rho: float
    patterns: NDArray[np.bool_]


def reduced(train: TrainingSet) -> Reduced:
    """Coordinates of the affine hull, and all patterns that leave x_0 off and some ball on."""
    frame = affine_hull(train.points)
    points, rho = frame.coordinates(train.points), train.rho / frame.scale
    patterns = activation_patterns(points, rho)
    return Reduced(frame, points, rho, patterns[~patterns[:, 0] & patterns.any(axis=1)])


def solve_balls(train: TrainingSet, *, tol: float, solver: str, solver_options: dict[str, Any]) -> CertifiedDenoiser:
    """Solve the block program over whole patterns, then the group lasso over the kinks that its blocks propose."""
    problem = reduced(train)
    r = problem.frame.rank
    program = block_program(problem.points, problem.rho, whole_cells(problem.patterns, r))
    said = [f"block program: {solve(program.problem, solver, solver_options)}"]
    if program.problem.value is None or not math.isfinite(program.problem.value):
        msg = f"{solver} gave no point of the block program ({said[0]}); try solver='SCS' or other solver_options"
        raise ArithmeticError(msg)
    B = dual_matrices(program)
    evidence = proofs(program)
    lower = dual_bound(problem.points, problem.rho, B, evidence)
    neurons, phrase = _best_network(problem, [block.value for block in program.blocks], solver, solver_options)
    said.append(f"kink program: {phrase}")
    network = ReLUNetwork(neurons.a, neurons.kinks.w, neurons.kinks.b, None, np.zeros(r)).lifted(problem.frame)
    certificate = Certificate(
        upper=network.representation_cost,
        lower=lower,
        interpolation_error=interpolation_error(network, train.points, train.rho),
        kind="computed",
        statement=(
            "The lower bound is a dual bound: matrices B and, for every cell of every activation pattern, multipliers "
            "that bound the dual function there, recomputed in floating point. The upper value is the cost of the "
            "network, whose residual is the interpolation error."
        ),
        patterns=len(problem.patterns),
        frame=problem.frame,
        B=B,
        proofs=evidence,
    )
    reached = (
        "the gap is within tol" if certificate.certifies(tol) else "the gap is wider than tol; the bracket is valid"
    )
    return CertifiedDenoiser(train, network, certificate, "; ".join([reached, *said]) + ".")


def _best_network(problem: Reduced, blocks: list[Array], solver: str, options: dict[str, Any]) -> tuple[Neurons, str]:
    """Group lasso over the kinks that the blocks propose, polished."""
    r = problem.frame.rank
    heaviest = max(float(M[-r - 1, -r - 1]) for M in blocks)
    directions = [proposed_directions(M[:-r, :-r], r) for M in blocks if M[-r - 1, -r - 1] > 1e-7 * heaviest]
    kinks = tangent_kinks(np.vstack(directions), problem.points, problem.rho)
    kinks = kinks[np.unique(distinct(kinks, 1e-7))]
    lasso = kink_program(problem.points, kinks)
    phrase = solve(lasso.problem, solver, options)
    if lasso.a.value is None:
        msg = f"the kink program has no point ({phrase})"
        raise ArithmeticError(msg)
    return polished(problem, Neurons(kinks, lasso.a.value, dual_matrices(lasso))), phrase


def polished(problem: Reduced, start: Neurons) -> Neurons:
    """The cheapest of several ways to move the neurons until they interpolate to rounding."""
    best, least = start, math.inf
    for cluster in (1e-3, 1e-5, 1e-7):
        merged = merge_nearby(start, cluster, 1e-5)
        for stationary in (True, False):
            moved = newton(problem.points, problem.rho, merged, 1e-4, stationary=stationary)
            off = float(np.abs(residual(problem.points, moved.kinks, moved.a)).max())
            inside = float(margins(problem.points, problem.rho, moved.kinks).min())
            # A Newton run that went astray crosses balls, misses points or costs more: then it is not taken.
            if off < 1e-11 and inside > -1e-12 and moved.cost < least * (1 - 1e-12):
                best, least = moved, moved.cost
        if math.isfinite(least):
            break
    return best
