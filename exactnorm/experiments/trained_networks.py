"""Trained networks beside the exact minimum-norm denoiser: cost, interpolation, kinks, endpoints, virtual points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from exactnorm.arrays import Array
from exactnorm.comparison import compare
from exactnorm.experiments.arguments import like_defaults
from exactnorm.experiments.finished import Rows
from exactnorm.experiments.solved import solved_denoiser
from exactnorm.experiments.sweep import HERE, Run, swept
from exactnorm.experiments.table import Statement, Table
from exactnorm.experiments.training import (
    Objective,
    Weights,
    adam,
    augmented_lagrangian,
    noisy,
    started,
    value_and_gradient,
)
from exactnorm.experiments.virtual_points import iterate
from exactnorm.network import ReLUNetwork

COLUMNS = (
    "way", "width", "cost", "least", "above_bound", "misses_samples", "misses_balls", "kinks", "kinks_found",
    "cost_elsewhere", "r2", "together", "size", "stable", "sums",
)  # fmt: skip
WAYS = ("Adam", "Adam, weight decay", "Adam, dropout", "augmented Lagrangian")
RATE, DECAY, DROPPED, PENALTY = 1e-2, 1e-4, 0.1, 3e4
"""Adam's first rate, which falls a hundredfold; weight decay; share of neurons that is dropped; L-BFGS's penalty."""
STABLE = 0.2
"""Distance in L∞ within which a sum of points ends that counts as stable (arXiv:2506.19031)."""
STEP, STEPS = 0.1, 400
"""Of Euler's method for the score flow, whose endpoints attract: both networks take the same steps."""


@dataclass(frozen=True)
class Trained:
    """One network."""

    way: str
    width: int
    points: int
    rho: float
    samples: int
    steps: int
    rounds: int
    starts: int
    sizes: tuple[int, ...]
    seed: int


@like_defaults
def trained_networks(
    *,
    seed: int = 0,
    widths: tuple[int, ...] = (64, 256),
    ways: tuple[str, ...] = WAYS,
    points: int = 5,
    rho: float = 0.2,
    samples: int = 40,
    steps: int = 4000,
    rounds: int = 12,
    starts: int = 100,
    sizes: tuple[int, ...] = (2, 3),
    run: Run = HERE,
) -> Table:
    """Train networks on noisy samples of orthonormal points and 0, and hold each against the exact denoiser.

    Parameters
    ----------
    seed : int
        Of the points, the samples, the first weights and the starts.
    widths : tuple of int
        Neurons; 2⁶ to 2¹³ are those of the published experiments' range.
    ways : tuple of str
        Of `WAYS`. Gradients are computed by hand: no other library takes part.
    points : int
        Orthonormal points besides 0, and dimension; 30 in the published experiment.
    rho : float
        Samples lie on the spheres of this radius.
    samples : int
        Noisy samples of each point, drawn once.
    steps : int
        Of Adam.
    rounds : int
        Of the augmented Lagrangian, each of at most 200 iterations of L-BFGS.
    starts : int
        Starts of score flows.
    sizes : tuple of int
        Sums of so many points are tried for stability.
    run : Run

    Returns
    -------
    Table
        A row for each network and size of sums. `least` is the lower bound on costs on whole balls, and `above_bound`
        is cost over it, less one; a network that misses the balls may cost less. `r2` is the median over the starts of
        1 − ‖e − e*‖²/‖e* − mean‖², with the ends e of the trained and e* of the exact score flow and the mean of the
        points. `together` is the share of ends within ρ of each other. `stable` of `sums` end within 0.2 in L∞ of where
        they began under y ← h(y).
    """
    given = {
        "seed": seed,
        "widths": widths,
        "ways": ways,
        "points": points,
        "rho": rho,
        "samples": samples,
        "steps": steps,
        "rounds": rounds,
        "starts": starts,
        "sizes": sizes,
    }
    unknown = [way for way in ways if way not in WAYS]
    if unknown:
        msg = f"ways: {unknown[0]!r} is none; give some of {', '.join(map(repr, WAYS))}"
        raise ValueError(msg)
    settings = (points, rho, samples, steps, rounds, starts, sizes, seed)
    units = [Trained(way, width, *settings) for width in widths for way in ways]
    return swept("trained-networks", compared, units, given, run).table(COLUMNS, _reading, _statements)


def trained(unit: Trained, inputs: Array, targets: Array, rng: np.random.Generator) -> Weights:
    """The weights at the end of training."""
    start = started(unit.width, inputs.shape[1], rng)
    if unit.way == "augmented Lagrangian":
        return augmented_lagrangian(start, inputs, targets, rounds=unit.rounds, penalty=PENALTY)
    objective = Objective(inputs, targets, DECAY if unit.way == "Adam, weight decay" else 0.0)

    def gradient(weights: Weights) -> Weights:
        keep = None
        if unit.way == "Adam, dropout":
            keep = (rng.random((len(inputs), unit.width)) >= DROPPED) / (1 - DROPPED)
        return value_and_gradient(weights, objective, keep)[1]

    *_, last = adam(start, gradient, unit.steps, RATE, RATE / 100)
    return last


