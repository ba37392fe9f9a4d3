"""A network that interpolates exactly: the solver's, its weights rounded, and a correction of what that leaves.

The kinks are moved into the open space between the balls. What the neurons then miss is a matrix for every ball, which
a few more neurons supply: for a pattern, r + 1 kinks that span all (w, b) make up any matrix. Where the network of the
solver is exact to rounding, so small are the output weights of the correction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.constancy import sides_of_balls
from exactnorm.certify.effort import CertificateUndecided, Effort
from exactnorm.geometry import separating_hyperplane
from exactnorm.network import ReLUNetwork
from exactnorm.proof.network import sides
from exactnorm.proof.problem import Balls, product
from exactnorm.proof.rationals import exact, rounded
from exactnorm.proof.records import ProvedNeuron
from exactnorm.prover.frame import Coordinates, matrix
from exactnorm.training_set import TrainingSet

DIGITS = 18
"""Decimals of weights."""
MOST_PATTERNS = 1000
"""Patterns beside the network's own that are looked at for a correction."""


class NoNetworkError(ArithmeticError):
    """No exact network was found near the solver's."""


def exact_neurons(
    where: Coordinates,
    network: ReLUNetwork,
    switched: NDArray[np.bool_],
    points: Array,
    X: Array,
    patterns: Callable[[], NDArray[np.bool_]],
    check: Callable[[], None] = lambda: None,
) -> tuple[ProvedNeuron, ...]:
    """Neurons that map every ball to its centre exactly, near those of the network.

    Parameters
    ----------
    where : Coordinates
    network : ReLUNetwork
        On the points' own space, without V.
    switched : ndarray of bool, shape (K, N)
        The points on which each of its neurons counts as on.
    points : ndarray, shape (N, d)
    X : ndarray, shape (N, k)
        The points in the frame.
    patterns : callable
        Called for patterns (P, N) to correct with, where those of the network do not suffice.

    Raises
    ------
    NoNetworkError
        If a pattern that is needed has no room for a kink, or the patterns do not span what is missed.
    """
    neurons = rounded_neurons(where, network, switched, points, X, check)
    missed = residual(where, neurons)
    own = np.array([kink_sides(where.problem, one.w, one.b) for one in neurons]).reshape(-1, len(points)) > 0
    own = np.unique(own, axis=0)
    try:
        return (*neurons, *correction(where, X, own, missed, check))
    except NoNetworkError:
        more = np.unique(np.vstack([own, patterns()[:MOST_PATTERNS]]), axis=0)
        return (*neurons, *correction(where, X, more, missed, check))


def rounded_neurons(
    where: Coordinates,
    network: ReLUNetwork,
    switched: NDArray[np.bool_],
    points: Array,
    X: Array,
    check: Callable[[], None] = lambda: None,
) -> list[ProvedNeuron]:
    """The network's neurons in the basis, their kinks inside their gaps; `switched` as for `exact_neurons`.

    A kink that touches balls enters them by rounding. A little of the one in the middle of the widest gap of its
    pattern is added to (w, b): cones are convex.

    Raises
    ------
    NoNetworkError
        If there is no room for a pattern.
    """
    r, unit = where.problem.rank, 2.0**where.unit
    differences = where.differences
    norms = np.linalg.norm(network.w, axis=1)
    w = where.problem.gamma.solve(differences * matrix(network.w / norms[:, None]).transpose())
    a = where.problem.gamma.solve(differences * matrix(network.a * norms[:, None]).transpose())
    offset = (network.w @ points[0] + network.b) / norms / unit
    out = []
    for k in range(network.neurons):
        on = switched[k]
        direction, level = [w[i, k] for i in range(r)], exact(float(offset[k]))
        if on[0]:  # a [t]_+ = a t + a [−t]_+, and slopes and constants are free
            on, direction, level = ~on, [-one for one in direction], -level
        if not on.any():
            continue
        check()
        kink = moved_inside(where, X, on, direction, level)
        out.append(ProvedNeuron(*kink, tuple(rounded(a[i, k], DIGITS) for i in range(r))))
    return out


