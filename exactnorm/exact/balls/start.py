"""Where the loop starts: kinks that suffice, a network without optimisation, and the joint program if it is small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from exactnorm.arrays import Array
from exactnorm.certify.balls.dual_bound import dual_bound
from exactnorm.closed_form.edges import QUICK, STEPS, best_edges
from exactnorm.exact.balls.averaged import folded_kinks
from exactnorm.exact.balls.block_program import solved_blocks
from exactnorm.exact.balls.bracket import Bracket, dual_value
from exactnorm.exact.balls.cells import proposed_directions, whole_cells
from exactnorm.exact.balls.kinks import Kinks, dual_values, gap_kinks, joined, pattern_kinks, tangent_kinks
from exactnorm.exact.balls.polish import Neurons
from exactnorm.exact.balls.pricing import rescaled
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.balls.ramp_program import ALL_CUTS
from exactnorm.exact.settings import Settings
from exactnorm.network import ReLUNetwork
from exactnorm.tables import counted


def first_kinks(problem: Reduced, check: Callable[[], None] = lambda: None) -> Kinks:
    """The two kinks at the ends of the widest gap of every pattern: over them a network interpolates, if any does.

    `check` is called again and again, and may raise.
    """
    return gap_kinks(problem.points, problem.rho, problem.patterns, check)


def moved_kinks(problem: Reduced, network: ReLUNetwork) -> Kinks:
    """The kinks of a network for the same points and another radius, moved along their normals to touch balls."""
    w = network.w @ problem.frame.axes.T
    on = network.w @ (problem.frame.points(problem.points)).T + network.b[:, None] > 0
    length = np.linalg.norm(w, axis=1)
    w, on = (w / np.where(length > 0, length, 1.0)[:, None])[length > 0], on[length > 0]
    w[on[:, 0]] *= -1.0  # kinks are off at x_0
    on[on[:, 0]] ^= True
    found = [pattern_kinks(w[:0], problem.patterns[0], problem.points, problem.rho)]
    for direction, pattern in zip(w, on, strict=True):
        if pattern.any():
            found.append(pattern_kinks(direction[None], pattern, problem.points, problem.rho))
    return folded_kinks(problem, joined(*found))


def ramps(problem: Reduced, kinks: Kinks) -> Neurons:
    """A network to start from, without any optimisation: Σ_s c_s φ_s, a ramp φ_s between the two kinks of a pattern."""
    rising, falling = kinks[np.arange(0, len(kinks), 2)], kinks[np.arange(1, len(kinks), 2)]
    width = falling.b - rising.b
    # A ramp of width ε costs 2/ε a unit of output: wide ramps first.
    on = rising.pattern[:, 1:] * np.abs(width)[:, None]
    c = np.linalg.lstsq(on.T, problem.points[1:] - problem.points[0], rcond=1e-13)[0]
    a = np.empty((len(kinks), problem.rank))
    a[0::2], a[1::2] = -c * np.sign(width)[:, None], c * np.sign(width)[:, None]
    return Neurons(kinks, a, np.zeros((len(problem.points) - 1, problem.rank, problem.rank + 1)))


def edge_matrices(problem: Reduced, settings: Settings) -> Array:
    """Dual matrices B with κ ≤ 1 from weighted segments between points, shape (N − 1, r, r + 1).

    A kink z that crosses the segment from x_i to x_j, with direction u, length L and middle m, passes within (L − 2ρ)/2
    of m along it: |w·m + b| ≤ |w·u| (L − 2ρ)/2. So ‖Σ_e ± 2 c_e/(L_e − 2ρ) (w·m_e + b) u_e‖ ≤ ‖Σ_e c_e u_e u_eᵀ‖ ‖w‖ by
    Cauchy and Schwarz: the dual side of `edges_lower_bound`.
    """
    most = QUICK if len(problem.points) <= ALL_CUTS else STEPS
    *_, (edges, c) = best_edges(problem.points, problem.rho, lambda: settings.deadline.remaining <= 0, most)
    start, end = problem.points[edges[:, 0]], problem.points[edges[:, 1]]
    length = np.linalg.norm(end - start, axis=1)
    u = (end - start) / length[:, None]
    c = c / np.linalg.eigvalsh((u.T * c) @ u)[-1]
    z = np.column_stack([(start + end) / 2, np.ones(len(u))])
    one = (2 * c / (length - 2 * problem.rho))[:, None, None] * u[:, :, None] * z[:, None, :]
    B = np.zeros((len(problem.points), problem.rank, problem.rank + 1))
    np.add.at(B, edges[:, 1], one)
    np.subtract.at(B, edges[:, 0], one)
    return B[1:]


def relaxation(problem: Reduced, settings: Settings, best: Bracket) -> tuple[Bracket, Kinks]:
    """Solve the block program over whole patterns: a lower bound with B and multipliers, and the kinks it proposes.

    On symmetric data, where many B are optimal, its B is one that multipliers prove at once.
    """
    cells = whole_cells(problem.patterns, problem.rank)
    patterns = counted(len(cells), "pattern")
    none = tangent_kinks(np.zeros((0, problem.rank)), problem.points, problem.rho)
    try:
        basis = None if problem.orbits is None else problem.orbits.matrices(problem.tree)
        found = solved_blocks(problem.points, problem.rho, cells, best.upper, settings.solver, settings.deadline, basis)
    except ArithmeticError as failed:
        settings.said.append(f"block program over {patterns}: {failed}, so it began cold")
        return best, none
    settings.said.append(f"block program over {patterns}: {found.status}")
    B, evidence = found.B, found.proofs
    lower = dual_bound(problem.points, problem.rho, B, evidence)
    masses = np.array([X[-1, -1] for X in found.moments])
    directions = [
        proposed_directions(X, problem.rank)
        for X, mass in zip(found.moments, masses, strict=True)
        if mass > 1e-7 * masses.max()
    ]
    if not lower > 0 or not directions:  # moments without mass: not a solver's, whatever it says
        return best, none
    shrink = lower / dual_value(problem, B)
    B, evidence = shrink * B, tuple(rescaled(proof, shrink**2) for proof in evidence)
    kinks = folded_kinks(problem, tangent_kinks(np.vstack(directions), problem.points, problem.rho))
    # Kinks far from touching the dual constraint of the relaxation would only slow the loop down.
    return replace(best, lower=lower, B=B, proofs=evidence), kinks[dual_values(kinks, B) > 0.9]
