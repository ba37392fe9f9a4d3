"""The training set: clean points with noise balls or noisy samples, validated once."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import LARGEST, Array, of_kind, real_array, real_number, restore_read_only
from exactnorm.reading.index_column import look_at_frame
from exactnorm.tables import one_line

SAMPLES = "the noisy samples, an array (M_n, d) for each point"


class OverlapError(ValueError):
    """Noise balls of this radius touch or overlap: `why` says which, and the message what to do, too."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why, remedy)  # as it is called, so that workers can send it back
        self.why = why

    def __str__(self) -> str:
        return "; ".join(self.args)


TIES = 100
"""Pairs of points that are nearest up to rounding, of a block of rows, which are looked at one by one."""


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Clean points x_0, …, x_{N-1} in R^d, each with a noise ball B(x_n, ρ).

    A denoiser for the set maps the whole ball around x_n to x_n.

    Parameters
    ----------
    points : array_like, shape (N, d)
        The clean points, one a row, N ≥ 2, all distinct. Copied, and read-only afterwards.
    rho : float
        Radius of the noise balls, in the unit of the points, with 2ρ below the smallest distance
        between two points. ``rho=0`` means the limit ρ → 0+: the denoiser is still constant near each
        point, and only activation patterns that strictly separate the points count. (Without that
        reading bare points would be interpolated by the identity, at no cost.) Hyperplanes in gaps below 1e-9 of the
        smallest distance, or below rounding, do not count.
    samples : sequence of array_like, each of shape (M_n, d), optional
        Noisy samples of each clean point, M_n ≥ 1, in place of the balls; `rho` is then 0. See `from_samples`.

    Raises
    ------
    ValueError
        If a value is not a finite real number, the shape is wrong, two points coincide, balls touch or overlap, or
        lengths are so large or small that their squares are no numbers. The message names the rows.
    """

    points: Array
    rho: float = 0.0
    samples: tuple[Array, ...] | None = field(default=None, repr=False)
    closest: tuple[int, int] = field(init=False, repr=False)
    """The two rows that are nearest to each other."""
    separation: float = field(init=False, repr=False)
    """Their distance."""

    __repr__ = one_line
    __setstate__ = restore_read_only

    def __post_init__(self) -> None:
        look_at_frame(self.points)
        if getattr(self.points, "dtype", None) == np.float16:
            warnings.warn(
                "float16 keeps three digits: distances between these points, right angles among them, were rounded; "
                "give the numbers that they were rounded from, or points.astype(float) if there are none",
                stacklevel=3,
            )
        points = real_array(self.points, "points")
        _refuse_other_shapes(points)
        rho = real_number(self.rho, "rho")
        if rho < 0:
            msg = f"rho={rho:g} is negative; give a noise radius rho >= 0"
            raise ValueError(msg)
        i, j, distance = closest_pair(points)
        if distance == 0:
            msg = f"points {i} and {j} are equal; remove one of them"
            raise ValueError(msg)
        if distance < 1 / LARGEST:
            msg = (
                f"points {i} and {j} are {distance:g} apart, the square of which vanishes: use a smaller unit of length"
            )
            raise ValueError(msg)
        if 2 * rho >= distance:
            msg = f"rho={rho:g} but points {i} and {j} are {distance:g} apart: their balls touch or overlap"
            raise OverlapError(msg, "exactnorm.max_radius(points) gives the radius below which there is a network")
        if self.samples is not None:
            if rho > 0:
                msg = f"rho={rho:g} with noisy samples: they stand in place of the balls; leave rho out"
                raise ValueError(msg)
            of_kind(self.samples, Sequence | np.ndarray, "samples", SAMPLES)
            object.__setattr__(self, "samples", _sample_arrays(self.samples, points))
        points.flags.writeable = False
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "rho", rho)
        object.__setattr__(self, "closest", (i, j))
        object.__setattr__(self, "separation", distance)

    @classmethod
    def from_samples(cls, points: ArrayLike, samples: ArrayLike | Sequence[ArrayLike]) -> TrainingSet:
        """Clean points with finitely many noisy samples of each, instead of noise balls.

        A denoiser for the set maps every noisy sample to its clean point.

        Parameters
        ----------
        points : array_like, shape (N, d)
        samples : array_like, shape (N, M, d), or a sequence of N arrays (M_n, d)
            ``samples[n]`` are the noisy samples of point n. They may lie anywhere, also beyond other clean points.

        Returns
        -------
        TrainingSet
            With ``rho=0``.

        Raises
        ------
        ValueError
            If `points` is not admissible, or `samples` does not hold one array of at least one sample a point.

        Examples
        --------
        >>> from exactnorm import TrainingSet
        >>> train = TrainingSet.from_samples([[0.0], [1.0]], [[[-0.1], [0.2]], [[0.9], [1.1]]])
        >>> [len(one) for one in train.samples]
        [2, 2]
        """
        of_kind(samples, Iterable, "samples", SAMPLES)
        return cls(points, 0.0, tuple(samples))  # type: ignore[arg-type]

    @property
    def size(self) -> int:
        """Number of clean points, N."""
        return int(self.points.shape[0])

    @property
    def dimension(self) -> int:
        """Dimension d of the space the points live in."""
        return int(self.points.shape[1])


def training_set(points: ArrayLike, rho: float = 0.0) -> TrainingSet:
    """The training set of whatever becomes a table of numbers: the one door, so that no mask or index is overlooked."""
    return TrainingSet(points, rho)  # type: ignore[arg-type]


def _sample_arrays(samples: Sequence[ArrayLike], points: Array) -> tuple[Array, ...]:
    """Read-only copies of the noisy samples, one array (M_n, d) for each row of `points`."""
    if len(samples) != len(points):
        msg = f"samples holds {len(samples)} arrays for {len(points)} points; give one array of samples a point"
        raise ValueError(msg)
    for n, one in enumerate(samples):
        look_at_frame(one, f"samples[{n}]")
    arrays = tuple(real_array(one, f"samples[{n}]") for n, one in enumerate(samples))
    for n, one in enumerate(arrays):
        if one.ndim != 2 or one.shape[1] != points.shape[1] or len(one) == 0:
            msg = f"samples[{n}] has shape {one.shape}; give an array (M_n, {points.shape[1]}), one sample a row"
            raise ValueError(msg)
        one.flags.writeable = False
    return arrays


def _refuse_other_shapes(points: Array) -> None:
    """Raise ``ValueError`` unless there is one point a row, and two of them at least."""
    if points.ndim > 2:
        size, shape = len(points), ", ".join(map(str, points.shape[1:]))
        msg = (
            f"points has shape {points.shape}; give one point a row: images and the like are flattened by "
            f"points.reshape({size}, -1), and .reshape(-1, {shape}) brings images back"
        )
        raise ValueError(msg)
    if points.ndim != 2:
        msg = f"points has shape {points.shape}; give an array of shape (N, d), one point a row"
        raise ValueError(msg)
    if points.shape[0] < 2 or points.shape[1] < 1:
        msg = f"points has shape {points.shape}; a training set needs at least two points and one coordinate"
        raise ValueError(msg)


def closest_pair(points: Array) -> tuple[int, int, float]:
    """Return (i, j, distance) with i < j for the two rows of `points` that are nearest to each other.

    Candidates come from a tree of the points where there are many in few dimensions, and otherwise from Gram products
    of centred points, row block by row block, so that 10,000 points stay a matter of matrix products; near-ties are
    settled with differences of the points themselves.
    """
    centred = points - points.mean(axis=0)
    # Dividing keeps the squares finite for data as large as 1e300 and non-zero for data as small as 1e-300.
    spread = float(np.abs(centred).max()) or 1.0
    centred = centred / spread
    if len(points) > 2000 and points.shape[1] <= 8:
        from scipy.spatial import KDTree  # only here: a proof is verified without SciPy

        distances, two = (np.asarray(one) for one in KDTree(centred).query(centred, k=2))
        close = np.flatnonzero(distances[:, 1] <= distances[:, 1].min() * (1 + 1e-9) + np.finfo(float).eps)
        # The nearest of a point is itself, but of equal points it may be any of them.
        other = np.where(two[close, 0] == close, two[close, 1], two[close, 0])
        pairs = np.sort(np.column_stack([close, other]), axis=1).tolist()
        exact = [(math.dist(points[i], points[j]), i, j) for i, j in pairs]
        distance, i, j = min(exact)
        return i, j, distance
    squares = np.einsum("nd,nd->n", centred, centred)
    slack = 64 * np.finfo(float).eps * centred.shape[1] * float(squares.max())
    best = (0, 1, float(math.dist(points[0], points[1])))
    block = max(1, 2**19 // len(points))  # some megabytes, whoever the points are from
    for start in range(0, len(points), block):
        rows = np.arange(start, min(start + block, len(points)))
        # Only later rows: the product is symmetric, and half of it is half of the time.
        gram = squares[rows, None] + squares[None, start:] - 2 * centred[rows] @ centred[start:].T
        gram[np.tril_indices(len(rows), m=gram.shape[1])] = np.inf
        near = np.argwhere(gram <= gram.min() + slack) if np.isfinite(gram.min()) else np.empty((0, 2), int)
        if len(near) > TIES:  # as many as in a grid or a simplex: told apart at once
            from scipy.spatial.distance import cdist

            between = cdist(centred[rows], centred[start:])
            between[np.tril_indices(len(rows), m=between.shape[1])] = np.inf
            near = np.argwhere(between <= between.min() * (1 + 1e-14))[:TIES]
        for i, j in near:
            distance = math.dist(points[rows[i]], points[start + j])
            if distance < best[2]:
                best = (int(rows[i]), int(start + j), distance)
    return best
