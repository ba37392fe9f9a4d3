"""Whether a family ρ ↦ h_ρ is that of data on orthogonal lines, whose probability flow has a closed form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from exactnorm.arrays import Array
from exactnorm.flow.hyperbox.closed import closed_probability_flow
from exactnorm.flow.hyperbox.lines import Lines
from exactnorm.flow.score.reduction import Block, reduced
from exactnorm.network import ReLUNetwork

SHARES = (1.0, 0.61, 0.23, 0.05)
"""Of the first radius: where denoisers are compared. Nothing is special about them."""
ALIKE = 1e-9
"""Differences in lengths, relative to the extent of the data, that count as rounding."""


def lines_of(network_at: Callable[[float], ReLUNetwork], rho: float) -> Lines | None:
    """The orthogonal lines whose minimum-norm denoisers `network_at` gives at several radii up to ρ; None for others.

    The clean points are read off the kinks at ρ, which are ρ away from them, and the denoisers at all the radii are
    then compared with one denoising step of these points, everywhere: both are linear between the same kinks.
    """
    system = reduced(network_at(rho))
    coordinates = [_points_on(block, rho) for block in system.blocks]
    found = [t for t in coordinates if t is not None]
    if not found or len(found) < len(coordinates):
        return None
    knots = np.full((len(found), max(map(len, found))), np.inf)
    for row, t in zip(knots, found, strict=True):
        row[: len(t)] = t - t[0]
    axes = np.vstack([block.axes for block in system.blocks])
    corner = system.origin + np.array([t[0] for t in found]) @ axes
    lines = Lines(corner, axes, knots, np.where(np.isfinite(knots), 0, -1))
    return lines if all(_alike(network_at(share * rho), lines, share * rho) for share in SHARES) else None


def _points_on(block: Block, rho: float) -> Array | None:
    """Coordinates of the clean points of a block of one dimension: kinks are ρ to the right or left of them."""
    if block.rank != 1 or len(block.b) % 2:
        return None
    kinks = np.sort(-block.b * block.w[:, 0])
    t = np.concatenate([[kinks[0] - rho], (kinks[1:-1:2] + kinks[2::2]) / 2, [kinks[-1] + rho]])
    return t if np.diff(t).min() > 2 * rho else None


def _alike(network: ReLUNetwork, lines: Lines, rho: float) -> bool:
    """Whether the network is the denoiser of these lines at radius ρ, by its values at and between all kinks."""
    low, high = lines.ends
    size = float((high - low).max())
    t = np.where(np.isfinite(lines.knots), lines.knots, high[:, None])
    kinks = np.sort(np.concatenate([t - rho, t + rho, (low - size)[:, None], (high + size)[:, None]], axis=1), axis=1)
    probes = np.concatenate([kinks, (kinks[:, 1:] + kinks[:, :-1]) / 2], axis=1)
    along = lines.origin + probes.T @ lines.axes
    across = np.random.default_rng(0).standard_normal(along.shape) * size
    across -= across @ lines.axes.T @ lines.axes
    # All coordinates together and one after the other: what couples them would show.
    one_by_one = [lines.origin + np.outer(p, axis) for p, axis in zip(probes, lines.axes, strict=True)]
    Y = np.vstack([along, along + across, *one_by_one])
    expected: Any = closed_probability_flow(lines, rho, Y, 1.0)
    return bool(np.abs(network(Y) - expected).max() <= ALIKE * size)
