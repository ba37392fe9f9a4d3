"""Cells with multipliers, many of one shape at once: where there is room to spare, B and they are a proof.

A cell shows ‖B_s (w, b)‖ ≤ ‖w‖ by multipliers with F = e_t e_tᵀ − (B_s T)ᵀ(B_s T) − 2Q ⪰ 0 (`certify.balls.cell`). The
moments of the kinks that a network has in the cell are the other side: what the multipliers multiply is 0 on these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import Cell, CellProof, cell_rows, kink_map
from exactnorm.exact.balls.cones import inverse
from exactnorm.exact.balls.rounding import round_maps

SMALL = 0.1
"""Multipliers of rows that bound a cell unevenly, before they are halved until there is room."""
LEAST = 1e-12
"""Share of the usual multipliers below which a cell counts as bounded unevenly."""


@dataclass(frozen=True, eq=False)
class Shape:
    """P cells with R rows each, in n coordinates ζ of their own.

    Parameters
    ----------
    on : ndarray of bool, shape (P, N − 1)
        The balls but the first that are on.
    G : ndarray, shape (P, R, n)
        Rows of length 1, products with ζ non-negative on the cell.
    T : ndarray, shape (P, r + 1, n)
        (w, b) = T ζ.
    E : ndarray, shape (P, r + 1, n)
        (w, t) = E ζ.
    size : ndarray, shape (P, R)
        What the rows were divided by.
    rows : ndarray of int, shape (P, R)
        Which of the cell's conditions the rows are, in rising order.
    cells : tuple of Cell
    """

    on: NDArray[np.bool_]
    G: Array
    T: Array
    E: Array
    size: Array
    rows: NDArray[np.intp]
    cells: tuple[Cell, ...]

    @property
    def degree(self) -> int:
        """How many products of a multiplier with what it goes with there are."""
        P, R, n = self.G.shape
        return int(P * (n + R * (R + 1) // 2))

    @property
    def rank(self) -> int:
        """Dimension r of the affine hull."""
        return int(self.T.shape[1]) - 1

    @property
    def zero(self) -> Array:
        """B_s = 0 of all cells."""
        return np.zeros((len(self), self.rank, self.rank + 1))

    def __len__(self) -> int:
        return len(self.on)

    def __getitem__(self, part: NDArray[np.intp]) -> Shape:
        some = tuple(self.cells[k] for k in part)
        G, T, E, size = self.G[part], self.T[part], self.E[part], self.size[part]
        return Shape(self.on[part], G, T, E, size, self.rows[part], some)

    def sums(self, B: Array) -> Array:
        """B_s of the cells, shape (P, …)."""
        return np.asarray(np.tensordot(self.on * 1.0, B, 1))


@dataclass(frozen=True, eq=False)
class Multipliers:
    """μ (P,), ν (P, R(R−1)/2) for n < m, and ℓ (P, R, r + 1), ‖ℓ_w‖ < ℓ_t with t last, of the cells of a shape."""

    mu: Array
    nu: Array
    ell: Array

    def __getitem__(self, part: NDArray[np.intp]) -> Multipliers:
        return Multipliers(self.mu[part], self.nu[part], self.ell[part])


@dataclass(frozen=True, eq=False)
class Moments:
    """What the multipliers go with, positive each; until the path is reached only nearly what X makes them.

    Parameters
    ----------
    X : ndarray, shape (P, n, n)
        Of the kinks in a cell, Σ ζζᵀ.
    nu : ndarray, shape (P, R(R−1)/2)
        Of products of rows.
    ell : ndarray, shape (P, R, r + 1)
        Of rows with (w, t).
    """

    X: Array
    nu: Array
    ell: Array

    def __getitem__(self, part: NDArray[np.intp]) -> Moments:
        return Moments(self.X[part], self.nu[part], self.ell[part])


Kind = TypeVar("Kind", Shape, Multipliers, Moments)


def joined(records: Sequence[Kind]) -> Kind:
    """The cells of records of one kind, one after another."""
    first = records[0]
    return type(first)(*(_stacked([getattr(one, name.name) for one in records]) for name in fields(first)))


def _stacked(parts: list[Any]) -> Any:
    return sum(parts, ()) if isinstance(parts[0], tuple) else np.concatenate(parts)


def shape(cells: Sequence[Cell], rows: Sequence[NDArray[np.intp]], inside: Array, points: Array, rho: float) -> Shape:
    """Cells that have as many rows and are all tangent to a ball, or none is.

    Parameters
    ----------
    inside : ndarray, shape (P, n)
        For each cell a ẑ inside, with t = 1.
    """
    r = points.shape[1]
    G = np.stack([cell_rows(cell, points, rho)[some] for cell, some in zip(cells, rows, strict=True)])
    T = np.stack([kink_map(cell, points, rho) for cell in cells])
    L = round_maps(G, r, inside)
    G = G @ L
    size = np.linalg.norm(G, axis=2)
    E = L[:, [*range(r), L.shape[1] - 1]]
    on = np.stack([cell.pattern[1:] for cell in cells])
    return Shape(on, G / size[:, :, None], T @ L, E, size, np.stack(list(rows)), tuple(cells))


def begun(of: Shape, points: Array) -> Multipliers:
    """Multipliers for B = 0 with room to spare: as if kinks were spread evenly around the centres of the cells."""
    P, R, n = of.G.shape
    first, second = np.triu_indices(R, 1)
    # In these coordinates the centre, where t = 1, is along the row of t, and the ball of radius 1 around it inside.
    centre = of.E[:, -1] / (of.E[:, -1] ** 2).sum(axis=1)[:, None]
    for spread in (1.0, 1 / n):
        GX = of.G @ (centre[:, :, None] * centre[:, None, :] + spread * np.eye(n))
        pairs, cones = (GX @ np.swapaxes(of.G, 1, 2))[:, first, second], GX @ np.swapaxes(of.E, 1, 2)
        if (pairs > 0).all() and (cones[:, :, -1] > np.linalg.norm(cones[:, :, :-1], axis=2)).all():
            break
    quarter, nu, ell = np.full(P, -0.25), 1 / pairs, inverse(cones)
    share, uneven = np.ones(P), np.zeros(P, dtype=bool)
    while True:
        found = Multipliers(quarter, share[:, None] / 2 * nu, share[:, None, None] / 2 * ell)
        no_room = ~_has_room(of, found) & ~uneven
        share[no_room] /= 2
        uneven |= share < LEAST
        if not no_room.any():
            break
    if uneven.any():
        some = np.flatnonzero(uneven)
        other = _inner(of[some], points)
        found.nu[some], found.ell[some] = other.nu, other.ell
    return found


def _inner(of: Shape, points: Array) -> Multipliers:
    """A little more than those of `interior_slack`, which always have room."""
    P, R, n = of.G.shape
    first, second = np.triu_indices(R, 1)
    lift = np.zeros((P, R, R))
    if n == of.rank + 2:
        k, on = np.arange(P), of.on.argmax(axis=1) + 1
        lift[k, 0, on] = of.size[k, 0] * of.size[k, on] / (4 * (1 + (points[on] ** 2).sum(axis=1)))
    nu, ell = np.ones((P, len(first))), np.zeros((P, R, of.rank + 1))
    ell[:, :, -1] = 1.0
    time = np.linalg.norm(of.E[:, -1], axis=1)
    small = SMALL * time**2 / R**2
    while True:
        found = Multipliers(
            np.full(P, -0.25), small[:, None] * nu + lift[:, first, second], (small / time)[:, None, None] * ell
        )
        room = _has_room(of, found)
        if room.all() or not small.max() > 1e-300:
            return found
        small = np.where(room, small, small / 2)


def _has_room(of: Shape, at: Multipliers) -> NDArray[np.bool_]:
    return np.asarray(np.linalg.eigvalsh(slack(of, of.zero, at))[:, 0] > 0)


def opposite(of: Shape, Bs: Array, at: Multipliers, weight: float) -> Moments:
    """Moments whose products with the multipliers of the B_s, (P, r, r + 1), are all the same weight."""
    F = slack(of, Bs, at)
    return Moments(np.asarray(weight * np.linalg.inv(F)), weight / at.nu, weight * inverse(at.ell))


def slack(of: Shape, Bs: Array, at: Multipliers) -> Array:
    """F, shape (P, n, n)."""
    BT = Bs @ of.T
    F = -np.swapaxes(BT, 1, 2) @ BT - at.mu[:, None, None] * twice_form(of.E) - products(of.G, of.E, at.nu, at.ell)
    F += of.E[:, -1, :, None] * of.E[:, -1, None, :]
    return np.asarray((F + np.swapaxes(F, 1, 2)) / 2)


def twice_form(E: Array) -> Array:
    """2 (‖w‖² − t²) as a form in ζ."""
    signed = 2 * E
    signed[:, -1] *= -1.0
    return np.asarray(np.swapaxes(E, 1, 2) @ signed)


def products(G: Array, E: Array, nu: Array, ell: Array) -> Array:
    """2 (Σ ν sym(g gᵀ) + Σ sym(g ℓᵀ)), as a form in ζ."""
    P, R, _ = G.shape
    square = np.zeros((P, R, R))
    square[:, *np.triu_indices(R, 1)] = nu
    half = np.swapaxes(G, 1, 2) @ (square @ G + ell @ E)
    return np.asarray(half + np.swapaxes(half, 1, 2))


def all_products(of: Shape, Bs: Array, at: Multipliers, moments: Moments) -> float:
    """The sum of all products of F and the multipliers with what they go with: how far B is from the best, or more."""
    total = (slack(of, Bs, at) * moments.X).sum() + (at.nu * moments.nu).sum() + (at.ell * moments.ell).sum()
    return float(total)


def proofs(of: Shape, at: Multipliers) -> tuple[CellProof, ...]:
    """As a certificate holds them, in their cones: of patterns with next to no interior, rounding puts some outside."""
    first, second = np.triu_indices(of.G.shape[1], 1)
    out = []
    for k, cell in enumerate(of.cells):
        rows, size = of.rows[k], of.size[k]
        nu = np.zeros((cell.rows, cell.rows))
        nu[rows[first], rows[second]] = np.maximum(at.nu[k], 0.0) / (size[first] * size[second])
        ell = np.zeros((cell.rows, of.rank + 1))
        ell[rows] = at.ell[k] / size[:, None]
        ell[:, -1] = np.maximum(ell[:, -1], np.linalg.norm(ell[:, :-1], axis=1))
        out.append(CellProof(cell, float(at.mu[k]), nu, ell))
    return tuple(out)
