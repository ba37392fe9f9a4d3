"""Early stopping: whether probability flow ends on a vertex as T passes the threshold τ of its start."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from exactnorm.closed_form import orthogonal
from exactnorm.experiments.table import Statement, Table
from exactnorm.flow.endpoints import endpoints, wilson
from exactnorm.flow.hyperbox.closed import vertex_radius
from exactnorm.flow.probability.samplers import sample, sampler_levels

COLUMNS = (
    "T", "below", "below_on_vertex", "above", "above_on_vertex", "vertex_share", "vertex_low", "vertex_high",
    "memorised",
)  # fmt: skip


def early_stopping(
    *, seed: int = 0, starts: int = 500, points: int = 5, alpha: float = 0.5, scale: float = 0.4, steps: int = 12
) -> Table:
    """The same starts at many T: how many end on a vertex, told apart by whether T is beyond each start's τ.

    Parameters
    ----------
    seed, starts : int
    points : int
        Number of orthonormal points besides x_0 = 0, and dimension.
    alpha : float
        ρ = α√t.
    scale : float
        Starts y_T are the points' mean plus this times standard normal noise, the same for every T.
    steps : int
        Levels of the sampler that takes the flow to its end; the ends do not come from a formula.

    Returns
    -------
    Table
        A row for each T: starts whose τ is below T and how many of them end on a vertex, the same for τ above T, and
        the share of vertices among all ends with a 95 % interval.
    """
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.standard_normal((points, points)))[0]
    data = np.vstack([np.zeros(points), axes])
    Y = data.mean(axis=0) + scale * rng.standard_normal((starts, points))
    tau = (vertex_radius(data, Y) / alpha) ** 2
    largest = (0.49 / alpha) ** 2
    rows: list[tuple[Any, ...]] = []
    for T in np.geomspace(1e-3 * largest, largest, 16):
        levels = sampler_levels(steps, 1e-3 * math.sqrt(T), math.sqrt(T))
        ends = endpoints(sample(lambda rho: orthogonal(data, rho), Y, levels, alpha=alpha), data)
        vertex = np.isin(ends.kind, ["training point", "virtual training point"])
        share = wilson(int(vertex.sum()), starts)
        under = tau < T
        sides = (under, vertex & under, ~under, vertex & ~under)
        counts = tuple(int(side.sum()) for side in sides)
        rows.append((float(T), *counts, share.share, share.low, share.high, float(ends.memorised.mean())))
    wrong = sum(r[1] - r[2] + r[4] for r in rows)
    return Table(
        name="early-stopping",
        columns=COLUMNS,
        rows=tuple(rows),
        parameters={
            "seed": seed,
            "starts": starts,
            "points": points,
            "alpha": alpha,
            "start_scale": scale,
            "steps": steps,
        },
        reading=(
            f"Of {starts * len(rows)} pairs of start and T, {wrong} end otherwise than τ says; the share of ends on a "
            f"vertex rises from {rows[0][5]:.1%} at T = {rows[0][0]:.2g} to {rows[-1][5]:.1%} at T = {rows[-1][0]:.2g}."
        ),
        statements=(
            Statement(
                "Probability flow ends on a vertex of the hyperbox for T above τ and elsewhere for T below.",
                wrong == 0,
                f"{wrong} exceptions in {starts * len(rows)}",
            ),
            Statement(
                "Started at a smaller T, fewer flows end on a vertex.",
                all(a[5] <= b[5] for a, b in pairwise(rows)),
                "the share never falls as T grows",
            ),
        ),
    )
