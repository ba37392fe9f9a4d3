"""Newton's method on the optimality conditions of a network with given activation patterns.

A convex solver returns a network whose constraints hold to 1e-8 or so. Here the neurons (a_k, w_k, b_k) of fixed
patterns, each tangent to the balls it already touches, are moved until interpolation holds to rounding, and, where
that converges, until the cost is stationary too; B are the multipliers of interpolation there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lstsq

from exactnorm.arrays import Array
from exactnorm.exact.balls.kinks import Kinks, distinct
from exactnorm.exact.balls.problem import slope_and_value
from exactnorm.exact.balls.tree import Tree


@dataclass(frozen=True, eq=False)
class Neurons:
    """Output weights a (K, r) on kinks, and the dual matrices B (N − 1, r, r + 1) of their interpolation conditions."""

    kinks: Kinks
    a: Array
    B: Array

    @property
    def cost(self) -> float:
        """Σ ‖a_k‖, all ‖w_k‖ being 1."""
        return float(np.linalg.norm(self.a, axis=1).sum())


def residual(points: Array, kinks: Kinks, a: Array) -> Array:
    """Σ_{k: s_kn = 1} a_k z_kᵀ − T_n for n ≥ 1, shape (N − 1, r, r + 1): how far the balls are from interpolated."""
    sums = np.einsum("kn,ki,kj->nij", kinks.pattern.astype(float), a, kinks.z)
    return np.asarray((sums - slope_and_value(points))[1:])


def touching(points: Array, rho: float, kinks: Kinks, tolerance: Array) -> NDArray[np.bool_]:
    """Which balls each kink is tangent to, (K, N): margin σ_n (w·x_n + b) − ρ at most that ball's `tolerance`."""
    return np.asarray(margins(points, rho, kinks) <= tolerance)


def corrected(points: Array, neurons: Neurons, least: float = 1e-9) -> Neurons:
    """The least change of the output weights, relative to their size, after which interpolation holds to rounding.

    A size counts as `least` of the largest at least. For fixed kinks the conditions are linear, and the same for every
    output coordinate.
    """
    kinks, a = neurons.kinks, neurons.a
    conditions = np.einsum("kn,kj->njk", kinks.pattern[:, 1:] * 1.0, kinks.z).reshape(-1, len(kinks))
    weight = np.linalg.norm(a, axis=1)
    weight = weight + least * weight.max()
    off = residual(points, kinks, a)
    change = lstsq(conditions * weight, np.moveaxis(off, 1, 2).reshape(len(conditions), -1), lapack_driver="gelsy")[0]
    return Neurons(kinks, a - weight[:, None] * change, neurons.B)


def margins(points: Array, rho: float, kinks: Kinks) -> Array:
    """σ_n (w_k·x_n + b_k) − ρ, shape (K, N): the room between kink k and ball n."""
    sign = np.where(kinks.pattern, 1.0, -1.0)
    return np.asarray(sign * (kinks.w @ points.T + kinks.b[:, None]) - rho)


def merge_nearby(tree: Tree, neurons: Neurons, tolerance: float, negligible: float) -> Neurons:
    """Drop neurons with ‖a_k‖ ≤ negligible · max and replace each cluster of kinks by its weighted mean."""
    weight = np.linalg.norm(neurons.a, axis=1)
    keep = weight > negligible * weight.max()
    order = np.argsort(-weight[keep], kind="stable")
    kinks, a, weight = neurons.kinks[keep][order], neurons.a[keep][order], weight[keep][order]
    leader = distinct(kinks, tree.features(kinks), tolerance)
    leaders, cluster = np.unique(leader, return_inverse=True)
    out, z = np.zeros((len(leaders), a.shape[1])), np.zeros((len(leaders), kinks.z.shape[1]))
    np.add.at(out, cluster, a)
    np.add.at(z, cluster, weight[:, None] * kinks.z)
    # Members that cancel are two ends of a ramp of no width.
    some = np.linalg.norm(out, axis=1) > negligible * weight.max()
    if not some.any():
        return neurons
    z = z[some] / np.linalg.norm(z[some, :-1], axis=1)[:, None]
    return Neurons(Kinks(z[:, :-1], z[:, -1], kinks.pattern[leaders[some]]), out[some], neurons.B)


def newton(
    points: Array, rho: float, start: Neurons, touch: Array, steps: int = 30, stationary: bool = True
) -> Neurons:
    """Move the neurons until interpolation and tangency hold to rounding and, if `stationary`, the cost is stationary.

    Steps are least-squares solutions of least norm, since minimisers and multipliers need not be unique. Returns the
    last iterate; the caller judges it.
    """
    system = _System(points, rho, start, touch)
    x, y = system.start(start)
    merits: list[float] = []
    for _ in range(steps):
        F, J = system.conditions(x)
        if stationary:
            gradient, H = system.lagrangian(x, y)
            matrix = np.block([[H, -J.T], [J, np.zeros((len(F), len(F)))]])
            right = -np.concatenate([gradient - J.T @ y, F])
        else:
            matrix, right = J, -F
        merits.append(float(np.linalg.norm(right)))
        # Newton either gains digits within a few steps or starts from the wrong structure; then more steps are in vain.
        if merits[-1] < 1e-14 or (len(merits) > 4 and merits[-1] > 0.5 * merits[-5]):
            break
        step = lstsq(matrix, right, cond=1e-12, lapack_driver="gelsy", check_finite=False)[0]
        if not np.isfinite(step).all() or np.abs(step).max() > 1e3:
            break
        if np.any(np.linalg.norm(system.split(x + step[: len(x)])[0], axis=1) == 0):
            break  # a neuron vanished: the cost has no derivative there
        x = x + step[: len(x)]
        if stationary:
            y = y + step[len(x) :]
    return system.neurons(x, y, start)


