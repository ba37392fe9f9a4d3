"""A Newton step of cells with everything but each cell's own B_s eliminated, in the scaling of Nesterov and Todd.

Multipliers and moments are scaled until they are the same, λ. Changes of the two add up to an aim c (−λ to reach 0 at
once), and moments stay what X makes them: Uᵀ X̃ for rows svec(Rᵀ A R) of U, A the form that a multiplier multiplies. So
X̃ = K⁻¹(c + Uᵀ ĉ + Vᵀ δ + v μ), K = I + UᵀU of the order of svec, when B_s moves by δ, and μ follows from
⟨v, Λ + X̃⟩ = 0. What is left is a form in δ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from exactnorm.arrays import Array
from exactnorm.exact.balls import cones
from exactnorm.exact.balls.barrier import Moments, Multipliers, Shape, products, slack, twice_form


@dataclass(frozen=True, eq=False)
class Scaled:
    """One number for each product of a multiplier with its moments, in coordinates in which the two are the same."""

    X: Array
    nu: Array
    ell: Array


@dataclass(frozen=True, eq=False)
class Change:
    """A step: of μ; of the multipliers ν and ℓ, scaled; and of the moments, scaled."""

    mu: Array
    nu: Array
    ell: Array
    moments: Scaled


@dataclass(frozen=True, eq=False)
class Factored:
    """What a Newton step of P cells needs, apart from their B_s.

    Parameters
    ----------
    R : ndarray, shape (P, n, n)
        RᵀFR = R⁻¹XR⁻ᵀ, the diagonal matrix of λ.
    G, T, E, BT : ndarray
        Rows, maps and B_s in these coordinates.
    Ci : ndarray, shape (P, p, p)
        K⁻¹ = Ciᵀ Ci, p = n (n + 1)/2.
    v : ndarray, shape (P, p)
        Ci times svec of the form that μ multiplies.
    W : ndarray, shape (P, R, r + 1, r + 1)
        The scaling of ℓ.
    w : ndarray, shape (P, R(R−1)/2)
        That of ν.
    at : Scaled
        λ; that of F as a vector, shape (P, n).
    off : Scaled
        By how much the moments ν, ℓ are not what X makes them, scaled; in place of X ⟨v, Λ⟩, shape (P,).
    """

    R: Array
    G: Array
    T: Array
    E: Array
    BT: Array
    Ci: Array
    v: Array
    W: Array
    w: Array
    at: Scaled
    off: Scaled

    @property
    def products(self) -> Array:
        """The sum of the products of each cell, shape (P,)."""
        total = (self.at.X**2).sum(axis=1) + (self.at.nu**2).sum(axis=1)
        return np.asarray(total + (self.at.ell**2).sum(axis=(1, 2)))


def operations(of: Shape) -> float:
    """Of one cell in one step, those that count."""
    _, R, n = of.G.shape
    return operations_of(R, of.rank, n, of.on.shape[1] + 1)


def operations_of(R: int, rank: int, n: int, points: int) -> float:
    """The same for R rows, rank r, n coordinates and N points."""
    rows, p, m = R * (R - 1) / 2 + R * (rank + 1), n * (n + 1) / 2, rank * (rank + 1)
    return float(2 * rows * p**2 + 2 * p**3 + 2 * m * p * (m + p) + (points - 1) ** 2 * m**2)


def factored(of: Shape, Bs: Array, at: Multipliers, moments: Moments) -> Factored:
    """Eliminate the multipliers.

    Raises
    ------
    LinAlgError
        Outside the domain, or too near its end for floating point.
    """
    P, R = of.G.shape[:2]
    first, second = np.triu_indices(R, 1)
    L, M = np.linalg.cholesky(slack(of, Bs, at)), np.linalg.cholesky(moments.X)
    _, lam, Vt = np.linalg.svd(np.swapaxes(M, 1, 2) @ L)
    turn = np.linalg.solve(np.swapaxes(L, 1, 2), np.swapaxes(Vt, 1, 2) * np.sqrt(lam)[:, None, :])
    G, T, E, BT = of.G @ turn, of.T @ turn, of.E @ turn, Bs @ of.T @ turn
    W, w = cones.roots(at.ell, moments.ell), np.sqrt(at.nu / moments.nu)
    pairs = _twice(G[:, first], G[:, second]) * w[:, :, None]
    U = np.concatenate([pairs, _twice(G[:, :, None], W @ E[:, None]).reshape(P, R * (of.rank + 1), -1)], axis=1)
    K = np.swapaxes(U, 1, 2) @ U
    order = K.shape[1]
    K[:, np.arange(order), np.arange(order)] += 1.0
    Ci = _inverse(np.linalg.cholesky(K))
    form = twice_form(E)
    v = _times(Ci, _svec(form))
    scaled = Scaled(lam, np.sqrt(at.nu * moments.nu), np.einsum("prcd,prd->prc", W, moments.ell))
    GX = G * lam[:, None, :]
    off = Scaled(
        np.einsum("pii,pi->p", form, lam),
        w * (2 * (GX @ np.swapaxes(G, 1, 2))[:, first, second] - moments.nu),
        np.einsum("prcd,prd->prc", W, 2 * GX @ np.swapaxes(E, 1, 2)) - scaled.ell,
    )
    return Factored(turn, G, T, E, BT, Ci, v, W, w, scaled, off)


def _inverse(L: Array) -> Array:
    """Of lower triangular matrices: a third of the work of `numpy.linalg.inv`, or less."""
    out = np.empty_like(L)
    for one, inverse in zip(L, out, strict=True):
        inverse[:] = lapack.dtrtri(one.T, lower=0)[0].T
    return out


def _times(A: Array, x: Array) -> Array:
    """A x of each, shapes (P, f, g) and (P, g)."""
    return np.asarray((A @ x[:, :, None])[:, :, 0])


def _weight(n: int) -> Array:
    i, j = np.triu_indices(n)
    return np.where(i == j, 1.0, np.sqrt(2.0))


def _twice(a: Array, c: Array) -> Array:
    """svec(a cᵀ + c aᵀ)."""
    i, j = np.triu_indices(a.shape[-1])
    out = np.asarray(a.take(i, axis=-1) * c.take(j, axis=-1))
    out += a.take(j, axis=-1) * c.take(i, axis=-1)
    out *= _weight(a.shape[-1])
    return out


def _svec(A: Array) -> Array:
    i, j = np.triu_indices(A.shape[-1])
    return np.asarray(A[..., i, j] * _weight(A.shape[-1]))


def _smat(x: Array, n: int) -> Array:
    i, j = np.triu_indices(n)
    C = np.zeros((*x.shape[:-1], n, n))
    C[..., i, j] = C[..., j, i] = x / _weight(n)
    return C


def symmetric(half: Array) -> Array:
    """The sum of square matrices and their transposes."""
    return np.asarray(half + np.swapaxes(half, 1, 2))


def hessian(one: Factored) -> Array:
    """H, shape (P, m, m), m = r (r + 1): ½ δᵀHδ is what a change δ of B_s costs, multipliers following."""
    P, r = len(one.v), one.BT.shape[1]
    V = _twice(one.BT[:, :, None], one.T[:, None]).reshape(P, r * (r + 1), -1)
    V = V @ np.swapaxes(one.Ci, 1, 2)
    v = one.v / np.linalg.norm(one.v, axis=1)[:, None]
    V -= (V @ v[:, :, None]) * v[:, None, :]
    H = (V @ np.swapaxes(V, 1, 2)).reshape(P, r, r + 1, r, r + 1)
    i = np.arange(r)
    H[:, i, :, i, :] += 2 * (one.T * one.at.X[:, None, :]) @ np.swapaxes(one.T, 1, 2)  # BᵀB bends too
    return H.reshape(P, r * (r + 1), -1)


def form_of(one: Factored, cell: int, left: Array, right: Array) -> Array:
    """The same of one cell for changes left_e right_eᵀ of its B_s, shapes (E, r) and (E, r + 1), without H: (E, E)."""
    met = right @ one.T[cell]
    V = _twice(left @ one.BT[cell], met) @ one.Ci[cell].T
    v = one.v[cell] / np.linalg.norm(one.v[cell])
    V -= (V @ v)[:, None] * v
    return np.asarray(V @ V.T + 2 * (left @ left.T) * ((met * one.at.X[cell]) @ met.T))


def bend(one: Factored, D: Array) -> Array:
    """⟨D, H D⟩ for one direction D of each cell's B_s, shape (P, r, r + 1), without H."""
    V = _times(one.Ci, _svec(symmetric(np.swapaxes(one.BT, 1, 2) @ D @ one.T)))
    v = one.v / np.linalg.norm(one.v, axis=1)[:, None]
    V -= (V * v).sum(axis=1)[:, None] * v
    return np.asarray((V**2).sum(axis=1) + 2 * ((D @ one.T) ** 2 * one.at.X[:, None, :]).sum(axis=(1, 2)))


