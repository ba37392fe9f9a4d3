"""Which training point made this sample: exact leave-one-out differences, by formula and program, over noise levels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from exactnorm.arrays import Array
from exactnorm.experiments.arguments import like_defaults
from exactnorm.experiments.attribution_scores import correlations
from exactnorm.experiments.finished import Rows
from exactnorm.experiments.leave_one_out import Counterfactuals, leave_one_out, normalised_sum, raw_sum, sizes
from exactnorm.experiments.solved import solved_denoiser
from exactnorm.experiments.sweep import HERE, Run, swept
from exactnorm.experiments.table import Statement, Table
from exactnorm.experiments.training_sets import points_of

FORMULA = ("data", "road", "rho", "removed", "rms", "error", "across", "gap")
LEVELS = ("data", "quantity", "rho", "rms", "raw_share", "rank_with_raw", "rank_with_normalised", "same_first")
QUANTITIES = {"denoised point": 0, "noise": 1, "score": 2}
"""What a denoiser may be said to predict, and the power of ρ by which differences of it are divided: ρ = ασ, α = 1."""
ROADS = {"formula": "auto", "program": "program"}
ROUNDING = 1e-12
"""Differences, over the distance of the points, that are none."""
AGREES = 1e-6
"""Largest error, in the unit of the points, whose distances are about 1: a program's gap of 1e-8 leaves less."""


@dataclass(frozen=True)
class Removal:
    """Every point of a set left out in turn, at one radius, the denoisers found by one road."""

    data: str
    road: str
    rho: float
    seed: int
    inputs: int


@dataclass(frozen=True)
class OverLevels:
    """Every point of a set left out in turn, at all radii."""

    data: str
    radii: tuple[float, ...]
    seed: int
    samples: int


@like_defaults
def leave_one_out_formula(
    *,
    seed: int = 0,
    inputs: int = 200,
    sets: tuple[str, ...] = ("orthogonal", "obtuse", "orthonormal"),
    radii: tuple[float, ...] = (0.01, 0.1, 0.3),
    run: Run = HERE,
) -> Table:
    """Δ_n = h_D − h_{D∖n} against (x_n − x_0) φ_n, by networks in closed form and by those of the convex program.

    Parameters
    ----------
    seed, inputs : int
        Inputs are normal around the points' mean, wide enough to be on all sides of all kinks.
    sets : tuple of str
        Of `points_of`. The program solves those of four points; the orthonormal one has closed forms throughout.
    radii : tuple of float
    run : Run

    Returns
    -------
    Table
        A row for each set (`data`), noise radius `rho`, and point `removed`, by the `road` that the denoisers are from,
        formula or program. Δ_n is by how much the denoised inputs change: its root mean square (`rms`), its largest
        distance from the theory's formula (`error`; there is none for x_0), the share of its square that is not along
        x_n − x_0 (`across`), and the widest `gap` of the brackets.
    """
    given = {"seed": seed, "inputs": inputs, "sets": sets, "radii": radii}
    roads = {name: ("formula",) if name == "orthonormal" else tuple(ROADS) for name in sets}
    units = [Removal(name, road, rho, seed, inputs) for name in sets for road in roads[name] for rho in radii]
    return swept("leave-one-out", removed, units, given, run).table(FORMULA, _formula_reading, _formula_statements)


