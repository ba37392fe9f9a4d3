"""Finite problems on a line: the linear interpolant costs least, at any size, and no solver is needed.

With a skip connection and free biases the dual function Σ λ_m [t_m − t]_+ is linear between inputs, so its norm is
largest at inputs. Let g be any function that is linear between inputs, zero at the outer ones, and at every other input
of norm at most 1; with λ_m its kinks, Σ⟨λ_m, x_m⟩ = Σ⟨g(t), slope jump of the interpolant at t⟩. Along the jumps g
makes this the sum of their norms, which is what the interpolant costs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.certificate import Certificate
from exactnorm.certify.finite_certificate import finite_certificate, finite_status
from exactnorm.finite_problem import Coordinates, FiniteProblem, coordinates
from exactnorm.network import ReLUNetwork

NEAR = 16
"""Units in the last place of the largest coordinate by which rounding may tell inputs apart."""


def on_a_line(data: Coordinates) -> bool:
    """Whether the inputs have rank 1, with a skip connection and free biases."""
    return data.features.shape[1] == 1 and not data.penalise_bias and data.free.shape[1] == 2


def certified_interpolant(problem: FiniteProblem, tol: float) -> tuple[ReLUNetwork, Certificate, str] | None:
    """Network, certificate and status, or None where the statement does not apply."""
    if problem.weight_decay is not None or problem.penalise_bias or not problem.skip:
        return None
    data = coordinates(problem)
    if not on_a_line(data):
        return None
    reason = "the inputs lie on a line, where the linear interpolant costs least"
    found = []
    for find in _straight, linear_interpolant, lambda one: linear_interpolant(one, 0.0):
        network, multipliers = find(data)
        network = network.lifted(data.input_frame, data.target_frame)
        found.append((network, finite_certificate(problem, network, multipliers)))
        if found[-1][1].certifies(tol):
            break
    network, certificate = min(found, key=lambda one: one[1].gap)
    return network, certificate, finite_status(reason, certificate, tol) + "."


def _straight(data: Coordinates) -> tuple[ReLUNetwork, Array]:
    """The affine function that is nearest to the targets, and multipliers that show nothing."""
    value, slope = np.linalg.lstsq(data.free, data.targets, rcond=None)[0]
    none = np.zeros_like(data.targets)
    return bent_line(none[:0, 0], none[:0], slope, 0.0, value), none


def linear_interpolant(data: Coordinates, near: float = NEAR) -> tuple[ReLUNetwork, Array]:
    """The linear interpolant, in coordinates, and multipliers (U, q) that show that it costs least.

    Inputs that differ by so little, `near`, count as one where their targets are equal.
    """
    order = np.argsort(data.features[:, 0], kind="stable")
    order = order[_told_apart(data.features[order, 0], data.targets[order], near)]
    t, x = data.features[order, 0], data.targets[order]
    gaps = np.diff(t)
    slopes = np.diff(x, axis=0) / gaps[:, None]
    jumps = np.diff(slopes, axis=0)
    size = np.linalg.norm(jumps, axis=1)
    # A jump that rounding of the targets can make is none.
    bent = size > 8 * np.finfo(float).eps * (1 / gaps[:-1] + 1 / gaps[1:])
    multipliers = np.zeros_like(data.targets)
    multipliers[order] = _kinks_of_unit_jumps(t, 1 + np.flatnonzero(bent), jumps[bent] / size[bent, None])
    return bent_line(t[1:-1][bent], jumps[bent], slopes[0], t[0], x[0]), multipliers


def _told_apart(t: Array, x: Array, near: float) -> NDArray[np.bool_]:
    """Which of the inputs, in order, are not the one before: what rounding has made equal, or may have, counts once.

    Those that it has not quite made equal do so where their targets agree; where they do not, they are as they are.
    """
    eps = float(np.finfo(float).eps)
    gap, off = np.diff(t, prepend=-np.inf), np.abs(np.diff(x, axis=0, prepend=np.inf)).max(axis=1)
    return np.asarray((gap > near * eps * float(np.abs(t).max())) | ((gap > 0) & (off > 8 * eps)))


def bent_line(kinks: Array, jumps: Array, slope: Array, start: float, value: Array) -> ReLUNetwork:
    """The network that runs through `value` at `start` with `slope`, which jumps by `jumps` (K, q) at `kinks` (K,)."""
    return ReLUNetwork(jumps, np.ones((len(kinks), 1)), -kinks, slope[:, None], value - slope * start)


def _kinks_of_unit_jumps(t: Array, knots: NDArray[np.intp], units: Array) -> Array:
    """Slope jumps at t of the function that is `units` at the knots, linear between, and 0 at and beyond the ends.

    Linear between knots, rather than zero: that keeps the multipliers as small as the data allow.
    """
    fixed = np.concatenate([[0], knots, [len(t) - 1]]).astype(int)
    zero = np.zeros((1, units.shape[1]))
    heights = np.vstack([zero, units, zero])
    slopes = np.diff(heights, axis=0) / np.diff(t[fixed])[:, None]
    bends = np.zeros((len(t), units.shape[1]))
    bends[fixed] = np.vstack([slopes, zero]) - np.vstack([zero, slopes])
    return bends
