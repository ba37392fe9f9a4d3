"""Cells with multipliers, made for the purpose where a certificate has none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactnorm.certify.balls.cell import CellProof
from exactnorm.exact.balls.cells import whole_cells
from exactnorm.exact.balls.covering import bounds, leaf
from exactnorm.exact.balls.pricing import scaled
from exactnorm.exact.balls.problem import Reduced
from exactnorm.exact.balls.tree import shortest_tree
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.settings import Settings
from exactnorm.geometry import Frame
from exactnorm.training_set import Array

SLACK = (3e-7, 3e-6, 3e-5, 3e-4, 3e-3, 3e-2, 10.0)
"""How much the multipliers may lose, tried in turn: tight ones may need too many cells, and none are needed at the end."""


@dataclass(frozen=True, eq=False)
class Covering:
    """Cells with multipliers for B/κ."""

    B: Array
    proofs: tuple[CellProof, ...]
    kappa: float


def covering(
    frame: Frame, X: Array, rho: float, patterns: np.ndarray, B: Array, deadline: Deadline | None = None
) -> Covering:
    """Cells of the patterns with multipliers for B/κ, κ as near to 1 as a few cells a pattern allow."""
    settings = Settings(1e-6, "CLARABEL", {}, Deadline(None) if deadline is None else deadline, None, lambda _: None)
    apart = float(np.linalg.norm(X[:, None] - X[None], axis=2)[np.triu_indices(len(X), 1)].min())
    problem = Reduced(frame, X, rho, patterns, apart, shortest_tree(X))
    leaves = [leaf(problem, cell, settings.deadline) for cell in whole_cells(patterns, problem.rank)]
    for slack in SLACK:
        try:
            priced = bounds(problem, B, leaves, slack, settings, lambda _: None)
        except ArithmeticError:
            continue
        kappa = max(one.kappa for one in priced)
        return Covering(B / kappa, tuple(scaled(one, kappa) for one in priced), kappa)
    msg = "no multipliers were found"
    raise ArithmeticError(msg)