def pull(one: Factored, X: Array) -> Array:
    """2 B_s T X Tᵀ, shape (P, r, r + 1): what moments X̃ of cells ask of the objective."""
    return np.asarray(2 * one.BT @ X @ np.swapaxes(one.T, 1, 2))


def followed(one: Factored, aim: Scaled, delta: Array | None) -> Change:
    """The step of everything in the cells when B_s moves by δ, shape (P, r, r + 1)."""
    n, R = one.G.shape[2], one.G.shape[1]
    first, second = np.triu_indices(R, 1)
    right = aim.X + products(one.G, one.E, *_unscaled(one, aim.nu - one.off.nu, aim.ell - one.off.ell))
    if delta is not None:
        right = right + symmetric(np.swapaxes(one.BT, 1, 2) @ delta @ one.T)
    c = _times(one.Ci, _svec(right))
    mu = -(one.off.X + (one.v * c).sum(axis=1)) / (one.v**2).sum(axis=1)
    X = _smat(_times(np.swapaxes(one.Ci, 1, 2), c + mu[:, None] * one.v), n)
    GX = one.G @ X
    nu = one.off.nu + 2 * one.w * (GX @ np.swapaxes(one.G, 1, 2))[:, first, second]
    ell = one.off.ell + np.einsum("prcd,prd->prc", one.W, 2 * GX @ np.swapaxes(one.E, 1, 2))
    return Change(mu, aim.nu - nu, aim.ell - ell, Scaled(X, nu, ell))


