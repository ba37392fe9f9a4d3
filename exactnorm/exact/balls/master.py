"""The network program over given kinks, solved by its dual: the best matrices B with ‖B_s z_k‖ ≤ 1 at every kink.

Alone it is a group lasso, and its dual overshoots between the kinks. The largest value of ‖B_s z‖ on a face bends with
B, since the kink that attains it moves; with the second-order term of every high peak around the last B, the program is
a step of sequential quadratic programming for the dual over all kinks, and the last steps square the gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from exactnorm.arrays import Array
from exactnorm.exact.balls.averaged import invariant_program
from exactnorm.exact.balls.kinks import Kinks, joined
from exactnorm.exact.balls.polish import Neurons, margins
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.balls.tree import Tree
from exactnorm.exact.settings import Settings
from exactnorm.exact.solvers.cone_program import ConeProgram, solution

FLATTEST = 1e-3
"""Peaks flatter than this would let B jump; they are treated as this round."""


def master(
    problem: Reduced, kinks: Kinks, scale: float, settings: Settings, at: Bends | None = None, hold: float = 0.0
) -> Neurons:
    """Maximise Σ⟨B_n, T_n⟩/scale − ½ hold ‖E − E_0‖² subject to ‖B_s z_k‖ ≤ 1 at kinks, and with the bends of peaks.

    Returns the B with the multipliers of the kinks as output weights. Without bends they interpolate, to the
    solver's accuracy, at least cost.

    Parameters
    ----------
    kinks : Kinks
    scale : float
        A cost near the least one: multipliers are near 1 then.
    at : Bends, optional
        Second-order terms of the dual function at some of its peaks, around E_0.
    hold : float
        Keeps E near E_0.

    Raises
    ------
    ArithmeticError
        If neither the solver nor its stand-in gives numbers.
    """
    tree, r = problem.tree, problem.rank
    targets = np.zeros((len(tree.target), r, r + 1))
    targets[:, :, -1] = tree.target
    A = norms(tree.features(kinks), r)
    b = np.zeros(len(kinks) * (r + 1))
    b[:: r + 1] = 1.0
    q, P, cones = -targets.ravel() / scale, None, (r + 1,) * len(kinks)
    if at is not None:
        A, b, cones = with_bends(A, b, cones, at, tree, r)
        q = np.concatenate([q - hold * at.E.ravel(), np.zeros(len(at.peaks))])
        if hold > 0:
            P = sparse.csc_matrix(sparse.diags_array(np.repeat([hold, 0.0], [at.E.size, len(at.peaks)])))
        kinks = joined(kinks, at.peaks)
    program = ConeProgram(q, sparse.csc_matrix(A), b, 0, cones, P=P)
    if problem.orbits is not None:
        program = invariant_program(problem.orbits.basis, program)
    found = solution(program, settings.solver, settings.deadline)
    if found.instead:
        settings.said.append(f"the program over {len(kinks)} kinks was solved by {found.instead}")
    E = found.x[: targets.size] if problem.orbits is None else problem.orbits.edges(found.x)
    B = tree.matrices(E.reshape(targets.shape))
    a = scale * found.z[: len(kinks) * (r + 1)].reshape(len(kinks), r + 1)[:, 1:]
    return Neurons(kinks, a, B)


def norms(features: Array, r: int) -> sparse.csr_matrix:
    """Rows (0; E φ_k) of second-order cones, one after another, as a matrix in the entries of E."""
    k, e = np.nonzero(features.any(axis=2))
    i = np.arange(r)[:, None]
    rows = np.broadcast_to((k * (r + 1) + 1)[:, None, None] + i, (len(k), r, r + 1))
    columns = (e * r * (r + 1))[:, None, None] + i * (r + 1) + np.arange(r + 1)
    entries = np.broadcast_to(features[k, e][:, None, :], rows.shape)
    shape = (len(features) * (r + 1), features.shape[1] * r * (r + 1))
    return sparse.csr_matrix((entries.ravel(), (rows.ravel(), columns.ravel())), shape=shape)


@dataclass(frozen=True, eq=False)
class Bends:
    """Peaks of the dual function at E, and factors L_k with ½ ‖L_k (E' − E)‖² the rise there from the kink's moving."""

    E: Array
    peaks: Kinks
    L: tuple[Array, ...]


def with_bends(
    A: sparse.csr_matrix, b: Array, cones: tuple[int, ...], at: Bends, tree: Tree, r: int
) -> tuple[sparse.csr_matrix, Array, tuple[int, ...]]:
    """Add ‖E φ_k‖ ≤ 1 − u_k and ½ ‖L_k (E − E_0)‖² ≤ u_k for every peak, u_k being new variables.

    The second as ‖(2 L_k d, 2 u_k − 1)‖ ≤ 2 u_k + 1, or u_k ≥ 0 where there is no L_k.
    """
    M, old = len(at.peaks), A.shape[1]
    lean = norms(tree.features(at.peaks), r)
    head = np.zeros(M * (r + 1))
    head[:: r + 1] = 1.0
    sizes = np.array([len(L) + 2 if len(L) else 1 for L in at.L], dtype=np.intp)
    first = A.shape[0] + M * (r + 1) + np.cumsum(sizes) - sizes
    moving = np.flatnonzero(sizes > 1)
    right = np.zeros(int(sizes.sum()))
    right[first[moving] - A.shape[0] - len(head)] = 1.0
    right[first[moving] - A.shape[0] - len(head) + 1] = -1.0
    low = A.tocoo(), lean.tocoo()
    rows: list[Any] = [
        low[0].row,
        low[1].row + A.shape[0],
        A.shape[0] + np.arange(M) * (r + 1),
        first,
        first[moving] + 1,
    ]
    columns: list[Any] = [low[0].col, low[1].col, old + np.arange(M), old + np.arange(M), old + moving]
    slack = np.where(sizes > 1, -2.0, -1.0)
    entries: list[Any] = [low[0].data, low[1].data, np.ones(M), slack, slack[moving]]
    for k in moving:
        L, place = at.L[k], first[k] + 2 + np.arange(len(at.L[k]))
        right[place - A.shape[0] - len(head)] = -2 * L @ at.E.ravel()
        rows.append(np.repeat(place, old))
        columns.append(np.tile(np.arange(old), len(L)))
        entries.append(-2 * L.ravel())
    shape = (A.shape[0] + len(head) + len(right), old + M)
    stacked = sparse.csr_matrix((np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))), shape=shape)
    return stacked, np.concatenate([b, head, right]), (*cones, *[r + 1] * M, *sizes.tolist())


def gathered(tree: Tree, kinks: Kinks, network: Neurons) -> Array:
    """For each of `kinks`, Σ ‖a_k‖ over the neurons that are nearest to it among those of its pattern, shape (K,)."""
    out = np.zeros(len(kinks))
    weight = np.linalg.norm(network.a, axis=1)
    z, at = tree.features(network.kinks), tree.features(kinks)
    for k in np.flatnonzero(weight > 1e-7 * weight.sum()):
        same = np.flatnonzero((kinks.pattern == network.kinks.pattern[k]).all(axis=1))
        if len(same):
            out[same[np.argmin(np.abs(at[same] - z[k]).max(axis=(1, 2)))]] += weight[k]
    return out


def bends(problem: Reduced, peaks: Kinks, B: Array) -> Bends:
    """How the maximum of ‖B_s z‖ over a face bends in the edges' multipliers, at each of its peaks.

    At a peak z of F(E, z) = ‖B_s z‖ on its face the implicit function theorem gives −F_Ez F_zz⁻¹ F_zE, a positive
    semidefinite form of rank dim z: the part of the second derivative that comes from the kink's moving.
    """
    tree = problem.tree
    factors = []
    for k in range(len(peaks)):
        Bs = B[peaks.pattern[k, 1:]].sum(axis=0)
        peak = peaks[np.array([k])]
        z, moves, bend = tangent(problem, peak, Bs, touched_balls(problem, peak))
        y = Bs @ z
        values, vectors = np.linalg.eigh(bend)
        # Derivative of ½‖B_s z‖² in the edges' multipliers and along each move of z.
        way = peaks.pattern[k, 1:] * 1.0 - peaks.pattern[k, tree.parent]
        ends = way[:, None, None] * tree.moved(moves)
        mixed = np.einsum("im,ej->meij", Bs @ moves, tree.features(peak)[0]) + np.einsum("i,ejm->meij", y, ends)
        scale = 1 / np.sqrt(np.maximum(values, FLATTEST) * float(np.linalg.norm(y)))
        factors.append(np.einsum("meij,mf->feij", mixed, vectors * scale).reshape(len(values), B.size))
    return Bends(tree.along(B), peaks, tuple(factors))


def touched_balls(problem: Reduced, peak: Kinks) -> list[int]:
    """Rows of the balls that one kink is tangent to."""
    touched: list[int] = np.flatnonzero(margins(problem.points, problem.rho, peak)[0] < problem.touch).tolist()
    return touched


def tangent(problem: Reduced, peak: Kinks, Bs: Array, touched: Sequence[int]) -> tuple[Array, Array, Array]:
    """A peak z, the moves (r + 1, m) that leave it at some of its balls, and −½ the Hessian of ‖B_s z‖² on them."""
    z, w = peak.z[0], peak.w[0]
    x = problem.points[touched[0]]
    flat = complement(problem.points[list(touched[1:])] - x)
    v = flat.T @ w
    if flat.shape[1] < 2 or not np.linalg.norm(v) > 1e-8:
        return z, np.zeros((len(z), 0)), np.zeros((0, 0))
    E = flat @ complement(v[None])
    moves = np.vstack([E, -x @ E])  # b = σρ − w·x
    M = Bs @ np.vstack([np.eye(problem.rank), -x])
    # The multiplier of ‖v‖² = const: (MᵀB_s z) along v is λ v.
    multiplier = float((flat @ v) @ (M.T @ (Bs @ z))) / float(v @ v)
    return z, moves, multiplier * np.eye(E.shape[1]) - (M @ E).T @ (M @ E)


def complement(rows: Array) -> Array:
    """An orthonormal basis, as columns, of the vectors orthogonal to all rows."""
    _, singular, vt = np.linalg.svd(rows)
    return np.asarray(vt[int((singular > 1e-9 * singular.max(initial=0.0)).sum()) :].T)
