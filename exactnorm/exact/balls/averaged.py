"""Networks and programs up to symmetry: neurons of the patterns that stand for their orbits, meaning their averages.

The average of a network over the group costs no more, and it interpolates iff the network's conditions hold as far as
invariant dual matrices see them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import sparse
from scipy.linalg import lstsq

from exactnorm.arrays import Array
from exactnorm.exact.balls.invariant import edge_basis, invariant_matrices
from exactnorm.exact.balls.kinks import Kinks, distinct
from exactnorm.exact.balls.motions import motions, moved
from exactnorm.exact.balls.orbits import orbits
from exactnorm.exact.balls.polish import Neurons
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.solvers.cone_program import ConeProgram
from exactnorm.symmetry import ROUNDINGS, SAME, isometries

FEWER, MUCH_FEWER = 0.75, 0.4
"""Shares of the patterns that stand for all, above which symmetry is left alone, at low and at high rank."""
HIGH_RANK = 5
"""From here on interior point methods over all patterns take about as long as the loop over half of them."""
ENTRIES = 2**21
"""Numbers in a basis of invariant dual matrices, beyond which orthogonalising them takes longer than it saves."""
DEPENDENT = 1e-11
"""Share of the largest condition on output weights below which a combination of conditions says nothing new."""
ONE = 1e-4
"""Touching kinks of a pattern that differ by less are one."""
IMAGES = 20_000
"""Neurons of an average, at most."""


def up_to_symmetry(problem: Reduced, kinks: Kinks, check: Callable[[], None]) -> Reduced:
    """The problem with one pattern of each orbit, if the points have symmetries that leave clearly fewer.

    Parameters
    ----------
    kinks : Kinks
        Of a network that interpolates; their patterns must be among those of the problem.
    """
    known = {pattern.tobytes() for pattern in problem.patterns}
    if not len(kinks) or any(pattern.tobytes() not in known for pattern in kinks.pattern):
        return problem
    far = float(np.abs(problem.frame.points(problem.points)).max()) / problem.frame.scale
    tolerance = max(SAME, ROUNDINGS * float(np.finfo(float).eps) * far)
    if not tolerance < problem.apart / 4:
        return problem
    group = isometries(problem.points, tolerance=tolerance, watch=check)
    if group.order == 1 or ((problem.points.size * (problem.rank + 1)) ** 2) / group.order > ENTRIES:
        return problem
    by = motions(problem.points, group.permutations)
    around = invariant_matrices(by)
    found = orbits(problem.patterns, by, edge_basis(around, by.centre, problem.tree), around, check)
    fewer = FEWER if problem.rank < HIGH_RANK else MUCH_FEWER
    if len(found.chosen) > fewer * len(problem.patterns):
        return problem
    return replace(problem, patterns=problem.patterns[found.chosen], orbits=found)


def rows_of(problem: Reduced, kinks: Kinks) -> Array:
    """What each output weight of neurons on kinks adds to the conditions that are left, (K, r, D)."""
    assert problem.orbits is not None
    basis = problem.orbits.basis.reshape(len(problem.tree.gap), problem.rank, problem.rank + 1, -1)
    return np.asarray(np.einsum("kej,eijd->kid", problem.tree.features(kinks), basis, optimize=True))


def unmet(problem: Reduced, kinks: Kinks, a: Array) -> Array:
    """By how much the average of a network misses the conditions that are left, (D,)."""
    assert problem.orbits is not None
    target = np.zeros((len(problem.tree.gap), problem.rank, problem.rank + 1))
    target[:, :, -1] = problem.tree.target
    return np.asarray(np.einsum("kid,ki->d", rows_of(problem, kinks), a) - problem.orbits.basis.T @ target.ravel())


def corrected_average(problem: Reduced, neurons: Neurons) -> Neurons:
    """The least change of output weights, relative to their size, after which the average interpolates to rounding."""
    kinks, a = neurons.kinks, neurons.a
    weight = np.linalg.norm(a, axis=1)
    weight = weight + 1e-9 * weight.max()
    rows = (rows_of(problem, kinks) * weight[:, None, None]).reshape(a.size, -1)
    change = lstsq(rows.T, unmet(problem, kinks, a), cond=DEPENDENT, lapack_driver="gelsy")[0]
    return Neurons(kinks, a - weight[:, None] * change.reshape(a.shape), neurons.B)


def invariant_program(basis: Array, program: ConeProgram) -> ConeProgram:
    """A program whose first variables are multipliers of edges, with coordinates in a basis in place of these."""
    size, A, P = len(basis), program.A, program.P
    A = sparse.csc_matrix(sparse.hstack([sparse.csc_matrix(A[:, :size] @ basis), A[:, size:]]))
    if P is not None:  # of which multipliers of edges have the diagonal alone
        P = sparse.csc_matrix(sparse.block_diag([np.triu(basis.T @ (P[:size, :size] @ basis)), P[size:, size:]]))
    return replace(program, q=np.concatenate([basis.T @ program.q[:size], program.q[size:]]), A=A, P=P)


def folded(problem: Reduced, neurons: Neurons) -> Neurons:
    """Neurons of any patterns moved to those that stand for them: the average is the same."""
    if problem.orbits is None:
        return neurons
    row, by = problem.orbits.folding(neurons.kinks.pattern)
    a = np.einsum("kij,kj->ki", by.turn, neurons.a[row])
    return Neurons(moved(neurons.kinks[row], by), a, neurons.B)


def folded_kinks(problem: Reduced, kinks: Kinks) -> Kinks:
    """Kinks of any patterns moved to those that stand for them, and those of no pattern left out."""
    if problem.orbits is None:
        return kinks
    row, by = problem.orbits.folding(kinks.pattern)
    return moved(kinks[row], by)


def everywhere(problem: Reduced, kinks: Kinks, most: int = IMAGES) -> Kinks | None:
    """All images of kinks, each once; None if there are more than `most`."""
    assert problem.orbits is not None
    found = problem.orbits.images(kinks, most)
    if found is None:
        return None
    leader = distinct(found.kinks, problem.tree.features(found.kinks), ONE)
    return found.kinks[np.unique(leader)]


def taken(problem: Reduced) -> float:
    """The share of a bound that may be missing on other patterns than the chosen ones, 0 if all stand for themselves.

    Images are off by the rounding of positions, which is to a gap between balls what it is to the slope across it.
    """
    if problem.orbits is None:
        return 0.0
    off = problem.orbits.by.error(problem.points) + 8 * float(np.finfo(float).eps)
    return min(1.0, 8 * off / max(problem.apart - 2 * problem.rho, 1e-300))


def average(problem: Reduced, neurons: Neurons) -> Neurons | None:
    """The average of a network over the group, its kinks kept off all balls.

    None if it has too many neurons.
    """
    assert problem.orbits is not None
    found = problem.orbits.images(neurons.kinks, IMAGES)
    if found is None:
        return None
    kinks, a = found.kinks, np.einsum("kij,kj->ki", found.stays, neurons.a)
    a = np.einsum("kij,kj->ki", found.turn, a[found.of]) / np.bincount(found.of)[found.of][:, None]
    height = kinks.w @ problem.points.T
    first = problem.rho - np.where(kinks.pattern, height, np.inf).min(axis=1)
    last = -problem.rho - np.where(kinks.pattern, -np.inf, height).max(axis=1)
    b = np.where(first <= last, np.clip(kinks.b, first, np.maximum(first, last)), kinks.b)
    return Neurons(replace(kinks, b=b), a, neurons.B)
