"""The group lasso over given kinks, for finite problems: everything that costs nothing is projected out."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import lstsq
from scipy.optimize import linprog

from exactnorm.arrays import Array
from exactnorm.certify.certificate import relative_gap
from exactnorm.exact.deadline import interruptible
from exactnorm.exact.settings import Settings
from exactnorm.exact.solvers.cone_program import ConeProgram, solution
from exactnorm.finite_problem import Coordinates
from exactnorm.network import ReLUNetwork


@dataclass(frozen=True, eq=False)
class FiniteBracket:
    """The best bounds on a finite problem's objective so far; `progress` gets one in every phase and after every round.

    Parameters
    ----------
    upper, lower : float
        Bounds on the least objective, in the user's units; `upper` is infinite as long as no network is found.
    rounds : int
    seconds : float
        Since the solve began.
    kinks : int
        How many kinks the program is written over.
    phase : str
        What is being done.
    """

    upper: float
    lower: float
    rounds: int
    seconds: float
    kinks: int
    phase: str = "closing the gap"

    @property
    def gap(self) -> float:
        """Relative gap (upper − lower)/upper; infinite where the upper bound is, 0 where both are 0."""
        return relative_gap(self.lower, self.upper)


@dataclass(frozen=True, eq=False)
class Best:
    """The best network and multipliers so far, in coordinates: `upper` and `lower` are their objectives."""

    z: Array
    a: Array
    upper: float
    multipliers: Array
    lower: float = 0.0

    @property
    def gap(self) -> float:
        """Relative gap (upper − lower)/upper; infinite as long as there is no upper bound."""
        return relative_gap(self.lower, self.upper)


class Master:
    """The program over given kinks, with everything that costs nothing projected out."""

    def __init__(self, data: Coordinates) -> None:
        self.data = data
        self.weight = np.sqrt(data.counts)[:, None]
        free = self.weight * data.free
        # Columns orthogonal to what costs nothing: there the free parts V y + c vanish.
        self.across = np.linalg.qr(free, mode="complete")[0][:, free.shape[1] :]
        self.target = self.across.T @ (self.weight * data.targets)
        size = float(np.linalg.norm(self.weight * data.targets))
        if float(np.linalg.norm(self.target)) <= 1e-13 * size:
            self.target = np.zeros_like(self.target)  # affine targets, but for rounding

    def start(self, z: Array) -> Best:
        """A network without any optimisation.

        No neurons, only V and c: the best at large weight decay, and for targets that are affine. Otherwise
        least squares over the kinks z, which are enough for interpolation.
        """
        L = np.asarray(self.weight * (self.across @ self.target)) / (self.data.inputs * (self.data.decay or 1.0))
        if self.data.decay is None and self.target.any():
            if self.data.features.shape[1] == 1 and not self.data.penalise_bias:
                return self.interpolant(L)
            P = self.across.T @ (self.weight * self.features(z))
            return self.corrected(z, P, np.asarray(lstsq(P, self.target, lapack_driver="gelsy")[0]), L)
        alone = self.data.spread + float((self.target**2).sum()) / (2 * self.data.inputs)
        return Best(z[:0], np.zeros((0, self.target.shape[1])), alone, L, 0.0 if self.target.any() else alone)

    def interpolant(self, multipliers: Array) -> Best:
        """On a line, the linear interpolant, with its first slope as a neuron where there is no skip connection."""
        order = np.argsort(self.data.features[:, 0], kind="stable")
        # Inputs that rounding has made equal count once.
        order = order[np.diff(self.data.features[order, 0], prepend=-np.inf) > 0]
        t, x = self.data.features[order, 0], self.data.targets[order]
        a = np.diff(np.diff(x, axis=0) / np.diff(t)[:, None], axis=0, prepend=np.zeros((1, x.shape[1])))
        z = np.column_stack([np.ones(len(a)), -t[:-1]])
        return Best(z, a, float(np.linalg.norm(a, axis=1).sum()), multipliers)

    def features(self, z: Array) -> Array:
        """[z_k·(y_m, 1)]_+, shape (U, K)."""
        y = self.data.features
        return np.asarray(np.maximum(y @ z.T if self.data.penalise_bias else y @ z[:, :-1].T + z[:, -1], 0.0))

    def solve(self, z: Array, scale: float, settings: Settings) -> Best:
        """The best network over the kinks z, and the multipliers of its residual."""
        P = self.across.T @ (self.weight * self.features(z))
        decay = self.data.decay
        # Inputs that nearly coincide make rows that nearly do; in an orthonormal basis of rows the solver sees neither.
        rows, mix, right = P, np.eye(len(P)), self.target
        if decay is None:
            rows, mix, right = interruptible(lambda _: orthonormal_rows(P, self.target), settings.deadline)
        # The solver sees numbers near 1; multipliers are the same at every scale.
        scale = scale if decay is None and math.isfinite(scale) else 1.0
        loss = None if decay is None else decay * self.data.inputs
        found = solution(lasso_program(rows, right / scale, loss), settings.solver, settings.deadline)
        if found.instead:
            settings.said.append(f"the program over {len(z)} kinks was solved by {found.instead}")
        K, q = len(z), right.shape[1]
        L = self.weight * (self.across @ (mix @ -found.z[: right.size].reshape(right.shape)))
        return self.corrected(z, P, scale * found.x[: K * q].reshape(K, q), L)

    def corrected(self, z: Array, P: Array, a: Array, L: Array) -> Best:
        """Without the kinks that carry nothing, and with the least relative change that makes it interpolate."""
        size = np.linalg.norm(a, axis=1)
        keep = size > 1e-8 * size.max(initial=0.0)
        z, P, a, size = z[keep], P[:, keep], a[keep], size[keep]
        cost = float(np.linalg.norm(a, axis=1).sum())
        if self.data.decay is not None:
            loss = self.data.spread + float(((self.target - P @ a) ** 2).sum()) / (2 * self.data.inputs)
            return Best(z, a, loss + self.data.decay * cost, L)
        for _ in range(2):
            # Kinks that nearly coincide make columns that do: their difference is not to be used.
            a = a + size[:, None] * lstsq(P * size, self.target - P @ a, cond=1e-12, lapack_driver="gelsy")[0]
        missed = float(np.abs(P @ a - self.target).max()) > 1e-9 * float(np.abs(self.target).max())
        return Best(z, a, math.inf if missed else float(np.linalg.norm(a, axis=1).sum()), L)

    def thinned(self, best: Best, tol: float) -> Best:
        """A network with the same values, no costlier but for rounding, and no more neurons than there are conditions.

        The output weights keep their directions; their lengths are a vertex of a linear program (Carathéodory).
        """
        P, size = self.across.T @ (self.weight * self.features(best.z)), np.linalg.norm(best.a, axis=1)
        live = (size > 0) & P.any(axis=0)  # the others carry nothing, or what is free does
        best, P, size = replace(best, z=best.z[live], a=best.a[live]), P[:, live], size[live]
        if len(size) <= 1:
            return best
        units = best.a / size[:, None]
        conditions = (P[:, None, :] * units.T[None]).reshape(-1, len(size))
        columns = np.abs(conditions).max(axis=0)
        right = (P @ best.a).ravel()
        scale = float(np.abs(right).max()) or 1.0
        tight: Any = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
        found = linprog(1 / columns, A_eq=conditions / columns, b_eq=right / scale, method="highs-ds", options=tight)
        if found.x is None:
            return best
        fewer = self.corrected(best.z, P, scale * found.x[:, None] / columns[:, None] * units, best.multipliers)
        changed = replace(best, z=fewer.z, a=fewer.a, upper=fewer.upper)
        # Rounding may cost a little, but neither the tolerance nor more than the seventh digit.
        room = 1e-7 if changed.gap <= tol else 1e-9
        return changed if len(fewer.z) < len(best.z) and fewer.upper <= best.upper * (1 + room) else best

    def kept(self, z: Array, lasso: Best) -> Array:
        """The kinks that touch the dual constraint, as those that carry weight do, or nearly touch it.

        Without the latter the loop may go round: they would be missed as soon as they are left out.
        """
        values = np.linalg.norm(self.features(z).T @ lasso.multipliers, axis=1)
        return np.asarray(z[values > 0.8])

    def network(self, best: Best) -> ReLUNetwork:
        """The network of the best kinks, with the free part that fits, in the user's units."""
        data = self.data
        free, n = free_fit(data, data.targets - self.features(best.z) @ best.a), data.hull.rank
        if not data.penalise_bias:
            network = ReLUNetwork(best.a, best.z[:, :n], best.z[:, n], free.V, free.c)
            return network.lifted(data.hull, data.target_frame)
        affine = free.lifted(data.hull, data.target_frame)
        kinks = best.z @ data.input_frame.axes / data.input_frame.scale
        a = data.target_frame.scale * best.a @ data.target_frame.axes
        return ReLUNetwork(a, kinks[:, :-1], kinks[:, -1], affine.V, affine.c)


