"""Attribution scores judged by the exact counterfactual: TracIn, retraining, and two that need no network."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import softmax

from exactnorm.arrays import Array
from exactnorm.experiments.arguments import like_defaults
from exactnorm.experiments.attribution import made_samples, noisy_samples
from exactnorm.experiments.attribution_scores import correlations, datamodeling_score, tracin
from exactnorm.experiments.attribution_truth import Truth, attribution_truth
from exactnorm.experiments.finished import Rows
from exactnorm.experiments.leave_one_out import fit, normalised_sum, raw_sum
from exactnorm.experiments.sweep import HERE, Run, swept
from exactnorm.experiments.table import Statement, Table
from exactnorm.experiments.training import Objective, Weights, adam, noisy, started, value_and_gradient
from exactnorm.experiments.training_sets import points_of

COLUMNS = ("data", "rho", "sum", "score", "pearson", "spearman", "datamodeling")
SCORES = ("TracIn", "retrained", "posterior weight", "nearness", "exact")
RATE, DECAY, SAMPLES = 1e-2, 1e-4, 16
"""Adam's first rate, which falls a hundredfold; weight decay; noisy samples of each point."""
CHECKPOINTS = 20
DRAW = 0.02
"""Two mean correlations that differ by less say nothing."""


@dataclass(frozen=True)
class Judged:
    """All scores on one set of points."""

    data: str
    radii: tuple[float, ...]
    seed: int
    samples: int
    subsets: int
    width: int
    steps: int


@like_defaults
def attribution_scores(
    *,
    seed: int = 0,
    samples: int = 40,
    sets: tuple[str, ...] = ("orthonormal", "obtuse", "digits"),
    radii: tuple[float, ...] = (0.05, 0.3),
    subsets: int = 40,
    width: int = 64,
    steps: int = 1500,
    run: Run = HERE,
) -> Table:
    """How well scores of training points agree with what leaving the points out does, exactly.

    Parameters
    ----------
    seed, samples : int
        Samples are made as in `attribution_levels`.
    sets : tuple of str
    radii : tuple of float
        One network is trained at each.
    subsets : int
        Random halves of the points for the linear datamodeling score.
    width, steps : int
        Neurons of the trained networks, and steps of Adam.
    run : Run

    Returns
    -------
    Table
        A row for each set (`data`), level (`rho`) or `sum` over levels ("raw" and "normalised"), and `score`: mean over
        the samples of its correlation with f(D) − f(D∖n), of values (`pearson`) and of ranks (`spearman`), and the
        linear datamodeling score (`datamodeling`). f(S) says how well the denoiser of S restores a sample from its
        noisy copy. Scores: TracIn by gradients of a network trained with weight decay; the same networks trained again
        without each point; the weight of each point in the posterior mean; minus the distance; and the exact effect
        itself, which shows what a sum over points can tell of subsets.
    """
    if subsets < 2:
        msg = f"subsets={subsets}: scores of subsets are ranked among each other; give 2 or more"
        raise ValueError(msg)
    given = {
        "seed": seed,
        "samples": samples,
        "sets": sets,
        "radii": radii,
        "subsets": subsets,
        "width": width,
        "steps": steps,
    }
    units = [Judged(name, radii, seed, samples, subsets, width, steps) for name in sets]
    return swept("attribution-scores", judged, units, given, run).table(COLUMNS, _reading, _statements)


def judged(unit: Judged) -> Iterator[tuple[Any, ...]]:
    """A row for each level, or sum over levels, and score."""
    X = points_of(unit.data, unit.seed)
    samples = made_samples(X, max(unit.radii), unit.samples, unit.seed)
    inputs = noisy_samples(samples, unit.radii, unit.seed)
    truth = attribution_truth(X, unit.radii, samples, inputs, subsets=unit.subsets, seed=unit.seed)
    scores = [_scores(unit, truth, level) for level in range(len(unit.radii))]
    for name in SCORES:
        each = np.array([one[name] for one in scores])
        for level, rho in enumerate(unit.radii):
            yield unit.data, rho, None, name, *_judged(each[level], truth.effect[level], truth, truth.values[level])
        for way, total in (("raw", raw_sum), ("normalised", normalised_sum)):
            yield unit.data, None, way, name, *_judged(total(each), total(truth.effect), truth, total(truth.values))


