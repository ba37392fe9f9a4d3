"""A second road for points in a plane: kinks by direction on the circle, exchanged until none is missing.

It shares nothing with the block program: no patterns are enumerated and no semidefinite program is solved. Both kinks
of each direction are tangent to a ball, so the least cost is that of a second-order cone program over all directions;
its dual says which directions are still missing.
"""

from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from exactnorm.arrays import Array


def plane_bracket(points: Array, rho: float, tol: float = 1e-7, rounds: int = 40) -> tuple[float, float]:
    """Bracket on the least cost of a denoiser for points in the plane.

    Parameters
    ----------
    points : ndarray, shape (N, 2)
        Not on a line.
    rho : float
        Radius of the noise balls, ρ > 0.
    tol : float
        Relative width to aim for.
    rounds : int
        Largest number of programs to solve.

    Returns
    -------
    lower, upper : float
        The lower end divides by the largest norm that the dual reaches over all directions, found on a fine grid with
        local refinement: a computation, not a proof. The upper end is the program's value, interpolation holding
        to the solver's accuracy.

    Raises
    ------
    ArithmeticError
        If the solver fails, as it does where no network fits the balls.
    """
    size = float(np.abs(points - points[0]).max())
    X, rho = (points - points[0]) / size, rho / size
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    lower, upper = 0.0, np.inf
    for _ in range(rounds):
        upper, B = _solve(X, rho, angles)
        worst, added = _missing(X, rho, B)
        lower = max(lower, float(np.einsum("nr,nr->", B[:, :, 2], X)) / worst)
        if upper - lower <= tol * upper:
            break
        angles = np.concatenate([angles, added])
    return lower, upper


def _kinks(X: Array, rho: float, angles: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Tangent kinks (K, 3) as rows (w, b), off on the first ball, of all directions, and their patterns (K, N)."""
    found, patterns = [], []
    for angle in angles:
        w = np.array([np.cos(angle), np.sin(angle)])
        heights = X @ w
        levels = np.sort(heights)
        for low, high in pairwise(levels):
            if high - low >= 2 * rho and low >= heights[0]:
                for b in (-low - rho, rho - high):
                    found.append([*w, b])
                    patterns.append(heights >= high)
    return np.array(found), np.array(patterns)


def _solve(X: Array, rho: float, angles: Array) -> tuple[float, Array]:
    """Least Σ‖a_k‖ over the kinks of some directions, and the dual matrices B_n (N, 2, 3), B_0 = 0."""
    import cvxpy as cp

    z, on = _kinks(X, rho, angles)
    rows = np.vstack([(on[:, n, None] * z).T for n in range(1, len(X))])
    target = np.vstack([np.vstack([np.zeros((2, 2)), x]) for x in X[1:]])
    a = cp.Variable((len(z), 2))
    fits = rows @ a == target
    program = cp.Problem(cp.Minimize(cp.sum(cp.norm(a, axis=1))), [fits])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "may be inaccurate": both ends are computed from what it returns
        program.solve(solver="CLARABEL", tol_gap_rel=1e-10, tol_gap_abs=1e-10, tol_feas=1e-10)
    if a.value is None or fits.dual_value is None:
        msg = f"the program over {len(z)} kinks ended with status {program.status!r}"
        raise ArithmeticError(msg)
    dual = np.asarray(fits.dual_value)
    dual = dual * np.sign(float((dual * target).sum()))
    B = np.concatenate([np.zeros((1, 2, 3)), dual.reshape(-1, 3, 2).transpose(0, 2, 1)])
    return float(np.linalg.norm(a.value, axis=1).sum()), B


def _missing(X: Array, rho: float, B: Array, grid: int = 20_000) -> tuple[float, Array]:
    """Largest ‖B_s(w, b)‖ over all kinks, and the directions of its local maxima above 1."""
    angles = np.linspace(0, 2 * np.pi, grid, endpoint=False)
    value = _norms(X, rho, B, angles)
    peak = (value >= np.roll(value, 1)) & (value >= np.roll(value, -1)) & (value > 1 - 1e-4)
    best, where = [float(value.max())], []
    step = 2 * np.pi / grid
    for angle in angles[peak]:
        found = minimize_scalar(
            lambda t: -float(_norms(X, rho, B, np.array([t]))[0]),
            bounds=(angle - step, angle + step),
            method="bounded",
            options={"xatol": 1e-10},
        )
        best.append(-float(found.fun))
        where.append(float(found.x))
    return max(best), np.array(where + angles[peak].tolist())


def _norms(X: Array, rho: float, B: Array, angles: Array) -> Array:
    """Largest ‖B_s(w, b)‖ over the kinks of each direction."""
    w = np.stack([np.cos(angles), np.sin(angles)])
    heights = X @ w
    order = np.argsort(heights, axis=0)
    levels = np.take_along_axis(heights, order, axis=0)
    above = np.cumsum(B[order[::-1]], axis=0)[::-1]  # above[i] sums B over the i-th level and all higher ones
    best = np.zeros(len(angles))
    for i in range(1, len(X)):
        valid = (levels[i] - levels[i - 1] >= 2 * rho) & (levels[i - 1] >= heights[0])
        linear = np.einsum("mij,jm->mi", above[i][:, :, :2], w)
        for b in (-levels[i - 1] - rho, rho - levels[i]):
            norm = np.linalg.norm(linear + above[i][:, :, 2] * b[:, None], axis=1)
            best = np.maximum(best, np.where(valid, norm, 0.0))
    return best
