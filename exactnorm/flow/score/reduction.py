"""Split a denoiser's flow into independent systems of the smallest dimension, and a remainder that just decays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse.csgraph import connected_components

from exactnorm.arrays import Array
from exactnorm.flow.record import Indices
from exactnorm.network import ReLUNetwork, lengths, without_kink

EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class Block:
    """The flow t' = Σ a_k [w_k·t + b_k]_+ + A t + e of one set of coordinates t = axes·(y − origin).

    Parameters
    ----------
    axes : ndarray, shape (r, d)
        Orthonormal rows.
    a, w : ndarray, shape (K, r)
        Weights in these coordinates with ‖w_k‖ = 1, so that w_k·t + b_k is the distance from the kink.
    b : ndarray, shape (K,)
    A : ndarray, shape (r, r)
        V − I.
    e : ndarray, shape (r,)
    kinks : ndarray of int, shape (K,)
        The neurons of the denoiser that these are.
    rounding : ndarray, shape (K,)
        How far b may be off through rounding alone.
    """

    axes: Array
    a: Array
    w: Array
    b: Array
    A: Array
    e: Array
    kinks: Indices
    rounding: Array

    @property
    def rank(self) -> int:
        """Number of coordinates, r."""
        return int(self.axes.shape[0])


@dataclass(frozen=True, eq=False)
class Reduction:
    """Mutually orthogonal blocks; what is orthogonal to all of them decays as e^{−u} towards `origin`."""

    origin: Array
    blocks: tuple[Block, ...]

    def remainder(self, y: Array) -> Array:
        """The part of y − origin (m, d) that is orthogonal to every block."""
        rest = y - self.origin
        for _ in range(2):  # twice, so that rounding leaves nothing of a large start behind
            for block in self.blocks:
                rest = rest - (rest @ block.axes.T) @ block.axes
        return rest


def reduced(network: ReLUNetwork, planes: tuple[Array, Array] | None = None) -> Reduction:
    """Blocks of coordinates that do not feel each other.

    A direction orthogonal to every a_k, w_k and to V's rows and columns takes no part: h is constant along it
    and h's component along it is constant. Without a skip connection, groups of neurons whose a's and w's are
    orthogonal to all others' form systems of their own; on orthogonal data each has one dimension.

    Further `planes` w·y + b = 0, unit vectors (p, d) and (p,), are watched as kinks are, and counted after them.
    """
    watched = np.zeros(len(network.b), bool)
    if planes is not None:
        w, b = planes
        watched = np.append(watched, np.ones(len(b), bool))
        network = replace(
            network,
            a=np.vstack([network.a, np.zeros_like(w)]),
            w=np.vstack([network.w, w]),
            b=np.append(network.b, b),
        )
    constant = without_kink(network)
    origin = network.c + np.maximum(network.b[constant], 0.0) @ network.a[constant]
    kinks = np.flatnonzero((np.any(network.a != 0, axis=1) | watched) & ~constant)
    norm_w = lengths(network.w[kinks])
    w = network.w[kinks] / norm_w[:, None]
    norm_a = lengths(network.a[kinks])
    a = network.a[kinks] / np.where(norm_a > 0, norm_a, 1.0)[:, None]
    V = network.V if network.V is not None and np.any(network.V) else None
    blocks = []
    for members in _groups(a, w, together=V is not None):
        directions = [w[members], a[members]]
        if V is not None:
            directions += [V / np.abs(V).max(), V.T / np.abs(V).max()]
        axes = _axes(np.vstack(directions))
        b = network.b[kinks[members]] / norm_w[members]
        rounding = EPS * (np.abs(b) + np.abs(w[members]) @ np.abs(origin))
        in_axes = w[members] @ axes.T
        blocks.append(
            Block(
                axes=axes,
                a=(a[members] @ axes.T) * (norm_a[members] * norm_w[members])[:, None],
                w=in_axes / np.linalg.norm(in_axes, axis=1)[:, None],
                b=b + w[members] @ origin,
                A=-np.eye(len(axes)) if V is None else axes @ V @ axes.T - np.eye(len(axes)),
                e=np.zeros(len(axes)) if V is None else axes @ V @ origin,
                kinks=kinks[members],
                rounding=rounding,
            )
        )
    return Reduction(origin, tuple(blocks))


def _groups(a: Array, w: Array, *, together: bool) -> list[Indices]:
    """Neurons whose unit weights are orthogonal to those of every other group, to rounding."""
    if together:
        return [np.arange(len(w))]
    if not len(w):
        return []
    alike = 16 * EPS * np.sqrt(w.shape[1])
    # Thousands of points on a line make as many neurons of two kinds: each kind is looked at once.
    kinds, of = np.unique(np.column_stack([a, w]), axis=0, return_inverse=True)
    a, w = np.hsplit(kinds, 2)
    coupled = (np.abs(w @ w.T) > alike) | (np.abs(a @ a.T) > alike) | (np.abs(w @ a.T) > alike)
    count, label = connected_components(coupled, directed=False)
    label = label[of]
    return [np.flatnonzero(label == i) for i in range(count)]


def _axes(directions: Array) -> Array:
    """Orthonormal basis of the span of the rows; the standard basis where they span the whole space."""
    d = directions.shape[1]
    if len(directions) == 2 and np.abs(np.abs(directions[0] @ directions[1]) - 1) < 4 * EPS:
        return directions[:1]
    _, singular, axes = np.linalg.svd(directions, full_matrices=False)
    rank = int(np.sum(singular > 64 * EPS * np.sqrt(directions.size) * singular[0]))
    return np.eye(d) if rank == d else np.ascontiguousarray(axes[:rank])
