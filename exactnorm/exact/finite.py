"""Finite problems: a network over a growing set of kinks above, its multipliers made feasible below.

A group lasso over kinks gives a network, whose objective is the upper bound, and multipliers λ. Dividing them by the
largest value κ of their dual function, found by going through all faces of all activation patterns, gives the lower
bound; the kinks where the dual function exceeds 1 join the set. At the end of the loop nothing exceeds 1 + tol.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import cvxpy as cp
import numpy as np
from scipy.linalg import lstsq
from scipy.optimize import linprog
from threadpoolctl import threadpool_limits

from exactnorm.certify.certificate import Certificate
from exactnorm.certify.finite import lower_value, peaks, projected
from exactnorm.certify.finite_certificate import finite_certificate, finite_status
from exactnorm.closed_form.interpolant import on_a_line
from exactnorm.exact.clock import Deadline, OutOfTimeError, interruptible
from exactnorm.exact.line import smoothed
from exactnorm.exact.program import solve
from exactnorm.exact.subset import along_a_line, subset_bracket, too_large
from exactnorm.finite_problem import Coordinates, FiniteProblem, coordinates
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import Array

ROUNDS = 200
"""More rounds than any problem that converges has been seen to need."""


CROWD = 500
"""So many kinks more than twice the conditions, and those that do not matter are left out."""


@dataclass(frozen=True, eq=False)
class Means:
    """How to solve: tolerance, solver and its options, deadline; and what there is to say about it."""

    tol: float
    solver: str
    options: dict[str, Any]
    deadline: Deadline
    said: list[str] = field(default_factory=list)


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
        if math.isinf(self.upper):
            return math.inf
        return (self.upper - self.lower) / self.upper if self.upper > 0 else 0.0


def solve_finite(
    problem: FiniteProblem, *, tol: float, solver: str, solver_options: dict[str, Any], time_limit: float | None
) -> tuple[ReLUNetwork, Certificate, str]:
    """Network, certificate and status; the bracket is recomputed in the user's units."""
    means = Means(tol, solver, solver_options, Deadline(time_limit))
    data = coordinates(problem)
    with threadpool_limits(1):
        if on_a_line(data) and data.decay is not None:
            network, multipliers, reason = _line(problem, data, means)
        elif too_large(data):
            network, multipliers, reason = subset_bracket(
                problem, data, lambda part: _loop(part, coordinates(part), means)[1]
            )
        else:
            network, multipliers, reason = _loop(problem, data, means)
    certificate = finite_certificate(problem, network, multipliers)
    return network, certificate, "; ".join([finite_status(reason, certificate, tol), *means.said]) + "."


def _line(problem: FiniteProblem, data: Coordinates, means: Means) -> tuple[ReLUNetwork, Array, str]:
    try:
        network, multipliers, status = smoothed(data, means.solver, means.options, means.deadline)
    except (OutOfTimeError, KeyboardInterrupt, ArithmeticError) as stopped:
        reason = str(stopped) if isinstance(stopped, ArithmeticError) else "stopped before the program was solved"
        return along_a_line(problem, data), np.zeros_like(data.targets), reason
    reason = f"the inputs lie on a line, where one program over kinks at inputs is exact ({means.solver}: {status})"
    return network.lifted(data.input_frame, data.target_frame), multipliers, reason


def _loop(problem: FiniteProblem, data: Coordinates, means: Means) -> tuple[ReLUNetwork, Array, str]:
    master = Master(data)
    z = first_kinks(problem, data)
    best = master.start(z)
    reason = f"{ROUNDS} rounds were not enough"
    rounds = 0
    try:
        if best.gap > means.tol and data.decay is not None:
            best, new = with_bound(data, best, best.multipliers, means)
            z = np.vstack([z, new])
        while best.gap > means.tol and rounds < ROUNDS:
            rounds += 1
            lasso = master.solve(z, best.upper, means)
            before = best.upper
            if lasso.upper < best.upper:
                best = replace(best, z=lasso.z, a=lasso.a, upper=lasso.upper)
            best, new = separated(data, best, lasso.multipliers, means)
            if not len(new) and best.upper < before / 2:
                continue  # the solver saw numbers far from 1; now it sees better ones
            if not len(new):
                reason = "no kink is missing, but the solver leaves a gap"
                break
            # Kinks are left out only after progress: otherwise the loop could go round.
            crowded = len(z) > 2 * master.target.size + CROWD and best.upper < before * (1 - 1e-6)
            z = np.vstack([master.kept(z, lasso) if crowded else z, new])
        if best.gap <= means.tol:
            reason = "the gap is within tol"
    except OutOfTimeError:
        reason = f"the time limit of {means.deadline.limit:g} s was reached"
    except KeyboardInterrupt:
        reason = "interrupted"
    except ArithmeticError as failed:
        reason = str(failed)
    return master.network(master.thinned(best)), best.multipliers, f"{reason}; {rounds} rounds"


