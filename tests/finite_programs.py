"""Finite problems written out on given kinks, and what every answer must fulfil."""

import cvxpy as cp
import numpy as np

from exactnorm import check_certificate


def plain_program(inputs, targets, w, b, *, skip, penalise_bias, constant=True, weight_decay=None):
    """Least objective over networks with the given kinks, written out without any of the package's reductions."""
    z = np.column_stack([w, b])
    norm = np.linalg.norm(z if penalise_bias else w, axis=1)
    features = np.maximum(inputs @ w.T + b, 0) / norm
    q = targets.shape[1]
    a, V, c = cp.Variable((len(z), q)), cp.Variable((inputs.shape[1], q)), cp.Variable((1, q))
    value = features @ a
    if constant:
        value = value + np.ones((len(inputs), 1)) @ c
    if skip:
        value = value + inputs @ V
    cost = cp.sum(cp.norm(a, axis=1))
    if weight_decay is None:
        problem = cp.Problem(cp.Minimize(cost), [value == targets])
    else:
        loss = cp.sum_squares(value - targets) / (2 * len(inputs))
        problem = cp.Problem(cp.Minimize(loss + weight_decay * cost))
    return float(problem.solve(solver="CLARABEL"))


def kinks_through_inputs(inputs, directions):
    """Every kink normal to a direction through an input."""
    w = np.repeat(directions, len(inputs), axis=0)
    return w, -(directions @ inputs.T).ravel()


def circle(count):
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.column_stack([np.cos(angles), np.sin(angles)])


def checked(found, tol=1e-6):
    """The bracket, recomputed from arrays."""
    lower, upper, error = check_certificate(found.certificate, found.problem, found.network)
    assert 0 <= lower <= upper * (1 + 1e-9)
    assert found.certificate.gap <= tol
    if found.problem.weight_decay is None:
        assert error <= 1e-9 * np.ptp(found.problem.targets)
    return lower, upper