@like_defaults
def attribution_levels(
    *,
    seed: int = 0,
    samples: int = 100,
    sets: tuple[str, ...] = ("orthonormal", "obtuse", "digits"),
    radii: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3),
    run: Run = HERE,
) -> Table:
    """‖Δ_n(y, ρ)‖ summed over noise levels as it is, and divided by its root mean square at each level.

    Parameters
    ----------
    seed, samples : int
        Samples are what one step from the largest radius makes of normal starts around the points' mean.
    sets : tuple of str
    radii : tuple of float
        Each sample is looked at with noise of length ρ added, at each radius ρ.
    run : Run

    Returns
    -------
    Table
        A row for each set (`data`), `quantity` that a denoiser may be said to predict, and noise level (`rho`): root
        mean square of what a removed point changes (`rms`), the level's share of its raw sum over the levels
        (`raw_share`), the mean rank correlation of the level with the raw sum (`rank_with_raw`) and with the normalised
        one (`rank_with_normalised`), and how often the two sums name the same point first (`same_first`).
    """
    given = {"seed": seed, "samples": samples, "sets": sets, "radii": radii}
    units = [OverLevels(name, radii, seed, samples) for name in sets]
    return swept("attribution-levels", summed, units, given, run).table(LEVELS, _levels_reading, _levels_statements)


def own_ramps(points: Array, rho: float, inputs: Array) -> Array:
    """(x_n − x_0) φ_n(y) of all points but x_0, shape (N − 1, m, d): what the theory says that Δ_n is."""
    z = points[1:] - points[0]
    L = np.linalg.norm(z, axis=1)
    t = (inputs - points[0]) @ (z / L[:, None]).T
    return np.asarray(np.clip((t - rho) / (L - 2 * rho), 0.0, 1.0).T[:, :, None] * z[:, None, :])


def made_samples(points: Array, rho: float, count: int, seed: int) -> Array:
    """Samples (count, d): one denoising step from radius ρ, started from normal noise around the points' mean.

    On orthogonal data that is where the probability flow ends.
    """
    noise = np.random.default_rng(seed).standard_normal((count, points.shape[1]))
    return solved_denoiser(points, rho)(points.mean(axis=0) + points.std() * noise)


def noisy_samples(samples: Array, radii: tuple[float, ...], seed: int) -> Array:
    """Each sample with noise of length ρ in one direction of its own, at each radius ρ, shape (L, m, d)."""
    noise = np.random.default_rng(seed + 1).standard_normal(samples.shape)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    return np.asarray(samples + np.array(radii)[:, None, None] * noise)


def removed(unit: Removal) -> Iterator[tuple[Any, ...]]:
    """A row for each point."""
    X = points_of(unit.data, unit.seed)
    Y = X.mean(axis=0) + 2 * X.std() * np.random.default_rng(unit.seed).standard_normal((unit.inputs, X.shape[1]))
    found = leave_one_out(X, [unit.rho], Y, method=ROADS[unit.road])
    delta, claimed = found.delta[0], own_ramps(X, unit.rho, Y)
    for n in range(len(X)):
        error = float(np.abs(delta[n] - claimed[n - 1]).max()) if n else None
        across = _across(delta[n], X[n] - X[0]) if n else None
        rms = float(np.sqrt(np.mean(np.sum(delta[n] ** 2, axis=1))))
        yield unit.data, unit.road, unit.rho, n, rms, error, across, float(found.gap.max())


def _across(delta: Array, direction: Array) -> float:
    """Share of Σ ‖Δ‖² that is orthogonal to a direction; 0 where all of it is a rounding."""
    along = np.outer(delta @ direction, direction) / (direction @ direction)
    total = float(np.sum(delta**2))
    rounding = len(delta) * ROUNDING**2 * float(direction @ direction)
    return float(np.sum((delta - along) ** 2)) / total if total > rounding else 0.0


def summed(unit: OverLevels) -> Iterator[tuple[Any, ...]]:
    """A row for each quantity and level."""
    X = points_of(unit.data, unit.seed)
    samples = made_samples(X, max(unit.radii), unit.samples, unit.seed)
    found: Counterfactuals = leave_one_out(X, unit.radii, noisy_samples(samples, unit.radii, unit.seed))
    for quantity, power in QUANTITIES.items():
        scores = sizes(found.delta) / found.radii[:, None, None] ** power
        raw, normalised = raw_sum(scores), normalised_sum(scores)
        same = float(np.mean(raw.argmax(axis=0) == normalised.argmax(axis=0)))
        for level, rho in enumerate(unit.radii):
            share = float(scores[level].sum() / raw.sum())
            ranks = (_mean_rank(scores[level], total) for total in (raw, normalised))
            rms = float(np.sqrt(np.mean(scores[level] ** 2)))
            yield unit.data, quantity, rho, rms, share, *ranks, same


