"""Activation patterns: which sets of balls some hyperplane cuts off from the others. Complete, never sampled."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactnorm.arrays import Array
from exactnorm.geometry import affine_hull, widest_gap
from exactnorm.hulls import hull_gaps
from exactnorm.training_set import TrainingSet, training_set

Patterns = NDArray[np.bool_]

BLOCK = 512
"""Patterns that are extended by one ball at once."""
TOUCHING = 1e-13
"""Half the distance of the hulls of bare points, in units of the set, that rounding of coordinates may make up."""
WORK = 10_000_000
"""Extensions, in the plane, after which the search is given up: minutes. Only dead ends can be so many."""


class TooManyPatternsError(ValueError):
    """The points have more activation patterns than the caller is ready to enumerate.

    Parameters
    ----------
    message : str
    found : int
        So many patterns there are at least.
    """

    def __init__(self, message: str, found: int = 0) -> None:
        super().__init__(message, found)  # as it is called, so that workers can send it back
        self.found = found

    def __str__(self) -> str:
        return str(self.args[0])


def activation_patterns(
    points: ArrayLike,
    rho: float = 0.0,
    max_patterns: int = 20000,
    *,
    watch: Callable[[int], None] = lambda _: None,
) -> Patterns:
    """Every activation pattern that some hyperplane makes on the balls B(x_n, ρ), each once.

    Parameters
    ----------
    points : array_like, shape (N, d)
        Distinct points, one a row.
    rho : float
        Radius of the balls; at 0 the hyperplane must miss every point (strict separation), by more than rounding: 1e-13
        of the size of the set, and more where the set is far from the origin.
    max_patterns : int
        Largest number of patterns to enumerate, a pattern and its complement counted once.
    watch : callable
        Called again and again with the number of patterns found so far; what it raises ends the enumeration.

    Returns
    -------
    ndarray of bool, shape (P, N)
        True where w·y + b > 0 on the interior of the ball. Constant patterns and complements are included. In
        lexicographic order.

    Raises
    ------
    TooManyPatternsError
        A ``ValueError``: if there are more patterns than `max_patterns`, or so many dead ends on the way to them that
        the search would take too long.
    ValueError
        If the points are not a training set.

    Notes
    -----
    A pattern on some balls is extended by the next ball only if some hyperplane still realises it, so every pattern is
    reached whatever degeneracies the points have: a hyperplane for all balls is one for the first n. Where balls are
    large, most branches die early: only what is alive is counted.
    """
    off = kink_patterns(points, rho, max_patterns, watch=watch)
    off = np.vstack([np.zeros((1, off.shape[1]), dtype=bool), off])
    both = np.vstack([off, ~off])
    return both[np.lexsort(both.T[::-1])]


def kink_patterns(
    points: ArrayLike,
    rho: float = 0.0,
    max_patterns: int = 20000,
    *,
    watch: Callable[[int], None] = lambda _: None,
    apart: float | None = None,
) -> Patterns:
    """The patterns that kinks have, off at the first ball and on at some other; as `activation_patterns` in all else.

    They are half of the activation patterns that are not constant: the others are their complements. Bare points
    (rho = 0) on the two sides of a pattern have hulls that are `apart` at least, which is rounding if it is not given.
    """
    train = training_set(points, rho)
    frame = affine_hull(train.points)
    X = frame.coordinates(train.points)
    rho = train.rho / frame.scale
    # More than there can be of points in general position need not be looked for.
    most = separable_splits(train.size, frame.rank)
    if most >= max_patterns and (found := _some(X, rho, max_patterns, watch)) > max_patterns:
        raise too_many(train, frame.rank, found)
    rounding: float = TOUCHING + 8 * np.finfo(float).eps * float(np.abs(train.points).max()) / frame.scale
    if rho == 0 and apart is not None:
        rounding = apart / 2 / frame.scale
    off = _with_first_ball_off(X, rho, rounding, max_patterns, watch)
    if off is None:
        raise too_many(train, frame.rank, max_patterns)
    off = off[off.any(axis=1)]
    return off[np.lexsort(off.T[::-1])]


def separable_splits(N: int, r: int) -> int:
    """Ways to split N points in general position in r dimensions by a hyperplane, Σ_{i=1..r} C(N−1, i) (Cover 1965).

    Points in special position, such as three on a line in the plane, have fewer.
    """
    return sum(comb(N - 1, i) for i in range(1, r + 1))


def too_many(train: TrainingSet, rank: int, found: int) -> TooManyPatternsError:
    """The error to raise, in words that help whoever has the points and nothing else."""
    message = (
        f"{train.size} points of affine rank {rank} have more than {found} activation patterns at rho={train.rho:g}, "
        "too many to go through one by one; a larger rho leaves fewer, and so do fewer points or coordinates"
    )
    return TooManyPatternsError(message, found)


def swept(X: Array, rho: float, directions: Array) -> Patterns:
    """The patterns, with the first ball off, of hyperplanes normal to `directions` (D, r) between any two balls."""
    size = len(X)
    height = directions @ X.T
    order = np.argsort(height, axis=1, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.broadcast_to(np.arange(size), order.shape), axis=1)
    along, after = np.nonzero(np.diff(np.take_along_axis(height, order, axis=1), axis=1) > 2 * rho + 1e-12)
    above = np.empty((len(along), size), dtype=bool)
    step = max(1, 1_000_000 // size)
    for k in range(0, len(along), step):
        above[k : k + step] = place[along[k : k + step]] > after[k : k + step, None]
    return above ^ above[:, :1]


def _some(X: Array, rho: float, enough: int, watch: Callable[[int], None]) -> int:
    """How many different patterns sweeps along directions find, until they are more than `enough`."""
    rng = np.random.default_rng(0)
    size, found = len(X), np.zeros((0, (len(X) + 7) // 8), dtype=np.uint8)
    most = 3 * enough
    step = min(most, max(1, 4_000_000 // (size * size)))
    for first in range(0, most, step):
        watch(len(found))
        before = len(found)
        found = np.unique(np.vstack([found, np.packbits(swept(X, rho, telling(X, rng, step)), axis=1)]), axis=0)
        # So few new ones that they will never be enough: the search itself is to say how many there are.
        if len(found) > enough or 2 * (len(found) - before) * (most - first) < (enough - len(found)) * step:
            break
    return len(found)


def telling(X: Array, rng: np.random.Generator, count: int) -> Array:
    """Unit vectors along which some points stand apart: random ones, and those that best tell a few from the rest."""
    size, r = X.shape
    offsets = X - X.mean(axis=0)
    _, s, axes = np.linalg.svd(offsets, full_matrices=False)
    white = axes[s > 1e-9 * s[0]] / s[s > 1e-9 * s[0], None]
    few = rng.integers(1, max(7, size // 2 if size <= 2 * r else 7), size=count)
    chosen = np.zeros((count, size))
    for k in range(count):
        chosen[k, rng.choice(size, min(int(few[k]), size - 1), replace=False)] = 1.0
    directions = chosen @ offsets @ white.T @ white
    directions[::2] = rng.standard_normal(directions[::2].shape)
    length = np.linalg.norm(directions, axis=1)
    return np.asarray(directions[length > 0] / length[length > 0, None])


def _with_first_ball_off(
    X: Array, rho: float, rounding: float, max_patterns: int, watch: Callable[[int], None]
) -> Patterns | None:
    """All patterns with s_0 = 0 on the balls of radius `rho` around the rows of X; None if they are too many."""
    size, r = X.shape
    order = neighbours_first(X)
    Y = X[order]
    done: list[Patterns] = []
    found, tried = 0, 0.0
    # Depth first, many at a time: a stack of blocks of patterns on the first so many balls, each with the normal of a
    # witness. That of no ball at all has none.
    stack: list[tuple[Patterns, Array]] = [(np.zeros((1, 1), dtype=bool), np.zeros((1, r)))]
    while stack:
        watch(found)
        block, w = stack.pop()
        n = block.shape[1]
        if n == size:
            found += len(block)
            if found > max_patterns:
                return None
            done.append(block)
            continue
        tried += 2 * len(block) * (1 + (r / 8) ** 3)
        if tried > WORK:
            return None
        longer, w = _extended(Y, block, w, rho, rounding, partial(watch, found))
        stack += [(longer[k : k + BLOCK], w[k : k + BLOCK]) for k in range(0, len(longer), BLOCK)]
    out = np.empty((found, size), dtype=bool)
    out[:, order] = np.concatenate(done)
    return out


def neighbours_first(X: Array) -> NDArray[np.intp]:
    """The rows in the order in which a shortest spanning tree grows from the first: what dies, dies early."""
    size = len(X)
    order = np.zeros(size, dtype=np.intp)
    distance = np.full(size, np.inf)
    for k in range(1, size):
        distance = np.minimum(distance, np.linalg.norm(X - X[order[k - 1]], axis=1))
        distance[order[:k]] = np.inf
        order[k] = int(np.argmin(distance))
    return order


def _extended(
    Y: Array, block: Patterns, w: Array, rho: float, rounding: float, watch: Callable[[], None]
) -> tuple[Patterns, Array]:
    """Those patterns on one ball more that some hyperplane makes, with the normals of witnesses."""
    count, n = block.shape
    both = np.vstack([np.column_stack([block, np.full(count, on)]) for on in (False, True)])
    normals = np.vstack([w, w])
    alive: Patterns = np.asarray(~both.any(axis=1))
    normals[alive] = 0.0
    some = np.flatnonzero(~alive)
    # With balls, a hyperplane that just touches counts: one pattern too many never makes a bound wrong.
    wide, narrow = (2 * max(rho, rounding), 2 * (rho - rounding) if rho > 0 else 2 * rounding)
    gaps = hull_gaps(Y[: n + 1], both[some], normals[some], wide=wide, narrow=narrow, watch=watch)
    sure = gaps.low > wide
    open_ = np.flatnonzero(~sure & (gaps.high > narrow))
    alive[some[sure]], normals[some[sure]] = True, gaps.w[sure]
    for k in open_:  # a hair's breadth on either side, or rounding in the way
        watch()
        pattern = both[some[k]]
        normal, _, half, most = widest_gap(Y[: n + 1][pattern], Y[: n + 1][~pattern], watch)
        alive[some[k]] = most >= rho - rounding if rho > 0 else half > rounding
        normals[some[k]] = normal
    return both[alive], normals[alive]
