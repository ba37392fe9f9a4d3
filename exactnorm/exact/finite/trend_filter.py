"""Weight decay with inputs on a line: one sparse program, at any size.

The dual function is the norm of a function that is linear between inputs, so kinks between inputs are never needed:
the values at the inputs are a group lasso on slope jumps (ℓ1 trend filtering; Kim, Koh, Boyd and Gorinevsky, 2009).
"""

from __future__ import annotations

from typing import Any

import cvxpy as cp
import numpy as np
from scipy import sparse

from exactnorm.arrays import Array
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.solvers.cvxpy_problem import solve
from exactnorm.finite_problem import Coordinates
from exactnorm.network import ReLUNetwork


def smoothed(
    data: Coordinates, solver: str, options: dict[str, Any], deadline: Deadline
) -> tuple[ReLUNetwork, Array, str]:
    """Weight decay: the network and multipliers, in coordinates, and the solver's status.

    Raises
    ------
    ArithmeticError
        If the solver stops without numbers.
    """
    assert data.decay is not None
    order = np.argsort(data.features[:, 0], kind="stable")
    t, x, counts = data.features[order, 0], data.targets[order], data.counts[order]
    gaps, U, q = np.diff(t), *x.shape
    # Values, slopes and jumps are all variables: then every coefficient is at most 1, however close two inputs are.
    f, s, a = cp.Variable((U, q)), cp.Variable((U - 1, q)), cp.Variable((max(U - 2, 1), q))
    steps = sparse.diags_array(gaps)
    conditions = [f[1:] - f[:-1] == steps @ s, s[1:] - s[:-1] == a if U > 2 else a == 0]
    weights = sparse.diags_array(np.sqrt(counts / data.inputs))
    # Divided by λ: the jumps then cost their own size, and the dual function is at most 1.
    loss = cp.sum_squares(weights @ (f - x)) / (2 * data.decay)
    problem = cp.Problem(cp.Minimize(loss + cp.sum(cp.norm(a, axis=1))), conditions)
    status = solve(problem, solver, options, deadline)
    if f.value is None or not np.isfinite(f.value).all():
        msg = f"{solver} did not solve the program on the line: {status}"
        raise ArithmeticError(msg)
    jumps = a.value[: U - 2]
    bent = np.linalg.norm(jumps, axis=1) > 1e-7 * max(1e-9, float(np.abs(s.value).max()))
    multipliers = np.empty_like(x)
    multipliers[order] = counts[:, None] * (x - f.value) / data.inputs
    return refitted(data, t[1:-1][bent], jumps[bent]), multipliers, status


def refitted(data: Coordinates, kinks: Array, jumps: Array) -> ReLUNetwork:
    """The bent line with these jumps, and the slope and value that fit best."""
    bends = np.maximum(data.features - kinks, 0.0) @ jumps if len(kinks) < 2000 else _bends(data, kinks, jumps)
    weight = np.sqrt(data.counts)[:, None]
    line = np.linalg.lstsq(weight * data.free, weight * (data.targets - bends), rcond=None)[0]
    # The second free function is the coordinate in the inputs' hull, which is the feature itself.
    return ReLUNetwork(jumps, np.ones((len(kinks), 1)), -kinks, line[1][:, None], line[0])


def _bends(data: Coordinates, kinks: Array, jumps: Array) -> Array:
    """Σ jumps [t − kink]_+ at all inputs, from running sums: Σ jumps · t − Σ jumps · kink over the kinks passed."""
    passed = np.searchsorted(kinks, data.features[:, 0])
    slope = np.vstack([np.zeros_like(jumps[:1]), np.cumsum(jumps, axis=0)])[passed]
    offset = np.vstack([np.zeros_like(jumps[:1]), np.cumsum(jumps * kinks[:, None], axis=0)])[passed]
    return np.asarray(slope * data.features - offset)
