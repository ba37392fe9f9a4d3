"""An inertia end on points of a curve: how far from their distribution what it generates is, against their number."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree
from scipy.stats import linregress, norm

from exactnorm.arrays import Array
from exactnorm.baselines import EmpiricalMMSE, inertia_level
from exactnorm.experiments.arguments import like_defaults
from exactnorm.experiments.finished import Rows
from exactnorm.experiments.sweep import HERE, Run, swept
from exactnorm.experiments.table import Statement, Table
from exactnorm.flow.endpoints import MEMORISED

COLUMNS = ("points", "set", "level", "distance", "distance_of_points", "inwards", "scaled", "memorised")
RATE = 2 / 5
"""2/(d + 4) for a curve, d = 1 (arXiv:2505.02508)."""
ENOUGH = 40_000
"""Generated samples, at least; 64 of each point, at least."""


@dataclass(frozen=True)
class Circle:
    """So many points drawn from the uniform distribution on the unit circle."""

    points: int
    number: int
    seed: np.random.SeedSequence


@like_defaults
def inertia_end(
    *, seed: int = 0, counts: tuple[int, ...] = (16, 32, 64, 128, 256, 512, 1024), sets: int = 8, run: Run = HERE
) -> Table:
    """Wasserstein distance from the uniform distribution on a circle of what an inertia end generates from n points.

    Parameters
    ----------
    seed : int
    counts : tuple of int
        Numbers n of points, independent and uniform on the unit circle in the plane. In a space of more dimensions all
        is the same: noise across the plane changes the distance to every point alike.
    sets : int
        Draws of points for each n.
    run : Run

    Returns
    -------
    Table
        A row for each `set` of so many `points` on a circle: the noise `level` n^{−1/5}, at which the flow of the
        empirical denoiser is left for one denoising step; `distance` bounds the distance W1 (Wasserstein's) of the
        samples from the circle's uniform distribution from above, by the mean way `inwards`, radially, plus W1 along
        the circle; `distance_of_points` is W1 along the circle of the points themselves; `scaled` is distance ·
        n^{2/5}; `memorised` samples are three times nearer to one point than to the next.

    Notes
    -----
    The flow of the empirical denoiser carries normal noise, from far away, to the points' distribution blurred by the
    level that it is left at, and that is sampled here without following it: 64 or more places of a lattice, carried to
    normal ones, around each point.
    """
    given = {"seed": seed, "counts": counts, "sets": sets}
    if min(counts, default=0) < 2 or len(set(counts)) < 2 or sets < 1:
        msg = f"counts={counts}, sets={sets}: give two numbers of points at least, each of two or more, and one set"
        raise ValueError(msg)
    children = np.random.SeedSequence(seed).spawn(len(counts) * sets)
    each = [(n, number) for n in counts for number in range(sets)]
    units = [Circle(*one, child) for one, child in zip(each, children, strict=True)]
    return swept("inertia-end", generated_from, units, given, run).table(COLUMNS, _reading, _statements)


def generated_from(unit: Circle) -> Rows:
    """One row."""
    angle = 2 * math.pi * np.random.default_rng(unit.seed).random(unit.points)
    X = np.column_stack([np.cos(angle), np.sin(angle)])
    level = inertia_level(unit.points, 1)
    noise = normal_lattice(max(64, -(-ENOUGH // unit.points)))
    h = EmpiricalMMSE(X)
    made = np.concatenate([h(x + level * noise, level) for x in X])
    along = circle_distance(np.arctan2(made[:, 1], made[:, 0]))
    inwards = float(np.mean(np.abs(1 - np.linalg.norm(made, axis=1))))
    near, following = np.asarray(KDTree(X).query(made, 2)[0]).T
    distance = inwards + along
    row = (level, distance, circle_distance(angle), inwards, distance * unit.points**RATE)
    return ((unit.points, unit.number, *row, float(np.mean(near < MEMORISED * following))),)


def normal_lattice(count: int) -> Array:
    """Standard normal places in the plane (count, 2), a lattice of the golden ratio carried there."""
    k = np.arange(count)
    golden = (math.sqrt(5) - 1) / 2
    return np.asarray(norm.ppf(np.column_stack([(k + 0.5) / count, (golden * (k + 0.5)) % 1])))


def circle_distance(angle: Array, places: int = 20_000) -> float:
    """W1 along the unit circle from the uniform distribution: ∫|F − G − c|, least over c, which is the median."""
    turn = np.sort(angle / (2 * math.pi) % 1)
    t = (np.arange(places) + 0.5) / places
    off = np.searchsorted(turn, t, side="right") / len(turn) - t
    return float(2 * math.pi * np.mean(np.abs(off - np.median(off))))


def by_count(rows: Rows, column: str) -> dict[int, float]:
    """Means over the sets of each number of points."""
    k = COLUMNS.index(column)
    return {n: float(np.mean([row[k] for row in rows if row[0] == n])) for n in sorted({row[0] for row in rows})}


def power(rows: Rows, column: str) -> tuple[float, float]:
    """The power of n that a column goes as, and its standard error, from a line through the logarithms of all rows."""
    found = linregress(*np.log([(row[0], row[COLUMNS.index(column)]) for row in rows]).T)
    return float(found.slope), float(found.stderr)


def _reading(rows: Rows) -> str:
    ours, theirs, kept = (by_count(rows, name) for name in ("distance", "distance_of_points", "memorised"))
    first, last = min(ours), max(ours)
    powers = [power(rows, name)[0] for name in ("distance", "distance_of_points")]
    return (
        f"From {first} to {last} points the distance falls from {ours[first]:.3f} to {ours[last]:.3f}, as n to the "
        f"power {powers[0]:.2f}; that of the points themselves from {theirs[first]:.3f} to {theirs[last]:.3f}, to the "
        f"power {powers[1]:.2f}. {kept[first]:.0%} and {kept[last]:.0%} of what is generated is memorised."
    )


def _statements(rows: Rows) -> tuple[Statement, ...]:
    ours, theirs, scaled = (by_count(rows, name) for name in ("distance", "distance_of_points", "scaled"))
    last = max(ours)
    kept = by_count(rows, "memorised")[last]
    slope, error = power(rows, "scaled")
    return (
        Statement(
            "From n points of a manifold of d dimensions an inertia end at n^{−1/(d+4)} generates within "
            "W1 = O(n^{−2/(d+4)}) of the truth (arXiv:2505.02508, paraphrased; here the unit circle, d = 1).",
            slope < 2 * error if len(rows) > 2 else None,  # a line through two rows has no error
            f"distance · n^{{2/5}} from {scaled[min(scaled)]:.2f} to {scaled[last]:.2f}, as n to the power "
            f"{slope:.2f} ± {error:.2f}",
        ),
        Statement(
            "That is much nearer to the truth than the points are (arXiv:2505.02508, paraphrased; here d = 1).",
            ours[last] < theirs[last] / 2,
            f"{ours[last]:.3f} against {theirs[last]:.3f} of {last} points, and points on a curve come "
            "nearer as n^{−1/2}, faster than the bound",
        ),
        Statement(
            "What is generated is new (arXiv:2505.02508, paraphrased).",
            kept < 0.5,
            f"{kept:.1%} of the samples from {last} points are three times nearer to one of them than to the next",
        ),
    )
