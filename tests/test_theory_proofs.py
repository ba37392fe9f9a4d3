"""The dual matrices written down in the proofs on the page on theory are what the proofs say they are."""

import numpy as np
import pytest

from exactnorm.closed_form import equilateral_triangle, orthocentre
from exactnorm.theorems.acute.limit import acute_triangles
from exactnorm.theorems.plane import _norms
from exactnorm.theorems.zeno2023.equilateral import triangle

ANGLES = np.linspace(0, 2 * np.pi, 100_001)


def turned(v):
    return v @ np.array([[0.0, 1.0], [-1.0, 0.0]])


def largest_norm(points, rho, B):
    """Over all kinks, in the form in which every neuron is off on the first ball."""
    X = points - points[0]
    moved = B.copy()
    moved[:, :, :2] -= B[:, :, 2:] * points[0]  # w·y + b = w·(y − x_0) + (w·x_0 + b)
    moved[0] = 0
    return _norms(X, rho, moved, ANGLES).max()


def equilateral_dual(R, rho):
    points, kappa = triangle(R), 3 * R / (3 * R - 4 * rho)
    u = points / R
    slope, g = 4 / (3 * R - 4 * rho), kappa / 3
    M = slope * R / 4 * np.einsum("ni,nj->nij", u, u) - g * np.einsum("ni,nj->nij", turned(u), turned(u))
    return points, np.concatenate([M, slope * u[:, :, None]], axis=2)


@pytest.mark.parametrize("rho", [0.01, 0.2, 0.5, 0.6, 0.66])
def test_the_equilateral_dual_proves_the_formula(rho):
    points, B = equilateral_dual(1.0, rho)
    np.testing.assert_allclose(B.sum(axis=0), 0, atol=1e-12)
    assert np.einsum("ni,ni->", B[:, :, 2], points) == pytest.approx(
        equilateral_triangle(points, rho).representation_cost, rel=1e-12
    )
    assert largest_norm(points, rho, B) == pytest.approx(1, abs=1e-9)


def test_beyond_its_radius_the_equilateral_dual_proves_nothing():
    points, B = equilateral_dual(1.0, 0.67)
    assert largest_norm(points, 0.67, B) > 1 + 1e-3


def test_the_dual_of_acute_triangles_proves_four():
    for points in acute_triangles(6, np.random.default_rng(0)):
        centre = orthocentre(points, 0.0).c
        x = points - centre
        side = np.roll(x, -1, axis=0) - np.roll(x, -2, axis=0)
        lengths = np.linalg.norm(side, axis=1)
        u = turned(side) / lengths[:, None]
        u *= np.sign(np.einsum("ni,ni->n", u, x))[:, None]
        foot = np.einsum("ni,ni->n", u, np.roll(x, -1, axis=0))[:, None] * u
        m = np.linalg.norm(x - foot, axis=1)
        cotangents = np.einsum("ni,ni->n", np.roll(x, -1, axis=0) - x, np.roll(x, -2, axis=0) - x) / (m * lengths)
        k = np.roll(cotangents, -1) * np.roll(cotangents, -2)
        assert k.sum() == pytest.approx(1)
        M = np.einsum("n,ni,nj->nij", 2 / m, u, (x + foot) / 2)
        M -= np.einsum("n,ni,nj->nij", k, turned(u), turned(u))
        B = np.concatenate([M, 2 / m[:, None, None] * u[:, :, None]], axis=2)
        np.testing.assert_allclose(B.sum(axis=0), 0, atol=1e-12)
        assert np.einsum("ni,ni->", B[:, :, 2], x) == pytest.approx(4, rel=1e-12)
        for rho in (1e-9, 0.05):
            assert largest_norm(x, rho, B) <= 1 + 1e-9


def test_the_lemma_on_rays_and_its_room_for_rounding():
    rng = np.random.default_rng(1)
    tight = 0.0
    for _ in range(300):
        L, d = int(rng.integers(2, 6)), 6
        opposing = np.triu(rng.uniform(0, 1, (L, L)), 1)
        opposing *= rng.uniform(0, 0.95) / max((opposing + opposing.T).sum(axis=1).max(), 1e-9)
        excess = rng.uniform(0, 0.1 / L) * rng.integers(0, 2)
        gram = np.eye(L) - opposing - opposing.T
        positive = (rng.uniform(size=(L, L)) < 0.3) & ~np.eye(L, dtype=bool)
        gram[positive & positive.T] = excess
        u = np.linalg.cholesky(gram) @ np.linalg.qr(rng.standard_normal((d, L)))[0].T
        w = rng.standard_normal(d)
        c = np.maximum(u @ w, 0)
        for signs in np.array(np.meshgrid(*[[-1, 1]] * L)).reshape(L, -1).T:
            ratio = np.linalg.norm((signs * c) @ u) / np.linalg.norm(w)
            assert ratio <= 1 + 2 * L * excess + 1e-12
            tight = max(tight, ratio)
    assert tight > 0.9  # else the bound would not have been tried
