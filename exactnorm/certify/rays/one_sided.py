"""The lower bound for points on one-sided rays, which needs no enumeration of patterns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.geometry import length_rounding

ASTRAY = 1e-7
"""How far a step may turn from its ray, in radians: less than changes a cost by what a bracket resolves."""


def one_sided_rays(points: Array, centre: int, tolerance: float = 1e-9) -> tuple[Array, NDArray[np.intp], Array]:
    """Split points into one-sided rays from the point `centre`.

    Parameters
    ----------
    points : ndarray, shape (N, d)
    centre : int
        Row of the point where the rays start.
    tolerance : float
        Two directions are the same ray when their unit vectors differ by at most this, and count as at least
        90° apart when their inner product is at most this: room for the rounding of the points.

    Returns
    -------
    u : ndarray, shape (L, d)
        Unit vectors of the rays, each taken from the farthest point on its ray.
    ray : ndarray of int, shape (N,)
        The ray each point lies on; −1 for the centre.
    t : ndarray, shape (N,)
        Distance of each point from the centre.

    Raises
    ------
    ValueError
        If two rays make an angle below 90°, or neighbours on a ray are not along it, with the two rows at fault.
    """
    units, t = _units(points, centre)
    others = np.delete(np.arange(len(points)), centre)
    ray = np.full(len(points), -1)
    ray[others] = others  # each on a ray of its own, until found aligned with an earlier one
    left = others
    while len(left) > 1:  # one ray at a time, while each holds many of the points: no square matrix
        n, left = left[0], left[1:]
        found = _joined(units, ray, int(n), left, units[left] @ units[n], centre, tolerance)
        left = left[ray[left] == left]
        if found < len(left) // 16:
            break
    for rows, cosines in _row_blocks(units[left]):
        for i, n in enumerate(left[rows]):
            if ray[n] == n:  # not yet on the ray of an earlier point
                later = left[rows[i] + 1 :]
                _joined(units, ray, int(n), later, cosines[i, i + 1 :], centre, tolerance)
    names, ray[others] = np.unique(ray[others], return_inverse=True)
    # The farthest point of a ray knows its direction best.
    order = others[np.argsort(t[others], kind="stable")]
    farthest = np.empty(len(names), int)
    farthest[ray[order]] = order
    u = units[farthest]
    _turn(points, centre, u, ray, t)
    return u, ray, t


def _joined(
    units: Array, ray: NDArray[np.intp], n: int, later: NDArray[np.intp], cosine: Array, centre: int, tolerance: float
) -> int:
    """Put the later points that lie on the ray of point n there, and count them; raise if one is only near it."""
    close = cosine > tolerance
    close[close] = ray[later[close]] == later[close]
    rows = later[close]
    together = np.linalg.norm(units[rows] - units[n], axis=1) <= tolerance
    ray[rows[together]] = n
    if not together.all():
        m = int(np.argmin(together))
        angle = float(np.degrees(np.arccos(min(1.0, float(cosine[close][m])))))
        msg = f"seen from point {centre}, points {n} and {rows[m]} make an angle of {angle:.4g}°, below 90°"
        raise ValueError(msg)
    return len(rows)


def _turn(points: Array, centre: int, u: Array, ray: NDArray[np.intp], t: Array) -> float:
    """The largest angle between a step from neighbour to neighbour and its ray; raise if one is above `ASTRAY`.

    A point may look well aligned from afar and yet lie beside its neighbour.
    """
    order, before = neighbours(centre, ray, t)
    steps = (points[order] - points[before]) / float(t.max())
    length = np.linalg.norm(steps, axis=1)
    off = np.linalg.norm(steps - length[:, None] * u[ray[order]], axis=1)
    astray = ~(off <= ASTRAY * length)  # nan is astray
    if astray.any():
        k = int(np.argmax(astray))
        msg = f"seen from point {centre}, points {before[k]} and {order[k]} are not on one ray: the step turns"
        raise ValueError(msg)
    return float((off / length).max())


def neighbours(centre: int, ray: NDArray[np.intp], t: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All points but the centre, ray by ray from the inside out, and the point before each."""
    order = np.lexsort((t, ray))[1:]  # the centre, ray −1, comes first
    return order, np.where(np.diff(ray[order], prepend=-1) > 0, centre, np.concatenate([[centre], order[:-1]]))


