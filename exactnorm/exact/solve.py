"""From a training set with noise balls to a denoiser and its certificate: the loop that closes the gap.

Above, a network over a growing set of kinks (a group lasso). Below, its dual matrices B, moved towards the best ones so
far and made feasible by dividing by a bound κ on the dual function over every cell. Where the bound is attained, the
kink there joins the set; where it is not, the cell is split.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from exactnorm.certify.cell import Cell
from exactnorm.certify.certificate import Certificate, dual_bound
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.certify.interpolation import interpolation_error
from exactnorm.exact.bracket import Bracket, dual_value, with_bound, with_network
from exactnorm.exact.cells import essential_rows, proposed_directions, split, whole_cells
from exactnorm.exact.clock import Deadline, OutOfTimeError, interruptible
from exactnorm.exact.finish import finished, refined
from exactnorm.exact.kinks import Kinks, distinct, dual_values, joined, pattern_kinks, tangent_kinks
from exactnorm.exact.polish import Neurons, corrected
from exactnorm.exact.pricing import Priced, price_cells, rescaled
from exactnorm.exact.problem import Reduced, reduced
from exactnorm.exact.program import block_program, dual_matrices, kink_program, proofs, solve
from exactnorm.exact.unique import uniqueness
from exactnorm.geometry import separating_hyperplane
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import Array, TrainingSet

DEFAULT_OPTIONS: dict[str, dict[str, Any]] = {"SCS": {"eps_abs": 1e-9, "eps_rel": 1e-9, "max_iters": 50_000}}
"""SCS stops at 1e-4 or so by itself, far above the gaps wanted here."""
PATIENCE = 40
"""Rounds without a narrower gap after which the loop gives up: early rounds may add kinks for long before they pay."""


@dataclass(frozen=True, eq=False)
class Leaf:
    """A cell of the current covering, its essential rows, and how often it was split from its pattern."""

    cell: Cell
    rows: NDArray[np.intp]
    depth: int = 0


def leaf(problem: Reduced, cell: Cell, depth: int = 0) -> Leaf:
    """The leaf of a cell."""
    return Leaf(cell, essential_rows(cell, problem.points, problem.rho), depth)


@dataclass(frozen=True, eq=False)
class Means:
    """How to solve: tolerance, solver and its options, deadline, executor, and who hears of progress."""

    tol: float
    solver: str
    options: dict[str, Any]
    deadline: Deadline
    executor: Executor | None
    report: Callable[[Bracket], None]
    said: list[str] = field(default_factory=list)


def solve_balls(
    train: TrainingSet,
    *,
    tol: float,
    solver: str,
    solver_options: dict[str, Any],
    time_limit: float | None = None,
    executor: Executor | None = None,
    report: Callable[[Bracket], None] = lambda _: None,
) -> CertifiedDenoiser:
    """Bracket the least cost to `tol`, or as far as the time goes."""
    means = Means(
        tol, solver, solver_options or DEFAULT_OPTIONS.get(solver, {}), Deadline(time_limit), executor, report
    )
    # The matrices are small: threads inside BLAS cost more than they gain, much more on a busy machine.
    with threadpool_limits(1):
        problem = reduced(train)
        kinks = first_kinks(problem)
        start = ramps(problem, kinks)
        best = Bracket(upper=start.cost, neurons=start)
        try:
            for bracket in brackets(problem, means, best, kinks):
                best = bracket
                report(best)
            reason = (
                "the gap is within tol" if best.gap <= tol else f"{PATIENCE} rounds in a row did not narrow the gap"
            )
        except OutOfTimeError:
            reason = f"the time limit of {time_limit:g} s was reached"
        except KeyboardInterrupt:
            reason = "interrupted"
        return certified(train, problem, best, reason, means)


def brackets(problem: Reduced, means: Means, best: Bracket, kinks: Kinks) -> Iterator[Bracket]:
    """Yield ever better brackets; the generator may be left at any time."""
    leaves = [leaf(problem, cell) for cell in whole_cells(problem.patterns, problem.rank)]
    # A first bracket before anything that takes long.
    first = solve_kinks(problem, kinks, best.upper, means)
    best = with_network(best, corrected(problem.points, first))
    best = with_bound(problem, best, first.B, bounds(problem, first.B, leaves, 0, means)[0])
    yield best
    lasso: Neurons | None = first
    if len(leaves) * (2 * problem.rank + 2) ** 2 <= 20_000:
        best, proposals = whole_pattern_bracket(problem, means, best, [one.cell for one in leaves])
        kinks, lasso = joined(kinks, proposals), None
    step, idle = 0.25, 0
    while True:
        if lasso is None:
            kinks = kinks[np.unique(distinct(kinks, 1e-6))]
            lasso = solve_kinks(problem, kinks, best.upper, means)
        best = with_network(best, corrected(problem.points, lasso))
        stationary = refined(problem, lasso, best.upper, thorough=best.rounds % 4 == 1)
        improved = stationary is not None and stationary.cost < best.upper * (1 - 1e-9)
        before = best.gap
        if stationary is not None and improved:
            best = with_network(best, stationary)
            kinks = joined(kinks, stationary.kinks)
            B, levels = stationary.B, 12
        else:
            B, levels = toward(best.B, lasso.B, step), 1
        priced, leaves = bounds(problem, B, leaves, levels, means)
        best = with_bound(problem, best, B, priced)
        new = [violators(problem, B, priced)]
        worst = max(one.kappa for one in priced) - 1
        if worst > means.tol / 4 and best.gap > means.tol:
            more, leaves = bounds(problem, lasso.B, leaves, 0, means)
            best = with_bound(problem, best, lasso.B, more)
            new.append(violators(problem, lasso.B, more))
        step = 1 - (1 - step) / 4 if worst < max(means.tol / 4, 0.1 * best.gap) else 0.25
        best = replace(
            best, rounds=best.rounds + 1, seconds=means.deadline.elapsed, cells=len(leaves), kinks=len(kinks)
        )
        yield best
        added = joined(*new)
        idle = idle + 1 if best.gap >= before * (1 - 1e-3) else 0
        if best.gap <= means.tol or idle > PATIENCE:
            return
        if len(added):
            kinks = joined(kept(kinks, lasso, best.gap), added)
            lasso = None


def first_kinks(problem: Reduced) -> Kinks:
    """The kinks tangent to the widest gap of every pattern: with them some network interpolates, if any does."""
    found = []
    for pattern in problem.patterns:
        w, _, _ = separating_hyperplane(problem.points[pattern], problem.points[~pattern])
        found.append(pattern_kinks(w[None], pattern, problem.points, problem.rho))
    return joined(*found)


def ramps(problem: Reduced, kinks: Kinks) -> Neurons:
    """A network to start from, without any optimisation: Σ_s c_s φ_s, a ramp φ_s between the two kinks of a pattern."""
    rising, falling = kinks[np.arange(0, len(kinks), 2)], kinks[np.arange(1, len(kinks), 2)]
    width = falling.b - rising.b
    # A ramp of width ε costs 2/ε a unit of output: wide ramps first.
    on = rising.pattern[:, 1:] * np.abs(width)[:, None]
    c = np.linalg.lstsq(on.T, problem.points[1:] - problem.points[0], rcond=1e-10)[0]
    a = np.empty((len(kinks), problem.rank))
    a[0::2], a[1::2] = -c * np.sign(width)[:, None], c * np.sign(width)[:, None]
    return Neurons(kinks, a, np.zeros((len(problem.points) - 1, problem.rank, problem.rank + 1)))


def whole_pattern_bracket(problem: Reduced, means: Means, best: Bracket, cells: list[Cell]) -> tuple[Bracket, Kinks]:
    """Solve the joint block program over whole patterns: a lower bound with its B, and the kinks that it proposes."""
    program = block_program(problem.points, problem.rho, cells, best.upper)
    status = interruptible(lambda: solve(program.problem, means.solver, means.options), means.deadline)
    means.said.append(f"block program over {len(cells)} patterns: {status}")
    none = tangent_kinks(np.zeros((0, problem.rank)), problem.points, problem.rho)
    if any(block.value is None for block in program.blocks):
        return best, none
    B, evidence, r = dual_matrices(program), proofs(program), problem.rank
    lower = dual_bound(problem.points, problem.rho, B, evidence)
    masses = np.array([block.value[-r - 1, -r - 1] for block in program.blocks])
    directions = [
        proposed_directions(block.value[:-r, :-r], r)
        for block, mass in zip(program.blocks, masses, strict=True)
        if mass > 1e-7 * masses.max()
    ]
    if lower <= 0:
        return best, none
    shrink = lower / dual_value(problem, B)
    B, evidence = shrink * B, tuple(rescaled(proof, shrink**2) for proof in evidence)
    kinks = tangent_kinks(np.vstack(directions), problem.points, problem.rho)
    # Kinks far from touching the dual constraint of the relaxation would only slow the group lasso down.
    return replace(best, lower=lower, B=B, proofs=evidence), kinks[dual_values(kinks, B) > 0.9]


def solve_kinks(problem: Reduced, kinks: Kinks, scale: float, means: Means) -> Neurons:
    """The group lasso over `kinks`, with the other solver as second opinion where the first gives nothing."""
    program = kink_program(problem.points, kinks, scale)
    for solver, options in ((means.solver, means.options), ("SCS" if means.solver != "SCS" else "CLARABEL", {})):
        status = interruptible(lambda s=solver, o=options: solve(program.problem, s, o), means.deadline)  # type: ignore[misc]
        if program.a.value is not None and np.isfinite(program.a.value).all():
            return Neurons(kinks, scale * program.a.value, dual_matrices(program))
        means.said.append(f"kink program: {solver} {status}")
    msg = f"neither {means.solver} nor its stand-in solved the program over {len(kinks)} kinks ({means.said[-1]})"
    raise ArithmeticError(msg)


def bounds(
    problem: Reduced, B: Array, leaves: Sequence[Leaf], levels: int, means: Means
) -> tuple[list[Priced], list[Leaf]]:
    """Bound the dual function of B on every leaf; split up to `levels` times the leaves whose bound is not attained."""
    done: list[tuple[Priced, Leaf]] = []
    frontier = list(leaves)
    largest = 1.0
    for level in range(levels + 1):
        priced = priced_leaves(problem, B, frontier, means)
        found = [attained(problem, B, one) for one in priced]
        largest = max([largest, *found])
        split_further: list[Leaf] = []
        for one, old, value in zip(priced, frontier, found, strict=True):
            # A bound below a value that is attained elsewhere does not decide anything.
            deep = old.depth > 12 * problem.rank  # a piece as narrow as rounding: halving it says nothing new
            loose = (
                not deep
                and one.kappa - 1 > max(means.tol / 4, 1.2 * (largest - 1))
                and value < 1 + 0.8 * (one.kappa - 1)
            )
            if loose and level < levels and len(split_further) < 200:
                split_further += [leaf(problem, part, old.depth + 1) for part in split(old.cell, one.X, old.depth)]
            else:
                done.append((one, old))
        frontier = split_further
        if not frontier:
            break
    return [one for one, _ in done], [old for _, old in done]


def priced_leaves(problem: Reduced, B: Array, leaves: Sequence[Leaf], means: Means) -> list[Priced]:
    """Price all leaves, in chunks shared out by the executor if there is one."""
    size = 8 if means.executor is None else max(1, min(64, len(leaves) // 16))
    chunks = [[(one.cell, one.rows) for one in leaves[k : k + size]] for k in range(0, len(leaves), size)]
    out: list[Priced] = []
    if means.executor is None:
        for chunk in chunks:
            means.deadline.check()
            out += price_cells(chunk, problem.points, problem.rho, B, means.solver)
        return out
    futures = [
        means.executor.submit(price_cells, chunk, problem.points, problem.rho, B, means.solver) for chunk in chunks
    ]
    try:
        for future in futures:
            out += future.result(timeout=None if math.isinf(means.deadline.remaining) else means.deadline.remaining)
    except TimeoutError:
        raise OutOfTimeError from None
    finally:
        for future in futures:
            future.cancel()
    return out


def candidates(problem: Reduced, one: Priced) -> Kinks:
    """Tangent kinks of the cell's own pattern along the directions that its moments propose."""
    directions = proposed_directions(one.X, problem.rank, 1e-3)
    return pattern_kinks(directions, one.proof.cell.pattern, problem.points, problem.rho)


