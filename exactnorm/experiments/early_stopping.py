"""Early stopping: whether probability flow ends on a vertex as T passes the threshold τ of its start."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import orthogonal
from exactnorm.experiments.arguments import like_defaults
from exactnorm.experiments.finished import Rows
from exactnorm.experiments.sweep import HERE, Run, Swept, Work, swept
from exactnorm.experiments.table import Statement, Table
from exactnorm.flow.endpoints import Endpoints, endpoints, wilson
from exactnorm.flow.hyperbox.closed import vertex_radius
from exactnorm.flow.probability.samplers import sample, sampler_levels

COLUMNS = (
    "T", "below", "below_on_vertex", "above", "above_on_vertex", "vertex_share", "vertex_low", "vertex_high",
    "memorised",
)  # fmt: skip
SAMPLES = ("T", "start", "y_1", "y_2", "tau", "end_1", "end_2", "kind", "vertex")
VERTEX = ("training point", "virtual training point")


@dataclass(frozen=True)
class Stop:
    """The flows from all starts, the same for every unit of a sweep, at one T."""

    T: float
    seed: int
    starts: int
    points: int
    alpha: float
    scale: float
    steps: int


@like_defaults
def early_stopping(
    *,
    seed: int = 0,
    starts: int = 500,
    points: int = 5,
    times: int = 16,
    alpha: float = 0.5,
    scale: float = 0.4,
    steps: int = 12,
    run: Run = HERE,
) -> Table:
    """The same starts at many T: how many end on a vertex, told apart by whether T is beyond each start's τ.

    Parameters
    ----------
    seed, starts : int
    points : int
        Number of orthonormal points besides x_0 = 0, and dimension.
    times : int
        Number of start times T, from 1e-3 of the largest at which balls are disjoint.
    alpha : float
        ρ = α√t.
    scale : float
        Starts y_T are the points' mean plus this times standard normal noise, the same for every T.
    steps : int
        Levels of the sampler that takes the flow to its end; the ends do not come from a formula.
    run : Run
        Where and how it is computed.

    Returns
    -------
    Table
        A row for each T: starts whose τ is below T and how many of them end on a vertex, the same for τ above T, and
        the share of vertices among all ends with a 95 % interval.
    """
    given = {"seed": seed, "starts": starts, "points": points, "alpha": alpha, "scale": scale, "steps": steps}
    return _over_times("early-stopping", counted, times, given, run).table(COLUMNS, _reading, _statements)


@like_defaults
def early_stopping_map(
    *,
    seed: int = 0,
    starts: int = 100,
    times: int = 24,
    alpha: float = 0.5,
    scale: float = 0.4,
    steps: int = 12,
    run: Run = HERE,
) -> Table:
    """Early stopping in the plane, start by start: a map of T against τ, and where each flow ended.

    Parameters
    ----------
    seed, starts : int
    times, alpha, scale, steps, run
        As in `early_stopping`, of which this is the case of two points besides x_0 = 0.

    Returns
    -------
    Table
        A row for each pair of T and start: the start, its τ, the end, what that is, and whether it is a vertex.
    """
    given = {"seed": seed, "starts": starts, "alpha": alpha, "scale": scale, "steps": steps}
    return _over_times("early-stopping-map", told_apart, times, given, run).table(
        SAMPLES, _map_reading, _map_statements
    )


def _over_times(name: str, work: Work[Stop], times: int, given: dict[str, Any], run: Run) -> Swept:
    """A unit for each T; of two points where it is not said of how many."""
    largest = (0.49 / given["alpha"]) ** 2
    units = [Stop(float(T), **{"points": 2, **given}) for T in np.geomspace(1e-3 * largest, largest, times)]
    return swept(name, work, units, {**given, "times": times}, run)


def followed(unit: Stop) -> tuple[Array, Array, Endpoints, Array]:
    """The starts of a unit, their τ, and what the flows' ends are and where."""
    rng = np.random.default_rng(unit.seed)
    axes = np.linalg.qr(rng.standard_normal((unit.points, unit.points)))[0]
    data = np.vstack([np.zeros(unit.points), axes])
    Y = data.mean(axis=0) + unit.scale * rng.standard_normal((unit.starts, unit.points))
    tau = np.asarray((vertex_radius(data, Y) / unit.alpha) ** 2)
    levels = sampler_levels(unit.steps, 1e-3 * math.sqrt(unit.T), math.sqrt(unit.T))
    ends = sample(lambda rho: orthogonal(data, rho), Y, levels, alpha=unit.alpha)
    return Y, tau, endpoints(ends, data), ends


def counted(unit: Stop) -> Rows:
    """One row: how many of the starts with τ below T, and above, end on a vertex."""
    _, tau, ends, _ = followed(unit)
    vertex, under = np.isin(ends.kind, VERTEX), tau < unit.T
    share = wilson(int(vertex.sum()), unit.starts)
    counts = tuple(int(side.sum()) for side in (under, vertex & under, ~under, vertex & ~under))
    return ((unit.T, *counts, share.share, share.low, share.high, float(ends.memorised.mean())),)


def told_apart(unit: Stop) -> Rows:
    """A row for each start."""
    Y, tau, ends, at = followed(unit)
    vertex = np.isin(ends.kind, VERTEX).tolist()
    return tuple(
        (unit.T, n, *Y[n].tolist(), float(tau[n]), *at[n].tolist(), str(ends.kind[n]), vertex[n]) for n in range(len(Y))
    )


def _exceptions(rows: Rows) -> int:
    return int(sum(row[1] - row[2] + row[4] for row in rows))


def _reading(rows: Rows) -> str:
    pairs = sum(row[1] + row[3] for row in rows)
    return (
        f"Of {pairs} pairs of start and T, {_exceptions(rows)} end otherwise than τ says; the share of ends on a "
        f"vertex rises from {rows[0][5]:.1%} at T = {rows[0][0]:.2g} to {rows[-1][5]:.1%} at T = {rows[-1][0]:.2g}."
    )


def _statements(rows: Rows) -> tuple[Statement, ...]:
    wrong, pairs = _exceptions(rows), sum(row[1] + row[3] for row in rows)
    return (
        Statement(
            "Probability flow ends on a vertex of the hyperbox for T above τ and elsewhere for T below.",
            wrong == 0,
            f"{wrong} exceptions in {pairs}",
        ),
        Statement(
            "Started at a smaller T, fewer flows end on a vertex.",
            all(a[5] <= b[5] for a, b in pairwise(rows)),
            "the share never falls as T grows",
        ),
    )


def _map_exceptions(rows: Rows) -> list[tuple[Any, ...]]:
    T, tau, vertex = (SAMPLES.index(name) for name in ("T", "tau", "vertex"))
    return [row for row in rows if row[vertex] != (row[T] > row[tau])]


def _map_reading(rows: Rows) -> str:
    wrong = len(_map_exceptions(rows))
    inside = len({row[1] for row in rows if row[4] == 0})
    return (
        f"Of {len(rows)} pairs of T and start {wrong} lie on the wrong side of the diagonal T = τ. {inside} of the "
        f"{len({row[1] for row in rows})} starts have no coordinate between two points, τ = 0, and end on a vertex "
        "whatever T is."
    )


def _map_statements(rows: Rows) -> tuple[Statement, ...]:
    wrong = len(_map_exceptions(rows))
    text = "In two dimensions, too, a start's flow ends on a vertex exactly if T is above the start's own τ."
    return (Statement(text, wrong == 0, f"{wrong} exceptions in {len(rows)}"),)
