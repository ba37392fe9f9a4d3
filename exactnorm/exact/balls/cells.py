"""Pieces of a pattern's cone: how they split, and which directions their blocks propose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import Cell, cell_rows
from exactnorm.geometry import non_negative


def whole_cells(patterns: NDArray[np.bool_], r: int) -> list[Cell]:
    """One uncut cell a pattern."""
    return [Cell(pattern, -1, np.zeros((0, r))) for pattern in patterns]


def tangent_cells(cell: Cell) -> list[Cell]:
    """The parts of a whole cell tangent to each ball; they hold all the kinks an optimum needs."""
    return [Cell(cell.pattern, ball, cell.cuts) for ball in range(len(cell.pattern))]


def halves(cell: Cell, normal: Array) -> list[Cell]:
    """The two parts of a cell on either side of the hyperplane normal·w = 0."""
    return [Cell(cell.pattern, cell.ball, np.vstack([cell.cuts, side * normal])) for side in (1.0, -1.0)]


def essential_rows(cell: Cell, points: Array, rho: float) -> NDArray[np.intp]:
    """The conditions of a cell that the others do not imply.

    A row that is a non-negative combination of other rows and of t ≥ 0 adds nothing, and neither do its products.
    Thirty points in the plane leave a handful of rows out of thirty.
    """
    G = cell_rows(cell, points, rho)
    rows = np.flatnonzero(np.linalg.norm(G, axis=1) > 0)
    if len(rows) < G.shape[1] and np.linalg.matrix_rank(_with_time(G[rows])) == len(rows) + 1:
        return rows  # none follows from independent ones
    return unimplied(G, rows[:0], rows)


def unimplied(G: Array, known: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Those of the rows of G that no others of them and of the `known` ones imply; of equal rows the last."""
    # Rows of length 1, so that one tolerance fits all.
    length = np.linalg.norm(G, axis=1)
    unit = G / np.where(length > 0, length, 1.0)[:, None]
    left = [int(n) for n in rows]
    for n in list(left):
        others = [*known, *(m for m in left if m != n)]
        if others and non_negative(_with_time(unit[others]).T, unit[n])[1] < 1e-12:
            left.remove(n)
    return np.array(left, dtype=np.intp)


def _with_time(rows: Array) -> Array:
    """And the condition t ≥ 0."""
    return np.vstack([rows, np.eye(1, rows.shape[1], rows.shape[1] - 1)])


def moment_spectrum(X: Array) -> tuple[Array, Array]:
    """Eigenvalues of a block's X, largest first, and its eigenvectors as rows, each with t ≥ 0."""
    values, vectors = np.linalg.eigh((X + X.T) / 2)
    rows = vectors.T[::-1] * np.where(vectors[-1, ::-1] < 0, -1.0, 1.0)[:, None]
    return values[::-1], rows


def proposed_directions(X: Array, r: int, weight: float = 1e-4) -> Array:
    """Unit directions w, shape (D, r), that the moment block X of a cell speaks for.

    The mean kink X_{·t} always lies in the cell; the eigenvectors of X are the kinks themselves when the block has
    rank one, and the mean moved along them spans the spread otherwise.

    Parameters
    ----------
    weight : float
        Eigenvalues below this share of the largest are taken for rounding.
    """
    # A solver that went astray may give anything: its own largest entry keeps what follows finite.
    X = X / max(float(np.abs(X).max()), 1e-300)
    values, rows = moment_spectrum(X)
    time = max(float(X[-1, -1]), 1e-12)
    mean = X[-1] / time
    candidates = [mean[:r], rows[0, :r]]
    for value, row in zip(values[1:], rows[1:], strict=True):
        if value > weight * values[0]:
            spread = np.sqrt(value / time) * row[:r]
            candidates += [mean[:r] + spread, mean[:r] - spread, row[:r]]
    w = np.array(candidates)
    norm = np.linalg.norm(w, axis=1)
    keep = norm > 1e-9
    return np.asarray(w[keep] / norm[keep, None])


def split(cell: Cell, X: Array, depth: int) -> list[Cell]:
    """The two halves of a cell whose bound is not attained.

    The cut goes through the mean kink, across the direction in which the moments X of w spread most. Every eighth time
    it goes across the direction that earlier cuts have narrowed least, whatever the moments say: so no direction stays
    uncut for ever, and the pieces shrink to rays, on which the bound is attained.

    Parameters
    ----------
    depth : int
        How often the cell has been split already.
    """
    r = cell.cuts.shape[1]
    if r == 1:
        return [cell]  # a single direction: the bound is attained
    mean = X[-1, :r] / max(float(np.linalg.norm(X[-1, :r])), 1e-300)
    values, rows = moment_spectrum(X[:r, :r])
    spread = rows[1] - (rows[1] @ mean) * mean
    if depth % 8 == 7 or values[1] <= 1e-7 * values[0] or not np.linalg.norm(spread) > 1e-6:
        narrowed = cell.cuts.T @ cell.cuts + 1e3 * np.outer(mean, mean)
        spread = np.linalg.eigh(narrowed)[1][:, 0]
        spread = spread - (spread @ mean) * mean
    return halves(cell, spread / np.linalg.norm(spread))