def separated(data: Coordinates, best: Best, outer: Array, means: Means) -> tuple[Best, Array]:
    """Better bounds and missing kinks, from points on the way from the best multipliers to the lasso's.

    The lasso's multipliers jump about as long as kinks are missing. A kink that is missed on the way there is missed
    there too, and says more; where none is missed, the point on the way is a better bound.
    """
    found = [np.zeros((0, best.z.shape[1]))]
    for step in (0.3, 0.7, 1.0):
        best, new = with_bound(data, best, best.multipliers + step * (outer - best.multipliers), means)
        found.append(new)
        if best.gap <= means.tol or (len(new) and step > 0.5):
            break
    return best, np.vstack(found)


def with_bound(data: Coordinates, best: Best, multipliers: Array, means: Means) -> tuple[Best, Array]:
    """The bracket with the bound that these multipliers give, if it is better; and kinks where they exceed 1."""
    L = projected(data, multipliers)
    kappa, new, excess = 0.0, [np.zeros((0, best.z.shape[1]))], [np.zeros(0)]
    for z, values in peaks(data, L):
        means.deadline.check()
        kappa = max(kappa, float(values.max()))
        chosen = separate_peaks(z, values)
        new.append(z[chosen])
        excess.append(values[chosen])
    most = np.argsort(-np.concatenate(excess))[: max(30, L.size)]
    lower, share = lower_value(data, L, kappa)
    return (replace(best, multipliers=share * L, lower=lower) if lower > best.lower else best), distinct_rows(
        np.vstack(new)[most]
    )


def distinct_rows(z: Array) -> Array:
    """Without repetitions: a kink through two inputs is found at both."""
    return z[np.sort(np.unique(np.round(z, 9), axis=0, return_index=True)[1])]


def separate_peaks(z: Array, values: Array, most: int = 3, apart: float = 0.1) -> list[int]:
    """Rows of the largest values above 1, not two of them close together."""
    chosen: list[int] = []
    for k in np.argsort(-values):
        if values[k] <= 1 + 1e-9 or len(chosen) == most:
            break
        if all(float(np.abs(z[k] - z[other]).max()) > apart for other in chosen):
            chosen.append(int(k))
    return chosen


def first_kinks(problem: FiniteProblem, data: Coordinates) -> Array:
    """Kinks through every input, normal to a few directions: along any one of them some network interpolates."""
    rank = data.hull.rank
    rng = np.random.default_rng(0)
    count = 1 if rank == 1 else int(np.clip(400 / len(problem.distinct[0]), rank + 1, 40))
    w = rng.standard_normal((count, rank))
    w /= np.linalg.norm(w, axis=1)[:, None]
    w = w if problem.skip else np.vstack([w, -w])
    t = data.hull.coordinates(problem.inputs[problem.distinct[0]])
    z = np.column_stack([np.repeat(w, len(t), axis=0), -(w @ t.T).ravel()])
    if not data.penalise_bias:
        return z
    # The same affine functions, written on (y, 1).
    slope = z[:, :-1] @ data.hull.axes / data.hull.scale
    functions = np.column_stack([slope, z[:, -1] - slope @ data.hull.origin]) @ data.input_frame.axes.T
    return np.asarray(functions / np.linalg.norm(functions, axis=1, keepdims=True))


