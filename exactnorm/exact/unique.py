"""Whether the minimiser is the only one, as far as a computed dual can tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactnorm.certify.cell import Cell, CellProof, kink_map, slack_matrix
from exactnorm.exact.bracket import Bracket
from exactnorm.exact.cells import tangent_cells
from exactnorm.exact.kinks import Kinks
from exactnorm.exact.pricing import price
from exactnorm.exact.problem import Reduced
from exactnorm.training_set import Array

NULL = 1e-4
"""Eigenvalues of a slack matrix below this count as zero. The gap leaves them near 1e-6 where the dual touches 1."""


def touching_kinks(problem: Reduced, best: Bracket, solver: str) -> Kinks | None:
    """All kinks at which the dual function can be 1; None if there may be infinitely many.

    Where the dual function is 1, ẑᵀSẑ ≤ 0 for the slack matrix S of the cell, so ẑ lies in the null space of S. A null
    space of one dimension is one kink at most.
    """
    if best.B is None:
        return None
    z: list[Array] = []
    patterns: list[NDArray[np.bool_]] = []
    for proof in best.proofs:
        for part, null in _null_spaces(problem, best.B, proof, solver):
            if null.shape[1] > 1:
                return None
            lifted = null[:, 0] / null[-1, 0] if abs(null[-1, 0]) > 1e-6 else null[:, 0]
            w, t = lifted[: problem.rank], lifted[-1]
            if abs(np.linalg.norm(w) - t) > 1e-2:
                continue  # not a kink: t is not the length of w
            kink = kink_map(part, problem.points, problem.rho) @ lifted / np.linalg.norm(w)
            same = (np.array_equal(part.pattern, pattern) for pattern in patterns)
            if not any(alike and np.abs(kink - old).max() < 1e-2 for alike, old in zip(same, z, strict=True)):
                z.append(kink)
                patterns.append(part.pattern)
    if not z:
        return None
    kinks = np.array(z)
    return Kinks(kinks[:, :-1], kinks[:, -1], np.array(patterns))


def _null_spaces(problem: Reduced, B: Array, proof: CellProof, solver: str) -> list[tuple[Cell, Array]]:
    """Null spaces of the slack matrices of a cell, or of its tangent parts where the whole cell has several kinks."""
    null = _null_space(slack_matrix(proof, problem.points, problem.rho, B))
    if null.shape[1] == 0:
        return []
    if null.shape[1] == 1 or proof.cell.ball >= 0:
        return [(proof.cell, null)]
    parts = []
    for cell in tangent_cells(proof.cell):
        priced = price(cell, problem.points, problem.rho, B, solver)
        if priced.kappa > 1 - NULL:
            S = slack_matrix(priced.proof, problem.points, problem.rho, B / priced.kappa)
            if (space := _null_space(S)).shape[1]:
                parts.append((cell, space))
    return parts


def _null_space(S: Array) -> Array:
    values, vectors = np.linalg.eigh(S)
    return np.asarray(vectors[:, values < NULL])


def uniqueness(kinks: Kinks | None, network: Kinks, gap: float) -> str:
    """A sentence: the minimiser is unique, as far as the kinks that touch tell, or not shown to be.

    A minimiser uses only kinks at which every optimal dual is 1. If these are finitely many and their moments are
    linearly independent, the interpolation conditions leave no choice of output weights. A network that uses other
    kinks than the touching ones shows that the dual is not known well enough to tell.
    """
    unknown = "uniqueness of the minimiser is not shown"
    if kinks is None or gap > 1e-6 or not _same(kinks, network):
        return unknown
    moments = np.einsum("kn,kj->knj", kinks.pattern[:, 1:] * 1.0, kinks.z).reshape(len(kinks), -1)
    singular = np.linalg.svd(moments / np.linalg.norm(moments, axis=1)[:, None], compute_uv=False)
    if len(moments) > moments.shape[1] or singular[-1] < 1e-4:
        return unknown
    return (
        f"the minimiser is unique, as far as the computed dual tells: it touches its bound at {len(moments)} kinks "
        "only, whose moments are linearly independent"
    )


def _same(touching: Kinks, network: Kinks) -> bool:
    """Whether the network's kinks are the touching ones, one for one."""
    if len(touching) != len(network):
        return False
    alike = (touching.pattern[:, None] == network.pattern[None]).all(axis=2)
    near = np.abs(touching.z[:, None] - network.z[None]).max(axis=2) < 1e-2
    return bool((alike & near).any(axis=1).all() and (alike & near).any(axis=0).all())