def attained(problem: Reduced, B: Array, one: Priced) -> float:
    """The largest ‖B_s z‖ found on the cell."""
    return float(dual_values(candidates(problem, one), B).max(initial=0.0))


def violators(problem: Reduced, B: Array, priced: list[Priced]) -> Kinks:
    """Kinks at which the dual function of B exceeds 1, or nearly does, on cells whose bound exceeds 1."""
    found = [pattern_kinks(np.zeros((0, problem.rank)), problem.patterns[0], problem.points, problem.rho)]
    for one in priced:
        if one.kappa > 1 + 1e-8:
            kinks = candidates(problem, one)
            found.append(kinks[dual_values(kinks, B) > 1 - 1e-3 * min(1.0, 100 * (one.kappa - 1))])
    return joined(*found)


def kept(kinks: Kinks, lasso: Neurons, gap: float) -> Kinks:
    """The kinks that carry weight or nearly touch the dual constraint; the others may come back by themselves."""
    if gap > 1e-2:
        return kinks  # B still moves so much that today's idle kink is tomorrow's active one
    near = dual_values(lasso.kinks, lasso.B) > 1 - min(0.05, max(50 * gap, 1e-3))
    heavy = np.linalg.norm(lasso.a, axis=1) > 1e-6
    return joined(lasso.kinks[near | heavy], kinks[np.arange(len(lasso.kinks), len(kinks))])


def toward(inner: Array | None, outer: Array, step: float) -> Array:
    """The point on the way from the best feasible B to the lasso's, which is infeasible as a rule."""
    return outer if inner is None else inner + step * (outer - inner)


def certified(train: TrainingSet, problem: Reduced, best: Bracket, reason: str, means: Means) -> CertifiedDenoiser:
    """Make the network small and exact to rounding, and recompute the bracket from arrays."""
    neurons = finished(problem, best.neurons, hurry=means.deadline.remaining <= 0)
    r = problem.rank
    network = ReLUNetwork(neurons.a, neurons.kinks.w, neurons.kinks.b, None, np.zeros(r)).lifted(problem.frame)
    lower = 0.0 if best.B is None else dual_bound(problem.points, problem.rho, best.B, best.proofs)
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
        B=best.B,
        proofs=best.proofs,
    )
    valid = "" if certificate.certifies(means.tol) else "; the bracket is valid but wider than tol"
    alone = uniqueness(problem, best, means.solver, means.tol)
    rounds = f"{best.rounds} rounds, {certificate.cells} cells"
    return CertifiedDenoiser(train, network, certificate, "; ".join([reason + valid, rounds, alone, *means.said]) + ".")