def orthonormal_rows(P: Array, target: Array) -> tuple[Array, Array, Array]:
    """Q with orthonormal rows, a matrix M and a right side such that P a = target means Q a = right.

    Multipliers λ of P a = target are M times those of Q a = right.
    """
    U, S, Vt = np.linalg.svd(P, full_matrices=False)
    keep = 1e-13 * S[0] < S
    mix = U[:, keep] / S[keep]
    return Vt[keep], mix, mix.T @ target


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
            P = self.across.T @ (self.weight * self.features(z))
            return self.corrected(z, P, np.asarray(lstsq(P, self.target, lapack_driver="gelsy")[0]), L)
        alone = self.data.spread + float((self.target**2).sum()) / (2 * self.data.inputs)
        return Best(z[:0], np.zeros((0, self.target.shape[1])), alone, L, 0.0 if self.target.any() else alone)

    def features(self, z: Array) -> Array:
        """[z_k·(y_m, 1)]_+, shape (U, K)."""
        y = self.data.features
        return np.asarray(np.maximum(y @ z.T if self.data.penalise_bias else y @ z[:, :-1].T + z[:, -1], 0.0))

    def solve(self, z: Array, scale: float, means: Means) -> Best:
        """The best network over the kinks z, and the multipliers of its residual."""
        P = self.across.T @ (self.weight * self.features(z))
        decay = self.data.decay
        # Inputs that nearly coincide make rows that nearly do; in an orthonormal basis of rows the solver sees neither.
        rows, mix, right = (P, np.eye(len(P)), self.target) if decay is not None else orthonormal_rows(P, self.target)
        # The solver sees numbers near 1; multipliers are the same at every scale.
        scale = scale if decay is None and math.isfinite(scale) else 1.0
        a, off = cp.Variable((len(z), right.shape[1])), cp.Variable(right.shape)
        equation = rows @ a + (off if decay is not None else 0.0) == right / scale
        loss = cp.sum_squares(off) / (2 * decay * self.data.inputs) if decay is not None else 0.0
        program = cp.Problem(cp.Minimize(cp.sum(cp.norm(a, axis=1)) + loss), [equation])
        for solver, options in ((means.solver, means.options), ("SCS" if means.solver != "SCS" else "CLARABEL", {})):
            status = interruptible(lambda s=solver, o=options: solve(program, s, o), means.deadline)  # type: ignore[misc]
            if a.value is not None and equation.dual_value is not None and np.isfinite(a.value).all():
                L = self.weight * (self.across @ (mix @ -equation.dual_value))
                return self.corrected(z, P, scale * a.value, L)
            means.said.append(f"program over {len(z)} kinks: {solver} {status}")
        msg = f"neither {means.solver} nor its stand-in solved the program over {len(z)} kinks"
        raise ArithmeticError(msg)

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

    def thinned(self, best: Best) -> Best:
        """A network with the same values, no costlier, and no more neurons than there are conditions.

        The output weights keep their directions; their lengths are a vertex of a linear program (Carathéodory).
        """
        size = np.linalg.norm(best.a, axis=1)
        if len(size) <= 1:
            return best
        P, units = self.across.T @ (self.weight * self.features(best.z)), best.a / size[:, None]
        conditions = (P[:, None, :] * units.T[None]).reshape(-1, len(size))
        columns = np.abs(conditions).max(axis=0)
        right = (P @ best.a).ravel()
        try:
            found = linprog(1 / columns, A_eq=conditions / columns, b_eq=right, method="highs-ds")
        except ValueError:
            return best
        if found.x is None:
            return best
        fewer = self.corrected(best.z, P, found.x[:, None] / columns[:, None] * units, best.multipliers)
        if fewer.upper <= best.upper * (1 + 1e-9) and len(fewer.z) < len(best.z):
            return replace(best, z=fewer.z, a=fewer.a, upper=fewer.upper)
        return best

    def kept(self, z: Array, lasso: Best) -> Array:
        """The kinks that touch the dual constraint, as those that carry weight do, or nearly touch it.

        Without the latter the loop may go round: they would be missed as soon as they are left out.
        """
        values = np.linalg.norm(self.features(z).T @ lasso.multipliers, axis=1)
        return np.asarray(z[values > 0.8])

    def network(self, best: Best) -> ReLUNetwork:
        """The network of the best kinks, with the free part that fits, in the user's units."""
        data = self.data
        rest = self.weight * (data.targets - self.features(best.z) @ best.a)
        free: Array = np.asarray(np.linalg.lstsq(self.weight * data.free, rest, rcond=None)[0])
        V = free[1:].T if len(free) > 1 else None
        n = data.hull.rank
        if not data.penalise_bias:
            network = ReLUNetwork(best.a, best.z[:, :n], best.z[:, n], V, free[0])
            return network.lifted(data.hull, data.target_frame)
        affine = ReLUNetwork(np.zeros((0, best.a.shape[1])), np.zeros((0, n)), np.zeros(0), V, free[0])
        affine = affine.lifted(data.hull, data.target_frame)
        kinks = best.z @ data.input_frame.axes / data.input_frame.scale
        a = data.target_frame.scale * best.a @ data.target_frame.axes
        return ReLUNetwork(a, kinks[:, :-1], kinks[:, -1], affine.V, affine.c)
