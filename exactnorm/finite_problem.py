"""The general finite problem: a least-cost network through finitely many inputs and targets, or near them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array, real_array, real_number, restore_read_only, truth
from exactnorm.geometry import Frame, affine_hull, shells
from exactnorm.tables import one_line
from exactnorm.training_set import TrainingSet

LAST, HULL = 2 * float(np.finfo(float).eps), 16 * float(np.finfo(float).eps)
"""How far each coordinate of an input may be beside a flat that it was meant to lie in: as a share of the largest, as
it was rounded when it was read, and what it is compared with is rounded as well; and of the size of the set, as the
flat itself is known to so many digits."""


@dataclass(frozen=True, eq=False)
class FiniteProblem:
    """Inputs y_m with targets x_m, and what a network for them costs.

    Without `weight_decay`: minimise R(f) subject to f(y_m) = x_m. With weight decay λ: minimise
    1/(2M) Σ ‖f(y_m) − x_m‖² + λ R(f). The network is f(y) = Σ a_k [w_k·y + b_k]_+ + V y + c, and
    R(f) = Σ ‖a_k‖ ‖w_k‖.

    Parameters
    ----------
    inputs : array_like, shape (M, p)
        At least two of them distinct.
    targets : array_like, shape (M, q) or (M,)
    skip : bool
        Whether V is there; it costs nothing.
    penalise_bias : bool
        Whether biases cost as weights do: R(f) = Σ ‖a_k‖ ‖(w_k, b_k)‖.
    weight_decay : float, optional
        λ > 0, in (unit of the targets)·(unit of the inputs).
    constant : bool
        Whether c is there. It can be left out only together with V and with penalised biases: a free bias makes
        constants at no cost, from a neuron whose weights tend to 0.

    Raises
    ------
    ValueError
        If a shape or value is not admissible, all inputs are equal, `constant` is false where it cannot be, or,
        without weight decay, equal inputs have different targets.
    """

    inputs: Array
    targets: Array
    skip: bool = True
    penalise_bias: bool = False
    weight_decay: float | None = None
    constant: bool = True

    __repr__ = one_line
    __setstate__ = restore_read_only

    def __post_init__(self) -> None:
        inputs, targets = real_array(self.inputs, "inputs"), real_array(self.targets, "targets")
        for flag in ("skip", "penalise_bias", "constant"):
            object.__setattr__(self, flag, truth(getattr(self, flag), flag))
        targets = targets[:, None] if targets.ndim == 1 else targets
        if inputs.ndim != 2 or targets.ndim != 2 or len(inputs) != len(targets) or 0 in (*inputs.shape, *targets.shape):
            msg = (
                f"inputs have shape {inputs.shape} and targets {np.shape(self.targets)}; "
                "give inputs (M, p) and as many targets, (M,) or (M, q)"
            )
            raise ValueError(msg)
        if not (inputs != inputs[0]).any():
            msg = f"all {len(inputs)} inputs are equal; give at least two different ones"
            raise ValueError(msg)
        if not self.constant and (self.skip or not self.penalise_bias):
            msg = (
                "constant=False needs skip=False and penalise_bias=True: a network with free biases has every constant "
                "at no cost, from a neuron whose weights tend to 0"
            )
            raise ValueError(msg)
        if self.weight_decay is not None:
            decay = real_number(self.weight_decay, "weight_decay")
            if decay <= 0:
                msg = f"weight_decay={decay:g}: give a positive number, or None for exact interpolation"
                raise ValueError(msg)
            object.__setattr__(self, "weight_decay", decay)
        # Adding zero turns −0.0 into 0.0, so that equal inputs have equal bytes.
        for name, array in (("inputs", inputs + 0.0), ("targets", targets)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if self.weight_decay is None:
            self._refuse_contradictions()

    @cached_property
    def distinct(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Row of the first of each distinct input, in lexicographic order, and for each input which one it is."""
        _, first, which = np.unique(self.inputs, axis=0, return_index=True, return_inverse=True)
        return first, which.ravel()

    @cached_property
    def in_small_numbers(self) -> Coordinates:
        """What `coordinates` gives: in hundreds of dimensions it takes a second, and all who bound the cost ask."""
        return _in_small_numbers(self)

    def _refuse_contradictions(self) -> None:
        first, which = self.distinct
        against = np.flatnonzero((self.targets != self.targets[first[which]]).any(axis=1))
        if len(against):
            m = int(against[0])
            msg = (
                f"inputs {int(first[which[m]])} and {m} are equal but their targets differ: no network interpolates "
                "them; remove one, or give weight_decay"
            )
            raise ValueError(msg)


def finite_problem(train: TrainingSet, weight_decay: float | None = None) -> FiniteProblem:
    """The problem of mapping every noisy sample to its clean point, or near it.

    Raises
    ------
    ValueError
        If the training set has balls instead of samples; or if, without weight decay, samples of different points
        coincide.
    """
    if train.samples is None:
        why = "the training set has noise balls" + (
            "" if weight_decay is None else ", which leave no room for weight_decay"
        )
        msg = f"{why}; give noisy samples with TrainingSet.from_samples"
        raise ValueError(msg)
    targets = np.repeat(train.points, [len(one) for one in train.samples], axis=0)
    return FiniteProblem(np.vstack(train.samples), targets, weight_decay=weight_decay)


