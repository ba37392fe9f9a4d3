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
        If no solver gives numbers.
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
    for solver in (settings.solver, "SCS" if settings.solver != "SCS" else "CLARABEL"):
        found = solution(program, solver, settings.options_for(solver), settings.deadline)
        if found is not None:
            E, multipliers = found
            B = tree.matrices(E[: targets.size].reshape(targets.shape))
            a = scale * multipliers[: len(kinks) * (r + 1)].reshape(len(kinks), r + 1)[:, 1:]
            return Neurons(kinks, a, B)
        settings.said.append(f"{solver} gave no numbers for the program over {len(kinks)} kinks")
    msg = f"no solver gave numbers for the program over {len(kinks)} kinks"
    raise ArithmeticError(msg)


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
    """Add ‖E φ_k‖ ≤ 1 − u_k and ½ ‖L_k (E − E_0)‖² ≤ u_k for every peak, u_k being new variables."""
    M = len(at.peaks)
    first = np.arange(M) * (r + 1)
    slack = sparse.csr_matrix((np.ones(M), (first, np.arange(M))), shape=(M * (r + 1), M))
    head = np.zeros(M * (r + 1))
    head[first] = 1.0
    blocks: list[Any] = [[A, sparse.csr_matrix((A.shape[0], M))], [norms(tree.features(at.peaks), r), slack]]
    right, sizes = [b, head], [r + 1] * M
    for k, L in enumerate(at.L):  # ‖(2 L d, 2 u − 1)‖ ≤ 2 u + 1
        if len(L):
            column = sparse.csr_matrix(([-2.0, -2.0], ([0, 1], [k, k])), shape=(len(L) + 2, M))
            blocks.append([sparse.csr_matrix(np.vstack([np.zeros((2, L.shape[1])), -2 * L])), column])
            right.append(np.concatenate([[1.0, -1.0], -2 * L @ at.E.ravel()]))
            sizes.append(len(L) + 2)
        else:
            blocks.append([sparse.csr_matrix((1, A.shape[1])), sparse.csr_matrix(([-1.0], ([0], [k])), shape=(1, M))])
            right.append(np.zeros(1))
            sizes.append(1)
    return sparse.csr_matrix(sparse.bmat(blocks)), np.concatenate(right), (*cones, *sizes)


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
