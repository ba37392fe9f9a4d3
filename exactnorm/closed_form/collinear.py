"""Points on a line: piecewise linear between the balls, constant on them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array
from exactnorm.closed_form.ramps import chain, ramp_network
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import TrainingSet, training_set


def univariate(points: ArrayLike, rho: float) -> ReLUNetwork:
    """Minimum-norm denoiser of numbers x_0 < … < x_{N−1}.

    h is x_n on [x_n − ρ, x_n + ρ], linear in between and constant outside. Its cost is Σ 2Δ/(Δ − 2ρ) over the
    gaps Δ, it is minimal, and no other function attains it.

    Parameters
    ----------
    points : array_like, shape (N, 1)
        In any order.
    rho : float
        Radius of the noise balls.

    Returns
    -------
    ReLUNetwork

    Raises
    ------
    ValueError
        If the points are not a training set of dimension 1.

    References
    ----------
    Zeno, Ongie, Blumenfeld, Weinberger and Soudry, NeurIPS 2023 (arXiv:2311.06748): univariate denoisers.
    """
    train = training_set(points, rho)
    if train.dimension != 1:
        msg = f"univariate takes points of dimension 1, not {train.dimension}; points on a line are for `collinear`"
        raise ValueError(msg)
    return _on_line(train, np.ones(1))


def collinear(points: ArrayLike, rho: float, *, tolerance: float = 1e-9) -> ReLUNetwork:
    """Minimum-norm denoiser of points on a line: the univariate one along the line, cost Σ 2Δ/(Δ − 2ρ) over its gaps.

    Parameters
    ----------
    points : array_like, shape (N, d)
        In any order.
    rho : float
        Radius of the noise balls.
    tolerance : float
        Points count as collinear when none is farther from the line than this times their extent.

    Returns
    -------
    ReLUNetwork

    Raises
    ------
    ValueError
        If the points are not a training set, or are not on a line.

    References
    ----------
    Zeno et al., NeurIPS 2023 (arXiv:2311.06748): data in a subspace, here of dimension 1.
    """
    train = training_set(points, rho)
    return _on_line(train, line_direction(train.points, tolerance))


def line_direction(points: Array, tolerance: float = 1e-9) -> Array:
    """Unit vector along the line through all points, from the first point to the farthest from it.

    Raises
    ------
    ValueError
        If a point is off the line by more than `tolerance` times the distance of those two.
    """
    offsets = points - points[0]
    size = float(np.abs(offsets).max())
    offsets = offsets / size
    far = int(np.argmax(np.linalg.norm(offsets, axis=1)))
    u = offsets[far] / np.linalg.norm(offsets[far])
    off = np.linalg.norm(offsets - np.outer(offsets @ u, u), axis=1) / float(np.linalg.norm(offsets[far]))
    worst = int(np.argmax(off))
    if off[worst] > tolerance:
        msg = f"the points are not collinear: point {worst} is {off[worst]:.3g} of their extent off the line"
        raise ValueError(msg)
    return np.asarray(u)


def _on_line(train: TrainingSet, u: Array) -> ReLUNetwork:
    X = train.points[np.argsort((train.points - train.points[0]) @ u)]
    directions = np.tile(u, (train.size - 1, 1))
    return ramp_network(directions, *chain(X[:-1], X[1:], directions, train.rho), X[0])
