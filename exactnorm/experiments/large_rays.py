"""A large case, streamed: 100,000 points on a thousand orthogonal rays in R^1000, a million starts of the score flow.

On orthogonal rays every coordinate of the flow is on its own and ends at the nearest point of its ray, so that a block
of starts needs one product with the axes and a search among the points of each ray. Nothing of the size of all starts,
or of all points in R^1000, is ever held.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from exactnorm.arrays import Array
from exactnorm.experiments.arguments import like_defaults
from exactnorm.experiments.finished import Rows
from exactnorm.experiments.sweep import HERE, Run, swept
from exactnorm.experiments.table import Statement, Table
from exactnorm.flow.endpoints import wilson
from exactnorm.flow.hyperbox.lines import Lines

COLUMNS = ("sigma", "starts", "own", "share", "low", "high", "predicted", "moved")


@dataclass(frozen=True)
class Block:
    """Some starts at one noise level; the rays are the same for every unit of a sweep."""

    sigma: float
    count: int
    rays: int
    per_ray: int
    seed: int
    noise: np.random.SeedSequence


@like_defaults
def large_rays(
    *,
    seed: int = 0,
    starts: int = 20_000,
    rays: int = 100,
    per_ray: int = 100,
    sigmas: tuple[float, ...] = (0.08, 0.1, 0.12, 0.15),
    block: int = 5000,
    run: Run = HERE,
) -> Table:
    """How many noisy training points the score flow carries back to the points that they are from.

    The full size is ``starts=1_000_000, rays=1000``: 100,000 points besides x_0 in R^1000.

    Parameters
    ----------
    seed : int
    starts : int
        Altogether; shared out evenly to the noise levels.
    rays, per_ray : int
        Number of orthogonal rays from x_0, which is the dimension, and of points on each. Gaps between neighbours are
        uniform between 0.5 and 1.5.
    sigmas : tuple of float
        A start is a training point chosen at random plus so much standard normal noise.
    block : int
        Starts in a unit, which holds three arrays of them.
    run : Run
        Where and how it is computed.

    Returns
    -------
    Table
        A row for each block of `starts` with noise of level `sigma`: how many end at their `own` training point, their
        `share` with a 95 % interval; `predicted` is the mean over the block of the probability of that, from the normal
        distribution of every coordinate, and `moved` the mean distance from the start to its end.
    """
    given = {"starts": starts, "rays": rays, "per_ray": per_ray, "sigmas": sigmas, "block": block}
    if block < 1 or starts < len(sigmas):
        msg = f"starts={starts}, block={block}; give a start for each of {len(sigmas)} noise levels, and block >= 1"
        raise ValueError(msg)
    each = starts // len(sigmas)
    sizes = [(sigma, min(block, each - first)) for sigma in sigmas for first in range(0, each, block)]
    children = np.random.SeedSequence(seed).spawn(len(sizes))
    units = [Block(*size, rays, per_ray, seed, child) for size, child in zip(sizes, children, strict=True)]
    return swept("large-rays", carried_back, units, {"seed": seed, **given}, run).table(COLUMNS, _reading, _statements)


@lru_cache(maxsize=1)
def orthogonal_rays(rays: int, per_ray: int, seed: int) -> Lines:
    """Points on as many orthogonal rays from 0 as there are dimensions, with axes in general position."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.standard_normal((rays, rays)))[0]
    knots = np.cumsum(rng.uniform(0.5, 1.5, (rays, per_ray)), axis=1)
    rows = 1 + np.arange(rays * per_ray).reshape(rays, per_ray)
    origin = np.zeros(rays)
    return Lines(origin, axes, np.pad(knots, ((0, 0), (1, 0))), np.pad(rows, ((0, 0), (1, 0))))


def nearest_knots(knots: Array, t: Array) -> NDArray[np.intp]:
    """Index of the point nearest to each coordinate, t (k, m), on its line; knots (k, q), filled up with ∞."""
    out = np.empty(t.shape, np.intp)
    for line, (at, own) in enumerate(zip(knots, t, strict=True)):
        real = at[np.isfinite(at)]
        out[line] = np.searchsorted((real[1:] + real[:-1]) / 2, own)
    return out


