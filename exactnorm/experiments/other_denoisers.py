"""Where flows end that other denoisers drive, from the same starts on the same data: one table for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from exactnorm.arrays import Array
from exactnorm.baselines import (
    EmpiricalMMSE,
    LinearDenoiser,
    SampledLinear,
    SmoothedClosedForm,
    followed,
    inertia_level,
)
from exactnorm.baselines.inputs import Denoiser
from exactnorm.experiments.arguments import like_defaults
from exactnorm.experiments.finished import Rows
from exactnorm.experiments.score_matching import exact_score
from exactnorm.experiments.solved import solved_denoiser, solved_network
from exactnorm.experiments.sweep import HERE, Run, swept
from exactnorm.experiments.table import Statement, Table
from exactnorm.experiments.training_sets import points_of
from exactnorm.flow.endpoints import endpoints
from exactnorm.flow.probability.samplers import sampler_levels
from exactnorm.training_set import closest_pair

COLUMNS = ("data", "denoiser", "training", "virtual", "boundary", "interior", "elsewhere", "memorised", "median_ratio")
ALPHA, LAST = 0.5, 1e-3
"""ρ = ασ, and the last level before 0, as a share of the first."""
NEAR = 0.01
"""What counts as being at a point, as a share of the smallest distance."""
FEW = 0.5
"""Share of ends at training points, on every set, below which flows are said to end elsewhere."""
WIDTH, DECAY, DRAWS = 0.3, 1e-3, 6
"""Smoothing, in smallest distances; weight decay β of score matching; noisy samples of each number."""


@dataclass(frozen=True)
class Driven:
    """The flows of one denoiser on one set."""

    data: str
    denoiser: str
    starts: int
    levels: int
    sigma: float
    seed: int


@like_defaults
def other_denoisers(
    *,
    seed: int = 0,
    starts: int = 500,
    levels: int = 16,
    sigma: float = 0.8,
    sets: tuple[str, ...] = ("line", "orthonormal", "obtuse"),
    run: Run = HERE,
) -> Table:
    """Endpoints and memorisation ratio of flows driven by the minimum-norm denoiser and by eight others.

    Parameters
    ----------
    seed, starts : int
        Starts are the points' mean plus σ_T times standard normal noise, the same for every denoiser.
    levels : int
        Euler steps, as DDIM takes them; exact for the minimum-norm denoiser on orthogonal data.
    sigma : float
        σ_T; at ρ = σ/2 the balls must be disjoint.
    sets : tuple of str
        "digits" can be among them; it takes a program a level.
    run : Run

    Returns
    -------
    Table
        A row for each set (`data`) and `denoiser`: shares of ends at `training` points, at `virtual` ones, sums of
        them, on the hyperbox's `boundary`, in its `interior` and `elsewhere`, to within a hundredth of the smallest
        distance; the share of `memorised` ends, three times nearer to one training point than to any other; and the
        median of that ratio of distances (`median_ratio`).
    """
    given = {"seed": seed, "starts": starts, "levels": levels, "sigma": sigma, "sets": sets}
    units = [
        Driven(data, name, starts, levels, sigma, seed)
        for data in sets
        for name in DENOISERS
        if data == "line" or name not in ON_A_LINE
    ]
    return swept("other-denoisers", driven, units, given, run).table(COLUMNS, _reading, _statements)


def driven(unit: Driven) -> Iterator[tuple[Any, ...]]:
    """One row."""
    X = points_of(unit.data, unit.seed)
    noise = np.random.default_rng(unit.seed).standard_normal((unit.starts, X.shape[1]))
    levels = sampler_levels(unit.levels, LAST * unit.sigma, unit.sigma)
    if unit.denoiser == INERTIA:
        stop = inertia_level(len(X), X.shape[1], float(X.std()))
        levels = np.append(levels[levels > stop], [stop, 0.0])
    ends = followed(DENOISERS[unit.denoiser](X, unit.seed), X.mean(axis=0) + unit.sigma * noise, levels)
    found = endpoints(ends, X, tol=NEAR * closest_pair(X)[2])
    shares = {kind: share.share for kind, share in found.shares().items()}
    kinds = [shares[kind] for kind in ("training point", "virtual training point", "boundary", "interior")]
    memorised, ratio = float(found.memorised.mean()), float(np.median(found.ratio))
    yield unit.data, unit.denoiser, *kinds, max(0.0, 1 - sum(kinds)), memorised, ratio


def _minimum_norm(points: Array, seed: int) -> Denoiser:  # noqa: ARG001
    return lambda y, sigma: solved_denoiser(points, ALPHA * sigma)(y)


def _penalised(points: Array, seed: int) -> Denoiser:
    """Through noisy numbers at ±ρ and between, biases penalised."""
    inside = np.random.default_rng(seed).uniform(-1, 1, (len(points), DRAWS - 2))
    offsets = np.column_stack([inside, -np.ones(len(points)), np.ones(len(points))])

    def denoised(y: Array, sigma: float) -> Array:
        inputs = points + ALPHA * sigma * offsets
        return solved_network(inputs.reshape(-1, 1), np.repeat(points, DRAWS), penalise_bias=True)(y)

    return denoised


def _score_matching(points: Array, seed: int, *, skip: bool) -> Denoiser:
    def denoised(y: Array, sigma: float) -> Array:
        score = exact_score(points, sigma, DECAY / sigma**2, np.random.default_rng(seed), draws=DRAWS, skip=skip)
        return np.asarray(y + sigma**2 * score(y))

    return denoised


def _smoothed(points: Array, seed: int) -> Denoiser:
    return SmoothedClosedForm(points, WIDTH * closest_pair(points)[2], np.random.default_rng(seed))


INERTIA = "empirical MMSE, inertia end"
SCORE, BARE_SCORE = "score matching, exact", "score matching, exact, no skip"
DENOISERS: dict[str, Callable[[Array, int], Denoiser]] = {
    "minimum norm": _minimum_norm,
    "empirical MMSE": lambda points, _: EmpiricalMMSE(points),
    INERTIA: lambda points, _: EmpiricalMMSE(points),
    "smoothed closed form": _smoothed,
    "linear": lambda points, _: LinearDenoiser(points),
    "linear, sampled noise": lambda points, seed: SampledLinear(points, np.random.default_rng(seed)),
    SCORE: lambda points, seed: _score_matching(points, seed, skip=True),
    BARE_SCORE: lambda points, seed: _score_matching(points, seed, skip=False),
    "penalised bias": _penalised,
}
ON_A_LINE = (SCORE, BARE_SCORE, "penalised bias")


def _each(rows: Rows, denoiser: str, column: str) -> dict[str, float]:
    """A column by set."""
    return {row[0]: float(row[COLUMNS.index(column)]) for row in rows if row[1] == denoiser}


def _mean(rows: Rows, denoiser: str, column: str) -> float:
    return float(np.mean(list(_each(rows, denoiser, column).values())))


def _reading(rows: Rows) -> str:
    def share(name: str) -> str:
        return f"{_mean(rows, name, 'memorised'):.0%}"

    line = [f"{row[1]} {row[7]:.0%}" for row in rows if row[1] in ON_A_LINE]
    beyond = {kind: max(_each(rows, "minimum norm", kind).values()) for kind in ("virtual", "boundary")}
    return (
        f"Memorised ends, mean over the sets: empirical MMSE {share('empirical MMSE')}, the same with an inertia end "
        f"{share(INERTIA)}, minimum norm {share('minimum norm')}, smoothed closed form "
        f"{share('smoothed closed form')}, linear {share('linear')}, linear with sampled noise "
        f"{share('linear, sampled noise')}"
        + (f"; on the line {', '.join(line)}. " if line else ". ")
        + f"Of the minimum-norm denoiser's ends up to {beyond['virtual']:.0%} are at sums of training points, which no "
        f"mean of training points can reach, and up to {beyond['boundary']:.0%} elsewhere on the hyperbox's boundary."
    )


def _statements(rows: Rows) -> tuple[Statement, ...]:
    sharp = "empirical MMSE"
    memorised = {name: _each(rows, name, "memorised") for name in (sharp, "minimum norm")}
    at = {name: _each(rows, name, "training") for name in (sharp, INERTIA, "smoothed closed form")}
    ours = memorised["minimum norm"]
    return (
        Statement(
            "Flows of the empirical MMSE denoiser end at training points (arXiv:2311.06748, paraphrased).",
            min(at[sharp].values()) > 0.99,
            f"{min(at[sharp].values()):.1%} at least",
        ),
        Statement(
            "Smoothing the closed-form score makes flows end between training points "
            "(arXiv:2310.12395, paraphrased; variant: the score averaged over normal displacements of one width).",
            max(at["smoothed closed form"].values()) < FEW,
            f"ends at training points: {_said(at['smoothed closed form'])}",
        ),
        Statement(
            "An inertia end generates samples that are not the training points (arXiv:2505.02508, paraphrased; its "
            "level counts the dimension of a manifold, here that of the space; its bound: inertia-end).",
            max(at[INERTIA].values()) < FEW,
            f"ends at training points: {_said(at[INERTIA])}",
        ),
        Statement(
            "Minimum-norm denoisers memorise less than the empirical MMSE denoiser.",
            all(ours[name] < memorised[sharp][name] for name in ours),
            f"memorised: {_said(ours)}, against {_said(memorised[sharp])}",
        ),
    )


def _said(shares: dict[str, float]) -> str:
    return ", ".join(f"{name} {share:.1%}" for name, share in shares.items())
