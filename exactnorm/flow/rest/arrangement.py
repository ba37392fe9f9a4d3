"""The regions between a network's kinks, in the few directions that its outputs span."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.network import ReLUNetwork

Sides = NDArray[np.bool_]

EPS = float(np.finfo(float).eps)
TOLERANCE = 1e-9  # of lengths, relative to the size of the arrangement, and of eigenvalues: a few million roundings


@dataclass(frozen=True, eq=False)
class ReducedNetwork:
    """The network on c + span of its outputs: t ↦ Σ a_k [w_k·t + b_k]_+ + V t + e, with y = c + axesᵀ t."""

    axes: Array
    c: Array
    a: Array
    w: Array
    b: Array
    V: Array
    e: Array

    @property
    def rounding(self) -> float:
        """Bound on the rounding in I − Dh, in any region."""
        steep = np.linalg.norm(self.a, axis=1) @ np.linalg.norm(self.w, axis=1)
        return 32 * EPS * float(1 + np.abs(self.V).sum() + steep)

    def rests(self, t: Array, least: float) -> bool:
        """Whether h(t) = t, to rounding divided by the smallest singular value of I − Dh."""
        outputs, largest = np.linalg.norm(self.a, axis=1), float(np.linalg.norm(t))
        moved = self.a.T @ np.maximum(self.w @ t + self.b, 0.0) + self.V @ t + self.e - t
        bound = self.rounding * largest + 32 * EPS * float(outputs @ np.abs(self.b) + np.linalg.norm(self.e))
        return bool(np.abs(moved).max(initial=0.0) <= bound / min(least, 1.0))

    def equation(self, active: Sides) -> tuple[Array, Array]:
        """Jacobians (P, r, r) and constants (P, r) of the affine maps with the neurons `active` (P, K)."""
        r = len(self.e)
        on = active.astype(float)
        outer = (self.a[:, :, None] * self.w[:, None, :]).reshape(len(self.b), r * r)
        return self.V + (on @ outer).reshape(len(on), r, r), self.e + on @ (self.a * self.b[:, None])


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Distinct kinks normals·t + offsets = 0, in families of parallel ones, and each neuron's kink and its side."""

    normals: Array
    offsets: Array
    family: NDArray[np.intp]
    kink: NDArray[np.intp]
    flipped: Sides
    size: float

    def active(self, sides: Sides, b: Array) -> Sides:
        """Active neurons (P, K) on the given sides (P, H) of the kinks; a neuron without kink is on if b > 0."""
        padded = np.hstack([sides, np.zeros((len(sides), 1), bool)])
        return np.where(self.kink >= 0, padded[:, self.kink] ^ self.flipped, b > 0)

    def inside(self, sides: Sides, t: Array) -> Sides:
        """Whether each t (P, r) lies in the closure of the region on the given sides (P, H)."""
        values = t @ self.normals.T + self.offsets
        return np.asarray((np.where(sides, values, -values) >= -TOLERANCE * self.size).all(axis=1))


def reduced_network(network: ReLUNetwork) -> ReducedNetwork:
    """The network on the span of its outputs (and of its linear part's), where all its rest points are."""
    outputs = network.a if network.V is None else np.vstack([network.a, network.V.T])
    norms = np.linalg.norm(outputs, axis=1)
    outputs = outputs[norms > 0] / norms[norms > 0, None]
    _, s, vt = np.linalg.svd(outputs, full_matrices=False)
    axes = vt[: int(np.sum(s > 1e-10 * s.max(initial=0.0)))]
    V, c = np.zeros((len(axes),) * 2), network.c
    e = np.zeros(len(axes))
    if network.V is not None:
        V, e = axes @ network.V @ axes.T, axes @ (network.V @ c)
    return ReducedNetwork(axes, c, network.a @ axes.T, network.w @ axes.T, network.b + network.w @ c, V, e)