def score_limits(lines: Lines, Y: Array) -> tuple[Array, NDArray[np.intp]]:
    """Ends (m, d) of the score flow from Y, at any radius, and which point it is on each line, (k, m).

    As `closed_score_flow` to its limit, but for the starts exactly in the middle between two points, where that one
    stays; for the cost of a search where it takes one pass for each point of a line.
    """
    t = lines.axes @ (Y - lines.origin).T
    index = nearest_knots(lines.knots, t)
    t = np.take_along_axis(lines.knots, index, axis=1)
    return lines.origin + t.T @ lines.axes, index


def carried_back(unit: Block) -> Rows:
    """One row."""
    lines = orthogonal_rays(unit.rays, unit.per_ray, unit.seed)
    rng = np.random.default_rng(unit.noise)
    ray, place = rng.integers(unit.rays, size=unit.count), rng.integers(1, unit.per_ray + 1, size=unit.count)
    Y = unit.sigma * rng.standard_normal((unit.count, unit.rays))
    Y += lines.knots[ray, place][:, None] * lines.axes[ray]
    ends, index = score_limits(lines, Y)
    here = np.arange(unit.count)
    own = index[ray, here] == place
    index[ray, here] = 0
    own &= ~index.any(axis=0)
    found = wilson(int(own.sum()), unit.count)
    ends -= Y
    moved = float(np.sqrt(np.einsum("md,md->m", ends, ends)).mean())
    chance = float(own_chance(lines.knots, ray, place, unit.sigma).mean())
    return ((unit.sigma, unit.count, found.count, found.share, found.low, found.high, chance, moved),)


def own_chance(knots: Array, ray: NDArray[np.intp], place: NDArray[np.intp], sigma: float) -> Array:
    """Probability that every coordinate of a noisy training point is nearer to that point's than to any other.

    On the point's own ray the noise must stay within half a gap on either side, on all others below half the first gap.
    """

    def below(half: Array) -> Array:
        return np.asarray((1 + erf(half / (sigma * math.sqrt(2)))) / 2)

    first = np.log(below(knots[:, 1] / 2))
    across = first.sum() - first[ray]
    left = (knots[ray, place] - knots[ray, place - 1]) / 2
    last = place == knots.shape[1] - 1
    right = np.where(last, np.inf, (knots[ray, np.minimum(place + 1, knots.shape[1] - 1)] - knots[ray, place]) / 2)
    return np.asarray(np.exp(across) * (below(left) + below(right) - 1))


def by_level(rows: Rows) -> list[tuple[float, int, int, float]]:
    """For each noise level: starts, those that end at their own point, and the predicted share."""
    out = []
    for sigma in dict.fromkeys(row[0] for row in rows):
        chosen = [row for row in rows if row[0] == sigma]
        starts = sum(row[1] for row in chosen)
        out.append((sigma, starts, sum(row[2] for row in chosen), sum(row[1] * row[6] for row in chosen) / starts))
    return out


def _reading(rows: Rows) -> str:
    said = [
        f"{own / starts:.2%} of {starts} (predicted {chance:.2%}) at σ = {sigma:g}"
        for sigma, starts, own, chance in by_level(rows)
    ]
    return (
        f"The score flow carries noisy training points back to their own: {', '.join(said)}. The others end at virtual "
        "training points."
    )


def _statements(rows: Rows) -> tuple[Statement, ...]:
    # Four standard deviations, for all levels together: one in some thousands of seeds differs by chance.
    far = [
        (own - starts * chance) / math.sqrt(max(starts * chance * (1 - chance), 1e-9))
        for _, starts, own, chance in by_level(rows)
    ]
    text = "Each coordinate of the score flow of orthogonal rays ends at the nearest point of its ray."
    worst = max(map(abs, far))
    return (Statement(text, worst < 4, f"shares within {worst:.1f} standard deviations of the probabilities"),)
