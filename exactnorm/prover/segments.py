"""The bound of weighted segments in exact numbers."""

from __future__ import annotations

import numpy as np
from flint import fmpq

from exactnorm.arrays import Array
from exactnorm.closed_form.edges import best_edges
from exactnorm.proof.bounds import segments_bound
from exactnorm.proof.limits import RefutedError, UndecidedError
from exactnorm.proof.problem import Balls
from exactnorm.proof.rationals import exact, rounded
from exactnorm.proof.records import Segments
from exactnorm.training_set import TrainingSet

DIGITS = 18


def exact_segments(problem: Balls, points: Array, unit: int, table: Array) -> tuple[Segments, fmpq] | None:
    """Segments with weights c/L², as large as fits below 1 exactly, and their bound; None where none is found.

    Parameters
    ----------
    problem : Balls
    points : ndarray, shape (N, d)
    unit : int
        The power of two that is the unit of the problem.
    table : ndarray, shape (E, 3)
        Two rows and a weight each.
    """
    pairs, which = np.unique(np.sort(table[:, :2], axis=1), axis=0, return_inverse=True)
    rows, together = pairs.astype(int), np.bincount(which.ravel(), table[:, 2])
    offsets = (points[rows[:, 1]] - points[rows[:, 0]]) / 2.0**unit
    squares = np.einsum("ed,ed->e", offsets, offsets)
    units = offsets / np.sqrt(squares)[:, None]
    weights = together / together.max()
    form = units * np.sqrt(weights)[:, None]
    largest = float(np.linalg.norm(form, 2)) ** 2
    loss = 1e-13
    while loss < 0.1:
        scaled = weights / squares / largest * (1 - loss)
        listed = tuple(
            (int(i), int(j), weight)
            for (i, j), one in zip(rows, scaled, strict=True)
            if (weight := rounded(exact(float(one)), DIGITS)) > 0
        )
        found = Segments(listed)
        try:
            return found, segments_bound(problem, found)
        except UndecidedError:
            return None
        except RefutedError:
            loss *= 10
    return None


def nearest_segment(problem: Balls, train: TrainingSet, unit: int) -> tuple[Segments, fmpq] | None:
    """The bound of the two points that are nearest to each other, which there is for any points."""
    i, j = train.closest
    return exact_segments(problem, train.points, unit, np.array([[i, j, 1.0]]))


def all_segments(problem: Balls, train: TrainingSet, unit: int) -> tuple[Segments, fmpq] | None:
    """The bound of segments between all points, or many of them, with weights that were chosen for it."""
    try:
        *_, (ends, weights) = best_edges(train.points / 2.0**unit, train.rho / 2.0**unit)
    except np.linalg.LinAlgError:
        return None
    return exact_segments(problem, train.points, unit, np.column_stack([ends, weights]))