def rays_lower_bound(points: Array, rho: float, centre: int) -> float:
    """Σ over rays and gaps of 2Δ/(Δ − 2ρ): the least cost for one-sided rays from x_centre with pairwise angles ≥ 90°.

    Over the gap g with unit direction v_g, the component of h along v_g has mean slope Δ/(Δ−2ρ), and slope 0 on the
    balls at its ends: the neurons whose kinks cross the gap must supply Σ_k |v_g·a_k||v_g·w_k| ≥ 2Δ/(Δ−2ρ). A kink
    crosses one gap a ray at most, along which w_k grows, and Σ |v·a_k|[v·w_k]_+ over one gap from each ray is at most
    ‖a_k‖‖w_k‖, because ‖Σ ±[v·w]_+ v‖ ≤ ‖w‖ when the v are pairwise obtuse.

    Rounding leaves a little. Where gaps turn from their ray by up to θ and inner products of up to ε > 0 are left
    between gaps of the L rays, the right side is at most (1 + 2Lε)‖a‖‖w‖ for Lε ≤ 0.1; and a neuron with |u·w| ≤ θ‖w‖
    may cross all gaps of the ray, with |v·w| ≤ 2θ‖w‖ on each. So the sum is divided by 1 + 2Lε + 2θ(N − 1). On a line
    a neuron that may do so for one ray does nothing else, and there is no loss.

    Raises
    ------
    ValueError
        If the points are not such rays, or two balls on one ray touch.
    """
    u, ray, t = one_sided_rays(points, centre)
    order, before = neighbours(centre, ray, t)
    # Not the difference of distances from the centre, which knows fewer digits of a small gap far out.
    size = float(t.max())
    gaps = size * np.linalg.norm((points[order] - points[before]) / size, axis=1)
    if not gaps.min() > 2 * rho:
        msg = f"two points on one ray are {gaps.min():g} apart, not more than 2·rho = {2 * rho:g}"
        raise ValueError(msg)
    turn, cosine = _turn(points, centre, u, ray, t), -1.0
    for start, c in _row_blocks(u):
        above = c[np.triu_indices(len(start), 1, c.shape[1])]
        cosine = max(cosine, float(above.max(initial=-1.0)))
    excess = len(u) * max(cosine + 3 * turn, 0.0)
    if not excess <= 0.1:
        msg = f"the {len(u)} rays are not 90° apart to enough digits for so many"
        raise ValueError(msg)
    on_a_line = len(u) == 1 or (len(u) == 2 and cosine <= -1 + 1e-6)
    loss = 0.0 if on_a_line and 2 * turn * len(order) <= 0.9 else 2 * excess + 2 * turn * len(order)
    longest = gaps * (1 + length_rounding(points.shape[1]))
    return float((2 * longest / (longest - 2 * rho)).sum()) / (1 + loss)


def _units(points: Array, centre: int) -> tuple[Array, Array]:
    offsets = points - points[centre]
    # Dividing first keeps the squares finite and non-zero whatever the unit of the points.
    size = float(np.abs(offsets).max())
    offsets /= size
    length = np.linalg.norm(offsets, axis=1)
    offsets /= np.where(length > 0, length, 1.0)[:, None]
    return offsets, size * length


def _row_blocks(units: Array) -> Iterator[tuple[NDArray[np.intp], Array]]:
    """Inner products of the rows with themselves and the later rows, some rows at a time."""
    step = max(1, 2**23 // max(len(units), 1))
    for start in range(0, len(units), step):
        rows = np.arange(start, min(start + step, len(units)))
        yield rows, units[rows] @ units[start:].T
