"""One affine region y' = A y + e: the matrix exponential's integral, and whether a trajectory can ever leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm, schur, solve_continuous_lyapunov, solve_triangular

from exactnorm.arrays import Array

ORDER = 18
"""Taylor terms kept: at ‖A‖ s ≤ 1 the next one is below 1/19!, about 1e-17."""
SHRUNK = 1e-3
"""Share of a state's length left, below which it is not computed as what it was plus the way it went."""


def spectral_norm_bound(A: Array) -> Array:
    """Upper bound √(‖A‖_1 ‖A‖_∞) on the spectral norm of each matrix (m, r, r)."""
    size = np.abs(A)
    return np.asarray(np.sqrt(size.sum(axis=1).max(axis=1) * size.sum(axis=2).max(axis=1)))


def shrunk(t: Array, state: Array) -> NDArray[np.bool_]:
    """Which states are so much smaller than what they were, t, that a difference has cost them digits."""
    return np.asarray(np.linalg.norm(state, axis=1) < SHRUNK * np.linalg.norm(t, axis=1))


def taylor_terms(A: Array, f: Array, step: Array) -> Array:
    """Terms F_j = step^j A^{j−1} f / j!, j = 1 … ORDER: y(u + x·step) = y(u) + Σ_j F_j x^j. Shape (ORDER, m, r)."""
    terms = np.empty((ORDER, *f.shape))
    term = f * step[:, None]
    terms[0] = term
    for j in range(2, ORDER + 1):
        term = np.matmul(A, term[:, :, None])[:, :, 0] * (step / j)[:, None]
        terms[j - 1] = term
    return terms


def displacement(A: Array, f: Array, step: Array) -> Array:
    """∫_0^step e^{sA} f ds for each row, by scaling and squaring; a defective A is nothing special."""
    m, r = f.shape
    with np.errstate(over="ignore", invalid="ignore"):
        doublings = np.ceil(np.log2(np.maximum(spectral_norm_bound(A) * step, 1.0))).astype(int)
        small = A * (step / 2.0**doublings)[:, None, None]
        phi = np.broadcast_to(np.eye(r), (m, r, r))
        for j in range(ORDER, 1, -1):
            phi = np.eye(r) + np.matmul(small, phi) / j
        E = np.eye(r) + np.matmul(small, phi)
        phi = phi * (step / 2.0**doublings)[:, None, None]
        for i in range(int(doublings.max(initial=0))):
            rows = np.flatnonzero(doublings > i)
            phi[rows] += np.matmul(E[rows], phi[rows])
            E[rows] = np.matmul(E[rows], E[rows])
        return np.asarray(np.matmul(phi, f[:, :, None])[:, :, 0])


@dataclass(frozen=True, eq=False)
class Stable:
    """The directions in which a region contracts.

    Parameters
    ----------
    basis : ndarray, shape (r, q)
        Orthonormal basis of the invariant subspace whose eigenvalues have negative real part.
    A : ndarray, shape (q, q)
        A on that subspace: real Schur form.
    root : ndarray, shape (q, q)
        Upper triangular R with ‖R e^{sA} x‖ ≤ e^{−rate·s} ‖R x‖.
    gauge : ndarray, shape (K,)
        ‖R^{−T} w_k‖ for each kink.
    rate : float
    """

    basis: Array
    A: Array
    root: Array
    gauge: Array
    rate: float

    def travel(self, f: Array) -> Array:
        """Bound on |w_k·∫_0^s e^{sA} f| over all s ≥ 0, for velocities f (m, r) in the subspace; shape (m, K)."""
        size = np.linalg.norm((f @ self.basis) @ self.root.T, axis=1) / self.rate
        return np.asarray(size[:, None] * self.gauge)

    def residual(self, f: Array) -> Array:
        """Length of the part of each f (m, r) outside the subspace."""
        return np.asarray(np.linalg.norm(f - (f @ self.basis) @ self.basis.T, axis=1))

    def state(self, t: Array, f: Array, rest: Array, tau: Array) -> Array:
        """States a time tau (m,) after the states t (m, r), whose velocities are f and whose limits are rest."""
        if not self.A.size:
            return rest
        A = np.broadcast_to(self.A, (len(t), *self.A.shape))
        state = t + displacement(A, f @ self.basis, tau) @ self.basis.T
        far = shrunk(t, rest)
        if far.any():
            E = expm(tau[far, None, None] * self.A)
            state[far] = rest[far] + np.matmul(E, ((t - rest)[far] @ self.basis)[:, :, None])[:, :, 0] @ self.basis.T
        return np.asarray(state)

    def to_rest(self, f: Array) -> Array:
        """∫_0^∞ e^{sA} f ds for velocities f (m, r) in the subspace."""
        if not self.A.size:
            return np.zeros_like(f)
        return np.asarray(-np.linalg.solve(self.A, (f @ self.basis).T).T @ self.basis.T)


def stable_part(A: Array, w: Array) -> Stable:
    """The contracting subspace of one matrix (r, r), with a norm in which it contracts; w (K, r) are the kinks."""
    size = float(np.abs(A).max(initial=0.0)) or 1.0
    # A multiple zero eigenvalue of a p×p block computes as about eps^{1/p}; only clear contraction counts as such.
    T, Z, q = schur(A, output="real", sort=lambda re, _im: re < -1e-9 * size)
    T, Z = T[:q, :q], Z[:, :q]
    if not q:
        return Stable(Z, T, T, np.zeros(len(w)), 1.0)
    root, rate = contraction(T)
    gauge = np.asarray(np.linalg.norm(solve_triangular(root, (w @ Z).T, trans="T"), axis=0), dtype=np.float64)
    return Stable(Z, T, root, gauge, rate)


def contraction(T: Array) -> tuple[Array, float]:
    """Upper triangular R and a rate with ‖R e^{sT} x‖ ≤ e^{−rate·s} ‖R x‖, for eigenvalues of negative real part."""
    q = len(T)
    rate = -0.9 * float(np.linalg.eigvals(T).real.max())
    P = solve_continuous_lyapunov((T + rate * np.eye(q)).T, -float(np.abs(T).max()) * np.eye(q))
    return np.asarray(np.linalg.cholesky((P + P.T) / 2).T, dtype=np.float64), rate
