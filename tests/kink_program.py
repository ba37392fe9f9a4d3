"""The group lasso over given kinks written out in CVXPY, with none of the package's reductions, and its way back."""

from dataclasses import dataclass

import cvxpy as cp
import numpy as np


def slope_and_value(points):
    """T_n = [0 | x_n − x_0], shape (N, r, r + 1): no slope on ball n, and the value x_n there."""
    return np.concatenate([np.zeros((*points.shape, points.shape[1])), (points - points[0])[:, :, None]], axis=2)


@dataclass(frozen=True, eq=False)
class KinkProgram:
    """Row k of `a` is the output weight of kink k, divided by `scale`."""

    problem: cp.Problem
    a: cp.Variable
    scale: float
    interpolation: tuple[cp.Constraint, ...]


def kink_program(points, kinks, scale=1.0):
    """Minimise Σ ‖a_k‖ over networks with the given kinks that interpolate the balls: a second-order cone program."""
    a = cp.Variable((len(kinks), points.shape[1]))
    z = kinks.z
    interpolation = tuple(
        a[on].T @ z[on] == target
        for on, target in zip(kinks.pattern.T[1:], slope_and_value(points)[1:] / scale, strict=True)
    )
    problem = cp.Problem(cp.Minimize(cp.sum(cp.norm(a, axis=1))), list(interpolation))
    return KinkProgram(problem, a, scale, interpolation)


def dual_matrices(program):
    """B, shape (N − 1, r, r + 1): the multipliers of interpolation, with the sign that makes Σ⟨B_n, T_n⟩ the value."""
    # CVXPY adds y·(lhs − rhs) to the objective for an equality.
    return -np.array([constraint.dual_value for constraint in program.interpolation])
