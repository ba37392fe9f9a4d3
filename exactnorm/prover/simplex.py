"""The corners of a regular simplex in exact numbers: the network of one ramp a corner, and dual matrices nearby."""

from __future__ import annotations

from flint import fmpq, fmpq_mat

from exactnorm.arrays import Array
from exactnorm.certify.balls.simplex import simplex_matrices
from exactnorm.proof.problem import Balls, product
from exactnorm.proof.rationals import root
from exactnorm.proof.records import ProvedNeuron
from exactnorm.prover.rays import inside

LARGEST = 10
"""Corners beyond which there are too many patterns to make cells for."""


def corner_neurons(problem: Balls) -> tuple[ProvedNeuron, ...] | None:
    """The network c + Σ (x_n − c) φ_n(u_n·y), c the centre, with ramps across the gaps; None where there is none.

    For the first corner, which is off everywhere, 1 − φ_0 stands in place of φ_0.
    """
    size, r = problem.size, problem.rank
    if r != size - 1:
        return None
    corners = problem.gamma.solve(problem.heights.transpose())
    centre = [sum((corners[i, n] for n in range(size)), fmpq(0)) / size for i in range(r)]
    out: list[ProvedNeuron] = []
    for n in range(size):
        step = [corners[i, n] - centre[i] for i in range(r)]
        sign = 1 if n > 0 else -1
        w = tuple(sign * one for one in step)
        at = problem.heights * fmpq_mat([[one] for one in w])
        reach = problem.rho * root(product(w, problem.gamma, w), upper=True)
        others = [at[m, 0] for m in range(size) if m != n]
        low, high = (max(others), at[n, 0]) if n > 0 else (at[0, 0], min(others))
        kinks = inside(low + reach, high - reach, open_=problem.rho == 0)
        if kinks is None:
            return None
        rise = kinks[1] - kinks[0]
        out.append(ProvedNeuron(w, -kinks[0], tuple(sign * one / rise for one in step)))
        out.append(ProvedNeuron(w, -kinks[1], tuple(-sign * one / rise for one in step)))
    return tuple(out)


def nearby_matrices(X: Array, rho: float) -> Array | None:
    """The dual matrices of the theorem in the frame's coordinates, for points that are regular to rounding only."""
    size, r = X.shape
    return simplex_matrices(X, rho) if r == size - 1 and size <= LARGEST else None