def lasso_program(rows: Array, right: Array, loss: float | None) -> ConeProgram:
    """Least Σ ‖a_k‖ subject to rows a = right, or, with a loss, least Σ ‖a_k‖ + ‖off‖²/(2 loss), off = right − rows a.

    Variables are a (K, q), their lengths (K,) and off (m, q); the first multipliers are those of the equation.
    """
    (m, K), q = rows.shape, right.shape[1]
    # Each length, and below it the output weight itself.
    lengths = sparse.kron(sparse.eye_array(K), sparse.csr_array(np.eye(q + 1, 1)))
    weights = sparse.kron(sparse.eye_array(K), sparse.csr_array(np.eye(q + 1, q, -1)))
    equation = sparse.kron(sparse.csr_array(rows), sparse.eye_array(q))
    blocks: list[list[Any]] = [[equation, None], [-weights, -lengths]]
    price, P = np.repeat([0.0, 1.0], [K * q, K]), None
    if loss is not None:
        blocks = [[equation, None, sparse.eye_array(m * q)], [-weights, -lengths, None]]
        price = np.append(price, np.zeros(m * q))
        P = sparse.csc_matrix(sparse.diags_array(np.repeat([0.0, 1 / loss], [K * q + K, m * q])))
    A = sparse.csc_matrix(sparse.block_array(blocks))
    A.eliminate_zeros()
    b = np.concatenate([right.ravel(), np.zeros(K * (q + 1))])
    return ConeProgram(price, A, b, 0, (q + 1,) * K, zero=m * q, P=P)


def free_fit(data: Coordinates, values: Array) -> ReLUNetwork:
    """V and c that fit `values` (U, q) best, as a network without neurons from the inputs' hull, in coordinates."""
    weight = np.sqrt(data.counts)[:, None]
    fit: Array = np.asarray(np.linalg.lstsq(weight * data.free, weight * values, rcond=None)[0])
    (n, q) = data.hull.rank, values.shape[1]
    constant = fit[0] if len(fit) else np.zeros(q)
    return ReLUNetwork(np.zeros((0, q)), np.zeros((0, n)), np.zeros(0), fit[1:].T if len(fit) > 1 else None, constant)


def orthonormal_rows(P: Array, target: Array) -> tuple[Array, Array, Array]:
    """Q with orthonormal rows, a matrix M and a right side such that P a = target means Q a = right.

    Multipliers λ of P a = target are M times those of Q a = right.
    """
    U, S, Vt = np.linalg.svd(P, full_matrices=False)
    keep = 1e-13 * S[0] < S
    mix = U[:, keep] / S[keep]
    return Vt[keep], mix, mix.T @ target
