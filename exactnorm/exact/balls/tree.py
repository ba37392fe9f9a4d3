"""The dual matrices along a shortest spanning tree of the points, so that lengths of several decades do not mix.

Interpolation says Σ_k s_kn a_k z_kᵀ = T_n for every ball n ≥ 1. The difference of two of these conditions along an edge
i → j of a tree says the same; its value can be taken at the middle m of the edge, since the slopes cancel, and in the
unit of the gap g between the two balls. So edge e asks for
    Σ_k (s_kj − s_ki) a_k z_keᵀ = [0 | (x_j − x_i)/g],   z_ke = (w_k, (w_k·m + b_k)/g),
and a kink that tells x_i and x_j apart passes between their balls: |w·m + b| ≤ g/2. All entries of z_ke are of order 1,
whichever row comes first and however near two points or their balls are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform

from exactnorm.arrays import Array
from exactnorm.exact.balls.kinks import Kinks


@dataclass(frozen=True, eq=False)
class Tree:
    """Edges parent → child away from point 0; edge n − 1 ends at point n.

    Parameters
    ----------
    parent : ndarray of int, shape (N − 1,)
    gap : ndarray, shape (N − 1,)
        Width that the two balls leave between them.
    middle : ndarray, shape (N − 1, r)
    target : ndarray, shape (N − 1, r)
        (x_n − x_parent)/g.
    below : ndarray of bool, shape (N − 1, N − 1)
        ``below[e, n − 1]``: point n is reached through edge e.
    """

    parent: NDArray[np.intp]
    gap: Array
    middle: Array
    target: Array
    below: NDArray[np.bool_]

    def features(self, kinks: Kinks) -> Array:
        """(s_kn − s_k,parent) z_ke for every kink and edge, shape (K, N − 1, r + 1)."""
        way = kinks.pattern[:, 1:] * 1.0 - kinks.pattern[:, self.parent]
        height = (kinks.w @ self.middle.T + kinks.b[:, None]) / self.gap
        w = np.broadcast_to(kinks.w[:, None, :], (*height.shape, kinks.w.shape[1]))
        return np.asarray(way[:, :, None] * np.concatenate([w, height[:, :, None]], axis=2))

    def moved(self, moves: Array) -> Array:
        """The changes (N − 1, r + 1, m) of z_e that go with changes (r + 1, m) of (w, b)."""
        w = np.broadcast_to(moves[:-1], (len(self.gap), *moves[:-1].shape))
        height = (self.middle @ moves[:-1] + moves[-1]) / self.gap[:, None]
        return np.concatenate([w, height[:, None, :]], axis=1)

    def along(self, B: Array) -> Array:
        """The multipliers E (N − 1, r, r + 1) of the edges that stand for matrices B of the balls.

        Σ_n ⟨B_n, T_n⟩ = Σ_e ⟨E_e, [0 | t_e]⟩, t_e being the target.
        """
        total = np.einsum("en,nij->eij", self.below * 1.0, B)
        slope = total[:, :, :-1] - total[:, :, -1:] * self.middle[:, None, :]
        return np.concatenate([slope, total[:, :, -1:] * self.gap[:, None, None]], axis=2)

    def matrices(self, E: Array) -> Array:
        """The matrices B that multipliers E of the edges stand for: the way back from `along`."""
        value = E[:, :, -1:] / self.gap[:, None, None]
        B = np.concatenate([E[:, :, :-1] + value * self.middle[:, None, :], value], axis=2)
        out = B.copy()
        inner = self.parent > 0
        np.subtract.at(out, self.parent[inner] - 1, B[inner])
        return out


def shortest_tree(points: Array, rho: float) -> Tree:
    """The shortest spanning tree of the points (N, r), away from the first of them."""
    graph = minimum_spanning_tree(squareform(pdist(points)))
    order, before = breadth_first_order(graph, 0, directed=False)
    parent = before[1:].astype(np.intp)
    below = np.eye(len(parent), dtype=bool)
    for n in order[:0:-1]:  # leaves first
        if parent[n - 1] > 0:
            below[parent[n - 1] - 1] |= below[n - 1]
    step = points[1:] - points[parent]
    gap = np.linalg.norm(step, axis=1) - 2 * rho
    return Tree(parent, gap, (points[1:] + points[parent]) / 2, step / gap[:, None], below)
