"""Weight decay with inputs on a line: one sparse program, at any size.

The dual function is the norm of a function that is linear between inputs, so kinks between inputs are never needed:
the values at the inputs are a group lasso on slope jumps (ℓ1 trend filtering; Kim, Koh, Boyd and Gorinevsky, 2009).
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from exactnorm.arrays import Array
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.settings import Solver
from exactnorm.exact.solvers.cone_program import ConeProgram, solution
from exactnorm.finite_problem import Coordinates
from exactnorm.network import ReLUNetwork


def smoothed(data: Coordinates, solver: Solver, deadline: Deadline) -> tuple[ReLUNetwork, Array, str]:
    """Weight decay: the network and multipliers, in coordinates, and who solved it with which status.

    Raises
    ------
    ArithmeticError
        If no solver gives numbers.
    """
    order = np.argsort(data.features[:, 0], kind="stable")
    t, x, counts = data.features[order, 0], data.targets[order], data.counts[order]
    found = solution(filter_program(data, t, x, counts), solver, deadline)
    off, slopes, jumps, _ = split(found.x, len(t), x.shape[1])
    bent = np.linalg.norm(jumps, axis=1) > 1e-7 * max(1e-9, float(np.abs(slopes).max()))
    multipliers = np.empty_like(x)
    multipliers[order] = -counts[:, None] * off / data.inputs
    status = f"{found.instead or solver.name}: {found.status}"
    return refitted(data, t[1:-1][bent], jumps[bent]), multipliers, status


def split(v: Array, U: int, q: int) -> tuple[Array, Array, Array, Array]:
    """Values less targets (U, q), slopes (U − 1, q), jumps (U − 2, q) and the jumps' lengths (U − 2,)."""
    ends = np.cumsum([U * q, (U - 1) * q, (U - 2) * q])
    off, slopes, jumps, lengths = np.split(v, ends)
    return off.reshape(U, q), slopes.reshape(-1, q), jumps.reshape(-1, q), lengths


def filter_program(data: Coordinates, t: Array, x: Array, counts: Array) -> ConeProgram:
    """The loss over λ and the lengths of the slope jumps, over values, slopes and jumps at the sorted inputs t.

    Values, slopes and jumps are all variables: then every coefficient is at most 1, however close two inputs are.
    Divided by λ, the jumps cost their own size, and the dual function is at most 1. Values are counted from the
    targets, so that the loss has no part that is linear in them.
    """
    assert data.decay is not None
    U, q = x.shape
    one = sparse.eye_array(q)
    steps = sparse.kron(_differences(U), one)
    turns = sparse.kron(_differences(U - 1), one)
    gaps = sparse.kron(sparse.diags_array(np.diff(t)), one)
    # Each jump's length, and below it the jump itself.
    lengths = sparse.kron(sparse.eye_array(U - 2), sparse.csr_array(np.eye(q + 1, 1)))
    jumps = sparse.kron(sparse.eye_array(U - 2), sparse.csr_array(np.eye(q + 1, q, -1)))
    A = sparse.block_array(
        [
            [steps, -gaps, None, None],
            [None, turns, -sparse.eye_array((U - 2) * q), None],
            [None, None, -jumps, -lengths],
        ],
        format="csc",
    )
    A.eliminate_zeros()
    weights = np.concatenate([np.repeat(counts / data.inputs, q) / data.decay, np.zeros(A.shape[1] - U * q)])
    b = np.zeros(A.shape[0])
    b[: (U - 1) * q] = -np.diff(x, axis=0).ravel()
    price = np.zeros(A.shape[1])
    price[A.shape[1] - (U - 2) :] = 1.0
    P = sparse.csc_matrix(sparse.diags_array(weights))
    zero = (U - 1) * q + (U - 2) * q
    return ConeProgram(price, sparse.csc_matrix(A), b, 0, (q + 1,) * (U - 2), zero=zero, P=P)


def _differences(size: int) -> sparse.csr_array:
    """Rows that subtract each of `size` numbers from the next."""
    return sparse.csr_array(sparse.eye_array(size - 1, size, k=1) - sparse.eye_array(size - 1, size))


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
