"""A cheap bracket on the least cost for any data, without solving a program."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactnorm.arrays import Array
from exactnorm.certify.rays import rays_lower_bound
from exactnorm.closed_form.one_versus_rest import one_versus_rest
from exactnorm.closed_form.ramps import ramp_network
from exactnorm.closed_form.rays import find_rays, rays
from exactnorm.network import ReLUNetwork
from exactnorm.tables import Tabular, TextTable, ends
from exactnorm.training_set import closest_pair, training_set

MOST = 2000
"""Points among which sets on rays are looked for: every centre takes a square matrix of them."""


@dataclass(frozen=True, eq=False)
class CostBounds(Tabular):
    """A bracket on the least representation cost of a denoiser for a training set.

    Parameters
    ----------
    lower : float
        No denoiser for the balls costs less.
    upper : float
        Cost of `network`, infinite where no closed form fits the data.
    subset : tuple of int
        Rows, the start of the rays first, of the points on one-sided rays whose least cost is `lower`, or less than
        the 4 that any three points cost.
    network : ReLUNetwork or None
        A network that maps every ball to its centre.
    upper_from : str
        ``"rays"``, ``"one_versus_rest"``, ``"along_line"`` or ``""``.
    """

    lower: float
    upper: float
    subset: tuple[int, ...]
    network: ReLUNetwork | None = field(repr=False)
    upper_from: str

    def table(self) -> TextTable:
        """The bracket, and what either end comes from."""
        lower, upper = ends(self.lower, self.upper)
        rows = (
            ("upper bound", upper, self.upper_from or "no closed form fits the data"),
            ("lower bound", lower, f"points {', '.join(map(str, self.subset))}"),
        )
        return TextTable(("least cost", "value", "from"), rows)


def bounds(points: ArrayLike, rho: float) -> CostBounds:
    """Cheap bracket on the least cost: the best closed form above, the best rays among the points below.

    Parameters
    ----------
    points : array_like, shape (N, d)
    rho : float
        Radius of the noise balls.

    Returns
    -------
    CostBounds
        For points on one-sided rays both ends agree.

    Raises
    ------
    ValueError
        If the points are not a training set.

    Notes
    -----
    A denoiser for all points is one for every subset, so the least cost of a subset is a lower bound. Subsets on
    one-sided rays are searched greedily, so a better one may exist.
    """
    train = training_set(points, rho)
    try:
        centre = find_rays(train.points)[0]
    except ValueError:
        pass
    else:
        lower = rays_lower_bound(train.points, train.rho, centre)
        network = rays(train.points, train.rho)
        rows = (centre, *(n for n in range(train.size) if n != centre))
        upper = network.representation_cost
        return CostBounds(min(lower, upper), upper, rows, network, "rays")  # both are the optimum, to a rounding
    best, name, cheapest = math.inf, "", None
    for form in (one_versus_rest, along_line):
        try:
            network = form(train.points, train.rho)
        except (ValueError, ArithmeticError):
            continue
        if network.representation_cost < best:
            best, name, cheapest = network.representation_cost, form.__name__, network
    subset = best_rays(train.points, train.rho)
    # Three points cost 4 at least: on rays two gaps of 2 or more; an acute triangle 4 in the limit of small balls.
    lower = max(rays_lower_bound(train.points[list(subset)], train.rho, 0), 4.0)
    return CostBounds(min(lower, best), best, subset, cheapest, name)


def along_line(points: ArrayLike, rho: float) -> ReLUNetwork:
    """Denoiser that looks at one direction only: ramps from each ball to the next one along it.

    h(y) = x_(0) + Σ (x_(i+1) − x_(i)) φ_i(u·y), with the points sorted along u. The direction u is the cheapest of
    those between two points and of the principal axes. Minimal for points on a line; elsewhere a last resort,
    which works for small ρ wherever no two points have the same coordinate along u.

    Parameters
    ----------
    points : array_like, shape (N, d)
    rho : float

    Returns
    -------
    ReLUNetwork

    Raises
    ------
    ValueError
        If the points are not a training set, or the balls overlap along each of these directions.
    """
    train = training_set(points, rho)
    X = train.points
    best, choice = math.inf, None
    for u in _directions(X):
        order = np.argsort(X @ u, kind="stable")
        gaps = np.diff(X[order], axis=0) @ u - 2 * train.rho
        if gaps.min() > 1e-9 * train.separation:
            cost = float((2 * np.linalg.norm(np.diff(X[order], axis=0), axis=1) / gaps).sum())
            if cost < best:
                best, choice = cost, (u, order)
    if choice is None:
        msg = f"seen along any direction that was tried, balls of radius {train.rho:g} overlap"
        raise ValueError(msg)
    u, order = choice
    place, jump = X[order] @ u, np.diff(X[order], axis=0)
    directions = np.tile(u, (train.size - 1, 1))
    return ramp_network(directions, place[:-1] + train.rho, jump @ u - 2 * train.rho, jump, X[order[0]])


def best_rays(points: Array, rho: float, stop: Callable[[], bool] = lambda: False) -> tuple[int, ...]:
    """Rows of a large set of points on one-sided rays, the start of the rays first; found greedily.

    Parameters
    ----------
    points : ndarray, shape (N, d)
        Distinct, with balls of radius `rho` that do not touch.
    rho : float
    stop : callable
        Asked again and again whether the best so far will do.
    """
    i, j, separation = closest_pair(points)
    X, rho = (points - points.mean(axis=0)) / separation, rho / separation
    best: tuple[float, tuple[int, ...]] = (2 / (1 - 2 * rho), (i, j))
    # The points in the middle see the widest angles; the limits keep thousands of points within seconds.
    central = np.argsort(np.linalg.norm(X, axis=1))
    some = np.arange(len(X))
    if len(X) > MOST:
        some = np.unique(np.concatenate([np.random.default_rng(0).choice(len(X), MOST - 2, replace=False), [i, j]]))
        central = np.flatnonzero(np.isin(some, central[: 20 * len(X) // MOST]))
        X = X[some]
    central = central[: min(200, max(20, 100_000 // len(X)))]
    starts = max(1, int(2e9) // (len(X) ** 2 * max(1, len(central))))
    for centre in central:
        if stop():
            break
        cost, rows = _greedy(X, rho, int(centre), starts)
        if cost > best[0]:
            best = (cost, tuple(int(n) for n in some[[int(centre), *rows]]))
    return best[1]


def _greedy(X: Array, rho: float, centre: int, starts: int) -> tuple[float, list[int]]:
    """Grow sets of points pairwise 90° apart from several first points, nearest points first; the best of them."""
    offsets = np.delete(X - X[centre], centre, axis=0)
    rows = np.delete(np.arange(len(X)), centre)
    order = np.argsort(np.linalg.norm(offsets, axis=1), kind="stable")
    offsets, rows = offsets[order], rows[order]
    length = np.linalg.norm(offsets, axis=1)
    apart = (offsets / length[:, None]) @ (offsets / length[:, None]).T <= 1e-15
    allowed = apart[:starts].copy()
    chosen: NDArray[np.bool_] = np.eye(len(rows), dtype=bool)[: len(allowed)]
    for j in range(len(rows)):
        take = allowed[:, j].copy()
        chosen[take, j] = True
        allowed[take] &= apart[j]
    costs = chosen @ (2 * length / (length - 2 * rho))
    k = int(np.argmax(costs))
    return float(costs[k]), rows[chosen[k]].tolist()


def _directions(X: Array) -> Array:
    """Principal axes, and the directions between all pairs of few points, or neighbours in the list of many."""
    _, _, axes = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    i, j = np.triu_indices(len(X), 1)
    if len(X) > 60:
        i, j = np.arange(len(X) - 1), np.arange(1, len(X))
    between = X[j] - X[i]
    return np.vstack([axes, between / np.linalg.norm(between, axis=1)[:, None]])
