"""The network program over given kinks, solved by its dual: the best matrices B with ‖B_s z_k‖ ≤ 1 at every kink.

Alone it is a group lasso, and its dual overshoots between the kinks. The largest value of ‖B_s z‖ on a face bends with
B, since the kink that attains it moves; with that curvature, from the last B, the program is a step of Newton's
method (sequential quadratic programming) for the dual over all kinks, and converges as fast.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from exactnorm.exact.conic import ConeProgram, solution
from exactnorm.exact.kinks import Kinks
from exactnorm.exact.means import Means
from exactnorm.exact.polish import Neurons, margins
from exactnorm.exact.problem import Reduced
from exactnorm.training_set import Array

TOUCHES = 1e-8
"""A ball with less room than this is touched."""
FLATTEST = 1e-3
"""Peaks flatter than this would let B jump; they are treated as this round."""


def master(
    problem: Reduced,
    kinks: Kinks,
    scale: float,
    means: Means,
    centre: Array | None = None,
    curvature: Array | None = None,
) -> Neurons:
    """Maximise Σ⟨B_n, T_n⟩/scale − ½ (B − centre)ᵀ curvature (B − centre) subject to ‖B_s z_k‖ ≤ 1 at all kinks.

    Returns the B with the multipliers of the kinks as output weights. Without curvature they interpolate, to the
    solver's accuracy, at least cost.

    Parameters
    ----------
    kinks : Kinks
    scale : float
        A cost near the least one: multipliers are near 1 then.
    centre : ndarray, shape (N − 1, r, r + 1)
    curvature : ndarray, shape (n, n), n = (N − 1) r (r + 1)
        Positive semidefinite, from `curvature`, with weights divided by `scale`.

    Raises
    ------
    ArithmeticError
        If no solver gives numbers.
    """
    tree = problem.tree
    targets = np.zeros((len(tree.target), problem.rank, problem.rank + 1))
    targets[:, :, -1] = tree.target
    K, r = len(kinks), problem.rank
    features = tree.features(kinks)
    k, e = np.nonzero(features.any(axis=2))
    i = np.arange(r)[:, None]
    rows = np.broadcast_to((k * (r + 1) + 1)[:, None, None] + i, (len(k), r, r + 1))
    columns = (e * r * (r + 1))[:, None, None] + i * (r + 1) + np.arange(r + 1)
    entries = np.broadcast_to(features[k, e][:, None, :], rows.shape)
    A = sparse.csc_matrix((entries.ravel(), (rows.ravel(), columns.ravel())), shape=(K * (r + 1), targets.size))
    b = np.zeros(K * (r + 1))
    b[:: r + 1] = 1.0
    q, P = -targets.ravel() / scale, None
    if curvature is not None and centre is not None:
        q, P = q - curvature @ tree.along(centre).ravel(), sparse.triu(sparse.csc_matrix(curvature), format="csc")
    program = ConeProgram(q, A, b, 0, (r + 1,) * K, P=P)
    for solver in (means.solver, "SCS" if means.solver != "SCS" else "CLARABEL"):
        found = solution(program, solver, means.options_for(solver), means.deadline)
        if found is not None:
            E, multipliers = found
            return Neurons(kinks, scale * multipliers.reshape(K, r + 1)[:, 1:], tree.matrices(E.reshape(targets.shape)))
        means.said.append(f"{solver} gave no numbers for the program over {K} kinks")
    msg = f"no solver gave numbers for the program over {K} kinks"
    raise ArithmeticError(msg)


def gathered(kinks: Kinks, network: Neurons) -> Array:
    """For each of `kinks`, Σ ‖a_k‖ over the neurons that are nearest to it among those of its pattern, shape (K,)."""
    out = np.zeros(len(kinks))
    weight = np.linalg.norm(network.a, axis=1)
    for k in np.flatnonzero(weight > 1e-7 * weight.sum()):
        same = np.flatnonzero((kinks.pattern == network.kinks.pattern[k]).all(axis=1))
        if len(same):
            out[same[np.argmin(np.abs(kinks.z[same] - network.kinks.z[k]).max(axis=1))]] += weight[k]
    return out


def curvature(problem: Reduced, peaks: Kinks, B: Array, weight: Array) -> Array:
    """Σ_k weight_k times the part of the second derivative of max ‖B_s z‖ in B that comes from the kink's moving.

    At a peak z of F(B, z) = ‖B_s z‖ on its face the implicit function theorem gives −F_Bz F_zz⁻¹ F_zB, a positive
    semidefinite form of rank dim z on B_s.
    """
    tree = problem.tree
    factors = [np.zeros((0, *B.shape))]
    for k in np.flatnonzero(weight > 0):
        Bs = B[peaks.pattern[k, 1:]].sum(axis=0)
        peak = peaks[np.array([k])]
        z, moves, bend = tangent(problem, peak, Bs, touched_balls(problem, peak))
        y = Bs @ z
        values, vectors = np.linalg.eigh(bend)
        # Derivative of ½‖B_s z‖² in the edges' multipliers and along each move of z.
        way = peaks.pattern[k, 1:] * 1.0 - peaks.pattern[k, tree.parent]
        ends = way[:, None, None] * tree.moved(moves)
        mixed = np.einsum("im,ej->meij", Bs @ moves, tree.features(peak)[0]) + np.einsum("i,ejm->meij", y, ends)
        scale = np.sqrt(weight[k] / (np.maximum(values, FLATTEST) * float(np.linalg.norm(y))))
        factors.append(np.einsum("meij,mf->feij", mixed, vectors * scale))
    L = np.concatenate(factors).reshape(-1, B.size)
    return np.asarray(L.T @ L)


def touched_balls(problem: Reduced, peak: Kinks) -> list[int]:
    """Rows of the balls that one kink is tangent to."""
    touched: list[int] = np.flatnonzero(margins(problem.points, problem.rho, peak)[0] < TOUCHES).tolist()
    return touched


def tangent(problem: Reduced, peak: Kinks, Bs: Array, touched: Sequence[int]) -> tuple[Array, Array, Array]:
    """A peak z, the moves (r + 1, m) that leave it at some of its balls, and −½ the Hessian of ‖B_s z‖² on them."""
    z, w = peak.z[0], peak.w[0]
    x = problem.points[touched[0]]
    flat = complement(problem.points[list(touched[1:])] - x)
    v = flat.T @ w
    if flat.shape[1] < 2 or not np.linalg.norm(v) > TOUCHES:
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
