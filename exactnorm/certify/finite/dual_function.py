"""Where ‖Σ_m λ_m [g_m·w]_+‖ is largest on the unit sphere: a finite list of directions that holds a maximiser.

The planes g_m·w = 0 cut the sphere into cells. On each face of a cell the function is the norm of a linear map, so a
maximum inside a face is a top eigenvector of that map's square, restricted to the flat that the face spans; otherwise
it lies on a smaller face. So the top eigenvectors of all faces of all dimensions hold a maximiser. (Where a top
eigenvalue is double, a maximum inside the face is attained on its boundary as well, unless the face has none.) Nothing
is sampled, and the number of faces of M vectors in R^n grows as M^(n−1).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from exactnorm.arrays import Array

PARALLEL = 4e-15
"""A vector shorter than this share of the longest counts as zero on a flat: above rounding, far below data."""


def dual_values(G: Array, multipliers: Array, w: Array) -> Array:
    """‖Σ_m λ_m [g_m·w]_+‖ for every row w, shape (C,)."""
    return np.asarray(np.linalg.norm(np.maximum(w @ G.T, 0.0) @ multipliers, axis=1))


def maximisers(G: Array, multipliers: Array) -> Array:
    """Unit vectors, shape (C, n), among which some maximises ‖Σ_m λ_m [g_m·w]_+‖ over ‖w‖ = 1.

    Parameters
    ----------
    G : ndarray, shape (M, n)
        The vectors g_m.
    multipliers : ndarray, shape (M, q)
        The λ_m.
    """
    size = float(np.linalg.norm(G, axis=1).max(initial=0.0))
    return _faces(G / size, multipliers)[0] if size > 0 else np.eye(1, G.shape[1])


def unseen(G: Array, multipliers: Array) -> float:
    """How far the largest value may lie above that at the directions found, where vectors count as zero on flats.

    Without them the function is off by their terms, at its maximum and where it was looked at. In the plane, where the
    g_m are differences of inputs, only inputs with a twin have such terms.
    """
    size, length = float(np.linalg.norm(G, axis=1).max(initial=0.0)), np.linalg.norm(multipliers, axis=1)
    if G.shape[1] == 1:
        return 0.0
    if G.shape[1] == 2 and len(G) > 1:
        apart = np.asarray(KDTree(G).query(G, k=2)[0])[:, 1]
        length = length[apart <= 2 * PARALLEL * size]
    return 4 * PARALLEL * size * float(length.sum())


def live_planes(G: Array) -> NDArray[np.intp]:
    """Which rows of G are not zero, but for rounding, and so have a plane g_m·w = 0."""
    size = np.linalg.norm(G, axis=1)
    return np.flatnonzero(size > PARALLEL * size.max(initial=0.0))


def faces_on_plane(G: Array, L: Array, m: int) -> tuple[Array, Array]:
    """Candidates (C, n) on all faces in the plane g_m·w = 0, and the sign patterns (P, M) of all cells next to it.

    The longest row of G has norm 1 or so.
    """
    # An orthonormal basis of the plane.
    basis = np.linalg.svd(G[m : m + 1])[2][1:].T
    inner, signs = _faces(G @ basis, L)
    # The vectors that vanish on this flat are on or off together with g_m on its two sides.
    side = np.where(np.linalg.norm(G, axis=1) > PARALLEL, np.sign(G @ G[m]), 0.0)
    cells = [np.where(signs == 0, way * side, signs) for way in (1.0, -1.0)]
    return inner @ basis.T, np.vstack(cells).astype(np.int8)


def tops_of_cells(G: Array, L: Array, patterns: Array) -> Array:
    """Candidates (2P, n) inside the cells with these sign patterns: top eigenvectors, both ways."""
    maps = np.einsum("pm,mqn->pqn", (patterns > 0).astype(float), L[:, :, None] * G[:, None, :], optimize=True)
    top = np.linalg.eigh(np.swapaxes(maps, 1, 2) @ maps)[1][:, :, -1]
    return np.vstack([top, -top])


def _faces(G: Array, L: Array) -> tuple[Array, Array]:
    """Candidates (C, n), and the sign patterns (P, M) of all cells: −1, 0 or 1 for each g_m."""
    n = G.shape[1]
    live = np.linalg.norm(G, axis=1) > PARALLEL
    if n == 1:
        signs = np.where(live, np.sign(G[:, 0]), 0.0)
        return np.array([[1.0], [-1.0]]), np.array([signs, -signs])
    if n == 2:
        return _arcs(np.where(live[:, None], G, 0.0), L)
    planes = [faces_on_plane(G, L, int(m)) for m in np.flatnonzero(live)]
    if not planes:
        return np.eye(1, n), np.zeros((1, len(G)))
    patterns = np.unique(np.vstack([cells for _, cells in planes]), axis=0).astype(float)
    return np.vstack([*(candidates for candidates, _ in planes), tops_of_cells(G, L, patterns)]), patterns


def _arcs(G: Array, L: Array) -> tuple[Array, Array]:
    """In the plane the cells are arcs: their ends, and the peaks that lie inside them."""
    live = G.any(axis=1)
    if not live.any():
        return np.eye(1, 2), np.zeros((1, len(G)))
    normal = np.arctan2(G[live, 1], G[live, 0])
    ends = np.sort(np.mod(np.concatenate([normal + np.pi / 2, normal - np.pi / 2]), 2 * np.pi))
    ends = ends[np.diff(ends, prepend=-1.0) > 0]
    widths = np.diff(ends, append=ends[0] + 2 * np.pi)
    middle = ends + widths / 2
    signs = np.sign(np.column_stack([np.cos(middle), np.sin(middle)]) @ G.T)
    on = (signs > 0).astype(float)
    A, B = on @ (G[:, :1] * L), on @ (G[:, 1:] * L)
    # ‖A cos φ + B sin φ‖² is a constant plus a multiple of cos(2φ − 2φ*).
    peak = np.arctan2(2 * (A * B).sum(axis=1), (A * A - B * B).sum(axis=1)) / 2
    # The peak, or its opposite, nearest to the middle of the arc.
    peak += np.pi * np.round((middle - peak) / np.pi)
    inside = np.abs(peak - middle) <= widths / 2 * (1 + 1e-9)
    angles = np.concatenate([ends, peak[inside]])
    return np.column_stack([np.cos(angles), np.sin(angles)]), signs
