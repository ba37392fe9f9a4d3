"""The condition of cells as a barrier, and its Newton step with everything but each cell's own B_s eliminated.

A cell shows ‖B_s (w, b)‖ ≤ ‖w‖ by multipliers with F = e_t e_tᵀ − (B_s T)ᵀ(B_s T) − 2Q ⪰ 0 (`certify.balls.cell`). The
barrier −log det F − Σ log ν − Σ log (ℓ_t² − ‖ℓ_w‖²) is finite where B and the multipliers are such a proof with room to
spare: every point of its domain is a bound. Many cells of one shape are worked on at once.

In a step of B_s by δ and of the multipliers by y the form ½‖Vᵀδ + v μ + Uᵀy + e‖² + ½‖y‖² is to be least, where rows of
V, v, U are svec(L⁻¹AL⁻ᵀ), F = LLᵀ, A the form that the variable multiplies, and y is scaled by its own barrier. With
K = I + UᵀU, of the order of svec, y goes, and μ by a projection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import Cell, CellProof, cell_rows, kink_map
from exactnorm.exact.balls.rounding import round_maps

SMALL = 0.1
"""Multipliers to begin with, before they are halved until there is room."""


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
        """Of the barrier: at its minimum the value is so many units of 1/weight from the best."""
        P, R, n = self.G.shape
        return int(P * (n + self.rank + R * (R - 1) // 2 + 2 * R))

    @property
    def rank(self) -> int:
        """Dimension r of the affine hull."""
        return int(self.T.shape[1]) - 1

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

    def moved(self, by: Multipliers, share: float | Array) -> Multipliers:
        """Some way along a step, the same for all cells or one each."""
        s = np.broadcast_to(share, self.mu.shape)
        nu = self.nu + s[:, None] * by.nu
        return Multipliers(self.mu + s * by.mu, nu, self.ell + s[:, None, None] * by.ell)


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


def inner(of: Shape, points: Array) -> Multipliers:
    """Multipliers for B = 0 with room to spare: a little more than those of `interior_slack`."""
    P, R, n = of.G.shape
    first, second = np.triu_indices(R, 1)
    lift = np.zeros((P, R, R))
    if n == of.rank + 2:
        k, on = np.arange(P), of.on.argmax(axis=1) + 1
        lift[k, 0, on] = of.size[k, 0] * of.size[k, on] / (4 * (1 + (points[on] ** 2).sum(axis=1)))
    B, nu, ell = np.zeros((P, of.rank, of.rank + 1)), np.ones((P, len(first))), np.zeros((P, R, of.rank + 1))
    ell[:, :, -1] = 1.0
    time = np.linalg.norm(of.E[:, -1], axis=1)
    small = SMALL * time**2 / R**2
    while True:
        found = Multipliers(
            np.full(P, -0.25), small[:, None] * nu + lift[:, first, second], (small / time)[:, None, None] * ell
        )
        room = np.linalg.eigvalsh(slack(of, B, found))[:, 0] > 0
        if room.all() or not small.max() > 1e-300:
            return found
        small = np.where(room, small, small / 2)


def slack(of: Shape, Bs: Array, at: Multipliers) -> Array:
    """F, shape (P, n, n)."""
    BT = Bs @ of.T
    F = -np.swapaxes(BT, 1, 2) @ BT - at.mu[:, None, None] * _twice_form(of.E) - _products(of, at)
    F += of.E[:, -1, :, None] * of.E[:, -1, None, :]
    return np.asarray((F + np.swapaxes(F, 1, 2)) / 2)


def _twice_form(E: Array) -> Array:
    """2 (‖w‖² − t²) as a form in ζ."""
    signed = 2 * E
    signed[:, -1] *= -1.0
    return np.asarray(np.swapaxes(E, 1, 2) @ signed)


def _products(of: Shape, at: Multipliers) -> Array:
    """2 (Σ ν sym(g gᵀ) + Σ sym(g ℓᵀ))."""
    P, R, _ = of.G.shape
    nu = np.zeros((P, R, R))
    nu[:, *np.triu_indices(R, 1)] = at.nu
    half = np.swapaxes(of.G, 1, 2) @ (nu @ of.G + at.ell @ of.E)
    return np.asarray(half + np.swapaxes(half, 1, 2))


def barrier(of: Shape, Bs: Array, at: Multipliers) -> Array:
    """Its values, shape (P,), infinite outside its domain."""
    t, w = at.ell[:, :, -1], np.linalg.norm(at.ell[:, :, :-1], axis=2)
    room = np.where(t > 0, (t - w) * (t + w), -1.0)
    value = np.linalg.eigvalsh(slack(of, Bs, at))
    inside = (at.nu > 0).all(axis=1) & (room > 0).all(axis=1) & (value[:, 0] > 0)
    out = np.full(len(of), np.inf)
    out[inside] = -sum(np.log(one[inside]).sum(axis=1) for one in (value, at.nu, room))
    return out


@dataclass(frozen=True, eq=False)
class Factored:
    """What a Newton step of P cells needs, apart from their B_s.

    Parameters
    ----------
    G, T, E, BT : ndarray
        Rows, maps and B_s in coordinates in which F is the identity.
    Ci : ndarray, shape (P, p, p)
        K⁻¹ = Ciᵀ Ci, p = n (n + 1)/2.
    v, e : ndarray, shape (P, p)
    W : ndarray, shape (P, R, r + 1, r + 1)
        Symmetric, WW the inverse Hessian of the barrier of ℓ.
    nu : ndarray
    """

    G: Array
    T: Array
    E: Array
    BT: Array
    Ci: Array
    v: Array
    e: Array
    W: Array
    nu: Array


def factored(of: Shape, Bs: Array, at: Multipliers) -> Factored:
    """Eliminate the multipliers.

    Raises
    ------
    LinAlgError
        Outside the barrier's domain, or too near its end for floating point.
    """
    P, R, n = of.G.shape
    turn = np.swapaxes(np.linalg.inv(np.linalg.cholesky(slack(of, Bs, at))), 1, 2)
    G, T, E, BT = of.G @ turn, of.T @ turn, of.E @ turn, Bs @ of.T @ turn
    first, second = np.triu_indices(R, 1)
    W = _roots(at.ell)
    pairs = _twice(G[:, first], G[:, second]) * at.nu[:, :, None]
    cones = _twice(G[:, :, None], W @ E[:, None]).reshape(P, R * (of.rank + 1), -1)
    U = np.concatenate([pairs, cones], axis=1)
    K = np.swapaxes(U, 1, 2) @ U
    order = K.shape[1]
    K[:, np.arange(order), np.arange(order)] += 1.0
    Ci = np.linalg.inv(np.linalg.cholesky(K))
    i, j = np.triu_indices(n)
    # The pull of the barriers of ν and ℓ, in their own scale, is −1 and −√2 e_t.
    e = (i == j) + pairs.sum(axis=1) + np.sqrt(2.0) * cones[:, of.rank :: of.rank + 1].sum(axis=1)
    return Factored(G, T, E, BT, Ci, _twice_form(E)[:, i, j] * _weight(n), e, W, at.nu)


def _roots(ell: Array) -> Array:
    """Symmetric W with WW the inverse Hessian of −log(ℓ_t² − ‖ℓ_w‖²)."""
    w, t = ell[..., :-1], ell[..., -1]
    size = np.sqrt(t**2 - (w**2).sum(axis=-1))
    w, t = w / size[..., None], t / size
    W = np.empty((*ell.shape, ell.shape[-1]))
    W[..., :-1, :-1] = np.eye(w.shape[-1]) + w[..., :, None] * w[..., None, :] / (1 + t)[..., None, None]
    W[..., :-1, -1] = W[..., -1, :-1] = w
    W[..., -1, -1] = t
    return np.asarray(W * (size / np.sqrt(2.0))[..., None, None])


def _weight(n: int) -> Array:
    i, j = np.triu_indices(n)
    return np.where(i == j, 1.0, np.sqrt(2.0))


def _twice(a: Array, c: Array) -> Array:
    """svec(a cᵀ + c aᵀ)."""
    i, j = np.triu_indices(a.shape[-1])
    return np.asarray((a[..., i] * c[..., j] + a[..., j] * c[..., i]) * _weight(a.shape[-1]))


def terms(one: Factored) -> tuple[Array, Array]:
    """H (P, m, m) and g (P, m): ½ δᵀHδ + g·δ is what a change δ of B_s costs, m = r (r + 1), multipliers following."""
    P, r = len(one.v), one.BT.shape[1]
    V = _twice(one.BT[:, :, None], one.T[:, None]).reshape(P, r * (r + 1), -1)
    V = V @ np.swapaxes(one.Ci, 1, 2)
    v, e = np.einsum("pfg,pg->pf", one.Ci, one.v), np.einsum("pfg,pg->pf", one.Ci, one.e)
    v /= np.linalg.norm(v, axis=1)[:, None]
    Vv = np.einsum("pdf,pf->pd", V, v)
    H = (V @ np.swapaxes(V, 1, 2) - Vv[:, :, None] * Vv[:, None, :]).reshape(P, r, r + 1, r, r + 1)
    i = np.arange(r)
    H[:, i, :, i, :] += 2 * one.T @ np.swapaxes(one.T, 1, 2)  # BᵀB bends too
    g = np.einsum("pdf,pf->pd", V, e) - Vv * (v * e).sum(axis=1)[:, None]
    return H.reshape(P, r * (r + 1), -1), g


def followed(one: Factored, delta: Array, own: float) -> Multipliers:
    """The step of the multipliers when B_s moves by δ, shape (P, r, r + 1); `own` scales the barrier's own pull."""
    n, R = one.G.shape[2], one.G.shape[1]
    i, j = np.triu_indices(n)
    half = np.swapaxes(one.BT, 1, 2) @ delta @ one.T
    c = (half + np.swapaxes(half, 1, 2))[:, i, j] * _weight(n) + own * one.e
    turned = np.einsum("pfg,pg->pf", one.Ci, c)
    v = np.einsum("pfg,pg->pf", one.Ci, one.v)
    mu = -(v * turned).sum(axis=1) / (v * v).sum(axis=1)
    c = np.einsum("pgf,pg->pf", one.Ci, turned + mu[:, None] * v)
    C = np.zeros((len(c), n, n))
    C[:, i, j] = C[:, j, i] = c / _weight(n)
    GC = one.G @ C
    first, second = np.triu_indices(R, 1)
    nu = own - 2 * (GC @ np.swapaxes(one.G, 1, 2))[:, first, second] * one.nu
    cone = -2 * np.einsum("prcd,prd->prc", one.W, GC @ np.swapaxes(one.E, 1, 2))
    cone[:, :, -1] += own * np.sqrt(2.0)
    return Multipliers(mu, one.nu * nu, np.einsum("prcd,prd->prc", one.W, cone))


def proofs(of: Shape, at: Multipliers) -> tuple[CellProof, ...]:
    """As a certificate holds them."""
    first, second = np.triu_indices(of.G.shape[1], 1)
    out = []
    for k, cell in enumerate(of.cells):
        rows, size = of.rows[k], of.size[k]
        nu = np.zeros((cell.rows, cell.rows))
        nu[rows[first], rows[second]] = at.nu[k] / (size[first] * size[second])
        ell = np.zeros((cell.rows, of.rank + 1))
        ell[rows] = at.ell[k] / size[:, None]
        out.append(CellProof(cell, float(at.mu[k]), nu, ell))
    return tuple(out)