@dataclass(frozen=True, eq=False)
class Coordinates:
    """A finite problem in small numbers: equal inputs grouped, hulls instead of spaces, both units near 1.

    Parameters
    ----------
    features : ndarray, shape (U, n)
        The distinct inputs: coordinates in their affine hull, or, with penalised biases, coordinates of (y, 1) in the
        span of all (y, 1). In the second case a kink is a unit vector z on which [z·feature]_+ depends; in the first
        it is a unit vector w and an offset b.
    targets : ndarray, shape (U, q)
        Mean target of each distinct input, in coordinates of the targets' affine hull, or of their span where the
        network has no constant.
    counts : ndarray, shape (U,)
        How many inputs are equal to each.
    input_frame, target_frame : Frame
        Where the features and targets are coordinates.
    hull : Frame
        The inputs' affine hull; the same as `input_frame` unless biases are penalised.
    spread : float
        1/(2M) Σ ‖x_m − mean of its group‖², in the coordinates' unit: what no network can undo.
    decay : float or None
        Weight decay in these units.
    free : ndarray, shape (U, k)
        What costs nothing at the inputs: the constant, if there is one, and, with a skip connection, their coordinates.
    penalise_bias : bool
    beside : ndarray, shape (U,)
        How far the inputs, or (y, 1), are beside the flat that they lie in but for rounding, in the features' unit.
    in_hull : bool
        Whether the inputs are no farther beside their hull, in any coordinate, than rounding.
    """

    features: Array
    targets: Array
    counts: Array
    input_frame: Frame
    target_frame: Frame
    hull: Frame
    spread: float
    decay: float | None
    free: Array
    penalise_bias: bool
    beside: Array
    in_hull: bool

    @property
    def inputs(self) -> int:
        """Number of all inputs, equal ones counted each."""
        return int(self.counts.sum())

    @property
    def unit(self) -> float:
        """What one unit of the objective in these coordinates is worth in the user's units."""
        scale = self.target_frame.scale
        return scale / self.input_frame.scale if self.decay is None else scale**2


def coordinates(problem: FiniteProblem) -> Coordinates:
    """The same problem in small numbers; a deterministic function of the problem's arrays."""
    return problem.in_small_numbers


def _in_small_numbers(problem: FiniteProblem) -> Coordinates:
    first, which = problem.distinct
    counts = np.bincount(which, minlength=len(first)).astype(float)
    inputs, count = problem.inputs[first], len(problem.inputs)
    hull = affine_hull(inputs)
    target_frame = _target_frame(problem.targets) if problem.constant else _target_span(problem.targets)
    x = target_frame.sharp_coordinates(problem.targets)
    # From the first of each group: the mean of equal targets is then that target, to the last digit.
    off = x - x[first][which]
    mean_off = np.stack([np.bincount(which, column, len(first)) for column in off.T], axis=1) / counts[:, None]
    if problem.penalise_bias:
        lifted = np.column_stack([inputs, np.ones(len(inputs))])
        input_frame = _span(lifted)
    else:
        lifted, input_frame = inputs, hull
    features = input_frame.sharp_coordinates(lifted)
    decay = problem.weight_decay
    ones = np.ones((len(inputs), 1 if problem.constant else 0))
    return Coordinates(
        features=features,
        targets=x[first] + mean_off,
        counts=counts,
        input_frame=input_frame,
        target_frame=target_frame,
        hull=hull,
        spread=float(((off - mean_off[which]) ** 2).sum()) / (2 * count),
        decay=None if decay is None else decay / (target_frame.scale * input_frame.scale),
        free=np.column_stack([ones, _to_their_digits(hull, inputs)]) if problem.skip else ones,
        penalise_bias=problem.penalise_bias,
        beside=np.linalg.norm(input_frame.beside(lifted), axis=1) / input_frame.scale,
        in_hull=all(_in_flat(inputs[rows], hull.axes) for rows in shells(inputs)),
    )


def _in_flat(inputs: Array, axes: Array) -> bool:
    """Whether inputs lie in a flat along these axes, but for rounding: each coordinate is linear in those along them.

    Of the axes themselves less is known, in thousands of dimensions, than of the inputs.
    """
    offsets = inputs - inputs[0]
    t = Frame(inputs[0], axes).sharp_coordinates(inputs)
    linear = np.linalg.lstsq(t, offsets, rcond=None)[0]
    beside = float(np.abs(offsets - t @ linear).max())
    return bool(beside <= LAST * np.abs(inputs).max() + HULL * np.linalg.norm(offsets, axis=1).max())


def _to_their_digits(hull: Frame, inputs: Array) -> Array:
    """Coordinates in the hull, small ones to as many digits as large ones, where `longdouble` is longer than double.

    Inputs may spread a trillion times less along one axis than along another, and what costs nothing reaches any height
    along it.
    """
    offsets = (inputs - hull.origin).astype(np.longdouble)
    return np.asarray((offsets @ hull.axes.T.astype(np.longdouble)) / np.longdouble(hull.scale), dtype=float)


def _target_frame(targets: Array) -> Frame:
    if (targets == targets[0]).all():
        return Frame(targets[0].copy(), np.eye(1, targets.shape[1]), 1.0)
    return affine_hull(targets)


def _target_span(targets: Array) -> Frame:
    return _span(targets) if targets.any() else Frame(np.zeros(targets.shape[1]), np.eye(1, targets.shape[1]), 1.0)


def _span(vectors: Array) -> Frame:
    """Orthonormal coordinates of the span of the rows, the longest of norm 1."""
    scale = float(np.linalg.norm(vectors, axis=1).max())
    _, singular, axes = np.linalg.svd(vectors / scale, full_matrices=False)
    rank = int(np.sum(singular > 8 * np.finfo(float).eps * np.sqrt(vectors.size) * singular[0]))
    return Frame(np.zeros(vectors.shape[1]), np.ascontiguousarray(axes[:rank]), scale)