def arrangement(net: ReducedNetwork) -> Arrangement:
    """The distinct kinks of a network."""
    norms = np.linalg.norm(net.w, axis=1)
    # A neuron whose kink lies along the whole relevant space is constant there.
    bends = norms > 1e-12 * norms.max(initial=0.0)
    offset_of = np.divide(net.b, norms, out=np.zeros_like(norms), where=bends)
    size = float(np.abs(offset_of).max(initial=0.0)) or 1.0
    normals: list[Array] = []  # one a family
    planes: list[tuple[int, float]] = []
    kink, flipped = np.full(len(net.b), -1), np.zeros(len(net.b), bool)
    for k in np.flatnonzero(bends):
        u = net.w[k] / norms[k]
        sign = next((s for s in (1, -1) for f in normals if np.abs(s * u - f).max() <= TOLERANCE), 0)
        if sign == 0:
            sign, family = 1, len(normals)
            normals.append(u)
        else:
            family = next(i for i, f in enumerate(normals) if np.abs(sign * u - f).max() <= TOLERANCE)
        offset = sign * float(offset_of[k])
        same = [i for i, (f, o) in enumerate(planes) if f == family and abs(o - offset) <= 1e-2 * TOLERANCE * size]
        if not same:
            planes.append((family, offset))
        kink[k], flipped[k] = same[0] if same else len(planes) - 1, sign < 0
    family_of = np.array([f for f, _ in planes], int)
    directions = np.array(normals).reshape(len(normals), len(net.e))
    return Arrangement(directions[family_of], np.array([o for _, o in planes]), family_of, kink, flipped, size)


def count_regions(kinks: Arrangement) -> int:
    """Largest number of regions: Σ_{i≤r} of the choices of i families and one kink of each; attained generically."""
    rank = _span(kinks.normals).shape[0]
    choices = [1] + [0] * rank
    for members in np.bincount(kinks.family).tolist() if len(kinks.family) else []:
        for i in range(rank, 0, -1):
            choices[i] += members * choices[i - 1]
    return sum(choices)


def _span(normals: Array) -> Array:
    _, s, vt = np.linalg.svd(normals, full_matrices=False)
    return vt[: int(np.sum(s > 1e-10 * s.max(initial=0.0)))]


def all_sides(kinks: Arrangement) -> Sides:
    """The sides (P, H) of all kinks on which some region lies; a few combinations that no region has may occur too."""
    H = len(kinks.offsets)
    packed = [np.packbits(np.zeros((0 if H else 1, H), bool), axis=1)]
    for corners in _corners(kinks):
        values = corners @ kinks.normals.T + kinks.offsets
        on = np.abs(values) <= TOLERANCE * np.maximum(kinks.size, np.abs(corners).max(axis=1, keepdims=True))
        for count in np.unique(on.sum(axis=1)):
            rows = np.flatnonzero(on.sum(axis=1) == count)
            choices = np.array(list(product([False, True], repeat=int(count))))
            sides = np.repeat(values[rows] > 0, len(choices), axis=0)
            through = np.nonzero(on[rows])[1].reshape(len(rows), -1)
            where = np.repeat(np.arange(len(sides)), count).reshape(len(sides), -1)
            sides[where, np.repeat(through, len(choices), axis=0)] = np.tile(choices, (len(rows), 1))
            packed.append(np.unique(np.packbits(sides, axis=1), axis=0))
    every = np.unique(np.vstack(packed), axis=0)
    return np.unpackbits(every, axis=1, count=H).astype(bool) if H else np.zeros((1, 0), bool)


def _corners(kinks: Arrangement) -> Iterator[Array]:
    """Points where kinks of independent directions cross, some at a time."""
    if len(kinks.offsets) == 0:
        return
    axes = _span(kinks.normals)
    rank = len(axes)
    members = [np.flatnonzero(kinks.family == f) for f in range(int(kinks.family.max()) + 1)]
    batch = max(1, 2**22 // (2**rank * len(kinks.offsets)))
    for families in combinations(members, rank):
        directions = kinks.normals[[group[0] for group in families]] @ axes.T
        if np.linalg.svd(directions, compute_uv=False)[-1] <= TOLERANCE:
            continue
        offsets = np.array(list(product(*(kinks.offsets[group] for group in families))))
        corners = np.linalg.solve(directions, -offsets.T).T @ axes
        for start in range(0, len(corners), batch):
            yield corners[start : start + batch]
