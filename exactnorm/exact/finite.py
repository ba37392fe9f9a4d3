"""Finite problems: a network over a growing set of kinks above, its multipliers made feasible below.

A group lasso over kinks gives a network, whose objective is the upper bound, and multipliers λ. Dividing them by the
largest value κ of their dual function, found by going through all faces of all activation patterns, gives the lower
bound; the kinks where the dual function exceeds 1 join the set. At the end of the loop nothing exceeds 1 + tol.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from exactnorm.certify.certificate import Certificate
from exactnorm.certify.finite import lower_value, peaks, projected
from exactnorm.certify.finite_certificate import finite_certificate, finite_status
from exactnorm.closed_form.interpolant import on_a_line
from exactnorm.exact.clock import Deadline, OutOfTimeError
from exactnorm.exact.finite_lasso import Best, Master, Means
from exactnorm.exact.line import smoothed
from exactnorm.exact.subset import along_a_line, subset_bracket, too_large
from exactnorm.finite_problem import Coordinates, FiniteProblem, coordinates
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import Array

ROUNDS = 200
"""More rounds than any problem that converges has been seen to need."""


CROWD = 500
"""So many kinks more than twice the conditions, and those that do not matter are left out."""


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
    return master.network(master.thinned(best, means.tol)), best.multipliers, f"{reason}; {rounds} rounds"


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
