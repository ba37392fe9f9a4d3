"""Kinks: the hyperplanes w·y + b = 0 at which neurons switch, with ‖w‖ = 1, off at x_0 and tangent to some ball."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.hulls import hull_gaps


@dataclass(frozen=True, eq=False)
class Kinks:
    """K kinks that miss the interior of every ball.

    Parameters
    ----------
    w : ndarray, shape (K, r)
        Unit normals.
    b : ndarray, shape (K,)
        Offsets.
    pattern : ndarray of bool, shape (K, N)
        The balls on which each neuron is on; never the first.
    """

    w: Array
    b: Array
    pattern: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.b)

    @property
    def z(self) -> Array:
        """(w, b), shape (K, r + 1)."""
        return np.column_stack([self.w, self.b])

    def __getitem__(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Kinks:
        return Kinks(self.w[chosen], self.b[chosen], self.pattern[chosen])


def gap_kinks(
    points: Array, rho: float, patterns: NDArray[np.bool_], watch: Callable[[], None] = lambda: None
) -> Kinks:
    """The two kinks at the ends of the widest gap of every pattern.

    `watch` is called again and again, and may raise.
    """
    gaps = hull_gaps(points, patterns, watch=watch)
    width = gaps.low / 2 - rho
    open_ = np.flatnonzero(width >= 0)
    b = np.stack([-gaps.middle[open_] - width[open_], -gaps.middle[open_] + width[open_]], axis=1)
    each = np.repeat(open_, 2)
    return Kinks(gaps.w[each], b.ravel(), patterns[each])


def tangent_kinks(directions: Array, points: Array, rho: float) -> Kinks:
    """All kinks normal to `directions` (D, r) that lie between two balls and touch one of them.

    For a fixed normal the offsets of one pattern form an interval, and its two ends suffice for an optimum.
    """
    w, b, pattern = [], [], []
    for direction in directions:
        height = points @ direction
        order = np.argsort(height)
        sorted_height = height[order]
        for k in np.flatnonzero(np.diff(sorted_height) >= 2 * rho):
            above = np.zeros(len(points), dtype=bool)
            above[order[k + 1 :]] = True
            sign = -1.0 if above[0] else 1.0
            for level in (sorted_height[k] + rho, sorted_height[k + 1] - rho):
                w.append(sign * direction)
                b.append(-sign * level)
                pattern.append(~above if above[0] else above)
    r = points.shape[1]
    return Kinks(np.array(w).reshape(-1, r), np.array(b), np.array(pattern, dtype=bool).reshape(-1, len(points)))


def joined(*several: Kinks) -> Kinks:
    """The kinks of all arguments, one after another."""
    return Kinks(
        np.concatenate([one.w for one in several]),
        np.concatenate([one.b for one in several]),
        np.concatenate([one.pattern for one in several]),
    )


def distinct(kinks: Kinks, features: Array, tolerance: float) -> NDArray[np.intp]:
    """For each kink the row of the first one of the same pattern whose features differ by at most `tolerance`."""
    leader = np.arange(len(kinks))
    seen: dict[bytes, list[int]] = {}
    for k in range(len(kinks)):
        leaders = seen.setdefault(kinks.pattern[k].tobytes(), [])
        if leaders:
            distance = np.abs(features[leaders] - features[k]).max(axis=(1, 2))
            nearest = int(np.argmin(distance))
            if distance[nearest] <= tolerance:
                leader[k] = leaders[nearest]
                continue
        leaders.append(k)
    return leader


def pattern_kinks(directions: Array, pattern: NDArray[np.bool_], points: Array, rho: float) -> Kinks:
    """The two tangent kinks of one pattern along each of `directions` (D, r) that admits the pattern."""
    heights = directions @ points.T
    first = rho - heights[:, pattern].min(axis=1)
    last = -rho - heights[:, ~pattern].max(axis=1)
    open_ = first <= last
    w = np.concatenate([directions[open_], directions[open_]])
    b = np.concatenate([first[open_], last[open_]])
    return Kinks(w, b, np.tile(pattern, (len(b), 1)))


def dual_values(kinks: Kinks, B: Array) -> Array:
    """‖B_s z‖ for every kink, shape (K,)."""
    return np.asarray(np.linalg.norm(np.einsum("kn,nij,kj->ki", kinks.pattern[:, 1:] * 1.0, B, kinks.z), axis=1))
