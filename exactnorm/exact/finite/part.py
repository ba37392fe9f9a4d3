"""Finite problems with too many activation patterns to go through: a wide bracket that is valid all the same.

Multipliers that vanish outside a subset of the inputs bound the whole problem, and their dual function sees the subset
only. So the lower bound is that of a small subset, with the hard problem's multipliers. The network above is the linear
interpolant of the inputs' heights along one direction, or, with weight decay, no neuron at all if that is better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from exactnorm.arrays import Array
from exactnorm.certify.finite.bounds import LARGEST, faces, finite_upper_bound, network_cost
from exactnorm.closed_form.interpolant import bent_line
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.finite.group_lasso import free_fit
from exactnorm.finite_problem import Coordinates, FiniteProblem, coordinates
from exactnorm.network import ReLUNetwork

MOST = 1500
"""Distinct inputs beyond which the programs over all of them are not written down: they hold dense square matrices."""

WORK = 30_000
"""Faces of the subset's patterns: a second or so for each look at all of them."""

SHARE = 0.4
"""Of the time limit: what looking for a network of many inputs may take."""


def too_large(data: Coordinates) -> bool:
    """Whether going through all faces is out of reach."""
    return len(data.features) > MOST or faces(data, len(data.features)) > LARGEST


def subset_bracket(
    problem: FiniteProblem,
    data: Coordinates,
    deadline: Deadline,
    solve: Callable[[FiniteProblem], tuple[Array, bool]],
) -> tuple[ReLUNetwork, Array, str, bool]:
    """A network, multipliers, a sentence, and whether Ctrl-C came.

    `solve` returns the multipliers of a small hard problem, and whether it came there.
    """
    size = len(data.features)
    network, interrupted = along_a_line(problem, data, deadline.earlier(1 - SHARE))
    multipliers = np.zeros_like(data.targets)
    rows = part_of(data, WORK)
    said = f"{size} distinct inputs of rank {data.hull.rank} have too many activation patterns to go through"
    if interrupted:
        return network, multipliers, said, True
    if faces(data, len(rows)) > LARGEST:
        return network, multipliers, f"{said}, and so have the smallest subsets: no lower bound is shown", False
    first = problem.distinct[0]
    part = FiniteProblem(
        problem.inputs[first[rows]],
        data.target_frame.points(data.targets[rows]),
        skip=problem.skip,
        penalise_bias=problem.penalise_bias,
        constant=problem.constant,
    )
    # Both list distinct inputs in lexicographic order; the targets' coordinates differ.
    axes = coordinates(part).target_frame.axes
    found, interrupted = solve(part)
    multipliers[rows] = found @ axes @ data.target_frame.axes.T
    return network, multipliers, f"{said}: the lower bound is that of {len(rows)} of them", interrupted


def part_of(data: Coordinates, work: int) -> NDArray[np.intp]:
    """Rows of a part of the inputs with at most so many faces, or the least part that has anything to say."""
    size, n = data.features.shape
    power = n - 1 if data.penalise_bias and n > 1 else n
    return steepest(data, min(max(int(work ** (1 / power)), data.free.shape[1] + 1), size, 60))