def trained(points: Array, rho: float, width: int, steps: int, seed: int) -> tuple[list[tuple[float, Weights]], Array]:
    """Checkpoints, the last one the end of training, each with its learning rate; and the noisy samples (N, M, d)."""
    rng = np.random.default_rng(seed)
    start = started(width, points.shape[1], rng)
    objective = Objective(*noisy(points, rho, SAMPLES, rng), DECAY)
    checkpoints = []
    path = adam(start, lambda weights: value_and_gradient(weights, objective)[1], steps, RATE, RATE / 100)
    every = max(1, steps // CHECKPOINTS)
    for step, weights in enumerate(path, start=1):
        if step % every == 0 or step == steps:
            checkpoints.append((RATE * 0.01 ** (step / steps), weights))
    return checkpoints, objective.inputs.reshape(len(points), SAMPLES, -1)


def _scores(unit: Judged, truth: Truth, level: int) -> dict[str, Array]:
    """Every score (N, m) at one level."""
    X, rho, Y = truth.points, float(truth.radii[level]), truth.inputs[level]
    way = (unit.width, unit.steps, unit.seed)
    checkpoints, samples = trained(X, rho, *way)
    full = fit(checkpoints[-1][1].network()(Y), truth.samples)
    without = [trained(np.delete(X, n, axis=0), rho, *way)[0][-1][1].network()(Y) for n in range(len(X))]
    return {
        "TracIn": tracin(checkpoints, samples, X, Y, truth.samples),
        "retrained": full - np.array([fit(values, truth.samples) for values in without]),
        "posterior weight": np.asarray(softmax(-(cdist(X, Y) ** 2) / (2 * rho**2), axis=0)),
        "nearness": -cdist(X, Y),
        "exact": truth.effect[level],
    }


def _judged(scores: Array, effect: Array, truth: Truth, values: Array) -> tuple[float | None, ...]:
    found = (
        correlations(scores, effect, ranks=False),
        correlations(scores, effect, ranks=True),
        datamodeling_score(scores, truth.subsets, values),
    )
    return tuple(float(np.nanmean(one)) if np.isfinite(one).any() else None for one in found)


def _mean(rows: Rows, score: str, column: str = "pearson") -> float:
    """Over sets and single levels."""
    values = [row[COLUMNS.index(column)] for row in rows if row[3] == score and row[1] is not None]
    return _over([value for value in values if value is not None])


def _over(values: list[float]) -> float:
    return float(np.mean(values)) if values else math.nan


def _reading(rows: Rows) -> str:
    pearson = {name: _mean(rows, name) for name in SCORES}
    lds = {name: _mean(rows, name, "datamodeling") for name in SCORES}
    return (
        "Networks trained with weight decay, and trained again without a point, change as the exact denoisers do: "
        f"correlation {pearson['retrained']:.2f} with the exact effect, mean over sets and levels. TracIn, from "
        f"gradients of one such network, has {pearson['TracIn']:.2f}; the distance of a sample from the points, which "
        f"needs no network, {pearson['nearness']:.2f}, and the posterior weight {pearson['posterior weight']:.2f}. "
        f"Linear datamodeling scores: retrained {lds['retrained']:.2f}, TracIn {lds['TracIn']:.2f}, distance "
        f"{lds['nearness']:.2f}; the exact effects of single points, summed, reach {lds['exact']:.2f}: effects of "
        "several points do not quite add up."
    )


def _statements(rows: Rows) -> tuple[Statement, ...]:
    ours, near = _mean(rows, "TracIn"), _mean(rows, "nearness")
    again = _mean(rows, "retrained")
    raw, normalised = (
        _over([row[4] for row in rows if row[2] == way and row[3] == "TracIn" and row[4] is not None])
        for way in ("raw", "normalised")
    )
    return (
        Statement(
            "Leaving a point out of the exact problem foretells what training again without it does (ours).",
            None if math.isnan(again) else again > 0.9,
            f"mean correlation {again:.3f}",
        ),
        Statement(
            "TracIn finds the points that made a sample better than nearness does (arXiv:2002.08484 says so of "
            "classifiers, paraphrased).",
            None,
            f"mean correlation {ours:.3f} against {near:.3f}; here denoisers of few points, every one fitted",
        ),
        Statement(
            "Normalising each noise level makes gradient scores of diffusion models better (arXiv:2401.09031, "
            "paraphrased; there the gradients are normalised, here the scores).",
            normalised > raw if abs(normalised - raw) >= DRAW else None,
            f"TracIn's mean correlation {normalised:.3f} normalised, {raw:.3f} raw",
        ),
    )