def with_sides(network: ReLUNetwork, train: TrainingSet, effort: Effort) -> tuple[ReLUNetwork, NDArray[np.bool_]]:
    """The network, and on which points each of its neurons counts as on, (K, N).

    For small balls kinks run through points, and the network has forgotten on which side they passed, and which of its
    neurons were several: it comes in parts then, with sides that make it constant near every point.
    """
    with suppress(CertificateUndecided):
        found = sides_of_balls(network, train, effort)
        if found.packed.size:
            return found.network, np.unpackbits(found.packed, axis=1, count=found.network.neurons).T > 0
    x = train.points[0]
    return network, ((train.points - x) @ network.w.T + (network.w @ x + network.b) > 0).T


def named(on: NDArray[np.bool_]) -> str:
    """A pattern for a message."""
    return f"{np.flatnonzero(on).tolist()}"


def moved_inside(
    where: Coordinates, X: Array, on: NDArray[np.bool_], w: Sequence[fmpq], b: fmpq
) -> tuple[tuple[fmpq, ...], fmpq]:
    """(w, b) with as little of the middle of the widest gap as keeps the kink out of all balls."""
    normal, level, half = separating_hyperplane(X[on], X[~on])
    room = half - float(where.problem.rho) / float(where.ratio)
    if not room > 0:
        msg = f"there is no room for kinks of pattern {named(on)}"
        raise NoNetworkError(msg)
    row, height = where.vectors(normal), exact(level) * where.ratio
    middle = [row[0, i] for i in range(len(w))]
    share, wanted = exact(2.0**-52), np.where(on, 1, -1).tolist()
    while share < 1:
        mixed = tuple(rounded((1 - share) * x + share * y, DIGITS) for x, y in zip(w, middle, strict=True))
        offset = rounded((1 - share) * b + share * height, DIGITS)
        if kink_sides(where.problem, mixed, offset) == wanted:
            return mixed, offset
        share *= 4
    msg = f"no kink of pattern {named(on)} was found that misses all balls"
    raise NoNetworkError(msg)


def residual(where: Coordinates, neurons: Sequence[ProvedNeuron]) -> list[fmpq_mat]:
    """For every ball but the first, the matrix r × (r + 1) that the neurons on it leave to be supplied."""
    problem = where.problem
    r, size = problem.rank, problem.size
    wanted = problem.gamma.solve(problem.heights.transpose())
    switched = fmpq_mat(size, len(neurons))
    for k, one in enumerate(neurons):
        for n, side in enumerate(kink_sides(problem, one.w, one.b)):
            if side > 0:
                switched[n, k] = fmpq(1)
    entries = [a * one for neuron in neurons for a in neuron.a for one in (*neuron.w, neuron.b)]
    supplied = switched * fmpq_mat(len(neurons), r * (r + 1), entries)
    out = []
    for n in range(1, size):
        missing = fmpq_mat(r, r + 1, [-supplied[n, k] for k in range(r * (r + 1))])
        for i in range(r):
            missing[i, r] += wanted[i, n]
        out.append(missing)
    return out


def correction(
    where: Coordinates,
    X: Array,
    patterns: NDArray[np.bool_],
    missed: Sequence[fmpq_mat],
    check: Callable[[], None],
) -> list[ProvedNeuron]:
    """Neurons that supply exactly what is missed."""
    if not any(one != one * 0 for one in missed):
        return []
    gaps = [separating_hyperplane(X[one], X[~one]) for one in patterns]
    rho = float(where.problem.rho) / float(where.ratio)
    room = np.array([half - rho for _, _, half in gaps])
    chosen = widest_basis(patterns, room)
    r = where.problem.rank
    columns = [[int(patterns[k, n]) for k in chosen] for n in range(1, len(X))]
    table = [[one[i, j] for i in range(r) for j in range(r + 1)] for one in missed]
    parts = solve_patterns(columns, table)
    if parts is None:
        msg = "the patterns with room for a kink do not make up what the network misses"
        raise NoNetworkError(msg)
    out = []
    for part, k in zip(parts, chosen, strict=True):
        if any(part):
            w, b, _ = gaps[k]
            out += supplied(where, X, patterns[k], w, b, float(room[k]), part)
        check()
    return out


