"""Early stopping: whether probability flow ends on a vertex as T passes the threshold τ of its start."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import ndtr
from scipy.stats import binom

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
    "longest", "T", "below", "below_on_vertex", "above", "above_on_vertex", "vertex_share", "vertex_low", "vertex_high",
    "probability", "memorised",
)  # fmt: skip
SAMPLES = ("T", "start", "y_1", "y_2", "tau", "end_1", "end_2", "kind", "vertex")
TAIL = 3e-5
"""A count that is less likely than four standard deviations of a normal number differs from its probability."""
VERTEX = ("training point", "virtual training point")


@dataclass(frozen=True)
class Stop:
    """The flows from all starts, the same for every unit of a sweep, at one T."""

    longest: float
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
    longest: tuple[float, ...] = (1.0, 1.5, 2.0, 4.0),
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
        Number of orthogonal points besides x_0 = 0, and dimension.
    times : int
        Number of start times T, from 1e-3 of the largest at which balls are disjoint.
    longest : tuple of float
        Longest side of the hyperbox, for each box; the shortest is 1, and the others grow by a constant factor.
    alpha : float
        ρ = α√t.
    scale : float
        Starts y_T are the points' mean plus this times standard normal noise, times the side along each side of the
        box; the same noise for every T and every box.
    steps : int
        Levels of the sampler that takes the flow to its end; the ends do not come from a formula.
    run : Run
        Where and how it is computed.

    Returns
    -------
    Table
        A row for each box, by its `longest` side, and each `T`, the time at which flows start: starts whose threshold τ
        is `below` T and how many of them end on a vertex (`below_on_vertex`), the same for τ `above` T
        (`above_on_vertex`), the share of vertices among all ends (`vertex_share`) with a 95 % interval, the
        `probability` that T is beyond τ, a product of normal distributions, and the share of `memorised` ends.

    Raises
    ------
    ValueError
        If a longest side is shorter than 1, or `alpha` or `scale` is not positive.
    """
    given = {"seed": seed, "starts": starts, "points": points, "alpha": alpha, "scale": scale, "steps": steps}
    found = _over_times("early-stopping", counted, times, tuple(longest), given, {"longest": longest}, run)
    return found.table(COLUMNS, _reading, _statements)


@like_defaults
def early_stopping_map(
    *,
    seed: int = 0,
    starts: int = 100,
    times: int = 24,
    longest: float = 1.0,
    alpha: float = 0.5,
    scale: float = 0.4,
    steps: int = 12,
    run: Run = HERE,
) -> Table:
    """Early stopping in the plane, start by start: a map of T against τ, and where each flow ended.

    Parameters
    ----------
    seed, starts : int
    longest : float
        Longer side of the rectangle; the other is 1.
    times, alpha, scale, steps, run
        As in `early_stopping`, of which this is the case of two points besides x_0 = 0.

    Returns
    -------
    Table
        A row for each pair of `T`, the time at which flows start, and `start`: the start (`y_1`, `y_2`), its threshold
        `tau`, the end (`end_1`, `end_2`), what `kind` of point that is, and whether it is a `vertex` of the hyperbox.

    Raises
    ------
    ValueError
        If the longer side is shorter than 1, or `alpha` or `scale` is not positive.
    """
    given = {"seed": seed, "starts": starts, "alpha": alpha, "scale": scale, "steps": steps}
    found = _over_times("early-stopping-map", told_apart, times, (longest,), given, {"longest": longest}, run)
    return found.table(SAMPLES, _map_reading, _map_statements)


def _over_times(
    name: str,
    work: Work[Stop],
    times: int,
    boxes: tuple[float, ...],
    given: dict[str, Any],
    asked: dict[str, Any],
    run: Run,
) -> Swept:
    """A unit for each box and T; of two points where it is not said of how many."""
    for side in boxes:
        if side < 1:
            msg = f"longest={side!r}: give a length from 1 on, the shortest side of the box"
            raise ValueError(msg)
    if not (given["alpha"] > 0 and given["scale"] > 0):
        msg = f"alpha={given['alpha']:g}, scale={given['scale']:g}; give positive numbers"
        raise ValueError(msg)
    largest = (0.49 / given["alpha"]) ** 2
    stops = np.geomspace(1e-3 * largest, largest, times)
    units = [Stop(float(side), float(T), **{"points": 2, **given}) for side in boxes for T in stops]
    return swept(name, work, units, {**given, **asked, "times": times}, run)