class _System:
    """The conditions F(x) = 0 on x = (a, w, b) of all neurons, their Jacobian, and the Lagrangian's derivatives."""

    def __init__(self, points: Array, rho: float, start: Neurons, touch: Array) -> None:
        self.points, self.rho = points, rho
        self.pattern = start.kinks.pattern
        self.K, self.r = start.a.shape
        self.N = len(points)
        self.contact = np.argwhere(touching(points, rho, start.kinks, touch))
        sign = np.where(self.pattern, 1.0, -1.0)
        k, n = self.contact.T
        self.contact_sign = sign[k, n]
        self.target = slope_and_value(points)[1:]

    def split(self, x: Array) -> tuple[Array, Array]:
        table = x.reshape(self.K, 2 * self.r + 1)
        return table[:, : self.r], table[:, self.r :]

    def start(self, neurons: Neurons) -> tuple[Array, Array]:
        x = np.column_stack([neurons.a, neurons.kinks.z]).ravel()
        _, J = self.conditions(x)
        y = np.zeros(J.shape[0])
        m = neurons.B.size
        y[:m] = neurons.B.ravel()
        gradient, _ = self.lagrangian(x, y)
        y[m:] = np.linalg.lstsq(J[m:].T, gradient - J[:m].T @ y[:m], rcond=1e-9)[0]
        return x, y

    def conditions(self, x: Array) -> tuple[Array, Array]:
        a, z = self.split(x)
        r, K = self.r, self.K
        on = self.pattern[:, 1:].astype(float)
        moments = np.einsum("kn,ki,kj->nij", on, a, z) - self.target
        J = np.zeros((self.N - 1, r, r + 1, K, 2 * r + 1))
        for i in range(r):
            J[:, i, :, :, i] = np.einsum("kn,kj->njk", on, z)
        for j in range(r + 1):
            J[:, :, j, :, r + j] = np.einsum("kn,ki->nik", on, a)
        unit = ((z[:, :r] ** 2).sum(axis=1) - 1) / 2
        J_unit = np.zeros((K, K, 2 * r + 1))
        J_unit[np.arange(K), np.arange(K), r : 2 * r] = z[:, :r]
        k, n = self.contact.T
        lifted = np.column_stack([self.points, np.ones(self.N)])
        tangent = self.contact_sign * (z[k] * lifted[n]).sum(axis=1) - self.rho
        J_tangent = np.zeros((len(k), K, 2 * r + 1))
        J_tangent[np.arange(len(k)), k, r:] = self.contact_sign[:, None] * lifted[n]
        size = K * (2 * r + 1)
        F = np.concatenate([moments.ravel(), unit, tangent])
        return F, np.vstack([J.reshape(-1, size), J_unit.reshape(-1, size), J_tangent.reshape(-1, size)])

    def lagrangian(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Gradient of Σ‖a_k‖, and Hessian of Σ‖a_k‖ − y·F."""
        a, _ = self.split(x)
        r, K = self.r, self.K
        norm = np.linalg.norm(a, axis=1)
        gradient = np.zeros((K, 2 * r + 1))
        gradient[:, :r] = a / norm[:, None]
        B = y[: (self.N - 1) * r * (r + 1)].reshape(self.N - 1, r, r + 1)
        alpha = y[B.size : B.size + K]
        Bs = np.einsum("kn,nij->kij", self.pattern[:, 1:].astype(float), B)
        H = np.zeros((K, 2 * r + 1, K, 2 * r + 1))
        for k in range(K):
            unit = a[k] / norm[k]
            H[k, :r, k, :r] = (np.eye(r) - np.outer(unit, unit)) / norm[k]
            H[k, :r, k, r:] = -Bs[k]
            H[k, r:, k, :r] = -Bs[k].T
            H[k, r : 2 * r, k, r : 2 * r] = -alpha[k] * np.eye(r)
        return gradient.ravel(), H.reshape(K * (2 * r + 1), -1)

    def neurons(self, x: Array, y: Array, start: Neurons) -> Neurons:
        a, z = self.split(x)
        norm = np.linalg.norm(z[:, : self.r], axis=1)
        z = z / norm[:, None]
        B = y[: start.B.size].reshape(start.B.shape)
        return Neurons(Kinks(z[:, : self.r], z[:, self.r], self.pattern), a * norm[:, None], B)