def compared(unit: Trained) -> Iterator[tuple[Any, ...]]:
    """A row for each size of sums."""
    rng = np.random.default_rng(unit.seed)
    axes = np.linalg.qr(rng.standard_normal((unit.points, unit.points)))[0]
    X = np.vstack([np.zeros(unit.points), axes])
    Y = X.mean(axis=0) + rng.standard_normal((unit.starts, unit.points))
    inputs, targets = noisy(X, unit.rho, unit.samples, rng)
    h = trained(unit, inputs, targets, rng).network()
    exact = solved_denoiser(X, unit.rho)
    found = compare(h, exact, starts=Y[:1])
    ends, exact_ends = (score_flow_ends(one, Y) for one in (h, exact.network))
    apart = np.linalg.norm(ends - exact_ends, axis=1)
    row = (
        unit.way,
        unit.width,
        found.cost,
        exact.certificate.lower,
        found.cost / exact.certificate.lower - 1,
        float(np.linalg.norm(h(inputs) - targets, axis=1).max()),
        found.error,
        len(found.kink_distance),
        int((found.kink_distance <= found.near).sum()),
        found.cost_elsewhere,
        median_r2(ends, exact_ends, X.mean(axis=0)),
        float(np.mean(apart <= unit.rho)),
    )
    for size in unit.sizes:
        sums = np.array([axes[list(rows)].sum(axis=0) for rows in combinations(range(unit.points), size)])
        moved = np.abs(iterate(h, sums, 300) - sums).max(axis=1)
        yield *row, size, int((moved <= STABLE).sum()), len(sums)


def score_flow_ends(h: ReLUNetwork, starts: Array) -> Array:
    """Where dy/du = h(y) − y is after 400 steps of 0.1."""
    y = starts
    for _ in range(STEPS):
        y = y + STEP * (h(y) - y)
    return y


def median_r2(ends: Array, exact: Array, mean: Array) -> float:
    """Median of 1 − ‖e − e*‖²/‖e* − mean‖² (as arXiv:2412.20292 counts agreement, paraphrased)."""
    return float(np.median(1 - np.sum((ends - exact) ** 2, axis=1) / np.sum((exact - mean) ** 2, axis=1)))


def _each(rows: Rows, way: str, column: str) -> list[float]:
    return [row[COLUMNS.index(column)] for row in rows if row[0] == way]


def _reading(rows: Rows) -> str:
    lines = []
    for way in dict.fromkeys(row[0] for row in rows):
        above, r2 = _each(rows, way, "above_bound"), _each(rows, way, "r2")
        misses, stable, sums = (_each(rows, way, name) for name in ("misses_balls", "stable", "sums"))
        lines.append(
            f"{way}: costs {_span([100 * one for one in above], '+.0f')} % over the bound, misses the balls by "
            f"{_span(misses, '.2g')}, median r² {_span(r2, '.2f')}, {sum(stable):.0f} of {sum(sums):.0f} sums stable"
        )
    return (
        "; ".join(lines) + ". Networks that miss whole balls may cost less than any that do not; what the bracket says "
        "of them is how much, and not that they are better."
    )


def _span(values: list[float], form: str) -> str:
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low} to {high}"


def _statements(rows: Rows) -> tuple[Statement, ...]:
    def share(way: str) -> tuple[float, float]:
        return sum(_each(rows, way, "stable")), sum(_each(rows, way, "sums"))

    def best(*ways: str) -> str:
        found = [one for way in ways for one in _each(rows, way, "r2")]
        return format(max(found), ".2f") if found else "unknown"

    plain, decay = share("Adam"), share("Adam, weight decay")
    return (
        Statement(
            "Without weight decay no sum of training points is stable (arXiv:2506.19031, paraphrased).",
            plain[0] == 0 if plain[1] else None,
            f"{plain[0]:.0f} of {plain[1]:.0f} stable after Adam without weight decay",
        ),
        Statement(
            "With weight decay most sums of two are stable: 429 of 435 in one trained network (arXiv:2506.19031).",
            None,
            f"{decay[0]:.0f} of {decay[1]:.0f} sums stable; number of samples, width and steps there are unknown",
        ),
        Statement(
            "Networks trained with weight decay drive flows to where the theory says (arXiv:2506.19031, paraphrased; "
            "agreement counted as in arXiv:2412.20292, of convolutional networks and another theory).",
            None,
            f"median r² at best {best('Adam, weight decay')} with weight decay, {best('Adam')} without, {best(*WAYS)} "
            "of all; how long and on how many samples was trained there is unknown",
        ),
    )