def followed(unit: Stop) -> tuple[Array, Array, Endpoints, Array]:
    """The starts of a unit, their τ, and what the flows' ends are and where."""
    rng = np.random.default_rng(unit.seed)
    axes = np.linalg.qr(rng.standard_normal((unit.points, unit.points)))[0]
    sides = np.geomspace(1.0, unit.longest, unit.points)[:, None] * axes
    data = np.vstack([np.zeros(unit.points), sides])
    Y = data.mean(axis=0) + unit.scale * rng.standard_normal((unit.starts, unit.points)) @ axes.T @ sides
    tau = np.asarray((vertex_radius(data, Y) / unit.alpha) ** 2)
    levels = sampler_levels(unit.steps, 1e-3 * math.sqrt(unit.T), math.sqrt(unit.T))
    ends = sample(lambda rho: orthogonal(data, rho), Y, levels, alpha=unit.alpha)
    return Y, tau, endpoints(ends, data), ends


def beyond(unit: Stop) -> float:
    """Probability that no coordinate is farther than α√T from both ends of its side and between them."""
    radius = unit.alpha * math.sqrt(unit.T) / np.geomspace(1.0, unit.longest, unit.points)  # sides are 1, then
    mean = 1 / (unit.points + 1)
    within = ndtr((1 - radius - mean) / unit.scale) - ndtr((radius - mean) / unit.scale)
    return float(np.prod(1 - np.maximum(within, 0.0)))


def counted(unit: Stop) -> Rows:
    """One row: how many of the starts with τ below T, and above, end on a vertex."""
    _, tau, ends, _ = followed(unit)
    vertex, under = np.isin(ends.kind, VERTEX), tau < unit.T
    share = wilson(int(vertex.sum()), unit.starts)
    counts = tuple(int(side.sum()) for side in (under, vertex & under, ~under, vertex & ~under))
    memorised = float(ends.memorised.mean())
    return ((unit.longest, unit.T, *counts, share.share, share.low, share.high, beyond(unit), memorised),)


def told_apart(unit: Stop) -> Rows:
    """A row for each start."""
    Y, tau, ends, at = followed(unit)
    vertex = np.isin(ends.kind, VERTEX).tolist()
    return tuple(
        (unit.T, n, *Y[n].tolist(), float(tau[n]), *at[n].tolist(), str(ends.kind[n]), vertex[n]) for n in range(len(Y))
    )


def _exceptions(rows: Rows) -> int:
    return int(sum(row[2] - row[3] + row[5] for row in rows))


def _of_boxes(rows: Rows) -> dict[float, list[tuple[Any, ...]]]:
    return {longest: [row for row in rows if row[0] == longest] for longest in dict.fromkeys(row[0] for row in rows)}


def _reading(rows: Rows) -> str:
    pairs = sum(row[2] + row[4] for row in rows)
    rises = "; ".join(
        f"longest side {longest:g}: {of[0][6]:.1%} to {of[-1][6]:.1%}" for longest, of in _of_boxes(rows).items()
    )
    low, high = (format(limit(row[1] for row in rows), ".2g") for limit in (min, max))
    return (
        f"Of {pairs} pairs of start and T, {_exceptions(rows)} end otherwise than τ says. The share of ends on a "
        f"vertex from T = {low} to T = {high}, at which the balls nearly touch along the shortest side: {rises}."
    )


def _unlikely(row: tuple[Any, ...]) -> bool:
    total, hits = row[2] + row[4], row[3] + row[5]
    law = binom(total, row[9])
    return bool(min(law.cdf(hits), law.sf(hits - 1)) < TAIL)


def _statements(rows: Rows) -> tuple[Statement, ...]:
    wrong, pairs = _exceptions(rows), sum(row[2] + row[4] for row in rows)
    boxes = _of_boxes(rows)
    off = sum(map(_unlikely, rows))
    ordered = sorted(boxes)
    pairs_of_boxes = [both for a, b in pairwise(ordered) for both in zip(boxes[a], boxes[b], strict=True)]
    return (
        Statement(
            "Probability flow ends on a vertex of the hyperbox for T above τ and elsewhere for T below.",
            wrong == 0,
            f"{wrong} exceptions in {pairs}",
        ),
        Statement(
            "Started at a smaller T, fewer flows end on a vertex.",
            all(a[6] <= b[6] for of in boxes.values() for a, b in pairwise(of)) if len(rows) > len(boxes) else None,
            "whether the share ever falls as T grows, in each box" if len(rows) > len(boxes) else "one T only",
        ),
        Statement(
            "The longer the sides of the box, the fewer flows end on a vertex at the same T.",
            all(a[6] >= b[6] for a, b in pairs_of_boxes) if pairs_of_boxes else None,
            f"{len(pairs_of_boxes)} pairs of boxes, one with longer sides than the other",
        ),
        Statement(
            "From normal starts the share of ends on a vertex is a product over the sides (by the formula of τ).",
            off == 0,
            f"{off} of {len(rows)} counts are less likely than four standard deviations",
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