def _mean_rank(scores: Array, total: Array) -> float:
    """Mean rank correlation over the samples; those that no removal changes have none."""
    return float(np.nanmean(correlations(scores, total, ranks=True)))


def _formula_reading(rows: Rows) -> str:
    own = [row for row in rows if row[3] > 0]
    first = [row for row in rows if row[3] == 0]
    worst = max(own, key=lambda row: row[5])
    ratios = [row[4] / np.mean([one[4] for one in own if one[:3] == row[:3]]) for row in first]
    return (
        "Taking away a point other than x_0 takes away its own ramp and nothing else: Δ_n is (x_n − x_0) φ_n to within "
        f"{worst[5]:.1e} on {len(own)} removals, by the formula and by the program, and no part of it is across. x_0 "
        "has no ramp of its own. Without it the others are no longer seen from anywhere at right or obtuse angles, "
        f"every ramp moves, and Δ_0 is {min(ratios):.2f} to {max(ratios):.2f} times as large as the others."
    )


def _formula_statements(rows: Rows) -> tuple[Statement, ...]:
    out = []
    for road in ROADS:
        own = [row for row in rows if row[3] > 0 and row[1] == road]
        error, across = (max((row[k] for row in own), default=0.0) for k in (5, 6))
        text = (
            "On orthogonal and obtuse sets only point n's own ramp moves when point n ≠ 0 is left out, "
            f"Δ_n = (x_n − x_0) φ_n (proved from the closed form; here: {road})."
        )
        holds = error <= AGREES and across <= AGREES if own else None
        out.append(Statement(text, holds, f"largest error {error:.1e} in {len(own)} removals"))
    return tuple(out)


def _levels_reading(rows: Rows) -> str:
    spread = {name: max(_spread(rows, data, name) for data in _sets(rows)) for name in QUANTITIES}
    least = {name: min(row[7] for row in rows if row[1] == name) for name in QUANTITIES}
    top = {name: max(row[4] for row in rows if row[1] == name) for name in QUANTITIES}
    return (
        "The exact difference of denoised points is nearly as large at one noise level as at another (root mean "
        f"squares differ by a factor of {spread['denoised point']:.2f} at most), so that a sum over levels needs no "
        f"normalising: both sums name the same first point for {least['denoised point']:.0%} of the samples at least. "
        f"Differences of the score, the same ones divided by ρ², differ by a factor of up to {spread['score']:.0f}, "
        f"and up to {top['score']:.0%} of their raw sum is one level's. Divided by the root mean square of each level "
        "all three are one and the same. "
        "What is called a bias of time steps is here that of the unit in which a difference is counted."
    )


def _levels_statements(rows: Rows) -> tuple[Statement, ...]:
    out = []
    for quantity in QUANTITIES:
        shares = [max(r[4] for r in rows if r[0] == data and r[1] == quantity) for data in _sets(rows)]
        text = (
            "Attributions summed over noise levels as they are, are those of the levels at which they are large "
            "(arXiv:2401.09031, paraphrased; there gradients of trained networks, here exact differences of the "
            f"{quantity})."
        )
        levels = len({row[2] for row in rows})
        evidence = f"of {levels} levels one has {min(shares):.0%} to {max(shares):.0%} of the raw sum"
        out.append(Statement(text, min(shares) > 0.5 if levels > 2 else None, evidence))
    return tuple(out)


def _sets(rows: Rows) -> list[str]:
    return list(dict.fromkeys(row[0] for row in rows))


def _spread(rows: Rows, data: str, quantity: str) -> float:
    rms = [row[3] for row in rows if row[0] == data and row[1] == quantity]
    return float(max(rms) / min(rms))
