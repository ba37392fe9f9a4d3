"""Activation patterns: which sets of balls some hyperplane cuts off from the others. Complete, never sampled."""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactnorm.geometry import affine_hull, separating_hyperplane
from exactnorm.training_set import Array, TrainingSet

Patterns = NDArray[np.bool_]


class TooManyPatternsError(ValueError):
    """The points may have more activation patterns than the caller is ready to enumerate."""


def activation_patterns(points: ArrayLike, rho: float = 0.0, max_patterns: int = 20000) -> Patterns:
    """Every activation pattern that some hyperplane makes on the balls B(x_n, ρ), each once.

    Parameters
    ----------
    points : array_like, shape (N, d)
        Distinct points, one a row.
    rho : float
        Radius of the balls; at 0 the hyperplane must miss every point (strict separation).
    max_patterns : int
        Largest number of patterns to enumerate.

    Returns
    -------
    ndarray of bool, shape (P, N)
        True where w·y + b > 0 on the interior of the ball. Constant patterns and complements are included. In
        lexicographic order.

    Raises
    ------
    TooManyPatternsError
        A ``ValueError``: if Σ_{i≤r} C(N−1, i), half the number of patterns of N points in general position in r
        dimensions, exceeds `max_patterns`.
    ValueError
        If the points are not a training set.

    Notes
    -----
    A pattern on the first n balls is extended by the next ball only if some hyperplane still realises it, so every
    pattern is reached whatever degeneracies the points have: a hyperplane for all balls is one for the first n.
    """
    train = TrainingSet(np.asarray(points), rho)
    frame = affine_hull(train.points)
    half = sum(comb(train.size - 1, i) for i in range(frame.rank + 1))
    if half > max_patterns:
        msg = (
            f"{train.size} points of affine rank {frame.rank} may have {half} activation patterns up to complement, "
            f"more than max_patterns={max_patterns}"
        )
        raise TooManyPatternsError(msg)
    X = frame.coordinates(train.points)
    rounding = 1e-13 + 8 * np.finfo(float).eps * float(np.abs(train.points).max()) / frame.scale
    off = _with_first_ball_off(X, train.rho / frame.scale, rounding)
    both = np.vstack([off, ~off])
    return both[np.lexsort(both.T[::-1])]


def _with_first_ball_off(X: Array, rho: float, rounding: float) -> Patterns:
    """All patterns with s_0 = 0 on the balls of radius `rho` around the rows of X."""
    # One witness (w, b) with ‖w‖ = 1 a pattern; the pattern of one ball alone has w = 0, which witnesses nothing more.
    found: list[tuple[tuple[bool, ...], Array, float]] = [((False,), np.zeros(X.shape[1]), 0.0)]
    for n in range(1, len(X)):
        longer = []
        for pattern, w, b in found:
            for on in (False, True):
                extended = (*pattern, on)
                witness = _witness(X[: n + 1], np.array(extended), rho, rounding, (w, b))
                if witness is not None:
                    longer.append((extended, *witness))
        found = longer
    return np.array([pattern for pattern, _, _ in found], dtype=bool)


def _witness(
    X: Array, pattern: Patterns, rho: float, rounding: float, guess: tuple[Array, float]
) -> tuple[Array, float] | None:
    """A hyperplane that makes `pattern` on the balls, or None if there is none."""
    if not pattern.any():
        return np.zeros(X.shape[1]), 0.0
    w, b = guess
    if w.any() and float((np.where(pattern, 1.0, -1.0) * (X @ w + b)).min()) > max(rho, rounding):
        return w, b
    w, b, half_width = separating_hyperplane(X[pattern], X[~pattern])
    # With balls, a hyperplane that just touches counts: one pattern too many never makes a bound wrong.
    admissible = half_width >= rho - rounding if rho > 0 else half_width > rounding
    return (w, b) if admissible else None
