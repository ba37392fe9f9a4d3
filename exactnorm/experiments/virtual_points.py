"""Stable virtual points: fixed-point iteration from every sum of two, three and four of 30 orthogonal points."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import orthogonal
from exactnorm.experiments.table import Statement, Table
from exactnorm.network import ReLUNetwork

PUBLISHED = {2: (435, 429), 3: (4060, 3390), 4: (27405, 6965)}
"""Sums of so many points: how many there are, and how many of them one trained network kept (arXiv:2506.19031)."""
Row = tuple[Any, ...]
THRESHOLDS = (0.2, 1e-3, 1e-6, 1e-9)
PERTURBATIONS = (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 3e-2, 5e-2, 7e-2, 1e-1)


def stable_virtual_points(
    *,
    seed: int = 0,
    points: int = 30,
    rho: float = 0.05,
    sizes: tuple[int, ...] = (2, 3, 4),
    perturbations: tuple[float, ...] = PERTURBATIONS,
    iterations: int = 300,
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
        normal g, g′. 0 is the exact minimum-norm denoiser.
    iterations : int
        At most so many.

    Returns
    -------
    Table
        Columns: perturbation, size, threshold (in L∞), stable, total, share, published.
    """
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.standard_normal((points, points)))[0]
    exact = orthogonal(np.vstack([np.zeros(points), axes]), rho)
    sums = {size: _sums(axes, size) for size in sizes}
    rows = []
    for amount in perturbations:
        h = perturbed(exact, amount, rng)
        for size, Y in sums.items():
            moved = np.abs(iterate(h, Y, iterations) - Y).max(axis=1)
            published = PUBLISHED[size][1] if points == 30 and size in PUBLISHED else None
            for threshold in THRESHOLDS:
                count = int((moved <= threshold).sum())
                rows.append((amount, size, threshold, count, len(Y), count / len(Y), published))
    return Table(
        name="stable-virtual-points",
        columns=("perturbation", "size", "threshold", "stable", "total", "share", "published"),
        rows=tuple(rows),
        parameters={"seed": seed, "points": points, "rho": rho, "sizes": sizes, "iterations": iterations},
        reading=_reading(rows, sizes),
        statements=_statements(rows),
    )


def perturbed(network: ReLUNetwork, amount: float, rng: np.random.Generator) -> ReLUNetwork:
    """The network with its kinks moved by a relative amount."""
    if amount == 0:
        return network
    size = np.linalg.norm(network.w, axis=1, keepdims=True) / np.sqrt(network.dimension)
    w = network.w + amount * size * rng.standard_normal(network.w.shape)
    return ReLUNetwork(network.a, w, network.b * (1 + amount * rng.standard_normal(len(network.b))), None, network.c)


def iterate(h: ReLUNetwork, Y: Array, iterations: int) -> Array:
    """Fixed-point iteration y ← h(y), each row until it no longer moves."""
    out, alive = Y.copy(), np.arange(len(Y))
    for _ in range(iterations):
        following = h(out[alive])
        going = np.abs(following - out[alive]).max(axis=1) > 1e-13
        out[alive] = following
        alive = alive[going]
        if not len(alive):
            break
    return out


def _sums(axes: Array, size: int) -> Array:
    rows = np.array(list(combinations(range(len(axes)), size)))
    out = np.zeros((len(rows), axes.shape[1]))
    for k in range(size):
        out += axes[rows[:, k]]
    return out


def _share(rows: list[Row], amount: float, size: int, threshold: float) -> float:
    return float(next(r[5] for r in rows if (r[0], r[1], r[2]) == (amount, size, threshold)))


def _reading(rows: list[Row], sizes: tuple[int, ...]) -> str:
    first = rows[0][0]
    exact = ", ".join(f"{_share(rows, first, s, 1e-9):.1%}" for s in sizes)
    worst = rows[-1][0]
    rough = ", ".join(f"{_share(rows, worst, s, 0.2):.1%}" for s in sizes)
    return (
        f"At perturbation {first:g}, {exact} of the sums of {', '.join(map(str, sizes))} points stay within 1e-9 of "
        f"themselves; with kinks perturbed by {worst:g}, {rough} stay within 0.2. That shares of a trained network lie "
        "in between is an observation, not an explanation of how it was trained."
    )


def _statements(rows: list[Row]) -> tuple[Statement, ...]:
    exact = [r for r in rows if r[0] == 0]
    if not exact:
        return ()
    kept, total = sum(r[3] for r in exact), sum(r[4] for r in exact)
    return (
        Statement(
            "Every sum of training points of an orthogonal set is a stable point of the minimum-norm denoiser.",
            kept == total,
            f"{kept} of {total} (sums times thresholds) end where they began",
        ),
    )
