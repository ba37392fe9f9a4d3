"""The linear one-step denoiser: how far what it generates is from the truth, against the number of points."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from exactnorm.arrays import Array
from exactnorm.baselines import divergence, divergence_limit, expected_trace, generated
from exactnorm.experiments.arguments import like_defaults
from exactnorm.experiments.finished import Rows
from exactnorm.experiments.sweep import HERE, Run, swept
from exactnorm.experiments.table import Statement, Table

COLUMNS = (
    "points", "runs", "mean", "standard_error", "median", "expected", "expected_error", "limit", "recorded",
)  # fmt: skip
RECORDED = {22: 378.0, 25: 37.8, 40: 8.45, 160: 2.77, 640: 2.09, 5000: 1.909}
"""Mean divergences that were computed before, by other code, in 20 dimensions at ℓ = 0.982."""
CLOSE = 0.02
"""Relative difference up to which a recorded mean, of a number of runs that is not known, is met."""


@dataclass(frozen=True)
class Fits:
    """Several runs with so many points."""

    points: int
    runs: int
    dimension: int
    ell: float
    seed: int


@like_defaults
def linear_one_step(
    *,
    seed: int = 0,
    counts: tuple[int, ...] = (20, 22, 25, 40, 80, 160, 320, 640),
    runs: int = 1000,
    dimension: int = 20,
    ell: float = 0.982,
    run: Run = HERE,
) -> Table:
    """KL divergence of what the linear denoiser generates in one step, from the normal distribution of its points.

    Parameters
    ----------
    seed : int
    counts : tuple of int
        Numbers n of training points, standard normal.
    runs : int
        Draws of points and noise for each n.
    dimension : int
    ell : float
        ℓ = λ(e^{2T} − 1): the variance of the noise, before the process's factor e^{−T}.
    run : Run

    Returns
    -------
    Table
        A row for each number of `points`, over so many `runs`: the divergence (Kullback and Leibler's) of what is
        generated from the truth, its `mean` with its standard error (`standard_error`) and `median`; the `expected`
        divergence, of which the trace, where the heavy tails are, is in closed form and the rest a mean over the runs,
        with that one's standard error (`expected_error`); the `limit` of infinitely many points in closed form, and the
        mean that was `recorded` before. None stands for infinity.
    """
    given = {"seed": seed, "counts": counts, "runs": runs, "dimension": dimension, "ell": ell}
    units = [Fits(n, runs, dimension, ell, seed) for n in counts]
    return swept("linear-one-step", fits, units, given, run).table(COLUMNS, _reading, _statements)


def fits(unit: Fits) -> Iterator[tuple[Any, ...]]:
    """One row."""
    rng = np.random.default_rng([unit.seed, unit.points])
    shape = (unit.points, unit.dimension)
    runs = [generated(rng.standard_normal(shape), rng.standard_normal(shape), unit.ell) for _ in range(unit.runs)]
    found = np.array([divergence(mean, S, 0.0, 1.0) for mean, S in runs])
    finite = bool(np.isfinite(found).all())
    # What is left of the divergence without its trace: tails are light, so that a mean of few runs is near.
    rest = found - [np.trace(S) / 2 for _, S in runs] if finite else found
    expected = expected_trace(unit.points, unit.dimension, unit.ell) / 2 + rest.mean()
    known = RECORDED.get(unit.points) if (unit.dimension, unit.ell) == (20, 0.982) else None
    numbers = [found.mean(), _error(found), np.median(found)] if finite else [math.inf] * 3
    numbers += [expected, _error(rest)] if math.isfinite(expected) else [math.inf] * 2
    limit = divergence_limit(unit.dimension, unit.ell)
    yield unit.points, unit.runs, *(float(x) if math.isfinite(x) else None for x in numbers), limit, known


def _error(values: Array) -> float:
    return float(values.std() / np.sqrt(len(values)))


def _reading(rows: Rows) -> str:
    finite = [row for row in rows if row[2] is not None]
    medians = ", ".join(f"{row[4]:.3g} at n = {row[0]}" for row in finite) or "none finite"
    return (
        "With no more points than dimensions the fitted map is singular and the divergence infinite. Medians beyond: "
        f"{medians}. As n grows it goes to {rows[-1][7]:.4g}, which no number of points takes away: one step of a "
        "linear denoiser shrinks the distribution. The mean says little where n is at most the dimension plus 2: the "
        "inverse of the inputs' covariance has no finite expectation there, so that each sample mean is what its worst "
        "run made it."
    )


def _statements(rows: Rows) -> tuple[Statement, ...]:
    limit = rows[-1][7]
    medians = [row[4] for row in sorted(rows, key=lambda row: row[0]) if row[2] is not None]
    falls = all(a > b for a, b in pairwise(medians))
    listed = f"from {medians[0]:.3g} to {medians[-1]:.4g}" if medians else "infinite"
    known = [row for row in rows if row[8] is not None]
    met = [row[5] is not None and abs(row[5] / row[8] - 1) < CLOSE for row in known]
    return (
        Statement(
            "The divergence falls with n towards a limit above zero, (d/2)(r − 1 − log r) (arXiv:2411.17807, "
            "paraphrased; the formula for sampled noise is ours).",
            falls and medians[-1] > limit if len(medians) > 1 else None,
            f"medians {listed}, limit {limit:.4g}",
        ),
        *(
            Statement(
                f"The mean at n = {row[0]} is {row[8]:g} (recorded before, by other code).",
                holds,
                "it is infinite" if row[5] is None else f"expected: {row[5]:.4g} ± {row[6]:.1g}",
            )
            for row, holds in zip(known, met, strict=True)
        ),
    )
