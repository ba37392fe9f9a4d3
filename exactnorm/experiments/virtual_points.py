"""Stable virtual points: fixed-point iteration from every sum of two, three and four of 30 orthogonal points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import orthogonal
from exactnorm.experiments.arguments import like_defaults
from exactnorm.experiments.finished import Rows
from exactnorm.experiments.sweep import HERE, Run, swept
from exactnorm.experiments.table import Statement, Table
from exactnorm.network import ReLUNetwork

PUBLISHED = {2: (435, 429), 3: (4060, 3390), 4: (27405, 6965)}
"""Sums of so many points: how many there are, and how many of them one trained network kept (arXiv:2506.19031)."""
COLUMNS = ("perturbation", "size", "threshold", "stable", "total", "share", "published")
THRESHOLDS = (0.2, 0.1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-9)
FAR = 1e100
"""In L∞, farther than which no row is followed."""
BLOCK = 2**12
"""Sums that are iterated at a time, so that their values at hundreds of neurons stay near the processor."""
PERTURBATIONS = (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 3e-2, 5e-2, 7e-2, 1e-1)


@dataclass(frozen=True)
class Shaken:
    """The sums of some number of points under a denoiser with kinks moved by a relative amount."""

    amount: float
    size: int
    points: int
    rho: float
    iterations: int
    thresholds: tuple[float, ...]
    seed: int
    noise: np.random.SeedSequence


@like_defaults
def stable_virtual_points(
    *,
    seed: int = 0,
    points: int = 30,
    rho: float = 0.05,
    sizes: tuple[int, ...] = (2, 3, 4),
    perturbations: tuple[float, ...] = PERTURBATIONS,
    thresholds: tuple[float, ...] = THRESHOLDS,
    iterations: int = 300,
    run: Run = HERE,
) -> Table:
    """Count the sums of training points from which y ← h(y) ends where it began.

    Parameters
    ----------
    seed : int
        Of the orthonormal directions and of the perturbations.
    points : int
        Number of orthonormal points besides x_0 = 0, and dimension.
    rho : float
    sizes : tuple of int
        Sums of so many points.
    perturbations : tuple of float
        Relative perturbations of the kinks: each (w_k, b_k) becomes w_k + ε‖w_k‖ g/√d, b_k (1 + ε g′) with standard
        normal g, g′, the same for all sizes. 0 is the exact minimum-norm denoiser.
    thresholds : tuple of float
        How far, in L∞, a sum may have moved in the end to count as stable.
    iterations : int
        At most so many.
    run : Run
        Where and how it is computed.

    Returns
    -------
    Table
        A row for each relative `perturbation` of the kinks, `size` of the sums (how many points are added) and
        `threshold`: of the `total` sums tried so many are `stable`, no coordinate of them moves by more than the
        threshold under y ← h(y); their `share`, and the `published` number.
    """
    check_sizes(sizes, points)
    given = {
        "seed": seed, "points": points, "rho": rho, "sizes": sizes, "perturbations": perturbations,
        "thresholds": thresholds, "iterations": iterations,
    }  # fmt: skip
    children = np.random.SeedSequence(seed).spawn(len(perturbations))
    units = [
        Shaken(amount, size, points, rho, iterations, thresholds, seed, child)
        for amount, child in zip(perturbations, children, strict=True)
        for size in sizes
    ]
    return swept("stable-virtual-points", stable_sums, units, given, run).table(COLUMNS, _reading, _statements)


def stable_sums(unit: Shaken) -> Rows:
    """A row for each threshold."""
    axes = np.linalg.qr(np.random.default_rng(unit.seed).standard_normal((unit.points, unit.points)))[0]
    exact = orthogonal(np.vstack([np.zeros(unit.points), axes]), unit.rho)
    h = perturbed(exact, unit.amount, np.random.default_rng(unit.noise))
    counts, total = stable_counts(h, axes, unit.size, unit.thresholds, unit.iterations)
    return tuple(
        (unit.amount, unit.size, threshold, count, total, count / total, published(unit.points, unit.size))
        for threshold, count in zip(unit.thresholds, counts, strict=True)
    )


def published(points: int, size: int) -> int | None:
    """How many sums of so many points one trained network kept, if that was published for so many points."""
    return PUBLISHED[size][1] if points == 30 and size in PUBLISHED else None


def stable_counts(
    h: ReLUNetwork, axes: Array, size: int, thresholds: tuple[float, ...], iterations: int
) -> tuple[list[int], int]:
    """How many sums of `size` of the axes end within each threshold, in L∞, of where they began; and of how many.

    Sums are made and forgotten in blocks, so that memory does not grow with their number.
    """
    counts, total = np.zeros(len(thresholds), dtype=int), 0
    for Y in sums(axes, size):
        moved = np.abs(iterate(h, Y, iterations) - Y).max(axis=1)
        counts += (moved[:, None] <= thresholds).sum(axis=0)
        total += len(Y)
    return counts.tolist(), total


def check_sizes(sizes: tuple[int, ...], points: int) -> None:
    """Raise a ``ValueError`` where so many points have no sums of so many."""
    if max(sizes) > points:
        msg = f"sizes={sizes!r}: of {points} points there are no sums of {max(sizes)}; give fewer, or more points"
        raise ValueError(msg)


def perturbed(network: ReLUNetwork, amount: float, rng: np.random.Generator) -> ReLUNetwork:
    """The network with its kinks moved by a relative amount."""
    if amount == 0:
        return network
    size = np.linalg.norm(network.w, axis=1, keepdims=True) / np.sqrt(network.dimension)
    w = network.w + amount * size * rng.standard_normal(network.w.shape)
    return ReLUNetwork(network.a, w, network.b * (1 + amount * rng.standard_normal(len(network.b))), None, network.c)


def iterate(h: ReLUNetwork, Y: Array, iterations: int) -> Array:
    """Fixed-point iteration y ← h(y), each row until it no longer moves, or some network throws it to `FAR`."""
    out, alive = Y.copy(), np.arange(len(Y))
    for _ in range(iterations):
        following = h(out[alive])
        going = (np.abs(following - out[alive]).max(axis=1) > 1e-13) & (np.abs(following).max(axis=1) < FAR)
        out[alive] = following
        alive = alive[going]
        if not len(alive):
            break
    return out


def sums(axes: Array, size: int, block: int = BLOCK) -> Iterator[Array]:
    """All sums of `size` different axes, in arrays of at most `block` rows."""
    chosen = combinations(range(len(axes)), size)
    while len(rows := np.array(list(islice(chosen, block)))):
        out = axes[rows[:, 0]]
        for column in rows.T[1:]:
            out += axes[column]
        yield out


def _share(rows: Rows, amount: float, size: int, threshold: float) -> float:
    return float(next(row[5] for row in rows if row[:3] == (amount, size, threshold)))


def _reading(rows: Rows) -> str:
    sizes = sorted({row[1] for row in rows})
    first, worst = rows[0][0], rows[-1][0]
    strict, wide = min(row[2] for row in rows), max(row[2] for row in rows)
    exact = ", ".join(f"{_share(rows, first, size, strict):.1%}" for size in sizes)
    rough = ", ".join(f"{_share(rows, worst, size, wide):.1%}" for size in sizes)
    return (
        f"At perturbation {first:g}, {exact} of the sums of {', '.join(map(str, sizes))} points stay within {strict:g} "
        f"of themselves; with kinks perturbed by {worst:g}, {rough} stay within {wide:g}. That shares of a trained "
        "network lie in between is an observation, not an explanation of how it was trained."
    )


def _statements(rows: Rows) -> tuple[Statement, ...]:
    exact = [row for row in rows if row[0] == 0]
    if not exact:
        return ()
    kept, total = sum(row[3] for row in exact), sum(row[4] for row in exact)
    compared = [row for row in exact if row[2] == 0.2 and row[6] is not None]
    return (
        Statement(
            "Every sum of training points of an orthogonal set is a stable point of the minimum-norm denoiser.",
            kept == total,
            f"{kept} of {total} (sums times thresholds) end where they began",
        ),
        *(
            Statement(
                f"{row[6]} of {row[4]} sums of {row[1]} points ({row[6] / row[4]:.1%}) are stable within 0.2.",
                None,
                f"published for one trained network; of the exact minimum-norm denoiser {row[3]} are",
            )
            for row in compared
        ),
    )