def widest_basis(patterns: NDArray[np.bool_], room: Array) -> list[int]:
    """Rows that span all patterns with room, the widest first."""
    rows: list[list[int]] = []
    chosen: list[int] = []
    basis = np.zeros((0, patterns.shape[1]))
    for k in np.argsort(-room, kind="stable"):
        if not room[k] > 0 or len(chosen) == patterns.shape[1] - 1:
            break
        row = patterns[k].astype(float)
        rest = row - basis.T @ (basis @ row)
        rest -= basis.T @ (basis @ rest)
        if np.linalg.norm(rest) > 1e-9:
            basis = np.vstack([basis, rest / np.linalg.norm(rest)])
            chosen.append(int(k))
            rows.append([int(one) for one in patterns[k]])
    return chosen


def solve_patterns(columns: Sequence[Sequence[int]], table: Sequence[Sequence[fmpq]]) -> list[list[fmpq]] | None:
    """For every chosen pattern what it supplies, so that over those a ball is in it adds up to the ball's row."""
    width, count = len(columns[0]), len(table[0])
    whole = fmpq_mat([[*(fmpq(one) for one in row), *right] for row, right in zip(columns, table, strict=True)])
    reduced, rank = whole.rref()
    if rank > width or any(reduced[i, i] != 1 for i in range(width)):
        return None
    return [[reduced[i, width + j] for j in range(count)] for i in range(width)]


def supplied(
    where: Coordinates, X: Array, on: NDArray[np.bool_], w: Array, b: float, room: float, part: Sequence[fmpq]
) -> list[ProvedNeuron]:
    """Neurons of one pattern with Σ a (w, b)ᵀ equal to a matrix, given as its entries row by row."""
    r = where.problem.rank
    reach = float(np.linalg.norm(X, axis=1).max()) + float(where.problem.rho)
    row = where.vectors(w)
    direction = [row[0, i] for i in range(r)]
    ratio = float(where.ratio)
    wanted = np.where(on, 1, -1).tolist()
    for attempt in range(12):
        step = room * 0.5 ** (attempt + 1)
        digits = 3 - int(np.floor(np.log10(step / (1 + reach))))
        kinks = spanning(direction, b * ratio, step * ratio, step / (1 + reach), digits)
        if all(kink_sides(where.problem, *kink) == wanted for kink in kinks):
            break
    else:
        msg = f"no room for kinks of pattern {named(on)}"
        raise NoNetworkError(msg)
    Z = fmpq_mat([[*w_, b_] for w_, b_ in kinks])
    if Z.det() == 0:
        msg = f"kinks of pattern {named(on)} are dependent"
        raise NoNetworkError(msg)
    # A Z = M for A with the output weights as columns.
    M = fmpq_mat([[part[i * (r + 1) + j] for j in range(r + 1)] for i in range(r)])
    A = Z.transpose().solve(M.transpose())
    return [
        ProvedNeuron(w_, b_, tuple(A[k, i] for i in range(r)))
        for k, (w_, b_) in enumerate(kinks)
        if any(A[k, i] != 0 for i in range(r))
    ]


def spanning(
    direction: Sequence[fmpq], b: float, shift: float, turn: float, digits: int
) -> list[tuple[tuple[fmpq, ...], fmpq]]:
    """Kinks (w, b) near the middle of a gap, r + 1 of them and independent, of few digits."""
    r = len(direction)
    middle = [rounded(one, digits) for one in direction]
    fixed = max(range(r), key=lambda i: abs(middle[i]))
    centre, step = rounded(exact(b), digits), rounded(exact(shift), digits)
    out = [(tuple(middle), centre - step), (tuple(middle), centre + step)]
    for i in range(r):
        if i != fixed:
            turned = list(middle)
            turned[i] += rounded(exact(turn), digits)
            out.append((tuple(turned), centre))
    return out


def kink_sides(problem: Balls, w: Sequence[fmpq], b: fmpq) -> list[int]:
    """The side of a kink that each ball is on, 1 or −1; 0 where the kink enters it."""
    at = problem.heights * fmpq_mat([[one] for one in w])
    return sides([at[n, 0] + b for n in range(problem.size)], problem.rho, product(w, problem.gamma, w))
