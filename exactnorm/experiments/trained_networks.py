"""Trained networks beside the exact minimum-norm denoiser: cost, interpolation, kinks, endpoints, virtual points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
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
from exactnorm.experiments.virtual_points import FAR, PUBLISHED, check_sizes, published, stable_counts
from exactnorm.network import ReLUNetwork

COLUMNS = (
    "way", "width", "samples", "cost", "least", "above_bound", "misses_samples", "misses_balls", "kinks", "kinks_found",
    "cost_elsewhere", "r2", "together", "size", "stable", "sums", "published",
)  # fmt: skip
WAYS = ("Adam", "Adam, weight decay", "Adam, dropout", "augmented Lagrangian")
RATE, DROPPED, PENALTY = 1e-2, 0.1, 3e4
"""Adam's first rate, which falls a hundredfold; share of neurons that is dropped; L-BFGS's penalty."""
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
    decay: float
    steps: int
    rounds: int
    starts: int
    sizes: tuple[int, ...]
    threshold: float
    iterations: int
    seed: int


@like_defaults
def trained_networks(
    *,
    seed: int = 0,
    widths: tuple[int, ...] = (64, 256, 1024),
    ways: tuple[str, ...] = WAYS,
    points: int = 5,
    rho: float = 0.2,
    samples: tuple[int, ...] = (40,),
    decay: float = 1e-4,
    steps: int = 4000,
    rounds: int = 12,
    starts: int = 100,
    sizes: tuple[int, ...] = (2, 3, 4),
    threshold: float = 0.2,
    iterations: int = 300,
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
    samples : tuple of int
        Noisy samples of each point, drawn once: a network for each of these numbers.
    decay : float
        λ of "Adam, weight decay", which minimises the mean of ½‖h(y) − x‖² plus λ/2 times the squared norm of a and w.
    steps : int
        Of Adam.
    rounds : int
        Of the augmented Lagrangian, each of at most 200 iterations of L-BFGS.
    starts : int
        Starts of score flows.
    sizes : tuple of int
        Sums of so many of the points besides 0 are tried for stability.
    threshold : float
        Distance in L∞ within which a sum ends that counts as stable: 0.2 in arXiv:2506.19031.
    iterations : int
        Of y ← h(y) from each sum, unless it stands still before.
    run : Run

    Returns
    -------
    Table
        A row for each network, by the `way` it was trained, its `width` and `samples` of each point, and `size` of
        sums. Its `cost` beside `least`, the lower bound on costs on whole balls, and `above_bound`, cost over it, less
        one; a network that misses the balls may cost less: by how much it misses its samples (`misses_samples`) and
        whole balls (`misses_balls`) at most. `kinks_found` of the exact denoiser's `kinks` have one of its own within
        the noise radius; `cost_elsewhere` is the share of its cost in others. `r2` is the median over the starts of 1 −
        ‖e − e*‖²/‖e* − mean‖², with the ends e of the trained and e* of the exact score flow and the mean of the
        points. `together` is the share of ends within ρ of each other. `stable` of `sums` end within the threshold in
        L∞, that is in every coordinate, of where they began under y ← h(y), and `published` of as many for one trained
        network, where that is known.
    """
    given = {
        "seed": seed, "widths": widths, "ways": ways, "points": points, "rho": rho, "samples": samples, "decay": decay,
        "steps": steps, "rounds": rounds, "starts": starts, "sizes": sizes, "threshold": threshold,
        "iterations": iterations,
    }  # fmt: skip
    unknown = [way for way in ways if way not in WAYS]
    if unknown:
        msg = f"ways: {unknown[0]!r} is none; give some of {', '.join(map(repr, WAYS))}"
        raise ValueError(msg)
    check_sizes(sizes, points)
    if decay < 0:
        msg = f"decay={decay:g} is negative; give a weight decay >= 0"
        raise ValueError(msg)
    if not threshold > 0:
        msg = f"threshold={threshold:g}; give a positive distance"
        raise ValueError(msg)
    units = [
        Trained(way, width, points, rho, number, decay, steps, rounds, starts, sizes, threshold, iterations, seed)
        for number in samples
        for width in widths
        for way in ways
    ]
    return swept("trained-networks", compared, units, given, run).table(COLUMNS, _reading, _statements)


def trained(unit: Trained, inputs: Array, targets: Array, rng: np.random.Generator) -> Weights:
    """The weights at the end of training."""
    start = started(unit.width, inputs.shape[1], rng)
    if unit.way == "augmented Lagrangian":
        return augmented_lagrangian(start, inputs, targets, rounds=unit.rounds, penalty=PENALTY)
    objective = Objective(inputs, targets, unit.decay if unit.way == "Adam, weight decay" else 0.0)

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
        unit.samples,
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
        (stable,), total = stable_counts(h, axes, size, (unit.threshold,), unit.iterations)
        yield *row, size, stable, total, published(unit.points, size)


