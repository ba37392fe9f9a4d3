"""The problem in coordinates of the affine hull, and whether any network can solve it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from exactnorm.arrays import Array
from exactnorm.certify.balls.tilts import least_apart
from exactnorm.exact.balls.feasible import infeasibility_ray
from exactnorm.exact.balls.kinks import Kinks, gap_kinks
from exactnorm.exact.balls.orbits import Orbits
from exactnorm.exact.balls.radius import largest_radius
from exactnorm.exact.balls.told_apart import TOLD_APART, check_told_apart, printed_radius, too_near
from exactnorm.exact.balls.tree import Tree, shortest_tree
from exactnorm.exact.deadline import OutOfTimeError
from exactnorm.geometry import Frame, affine_hull
from exactnorm.patterns import TooManyPatternsError, kink_patterns, too_many
from exactnorm.training_set import TrainingSet

TOUCHES, TOUCHES_AT_MOST = 1e-4, 1e-8
"""Margin between a kink and a ball that counts as none, in units of the ball's room and of the set."""


class InfeasibleProblem(ValueError):
    """No network maps every ball to its centre.

    Attributes
    ----------
    ray : ndarray, shape (N,)
        Weights v with Σ v_n = 0 that add up to 0 over the balls of every activation pattern, while Σ v_n x_n ≠ 0.
        For a network that interpolates, Σ v_n h(x_n) = Σ v_n x_n; but each neuron that crosses no ball is affine on
        the balls it is on for, with slopes that cancel on every ball, so that Σ v_n h(x_n) = 0. That is the
        contradiction, and it can be checked by adding up.
    """

    def __init__(self, message: str, ray: Array) -> None:
        super().__init__(message, ray)  # as it is called, so that workers can send it back
        self.ray = ray

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, eq=False)
class Reduced:
    """The problem in coordinates of the affine hull: x_0 = 0, the farthest point at distance 1.

    Parameters
    ----------
    frame : Frame
    points : ndarray, shape (N, r)
    rho : float
    patterns : ndarray of bool, shape (P, N)
        All patterns that leave x_0 off and some ball on; of symmetric points one of each orbit.
    apart : float
        Smallest distance of two points.
    tree : Tree
        A shortest spanning tree of the points.
    orbits : Orbits, optional
        How the patterns stand for others: networks then mean their averages over the group, and B is invariant.
    """

    frame: Frame
    points: Array
    rho: float
    patterns: NDArray[np.bool_]
    apart: float
    tree: Tree
    orbits: Orbits | None = None

    @property
    def whole(self) -> Reduced:
        """The same with all patterns, standing for themselves."""
        return self if self.orbits is None else replace(self, patterns=self.orbits.patterns, orbits=None)

    @cached_property
    def room(self) -> Array:
        """For each ball the width of the narrowest gap between it and another, at most 1, shape (N,)."""
        gaps = squareform(pdist(self.points)) - 2 * self.rho
        np.fill_diagonal(gaps, np.inf)
        return np.asarray(np.clip(gaps.min(axis=1), 0.0, 1.0))

    @cached_property
    def touch(self) -> Array:
        """Margin, shape (N,), below which a kink touches a ball: small beside its room, and above rounding."""
        return np.clip(TOUCHES * self.room, 1e-14, TOUCHES_AT_MOST)

    @cached_property
    def gap_kinks(self) -> Kinks:
        """Kinks at the ends of the widest gap of every pattern: over them a network interpolates, if any does."""
        return gap_kinks(self.points, self.rho, self.patterns)

    @property
    def rank(self) -> int:
        """Dimension r of the affine hull."""
        return self.frame.rank


def slope_and_value(points: Array) -> Array:
    """T_n = [0 | x_n − x_0], shape (N, r, r + 1): no slope on ball n, and the value x_n there."""
    return np.concatenate([np.zeros((*points.shape, points.shape[1])), (points - points[0])[:, :, None]], axis=2)


def reduced(
    train: TrainingSet,
    watch: Callable[[int], None] = lambda _: None,
    *,
    feasible: bool = False,
    frame: Frame | None = None,
) -> Reduced:
    """Coordinates and patterns of a training set.

    Parameters
    ----------
    train : TrainingSet
    watch : callable
        Called again and again with the number of patterns found so far; what it raises ends the enumeration.
    feasible : bool
        Whether a network is known already, so that none needs to be shown to exist.
    frame : Frame, optional
        What `affine_hull` gives, where it is known already: with a thousand coordinates that takes half a second.

    Raises
    ------
    ValueError
        If there are too many patterns to enumerate, or two points are too near each other for floating point.
    InfeasibleProblem
        If no network can map every ball to its centre.
    """
    check_told_apart(train)
    frame = affine_hull(train.points) if frame is None else frame
    watch(0)
    if float(frame.distance(train.points).max()) > TOLD_APART * train.separation:
        raise too_near(train)
    points, rho = frame.coordinates(train.points), train.rho / frame.scale
    try:
        patterns = kink_patterns(points, rho, watch=watch, apart=least_apart(train) / frame.scale)
    except TooManyPatternsError as many:  # in the user's units
        raise too_many(train, frame.rank, many.found) from None
    if not feasible and (ray := infeasibility_ray(points, patterns)) is not None:
        raise InfeasibleProblem(_why_infeasible(train, ray, watch), ray)
    return Reduced(frame, points, rho, patterns, train.separation / frame.scale, shortest_tree(points, rho))


def _why_infeasible(train: TrainingSet, ray: Array, watch: Callable[[int], None]) -> str:
    split = np.flatnonzero(np.abs(ray) > 1e-9)
    try:
        largest = f"use rho <= {printed_radius(train, largest_radius(train, watch)[0])}"
    except (TooManyPatternsError, OutOfTimeError, KeyboardInterrupt):  # infeasible all the same
        largest = "use a smaller rho"
    return (
        f"no network maps every ball to its centre at rho={train.rho:g}: no hyperplane that misses all balls tells "
        f"points {', '.join(map(str, split))} apart in the way their positions require; {largest}"
    )
