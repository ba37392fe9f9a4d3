"""The lower bound for points on one-sided rays, which needs no enumeration of patterns."""

from __future__ import annotations

import numpy as np

from exactnorm.training_set import Array


def one_sided_rays(points: Array, centre: int, tolerance: float = 1e-9) -> tuple[Array, np.ndarray, Array]:
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
        Unit vectors of the rays.
    ray : ndarray of int, shape (N,)
        The ray each point lies on; −1 for the centre.
    t : ndarray, shape (N,)
        Distance of each point from the centre.

    Raises
    ------
    ValueError
        If two rays make an angle below 90°, with the two rows at fault.
    """
    offsets = points - points[centre]
    t = np.linalg.norm(offsets, axis=1)
    units = offsets / np.where(t > 0, t, 1.0)[:, None]
    cosines = units @ units.T
    ray = np.full(len(points), -1)
    first: list[int] = []
    for n in range(len(points)):
        if n == centre or ray[n] >= 0:
            continue
        aligned = np.flatnonzero(cosines[n] > 1 - 1e-6)
        aligned = aligned[np.linalg.norm(units[aligned] - units[n], axis=1) <= tolerance]
        ray[aligned] = len(first)
        first.append(n)
    between = cosines[np.ix_(first, first)] - 2 * np.eye(len(first))
    if between.size and between.max() > tolerance:
        i, j = np.unravel_index(int(np.argmax(between)), between.shape)
        angle = float(np.degrees(np.arccos(min(1.0, float(between[i, j])))))
        msg = f"seen from point {centre}, points {first[i]} and {first[j]} make an angle of {angle:.4g}°, below 90°"
        raise ValueError(msg)
    return units[first], ray, t


def rays_lower_bound(points: Array, rho: float, centre: int) -> float:
    """Σ over rays and gaps of 2Δ/(Δ − 2ρ): the least cost for one-sided rays from x_centre with pairwise angles ≥ 90°.

    Along ray l the component of h in direction u_l has mean slope Δ/(Δ−2ρ) over each gap between balls and slope 0
    on the balls, so its slope varies by at least 2Δ/(Δ−2ρ) a gap; and a neuron of cost 1 supplies at most a total
    variation of 1 to all rays together, because ‖Σ ±[u_l·w]_+ u_l‖ ≤ ‖w‖ when the u_l are pairwise obtuse.

    Raises
    ------
    ValueError
        If the points are not such rays, or two balls on one ray touch.
    """
    u, ray, t = one_sided_rays(points, centre)
    total = 0.0
    for k in range(len(u)):
        gaps = np.diff(np.sort(np.append(t[ray == k], 0.0)))
        if gaps.min() <= 2 * rho:
            msg = f"two points on one ray are {gaps.min():g} apart, not more than 2·rho = {2 * rho:g}"
            raise ValueError(msg)
        total += float((2 * gaps / (gaps - 2 * rho)).sum())
    return total