def on_a_part(data: Coordinates, multipliers: Array) -> Array:
    """The multipliers of a part so small that its faces take a fraction of a second; 0 if there is none."""
    rows = part_of(data, WORK // 6)
    out = np.zeros_like(multipliers)
    if faces(data, len(rows)) <= WORK:
        out[rows] = multipliers[rows]
    return out


def steepest(data: Coordinates, count: int) -> NDArray[np.intp]:
    """Rows, ascending, of inputs in pairs between which the targets change most, once an affine fit is taken off."""
    size = len(data.features)
    rows = np.arange(size) if size <= 1000 else np.sort(np.random.default_rng(0).choice(size, 1000, replace=False))
    y, x = data.features[rows], data.targets[rows]
    x = x - data.free[rows] @ np.linalg.lstsq(data.free[rows], x, rcond=None)[0]
    first, second = np.triu_indices(len(rows), 1)
    slope = pdist(x) / pdist(y)
    chosen: list[int] = []
    for k in np.argsort(-slope):
        chosen += [int(m) for m in (first[k], second[k]) if int(m) not in chosen]
        if len(chosen) >= count:
            break
    return np.sort(rows[chosen[:count]])


def along_a_line(problem: FiniteProblem, data: Coordinates, deadline: Deadline) -> tuple[ReLUNetwork, bool]:
    """The best of a few networks that need no optimisation, and whether Ctrl-C ended the search.

    After the deadline, or Ctrl-C, one is enough: in hundreds of dimensions there are hundreds of directions to look
    along, hundredths of a second each.
    """
    found: list[ReLUNetwork] = []
    try:
        for one in _candidates(problem, data):
            found.append(one)
            if deadline.remaining <= 0:
                break
        return _best(problem, found, deadline), False
    except KeyboardInterrupt:
        return _best(problem, found or [next(_candidates(problem, data))], Deadline(0.0)), True


def _candidates(problem: FiniteProblem, data: Coordinates) -> Iterator[ReLUNetwork]:
    """No neuron at all, where that misses little or may, and interpolants along axes and other directions."""
    frame = data.hull
    affine = free_fit(data, data.targets).lifted(frame, data.target_frame)
    if problem.weight_decay is not None or np.abs(affine(problem.inputs) - problem.targets).max() <= enough(problem):
        yield affine
    t = frame.coordinates(problem.inputs[problem.distinct[0]])
    others = np.random.default_rng(0).standard_normal((8, frame.rank))
    # Axes may tell no two inputs apart; what is taken for want of time is not to hang on that.
    for w in np.vstack([others[:1], np.eye(frame.rank), others[1:]]):
        if (one := _ramps(problem, data, t, w / np.linalg.norm(w))) is not None:
            yield one


def _best(problem: FiniteProblem, found: Sequence[ReLUNetwork], deadline: Deadline) -> ReLUNetwork:
    usable = sorted(found, key=lambda one: network_cost(problem, one))
    if len(usable) == 1 or deadline.remaining <= 0:
        return usable[0]
    if problem.weight_decay is not None:
        return least_objective(problem, usable, problem.weight_decay)
    # What correcting them would cost is looked at in this order: it takes longer than all else for many inputs.
    return next((one for one in usable if finite_upper_bound(problem, one)[1] <= enough(problem)), usable[0])


def enough(problem: FiniteProblem) -> float:
    """How little a network may miss to be looked at more closely."""
    return 1e-7 * float(np.ptp(problem.targets, axis=0).max())


def least_objective(problem: FiniteProblem, networks: Sequence[ReLUNetwork], decay: float) -> ReLUNetwork:
    """The one with the least objective of networks in the order of their costs: those that cost more need no look."""
    best, least = networks[0], finite_upper_bound(problem, networks[0])[0]
    for one in networks[1:]:
        if decay * network_cost(problem, one) >= least:
            break
        if (value := finite_upper_bound(problem, one)[0]) < least:
            best, least = one, value
    return best


def _ramps(problem: FiniteProblem, data: Coordinates, t: Array, w: Array) -> ReLUNetwork | None:
    """The linear interpolant of the targets along w, or None if two inputs have one height."""
    order = np.argsort(t @ w)
    height, x = (t @ w)[order], data.targets[order]
    gaps = np.diff(height)[:, None]
    if gaps.min() <= 1e-12:
        return None
    slopes = np.diff(x, axis=0) / gaps
    line = bent_line(height[1:-1], np.diff(slopes, axis=0), slopes[0], height[0], x[0])
    a, b, V, c = line.a, line.b, slopes[0][:, None] * w, line.c
    if not problem.skip:  # the first slope begins at the first input instead
        a, b, V, c = np.vstack([slopes[:1], a]), np.append(-height[0], b), None, x[0]
    weights = np.tile(w, (len(b), 1))
    if not problem.constant:  # a neuron with nothing but a bias instead
        a, b, weights, c = np.vstack([a, c]), np.append(b, 1.0), np.vstack([weights, 0 * w]), 0 * c
    return ReLUNetwork(a, weights, b, V, c).lifted(data.hull, data.target_frame)
