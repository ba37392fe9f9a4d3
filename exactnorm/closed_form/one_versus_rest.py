"""One ramp a point, along the shortest way to the hull of the others: a denoiser for almost any data."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array
from exactnorm.closed_form.ramps import ramp_network
from exactnorm.geometry import affine_hull, separating_hyperplane
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import training_set


def one_versus_rest(points: ArrayLike, rho: float) -> ReLUNetwork:
    """Denoiser with one ramp a point, which separates it from all others: a feasible network, so an upper bound.

    With m_n the distance of x_n from the convex hull of the other points and u_n the unit vector from the nearest
    point of that hull, h(y) = c + Σ_n (x_n − c) φ_n(u_n·y), each ramp over the gap shrunk by ρ on both sides. The
    base point c minimises the cost Σ_n 2‖x_n − c‖/(m_n − 2ρ): it is a weighted geometric median of the points.

    Parameters
    ----------
    points : array_like, shape (N, d)
        In any order.
    rho : float
        Radius of the noise balls; m_n > 2ρ is needed for all n but one, and then c is that one.

    Returns
    -------
    ReLUNetwork
        At most 2N neurons.

    Raises
    ------
    ValueError
        If the points are not a training set, or two of them cannot be separated from the others with balls.

    Notes
    -----
    It is the minimum-norm denoiser of orthogonal sets and obtuse simplices, and of equilateral triangles for
    ρ ≤ R/2, R the circumradius. For an acute triangle it is minimal in the limit ρ → 0; for ρ > 0 only if a
    criterion holds that scalene triangles have not been seen to satisfy. In general it is just feasible.
    """
    train = training_set(points, rho)
    frame = affine_hull(train.points)
    x, rho = frame.coordinates(train.points), train.rho / frame.scale
    gaps, stuck = [], []
    for n in range(train.size):
        gaps.append(separating_hyperplane(x[n : n + 1], np.delete(x, n, axis=0)))
        if gaps[n][2] <= rho + 1e-12:
            stuck.append(n)
        if len(stuck) > 1:  # said at once: each point costs a least-squares problem in all others
            i, j = (2 * gaps[k][2] * frame.scale for k in stuck)
            msg = (
                f"points {stuck[0]} and {stuck[1]} are {i:.6g} and {j:.6g} from the convex hulls of the others; "
                f"one versus rest needs more than 2·rho = {2 * train.rho:g} for all but one"
            )
            raise ValueError(msg)
    half = np.array([h for _, _, h in gaps])
    c = x[stuck[0]] if len(stuck) else weighted_geometric_median(x, 1 / (half - rho))
    with_ramp = np.flatnonzero(np.linalg.norm(x - c, axis=1) > 0)
    u = np.array([w for w, _, _ in gaps])[with_ramp]
    middle, width = -np.array([b for _, b, _ in gaps])[with_ramp], 2 * (half - rho)[with_ramp]
    network = ramp_network(u, middle - width / 2, width, x[with_ramp] - c, c)
    return network.lifted(frame)


def weighted_geometric_median(points: Array, weights: Array) -> Array:
    """The point c that minimises Σ_n weights_n ‖x_n − c‖; a data point exactly where one is the minimiser.

    Parameters
    ----------
    points : ndarray, shape (N, r)
        Distinct.
    weights : ndarray, shape (N,)
        Positive.
    """
    # A sum of distances is minimal at x_k iff the others' pulls on it add up to no more than its own weight.
    for k in np.argsort(-weights):
        offsets = np.delete(points - points[k], k, axis=0)
        pull = np.delete(weights, k) / np.linalg.norm(offsets, axis=1) @ offsets
        if np.linalg.norm(pull) <= weights[k] * (1 + 1e-12):
            return np.asarray(points[k])
    c = weights @ points / weights.sum()
    value = _total(points, weights, c)
    for iteration in range(500):
        offsets = c - points
        distance = np.maximum(np.linalg.norm(offsets, axis=1), 1e-150)
        unit, pull = offsets / distance[:, None], weights / distance
        gradient = weights @ unit
        if np.linalg.norm(gradient) <= 1e-15 * weights.sum():
            break
        hessian = pull.sum() * np.eye(len(c)) - (unit.T * pull) @ unit
        # Newton's step where it descends, Weiszfeld's (which always does) where it does not.
        candidates = [c - gradient / pull.sum()]
        if iteration >= 3:
            candidates.insert(0, c - np.linalg.lstsq(hessian, gradient, rcond=None)[0])
        values = [_total(points, weights, candidate) for candidate in candidates]
        best = int(np.argmin(values))
        if values[best] >= value:
            break
        c, value = candidates[best], values[best]
    return np.asarray(c)


def _total(points: Array, weights: Array, c: Array) -> float:
    return float(weights @ np.linalg.norm(points - c, axis=1))
