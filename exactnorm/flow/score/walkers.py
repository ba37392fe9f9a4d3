"""The trajectories under way, and the affine field ahead of each: which side of a kink it is on, and the next step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.flow.record import Indices
from exactnorm.flow.score.reduction import EPS, Block
from exactnorm.flow.score.region import spectral_norm_bound, taylor_terms

Mask = NDArray[np.bool_]


@dataclass
class Walkers:
    """The trajectories still under way."""

    rows: Indices
    t: Array
    u: Array
    due: Indices
    """The next asked time."""
    active: Mask
    met: Mask
    """Kinks that the last step ended on."""
    stayed: NDArray[np.int_]
    """Steps since a kink was crossed."""

    def keep(self, mask: Mask) -> None:
        """Forget the others."""
        for name in ("rows", "t", "u", "due", "active", "met", "stayed"):
            setattr(self, name, getattr(self, name)[mask])


@dataclass
class Piece:
    """The affine field ahead of each walker."""

    distance: Array
    noise: Array
    on: Mask
    active: Mask
    A: Array
    f: Array
    f_noise: Array
    step: Array
    terms: Array
    order: NDArray[np.int_]
    """Of the pairs on a kink: the first non-zero derivative of the distance, 0 where all vanish."""
    along: Array
    """Of the pairs on a kink: coefficients 1 … ORDER of the distance, shape (pairs, ORDER)."""


def ahead(block: Block, walkers: Walkers, times: Array, outer: Array) -> Piece:
    """The field that each walker sees; `outer` holds the products a_k w_kᵀ, (K, r²)."""
    t = walkers.t
    m, r = t.shape
    distance = t @ block.w.T + block.b
    size = np.linalg.norm(t, axis=1)[:, None] + np.abs(block.b)
    noise = 8 * EPS * size + block.rounding
    on = (np.abs(distance) <= noise) | walkers.met
    inside = (distance > 0) & ~on
    f = np.where(inside, distance, 0.0) @ block.a + t @ block.A.T + block.e
    f_noise = np.where(inside | on, noise, 0.0) @ np.linalg.norm(block.a, axis=1)
    f_noise += 8 * EPS * (np.linalg.norm(t, axis=1) * (1 + np.abs(block.A).max()) + np.linalg.norm(block.e))
    active = inside | (on & walkers.active)
    i, k = np.nonzero(on)
    # To first order the side is that of w·f, which no kink's own side can change.
    heading = np.einsum("pr,pr->p", f[i], block.w[k])
    active[i, k] = np.where(np.abs(heading) > f_noise[i], heading > 0, active[i, k])
    for _ in range(4):  # a side taken at one order can only change what is seen at the next
        A = block.A + (active @ outer).reshape(m, r, r)
        step = first_step(A, f, size.max(axis=1, initial=0.0), times[walkers.due] - walkers.u)
        terms = taylor_terms(A, f, step)
        along = np.einsum("jpr,pr->pj", terms[:, i], block.w[k])
        clear = np.abs(along) > (noise[i, k] + f_noise[i] * step[i])[:, None]
        order = np.where(clear.any(axis=1), clear.argmax(axis=1) + 1, 0)
        side = np.where(order > 0, along[np.arange(len(i)), order - 1] > 0, active[i, k])
        if np.array_equal(side, active[i, k]):
            break
        active[i, k] = side
    return Piece(distance, noise, on, active, A, f, f_noise, step, terms, order, along)


def first_step(A: Array, f: Array, size: Array, remaining: Array) -> Array:
    """How far the Taylor terms reach, or the next asked time if that is sooner."""
    # Where A vanishes the motion is straight and the step is limited by its length instead.
    slowest = np.linalg.norm(f, axis=1) / (4 * np.where(size > 0, size, 1.0))
    rate = np.maximum(np.maximum(spectral_norm_bound(A), slowest), np.finfo(float).tiny)
    return np.asarray(np.minimum(1 / rate, remaining))


def by_key(keys: NDArray[np.uint8]) -> list[tuple[bytes, Indices]]:
    """Rows that are alike, packed bits of one region each, and which rows they are."""
    if not len(keys):
        return []
    if not keys.shape[1]:
        return [(b"", np.arange(len(keys)))]
    flat = np.ascontiguousarray(keys).view(np.dtype((np.void, keys.shape[1])))[:, 0]
    unique, inverse = np.unique(flat, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(inverse))[:-1])
    return [(bytes(key), part) for key, part in zip(unique, parts, strict=True)]
