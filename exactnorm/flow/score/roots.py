"""The first root of a polynomial on [0, 1], many polynomials at once, none missed."""

from __future__ import annotations

from functools import cache
from math import comb

import numpy as np

from exactnorm.arrays import Array
from exactnorm.flow.record import Indices


@cache
def bernstein_matrix(degree: int) -> Array:
    """Matrix M with (power coefficients) @ M = Bernstein coefficients on [0, 1]."""
    M = np.zeros((degree + 1, degree + 1))
    for j in range(degree + 1):
        for i in range(j, degree + 1):
            M[j, i] = comb(i, j) / comb(degree, j)
    return M


def first_contact(powers: Array, noise: Array, owner: Indices) -> Array:
    """Smallest x in [0, 1] at which each polynomial comes within `noise` of zero; ∞ where there is none.

    Parameters
    ----------
    powers : ndarray, shape (n, p + 1)
        Coefficients of 1, x, …, x^p.
    noise : ndarray, shape (n,)
        How far from zero still counts as zero: the rounding in the coefficients.
    owner : ndarray of int, shape (n,)
        Polynomials of one owner compete: only the owner's smallest contact is wanted, and later ones may be ∞.

    Notes
    -----
    Bernstein coefficients of one sign prove that there is no root, one change of sign that there is exactly one,
    which is then bracketed; otherwise the interval is halved (Descartes' rule of signs, Vincent's theorem). A
    contact that only touches is halved down to where the polynomial is zero to rounding.
    """
    flipped = np.where(powers[:, :1] < 0, -powers, powers)
    b = flipped @ bernstein_matrix(powers.shape[1] - 1)
    found = np.full(len(b), np.inf)
    best = np.full(int(owner.max(initial=-1)) + 1, np.inf)
    row, left, width = np.arange(len(b)), np.zeros(len(b)), 1.0
    for _ in range(60):
        touching = np.abs(b[:, 0]) <= noise[row]
        _note(found, best, owner, row[touching], left[touching])
        positive = b > 0
        changes = (positive[:, 1:] != positive[:, :-1]).sum(axis=1)
        open_ = (b[:, 0] > 0) & ~touching & (left < best[owner[row]])  # below zero: the root is further left
        single = open_ & (changes == 1)
        roots = _bracketed(flipped[row[single]], noise[row[single]], left[single], left[single] + width)
        _note(found, best, owner, row[single], roots)
        again = open_ & (changes > 1)
        row, left, b = row[again], left[again], b[again]
        if not len(row):
            return found
        first, second = _halves(b)
        width /= 2
        row, left, b = np.tile(row, 2), np.concatenate([left, left + width]), np.vstack([first, second])
    _note(found, best, owner, row, left)  # narrower than a rounding, and not told apart from zero
    return found


def _note(found: Array, best: Array, owner: Indices, row: Indices, x: Array) -> None:
    np.minimum.at(found, row, x)
    np.minimum.at(best, owner[row], x)


def _bracketed(powers: Array, noise: Array, low: Array, high: Array) -> Array:
    """The only root in [low, high] of polynomials that are positive at low: Newton's steps, kept in the bracket."""
    root, rows, x = high.copy(), np.arange(len(powers)), (low + high) / 2
    for _ in range(100):
        value, slope = powers[:, -1], np.zeros(len(x))
        for k in range(powers.shape[1] - 2, -1, -1):
            slope = slope * x + value
            value = value * x + powers[:, k]
        low, high = np.where(value > 0, x, low), np.where(value > 0, high, x)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            newton = x - value / slope
        following = np.where((newton > low) & (newton < high), newton, (low + high) / 2)
        root[rows] = x
        going = (np.abs(value) > 0.1 * noise) & (following != x) & (high > low)
        rows, x, low, high = rows[going], following[going], low[going], high[going]
        powers, noise = powers[going], noise[going]
        if not len(rows):
            break
    return root


def _halves(b: Array) -> tuple[Array, Array]:
    """Bernstein coefficients of the same polynomials on the two halves of their interval (de Casteljau)."""
    right, left = b.copy(), np.empty_like(b)
    for k in range(b.shape[1] - 1, -1, -1):
        left[:, b.shape[1] - 1 - k] = right[:, 0]
        right[:, :k] = (right[:, :k] + right[:, 1 : k + 1]) / 2
    return left, right
