"""Points on one-sided rays from one of them, pairwise at least 90° apart; orthogonal sets and obtuse simplices."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactnorm.arrays import Array
from exactnorm.certify.rays import neighbours, one_sided_rays
from exactnorm.closed_form.ramps import chain, ramp_network
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import TrainingSet, training_set


def rays(points: ArrayLike, rho: float) -> ReLUNetwork:
    """Minimum-norm denoiser of points on rays from one of them, the rays pairwise at least 90° apart.

    h(y) = x_0 + Σ_l u_l ψ_l(u_l·(y − x_0)), with u_l the rays' unit vectors and ψ_l the univariate denoiser of
    the distances from x_0 on ray l. Its cost, the sum of 2Δ/(Δ − 2ρ) over all gaps on all rays, is minimal.

    Parameters
    ----------
    points : array_like, shape (N, d)
        In any order, any number of them on a ray; which one is the start x_0 is found out.
    rho : float
        Radius of the noise balls.

    Returns
    -------
    ReLUNetwork
        Two neurons a point, without linear part, so that ten thousand dimensions need no square matrix.

    Raises
    ------
    ValueError
        If the points are not a training set, or not on such rays from any of them.

    References
    ----------
    Zeno et al., NeurIPS 2023 (arXiv:2311.06748), data on rays. That no network is cheaper is proved in the
    documentation's page on theory.
    """
    train = training_set(points, rho)
    centre, u, ray, t = find_rays(train.points)
    return _network(train, centre, u, ray, t)


def orthogonal(points: ArrayLike, rho: float, *, tolerance: float = 1e-9) -> ReLUNetwork:
    """Minimum-norm denoiser of a point x_0 and points x_n with x_n − x_0 pairwise orthogonal.

    h(y) = x_0 + Σ_n (x_n − x_0) φ_n(u_n·(y − x_0)), each ramp φ_n from ρ to L_n − ρ, where L_n = ‖x_n − x_0‖ and
    u_n = (x_n − x_0)/L_n. The cost Σ 2L_n/(L_n − 2ρ) is minimal.

    Parameters
    ----------
    points : array_like, shape (N, d)
        In any order; which one is x_0 is found out.
    rho : float
        Radius of the noise balls.
    tolerance : float
        Largest |u_n·u_m| that counts as orthogonal: room for the rounding of the points.

    Returns
    -------
    ReLUNetwork

    Raises
    ------
    ValueError
        If the points are not a training set, or not orthogonal seen from any of them.

    References
    ----------
    Zeno et al., NeurIPS 2023 (arXiv:2311.06748) and ICML 2025 (arXiv:2506.19031), orthogonal data.
    """
    train = training_set(points, rho)
    centre, u, ray, t = find_rays(train.points)
    if len(u) > 1:  # one ray alone has nothing to be orthogonal to, but must hold one point only
        cosines = u @ u.T
        np.fill_diagonal(cosines, 0.0)
        i, j = np.unravel_index(int(np.argmin(cosines)), cosines.shape)
        if cosines[i, j] < -tolerance:
            angle = float(np.degrees(np.arccos(max(-1.0, float(cosines[i, j])))))
            first, second = (int(np.flatnonzero(ray == k)[0]) for k in (i, j))
            msg = f"seen from point {centre}, points {first} and {second} make an angle of {angle:.4g}°, not 90°"
            raise ValueError(msg)
    _one_point_a_ray(u, ray)
    return _network(train, centre, u, ray, t)


def obtuse_simplex(points: ArrayLike, rho: float) -> ReLUNetwork:
    """Minimum-norm denoiser of the vertices of a simplex whose angles at one vertex x_0 are all at least 90°.

    The formula and the cost are those of `orthogonal`, and minimal.

    Parameters
    ----------
    points : array_like, shape (N, d)
        Affinely independent, in any order; which one is x_0 is found out.
    rho : float
        Radius of the noise balls.

    Returns
    -------
    ReLUNetwork

    Raises
    ------
    ValueError
        If the points are not a training set, not a simplex, or have an acute angle at every vertex.

    References
    ----------
    Zeno et al., NeurIPS 2023 (arXiv:2311.06748) and ICML 2025 (arXiv:2506.19031), obtuse simplices.
    """
    train = training_set(points, rho)
    centre, u, ray, t = find_rays(train.points)
    _one_point_a_ray(u, ray)
    # The smallest eigenvalue of the Gram matrix is the square of the smallest singular value of u.
    if len(u) > train.dimension or np.linalg.eigvalsh(u @ u.T)[0] < 1e-12:
        msg = f"the {train.size} points are not affinely independent, so they are no simplex; see `rays`"
        raise ValueError(msg)
    return _network(train, centre, u, ray, t)


def find_rays(points: Array) -> tuple[int, Array, NDArray[np.intp], Array]:
    """Row of a point from which all others lie on rays at least 90° apart, and what `one_sided_rays` says of it.

    Raises
    ------
    ValueError
        If there is none; for the last candidate, with the two points at fault.
    """
    reason = "no point sees every two others in one direction or at 90° and more"
    for centre in _candidates(points):
        try:
            return int(centre), *one_sided_rays(points, int(centre))
        except ValueError as failed:
            reason = str(failed)
    msg = f"the points are not on one-sided rays from any of them: {reason}"
    raise ValueError(msg)


def _candidates(points: Array, tests: int = 256) -> NDArray[np.intp]:
    """Rows that see each of some pairs of points in one direction or at 90° and more.

    Each pair tests all rows at once for the price of one product of the points with a vector, and leaves few of
    them: of an orthogonal set the start of the rays and the pair itself.
    """
    size = len(points)
    left = np.arange(size)
    scaled = (points - points[0]) / float(np.abs(points - points[0]).max())
    shifts = np.arange(1, size)
    # (0,1), (1,2), …, (0,2), (1,3), …: every pair once if there are few points, pairs without a common point first.
    pairs = ((i, i + shift) for shift in shifts for i in range(size - shift))
    for _, (i, j) in zip(range(tests), pairs, strict=False):
        to_i, to_j = scaled[i] - scaled[left], scaled[j] - scaled[left]
        for one in (to_i, to_j):
            one /= np.maximum(np.linalg.norm(one, axis=1, keepdims=True), 1e-300)  # 0 stays 0: the point itself
        # Generous tests, since those that are left are looked at exactly.
        same = np.linalg.norm(to_i - to_j, axis=1) <= 1e-8
        left = left[same | (np.einsum("nd,nd->n", to_i, to_j) <= 1e-8)]
        if len(left) <= 1:
            break
    return left


def _one_point_a_ray(u: Array, ray: NDArray[np.intp]) -> None:
    if len(u) < len(ray) - 1:
        both = np.flatnonzero(ray == int(np.argmax(np.bincount(ray[ray >= 0]))))[:2]
        msg = f"points {both[0]} and {both[1]} are on one ray; see `rays`"
        raise ValueError(msg)


def _network(train: TrainingSet, centre: int, u: Array, ray: NDArray[np.intp], t: Array) -> ReLUNetwork:
    order, before = neighbours(centre, ray, t)
    directions = u[ray[order]]
    ramps = chain(train.points[before], train.points[order], directions, train.rho)
    return ramp_network(directions, *ramps, train.points[centre])