def _unscaled(one: Factored, nu: Array, ell: Array) -> tuple[Array, Array]:
    return one.w * nu, np.einsum("prcd,prd->prc", one.W, ell)


def to_zero(one: Factored) -> Scaled:
    """The aim of a step straight to the end of the path."""
    return Scaled(-_diagonal(one.at.X), -one.at.nu, -one.at.ell)


def to_weight(one: Factored, weight: Array, before: Change, delta: Array) -> Scaled:
    """The aim of a step to where the products of a cell are its `weight`, shape (P,).

    With what the step `before` left out to second order.
    """
    lam = one.at.X
    fall = _fall(one, delta)
    X = (
        weight[:, None, None] * np.eye(lam.shape[1])
        - _diagonal(lam**2)
        - symmetric((-_diagonal(lam) - before.moments.X) @ before.moments.X) / 2
    )
    X += symmetric(lam[:, :, None] * fall) / 2
    ell = -cones.product(one.at.ell, one.at.ell) - cones.product(before.ell, before.moments.ell)
    ell[..., -1] += weight[:, None]
    nu = weight[:, None] - one.at.nu**2 - before.nu * before.moments.nu
    return Scaled(2 * X / (lam[:, :, None] + lam[:, None, :]), nu / one.at.nu, cones.quotient(one.at.ell, ell))


def _diagonal(lam: Array) -> Array:
    return np.asarray(np.eye(lam.shape[1]) * lam[:, :, None])


def _fall(one: Factored, delta: Array) -> Array:
    """By how much F falls to second order when B_s moves by δ."""
    DT = delta @ one.T
    return np.asarray(np.swapaxes(DT, 1, 2) @ DT)


def reaches(one: Factored, step: Change, delta: Array) -> Array:
    """How far multipliers and moments of each cell may both go along a step, shape (P,)."""
    root = 1 / np.sqrt(one.at.X)
    both = root[:, :, None] * root[:, None, :]
    F = -symmetric(np.swapaxes(one.BT, 1, 2) @ delta @ one.T) - step.mu[:, None, None] * twice_form(one.E)
    F -= products(one.G, one.E, *_unscaled(one, step.nu, step.ell))
    X = step.moments.X * both
    found = [
        cones.matrix_reach(F * both, delta @ one.T * root[:, None, :]),
        cones.matrix_reach(X),
        *(cones.line_reach(one.at.nu, way) for way in (step.nu, step.moments.nu)),
        *(cones.cone_reach(one.at.ell, way) for way in (step.ell, step.moments.ell)),
    ]
    return np.asarray(np.min(found, axis=0))


def left(one: Factored, step: Change, share: Array) -> Array:
    """Sum of the products of each cell some way along a step to zero, to first order; both of shape (P,)."""
    lam, X = _diagonal(one.at.X), step.moments.X
    line, table = share[:, None], share[:, None, None]
    total = ((lam - table * (lam + X)) * (lam + table * X)).sum(axis=(1, 2))
    total += ((one.at.nu + line * step.nu) * (one.at.nu + line * step.moments.nu)).sum(axis=1)
    total += ((one.at.ell + table * step.ell) * (one.at.ell + table * step.moments.ell)).sum(axis=(1, 2))
    return np.asarray(total)


def moved(one: Factored, at: Multipliers, moments: Moments, step: Change, share: Array) -> tuple[Multipliers, Moments]:
    """Both some way along a step, each cell its own share of it, shape (P,)."""
    nu, ell = _unscaled(one, step.nu, step.ell)
    line, table = share[:, None], share[:, None, None]
    X = one.R @ step.moments.X @ np.swapaxes(one.R, 1, 2)
    back = np.linalg.solve(one.W, step.moments.ell[..., None])[..., 0]
    X = moments.X + table * symmetric(X) / 2
    return (
        Multipliers(at.mu + share * step.mu, at.nu + line * nu, at.ell + table * ell),
        Moments(X, moments.nu + line * step.moments.nu / one.w, moments.ell + table * back),
    )