def score_flow_ends(h: ReLUNetwork, starts: Array) -> Array:
    """Where dy/du = h(y) − y is after 400 steps of 0.1; a flow that some network throws to infinity stops at `FAR`."""
    y, alive = starts.copy(), np.arange(len(starts))
    for _ in range(STEPS):
        y[alive] += STEP * (h(y[alive]) - y[alive])
        alive = alive[np.abs(y[alive]).max(axis=1) < FAR]
        if not len(alive):
            break
    return y


def median_r2(ends: Array, exact: Array, mean: Array) -> float:
    """Median of 1 − ‖e − e*‖²/‖e* − mean‖² (as arXiv:2412.20292 counts agreement, paraphrased)."""
    return float(np.median(1 - np.sum((ends - exact) ** 2, axis=1) / np.sum((exact - mean) ** 2, axis=1)))


def _each(rows: Rows, way: str, column: str) -> list[float]:
    return [row[COLUMNS.index(column)] for row in rows if row[0] == way]


def _by_size(rows: Rows, way: str) -> dict[int, tuple[int, int]]:
    """Stable sums and all sums of each number of points, added up over the networks."""
    found: dict[int, tuple[int, int]] = {}
    for size, stable, total in zip(*(_each(rows, way, name) for name in ("size", "stable", "sums")), strict=True):
        before = found.get(int(size), (0, 0))
        found[int(size)] = (before[0] + int(stable), before[1] + int(total))
    return found


def _counts(rows: Rows, way: str) -> str:
    found = _by_size(rows, way)
    counts = ", ".join(f"{stable} of {total}" for stable, total in found.values())
    return f"{counts} sums of {', '.join(map(str, found))} points stable" if found else "unknown"


def _reading(rows: Rows) -> str:
    lines = []
    for way in dict.fromkeys(row[0] for row in rows):
        above, r2, misses = (_each(rows, way, name) for name in ("above_bound", "r2", "misses_balls"))
        lines.append(
            f"{way}: costs {_span([100 * one for one in above], '+.0f')} % over the bound, misses the balls by "
            f"{_span(misses, '.2g')}, median r² {_span(r2, '.3g')}, {_counts(rows, way)}"
        )
    return (
        "; ".join(lines) + ". Networks that miss whole balls may cost less than any that do not; what the bracket says "
        "of them is how much, and not that they are better."
    )


def _span(values: list[float], form: str) -> str:
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low} to {high}"


def falling(rows: Rows) -> tuple[int, int]:
    """Of the networks with any stable sum, and of several sizes: where the share falls with the size; all of them."""
    size, stable, total = (COLUMNS.index(name) for name in ("size", "stable", "sums"))
    networks: dict[tuple[Any, ...], dict[int, float]] = {}
    for row in rows:
        networks.setdefault(row[:3], {})[row[size]] = row[stable] / row[total]
    shares = [[found[k] for k in sorted(found)] for found in networks.values() if len(found) > 1]
    known = [one for one in shares if any(one)]
    return sum(all(a >= b for a, b in pairwise(one)) for one in known), len(known)


def _statements(rows: Rows) -> tuple[Statement, ...]:
    def best(*ways: str) -> str:
        found = [one for way in ways for one in _each(rows, way, "r2")]
        return format(max(found), ".3g") if found else "unknown"

    plain = [stable for stable, _ in _by_size(rows, "Adam").values()]
    order = falling(rows)
    ways = dict.fromkeys(row[0] for row in rows)
    others = "; ".join(f"{way}: {_counts(rows, way)}" for way in ways if way != "Adam")
    one = ", ".join(f"{PUBLISHED[size][1]} of {PUBLISHED[size][0]} sums of {size} points" for size in PUBLISHED)
    return (
        Statement(
            "Without weight decay no sum of training points is stable (arXiv:2506.19031, paraphrased).",
            sum(plain) == 0 if plain else None,
            f"after Adam without weight decay: {_counts(rows, 'Adam')}",
        ),
        Statement(
            f"With weight decay {one} are stable in one trained network (arXiv:2506.19031).",
            None,
            f"{others or 'unknown'}; number of samples, width and steps there are unknown",
        ),
        Statement(
            "The more points in a sum, the smaller the share of sums that is stable (arXiv:2506.19031, by its counts).",
            order[0] == order[1] if order[1] else None,
            f"so in {order[0]} of {order[1]} networks with any stable sum",
        ),
        Statement(
            "Networks trained with weight decay drive flows to where the theory says (arXiv:2506.19031, paraphrased; "
            "agreement counted as in arXiv:2412.20292, of convolutional networks and another theory).",
            None,
            f"median r² at best {best('Adam, weight decay')} with weight decay, {best('Adam')} without, {best(*WAYS)} "
            "of all; how long and on how many samples was trained there is unknown",
        ),
    )
