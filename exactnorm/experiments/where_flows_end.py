"""Where flows end: random starts, orthonormal points, both flows, against the number of points, T, α and scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from exactnorm.arrays import Array
from exactnorm.experiments.arguments import like_defaults
from exactnorm.experiments.finished import Rows
from exactnorm.experiments.sweep import HERE, Run, swept
from exactnorm.experiments.table import Statement, Table
from exactnorm.flow.endpoints import Endpoints, endpoints
from exactnorm.flow.hyperbox.closed import closed_probability_flow, closed_score_flow

COUNTS = (2, 5, 10, 15, 20, 25, 30)
RADII = (0.05, 0.2)
SCORE_SCALES = (0.3, 1.0)
PROBABILITY = ((0.25, 0.1), (0.25, 0.5), (1.0, 0.1), (1.0, 0.4), (4.0, 0.1), (4.0, 0.2))
"""Pairs (T, α) with α√T < 1/2."""
COLUMNS = (
    "flow", "points", "rho", "alpha", "T", "start_scale", "training", "training_low", "training_high", "virtual",
    "virtual_low", "virtual_high", "boundary", "interior", "outside", "memorised",
)  # fmt: skip


@dataclass(frozen=True)
class Ends:
    """The ends of both flows for some number of points; the starts' noise is the same for every unit of a sweep."""

    count: int
    seed: int
    starts: int
    dimension: int
    radii: tuple[float, ...]
    score_scales: tuple[float, ...]
    probability: tuple[tuple[float, float], ...]


@like_defaults
def where_flows_end(
    *,
    seed: int = 0,
    starts: int = 500,
    dimension: int = 30,
    counts: tuple[int, ...] = COUNTS,
    radii: tuple[float, ...] = RADII,
    score_scales: tuple[float, ...] = SCORE_SCALES,
    probability: tuple[tuple[float, float], ...] = PROBABILITY,
    run: Run = HERE,
) -> Table:
    """Shares of training, virtual, boundary and interior points among the endpoints of both flows.

    Parameters
    ----------
    seed, starts, dimension : int
        Starts are the points' mean plus a scale times standard normal noise; √T for the probability flow (variance
        exploding).
    counts : tuple of int
        Numbers of orthonormal points besides x_0 = 0.
    radii, score_scales : tuple of float
        Score flow: radii ρ and scales of the starts. Followed to its limit.
    probability : tuple of (T, alpha)
    run : Run
        Where and how it is computed.

    Returns
    -------
    Table
        A row for each `flow`, number of `points` and setting: noise radius `rho` (of a probability flow the one at `T`,
        where it starts, `alpha` times the noise level) and `start_scale`, the spread of the starts. Shares of ends: at
        a `training` point, at a `virtual` one, on the hyperbox's `boundary` but at no vertex, in its `interior`,
        `outside`; `memorised` ends are more than three times nearer to one training point than to the next. Intervals
        are 95 % (Wilson).
    """
    settings = {"radii": radii, "score_scales": score_scales, "probability": probability}
    given = {"seed": seed, "starts": starts, "dimension": dimension, "counts": counts, **settings}
    units = [Ends(count, seed, starts, dimension, radii, score_scales, probability) for count in counts]
    return swept("where-flows-end", ends_of, units, given, run).table(COLUMNS, _reading, _statements)


def ends_of(unit: Ends) -> Rows:
    """A row for each setting of either flow."""
    rng = np.random.default_rng(unit.seed)
    axes = np.linalg.qr(rng.standard_normal((unit.dimension, unit.dimension)))[0]
    noise = rng.standard_normal((unit.starts, unit.dimension))
    points = np.vstack([np.zeros(unit.dimension), axes[: unit.count]])
    mean = points.mean(axis=0)
    rows: list[tuple[object, ...]] = []
    for rho in unit.radii:
        for scale in unit.score_scales:
            ends = closed_score_flow(points, rho, mean + scale * noise, math.inf)
            rows.append(("score", unit.count, rho, None, None, scale, *_shares(ends, points)))
    for T, alpha in unit.probability:
        first = math.sqrt(T)
        ends = closed_probability_flow(points, alpha, mean + first * noise, first)
        rows.append(("probability", unit.count, alpha * first, alpha, T, first, *_shares(ends, points)))
    return tuple(rows)


def _shares(ends: Array, points: Array) -> tuple[float, ...]:
    found: Endpoints = endpoints(ends, points)
    shares = found.shares()
    training, virtual = shares["training point"], shares["virtual training point"]
    return (
        training.share, training.low, training.high, virtual.share, virtual.low, virtual.high,
        shares["boundary"].share, shares["interior"].share, shares["outside"].share, float(found.memorised.mean()),
    )  # fmt: skip


def _mean(rows: Rows, flow: str, count: int, *columns: str, scale: float | None = None) -> float:
    """Share of the named kinds together, averaged over settings; only starts of one scale if given."""
    wanted = [COLUMNS.index(c) for c in columns]
    chosen = [r for r in rows if r[0] == flow and r[1] == count and (scale is None or r[5] == scale)]
    return float(np.mean([sum(r[k] for k in wanted) for r in chosen])) if chosen else math.nan


def _reading(rows: Rows) -> str:
    most = max(r[1] for r in rows)
    score = ", ".join(f"{_mean(rows, 'score', most, c):.1%} {c}" for c in ("training", "virtual"))
    flow = ", ".join(
        f"{_mean(rows, 'probability', most, c):.1%} {c}" for c in ("training", "virtual", "boundary", "interior")
    )
    return (
        f"With {most} points, averaged over settings, score flow ends at {score} points, probability flow at {flow} "
        "points of the hyperbox."
    )


def _statements(rows: Rows) -> tuple[Statement, ...]:
    counts = sorted({r[1] for r in rows})
    most = counts[-1]
    scale = max({r[5] for r in rows if r[0] == "score"} & {r[5] for r in rows if r[0] == "probability"}, default=None)
    virtual = _mean(rows, "score", most, "virtual")
    both = [_mean(rows, flow, most, "training", "boundary", scale=scale) for flow in ("probability", "score")]
    training = [(_mean(rows, f, n, "training", scale=scale), n) for n in counts for f in ("probability", "score")]
    pairs = list(zip(training[::2], training[1::2], strict=True))
    memory = [_mean(rows, "score", n, "training") for n in counts]
    return (
        Statement(
            "Score flow ends mostly at virtual training points.",
            virtual > 0.5 if most > 1 else None,  # one point and x_0 have no sum
            f"{virtual:.1%} of ends with {most} points",
        ),
        Statement(
            "Probability flow ends more often at training points and other points of the boundary, taken together.",
            both[0] > both[1],
            f"{both[0]:.1%} against {both[1]:.1%} of score flow with {most} points, starts of scale {scale}",
        ),
        Statement(
            "Probability flow ends more often at training points alone.",
            all(flow[0] > score[0] for flow, score in pairs),
            "; ".join(f"{n} points: {flow:.1%} against {score:.1%}" for (flow, n), (score, _) in pairs)
            + f"; starts of scale {scale}",
        ),
        Statement(
            "The more training points, the less memorisation.",
            all(a >= b for a, b in pairwise(memory)) and memory[0] > memory[-1] if len(memory) > 1 else None,
            f"share of training points among score-flow ends {memory[0]:.1%} with {counts[0]} points, "
            f"{memory[-1]:.1%} with {most}",
        ),
    )
