"""Bounds for finite problems: what a network costs, and what no network for the same data can undercut.

For multipliers λ_m with Σ λ_m = 0 where c is free and Σ λ_m y_mᵀ = 0 where V is free, put
κ = max over ‖w‖ = 1 and b of ‖Σ λ_m [w·y_m + b]_+‖. Every network that interpolates costs at least Σ⟨λ_m, x_m⟩/κ,
since Σ⟨λ_m, x_m⟩ = Σ_k ⟨a_k, Σ_m λ_m [w_k·y_m + b_k]_+⟩. With weight decay, the same follows from Fenchel's
inequality for the squares. For fixed w the norm is convex in b between two inputs, so that kinks through an input
suffice. Nothing a solver says is trusted: λ is projected onto its equalities and κ computed afresh.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array, real_array
from exactnorm.certify.finite.correction import affine_to_last_digits, at_inputs, corrected_cost, last_digits
from exactnorm.certify.finite.dual_function import (
    dual_values,
    faces_on_plane,
    live_planes,
    maximisers,
    tops_of_cells,
    unseen,
)
from exactnorm.certify.interpolation import rounding_at
from exactnorm.finite_problem import Coordinates, FiniteProblem, coordinates
from exactnorm.network import ReLUNetwork, lengths
from exactnorm.patterns import TooManyPatternsError

LARGEST = 300_000
"""Faces to look at: some ten seconds for each look at all of them."""
BLOCK = 2**19
"""Numbers that are computed at once."""


def projected(data: Coordinates, multipliers: Array) -> Array:
    """The nearest multipliers, shape (U, q), that are orthogonal to everything that costs nothing.

    Rows that are zero stay so: multipliers of a part of the data bound the whole. Zero where what is left is no more
    than the rounding of what was removed.
    """
    on = multipliers.any(axis=1)
    basis = np.linalg.qr(data.free[on])[0]
    out = multipliers.copy()
    before = float(np.abs(out).max(initial=0.0))
    for _ in range(4):  # until little is removed, as a pass leaves rounding of the size of what it removed
        size = float(np.abs(out).max(initial=0.0))
        for _ in range(2):
            out[on] -= basis @ (basis.T @ out[on])
        if not float(np.abs(out).max(initial=0.0)) < 0.1 * size:
            break
    return out if float(np.abs(out).max(initial=0.0)) > 1e-12 * before else np.zeros_like(out)


def faces(data: Coordinates, size: int) -> int:
    """About how many faces of activation patterns `size` of the inputs have."""
    n = data.features.shape[1]
    power: int = n - 1 if data.penalise_bias and n > 1 else n
    return int(size**power)


@dataclass(frozen=True, eq=False)
class Faces:
    """The faces to go through for some multipliers, in pieces that can be looked at one by one.

    With free biases a piece is all kinks through one input; with penalised ones all kinks z orthogonal to one feature.

    Parameters
    ----------
    features : ndarray, shape (M, n)
    multipliers : ndarray, shape (M, q)
    penalise_bias : bool
    pieces : ndarray of int
        Rows of the features that have a piece.
    """

    features: Array
    multipliers: Array
    penalise_bias: bool
    pieces: NDArray[np.intp]

    def look(self, m: int) -> tuple[Array, Array, set[bytes]]:
        """Kinks of piece m, the values there, and the cells next to it: which rows are on, packed into bits.

        The cells are wanted by `inside`, and none with free biases.
        """
        if self.penalise_bias:
            z, cells = faces_on_plane(self.features, self.multipliers, m)
            on = {row.tobytes() for row in np.packbits(cells > 0, axis=1)}
            return z, dual_values(self.features, self.multipliers, z), on
        offsets = self.features - self.features[m]
        w = maximisers(offsets, self.multipliers)
        z = np.column_stack([w, -w @ self.features[m]])
        return z, dual_values(offsets, self.multipliers, w), set()

    def inside(self, cells: set[bytes]) -> Iterator[tuple[Array, Array]]:
        """Kinks inside the cells that all pieces together have found, and the values there, some at a time."""
        (M, n), q, listed = self.features.shape, self.multipliers.shape[1], sorted(cells)
        step = max(1, BLOCK // (M + n * q))
        for k in range(0, len(listed), step):
            bits = np.frombuffer(b"".join(listed[k : k + step]), np.uint8).reshape(-1, -(-M // 8))
            on = np.unpackbits(bits, axis=1, count=M).astype(float)
            z = tops_of_cells(self.features, self.multipliers, on)
            yield z, dual_values(self.features, self.multipliers, z)


def faces_of(data: Coordinates, multipliers: Array) -> Faces | None:
    """The faces to go through, or None where they need no pieces: on a line, and for features of rank 1 or 2.

    Raises
    ------
    TooManyPatternsError
        If there are more than `LARGEST` faces to look at.
    """
    on = multipliers.any(axis=1)
    features, multipliers = data.features[on], multipliers[on]
    if features.shape[1] == 1 or (data.penalise_bias and features.shape[1] == 2):
        return None
    if (many := faces(data, len(features))) > LARGEST:
        msg = f"{len(features)} inputs have about {many:.0e} faces of activation patterns, more than {LARGEST:.0e}"
        raise TooManyPatternsError(msg)
    pieces = live_planes(features) if data.penalise_bias else np.arange(len(features))
    return Faces(features, multipliers, data.penalise_bias, pieces)


def peaks(data: Coordinates, multipliers: Array) -> Iterator[tuple[Array, Array]]:
    """Kinks z, shape (C, n) or with b as last column, and ‖Σ λ_m [z·(y_m, 1)]_+‖ there; one of all is largest.

    Raises
    ------
    TooManyPatternsError
        If there are more than `LARGEST` faces to look at.
    """
    found = faces_of(data, multipliers)
    if found is None:
        yield few_peaks(data, multipliers)
        return
    cells: set[bytes] = set()
    for m in found.pieces:
        z, values, near = found.look(m)
        cells |= near
        yield z, values
    yield from found.inside(cells)


def few_peaks(data: Coordinates, multipliers: Array) -> tuple[Array, Array]:
    """The same at once, where there are no pieces."""
    on = multipliers.any(axis=1)
    features, multipliers = data.features[on], multipliers[on]
    if not data.penalise_bias:
        return _line_peaks(features[:, 0], multipliers)
    z = maximisers(features, multipliers)
    return z, dual_values(features, multipliers, z)


def _line_peaks(y: Array, multipliers: Array) -> tuple[Array, Array]:
    """On a line: ‖Σ λ_m [±(y_m − t)]_+‖ at every input t, in one pass from either end."""
    order = np.argsort(y, kind="stable")
    t, L = y[order], multipliers[order]
    gaps = np.diff(t)[:, None]
    zero = np.zeros((1, L.shape[1]))
    below = np.vstack([zero, np.cumsum(np.cumsum(L, axis=0)[:-1] * gaps, axis=0)])
    above = np.vstack([zero, np.cumsum(np.cumsum(L[::-1], axis=0)[:-1] * gaps[::-1], axis=0)])[::-1]
    ones = np.ones(len(t))
    z = np.vstack([np.column_stack([ones, -t]), np.column_stack([-ones, t])])
    return z, np.linalg.norm(np.vstack([above, below]), axis=1)


def largest_dual_value(data: Coordinates, multipliers: Array, check: Callable[[], None] = lambda: None) -> float:
    """κ, the maximum of ‖Σ λ_m [w·y_m + b]_+‖ over all kinks; `check` is called now and then, and may raise."""
    kappa = 0.0
    for _, values in peaks(data, multipliers):
        kappa = max(kappa, float(values.max(initial=0.0)))
        check()
    return kappa


def _off_affine(data: Coordinates) -> Array:
    basis = np.linalg.qr(data.free)[0]
    return np.asarray(data.targets - basis @ (basis.T @ data.targets))


def lower_value(data: Coordinates, multipliers: Array, kappa: float) -> tuple[float, float]:
    """The lower bound, in coordinates, that projected multipliers with largest dual value κ give.

    Also the factor that brings the multipliers to where they give it, with a largest dual value of at most 1. The
    rounding of the sums is taken off, so that terms which cancel gain nothing.
    """
    # λ is orthogonal to affine functions; leaving them out of x keeps digits.
    terms = multipliers * _off_affine(data)
    last = 4 * float(np.finfo(float).eps)
    # What was left out has rounded too: next to inputs that nearly coincide, multipliers make much of that.
    gain = float(terms.sum()) - last * float((np.abs(multipliers) * np.abs(data.targets).max(axis=0)).sum())
    kappa += last * float(np.linalg.norm(multipliers, axis=1) @ np.linalg.norm(data.features, axis=1))
    kappa += unseen(data.features, multipliers) + float(np.linalg.norm(multipliers, axis=1) @ data.beside)
    if data.decay is None:
        return (gain / kappa, 1 / kappa) if kappa > 0 and gain > 0 else (0.0, 0.0)
    square = data.inputs * float((multipliers**2 / data.counts[:, None]).sum())
    if not (gain > 0 and square > 0 and data.decay > 0):  # which may vanish in these units
        return data.spread, 0.0
    # θλ with the best θ such that θκ ≤ λ_wd: a parabola on an interval.
    theta = min(gain / square, data.decay / kappa if kappa > 0 else np.inf)
    return data.spread + theta * gain - theta**2 * square / 2, theta / data.decay


def finite_lower_bound(problem: FiniteProblem, multipliers: Array, check: Callable[[], None] = lambda: None) -> float:
    """A number that no network's objective undercuts, up to rounding, from any multipliers.

    Parameters
    ----------
    problem : FiniteProblem
    multipliers : ndarray, shape (U, r)
        One row for each distinct input, in lexicographic order; columns are coordinates of the targets' affine hull, or
        of their span where the network has no constant.
    check : callable
        Called now and then while faces are gone through; what it raises ends the search.

    Raises
    ------
    ValueError
        If the shape does not fit, an entry is not finite, or there are too many activation patterns to go through.
    """
    data = coordinates(problem)
    multipliers = real_array(multipliers, "multipliers")
    if multipliers.shape != data.targets.shape:
        msg = f"multipliers have shape {multipliers.shape}; expected finite ones of shape {data.targets.shape}"
        raise ValueError(msg)
    if affine_to_last_digits(problem, check):
        return 0.0  # as an affine network is worth 0 then; what is left may be rounding
    if problem.skip and not data.in_hull:
        return 0.0  # across the flat that they nearly lie in, an affine function costs nothing, however steep
    size = float(np.abs(multipliers).max())
    L = projected(data, multipliers / size) if size > 0 else multipliers
    if not L.any():
        return data.unit * lower_value(data, L, 0.0)[0]
    L = L / np.abs(L).max()  # neither their size before nor what is left of it matters
    return data.unit * lower_value(data, L, largest_dual_value(data, L, check))[0]


def unsure_bound(problem: FiniteProblem, multipliers: Array) -> float:
    """By how much two computations of the bound that multipliers give may differ, in the user's units.

    The multipliers are those that `lower_value` makes of others, with a largest dual value of at most 1.
    """
    data, last = coordinates(problem), 8 * float(np.finfo(float).eps)
    size = np.linalg.norm(multipliers, axis=1)
    gain = float((multipliers * _off_affine(data)).sum())
    terms = float((np.abs(multipliers) * np.abs(data.targets).max(axis=0)).sum())
    kappa = float(size @ np.linalg.norm(data.features, axis=1)) + 2 * unseen(data.features, multipliers) / last
    return data.unit * (1.0 if data.decay is None else data.decay) * last * (terms + abs(gain) * kappa)


def network_cost(problem: FiniteProblem, network: ReLUNetwork) -> float:
    """R(f) as the problem counts it: Σ ‖a_k‖ ‖w_k‖, or Σ ‖a_k‖ ‖(w_k, b_k)‖ with penalised biases."""
    if not problem.penalise_bias:
        return network.representation_cost
    return float(lengths(network.a) @ lengths(np.column_stack([network.w, network.b])))


def finite_upper_bound(
    problem: FiniteProblem, network: ReLUNetwork, check: Callable[[], None] = lambda: None
) -> tuple[float, float]:
    """A number that the least objective does not exceed, up to rounding, and the largest residual ‖f(y_m) − x_m‖.

    It is the objective at `network`; for interpolation, with the cost of correcting the network's residual added where
    that is more than rounding. Infinite for a network that misses its targets by more than `MISSED` of their spread.
    `check` is called now and then, and may raise.

    Raises
    ------
    ValueError
        If the network's shape does not fit, or it has a skip connection or a constant where the problem has none.
    """
    p, q = problem.inputs.shape[1], problem.targets.shape[1]
    if (network.dimension, network.outputs) != (p, q):
        msg = f"the network maps R^{network.dimension} to R^{network.outputs}, the problem R^{p} to R^{q}"
        raise ValueError(msg)
    if network.V is not None and not problem.skip:
        msg = "the network has a skip connection, but the problem has none"
        raise ValueError(msg)
    if network.c.any() and not problem.constant:
        msg = "the network has a constant, but the problem has none"
        raise ValueError(msg)
    off = lengths(at_inputs(network, problem.inputs, check) - problem.targets)
    cost = network_cost(problem, network)
    error = float(off.max())
    if problem.weight_decay is None:
        return corrected_cost(problem, network, cost, error, check)
    # The values are known to so many digits: each residual may be larger by that. Targets have their last digits too.
    off = off + rounding_at(network, problem.inputs)
    affine = cost == 0 and bool((off <= last_digits(problem)).all())
    loss = 0.0 if affine else float((off**2).sum()) / (2 * len(off))
    return loss + problem.weight_decay * cost, error
