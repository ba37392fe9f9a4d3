"""Where flows end: training points, virtual training points, the hyperbox's boundary, its interior, or elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactnorm.arrays import Array, real_array, real_number
from exactnorm.closed_form.rays import find_rays
from exactnorm.flow.hyperbox.lines import Lines, orthogonal_lines
from exactnorm.flow.record import Flow, Indices
from exactnorm.tables import Tabular, TextTable
from exactnorm.training_set import TrainingSet, closest_pair, training_set

KINDS = ("training point", "virtual training point", "boundary", "interior", "outside", "other", "none")
MEMORISED = 1 / 3


@dataclass(frozen=True, eq=False)
class Share:
    """A count with its share and a 95 % confidence interval (Wilson's)."""

    count: int
    total: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """The count divided by the total; nan when the total is 0."""
        return self.count / self.total if self.total else float("nan")


@dataclass(frozen=True, eq=False)
class Endpoints(Tabular):
    """What the endpoints of a flow are.

    Parameters
    ----------
    kind : ndarray of str, shape (m,)
        "training point"; "virtual training point": a sum of two or more training points seen from x_0; "boundary",
        "interior" or "outside" of the hyperbox spanned by data on orthogonal lines; "other" where the data span no
        hyperbox; "none" where the flow has no endpoint.
    members : tuple of tuple of int
        Rows of the training points that a training or virtual point is the sum of; () otherwise, and for x_0 its own
        row.
    face : tuple of tuple of int
        For "boundary": the lines of the hyperbox on which the coordinate sits at an end of its range.
    distance : ndarray, shape (m,)
        Distance to the point named by `kind` for training and virtual points; to the hyperbox for "outside"; to the
        box's boundary for "interior"; 0 for "boundary"; nan otherwise.
    nearest : ndarray of int, shape (m,)
        Row of the nearest training point.
    nearest_distance : ndarray, shape (m,)
    ratio : ndarray, shape (m,)
        Distance to the nearest over that to the second nearest training point; below 1/3 counts as memorised.
    tol : float
    """

    kind: NDArray[np.str_]
    members: tuple[tuple[int, ...], ...]
    face: tuple[tuple[int, ...], ...]
    distance: Array
    nearest: Indices
    nearest_distance: Array
    ratio: Array
    tol: float

    @property
    def memorised(self) -> NDArray[np.bool_]:
        """Whether the nearest training point is more than three times nearer than the second nearest."""
        return np.asarray(self.ratio < MEMORISED)

    def shares(self) -> dict[str, Share]:
        """Count, share and interval of every kind that can occur, in a fixed order."""
        return {kind: wilson(int((self.kind == kind).sum()), len(self.kind)) for kind in KINDS}

    def table(self) -> TextTable:
        """How many endpoints there are of each kind, and how many are memorised."""
        shares = {kind: share for kind, share in self.shares().items() if share.count}
        shares["memorised (ratio below 1/3)"] = wilson(int(self.memorised.sum()), len(self.kind))
        rows = (
            (kind, str(share.count), f"{share.share:.1%}", f"{share.low:.1%} to {share.high:.1%}")
            for kind, share in shares.items()
        )
        note = f"An endpoint is at a point when within {self.tol:.1e} of it."
        return TextTable(("endpoint", "count", "share", "95 % interval"), tuple(rows), note)


def wilson(count: int, total: int, z: float = 1.959963984540054) -> Share:
    """Wilson's score interval of a binomial share; z is the normal quantile, for 95 % by default."""
    if total == 0:
        return Share(0, 0, 0.0, 1.0)
    p = count / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * np.sqrt(p * (1 - p) / total + z * z / (4 * total**2))
    low = 0.0 if count == 0 else float(middle - half)
    high = 1.0 if count == total else float(middle + half)
    return Share(count, total, low, high)


def endpoints(flow: Flow | ArrayLike, train: TrainingSet | ArrayLike, tol: float | None = None) -> Endpoints:
    """Classify where trajectories ended.

    Parameters
    ----------
    flow : Flow or array_like, shape (d,) or (m, d)
        A flow, or endpoints themselves.
    train : TrainingSet or array_like, shape (N, d)
    tol : float, optional
        How near counts as being there, in the unit of the points; 1e-6 times the smallest distance between two
        training points by default.

    Returns
    -------
    Endpoints

    Raises
    ------
    ValueError
        If shapes do not fit, or `tol` is not positive and below half the smallest distance.
    """
    points = train.points if isinstance(train, TrainingSet) else training_set(train).points
    Y = np.atleast_2d(flow.endpoint) if isinstance(flow, Flow) else np.atleast_2d(real_array(flow, "flow"))
    if Y.ndim != 2 or Y.shape[1] != points.shape[1]:
        msg = f"endpoints have shape {Y.shape}, training points have {points.shape[1]} coordinates: give (m, d)"
        raise ValueError(msg)
    separation = closest_pair(points)[2]
    tol = 1e-6 * separation if tol is None else real_number(tol, "tol")
    if not 0 < tol < separation / 2:
        msg = f"tol={tol:g}; give a distance between 0 and half the smallest distance of two points, {separation / 2:g}"
        raise ValueError(msg)
    ended = np.asarray(np.isfinite(Y).all(axis=1))
    safe = np.where(ended[:, None], Y, points[0])
    gaps = np.sqrt(np.maximum(_squares(safe, points), 0.0))
    order = np.argpartition(gaps, 1, axis=1)[:, :2]
    pair = np.take_along_axis(gaps, order, axis=1)
    kind, members, face, distance = _classify(safe, points, tol)
    return Endpoints(
        kind=np.where(ended, kind, "none"),
        members=tuple(m if e else () for m, e in zip(members, ended, strict=True)),
        face=tuple(f if e else () for f, e in zip(face, ended, strict=True)),
        distance=np.where(ended, distance, np.nan),
        nearest=np.where(ended, order[:, 0], -1),
        nearest_distance=np.where(ended, pair[:, 0], np.nan),
        ratio=np.where(ended, pair[:, 0] / pair[:, 1], np.nan),
        tol=tol,
    )


def _squares(Y: Array, points: Array) -> Array:
    out = np.empty((len(Y), len(points)))
    for i in range(0, len(Y), 1024):  # differences, not a Gram product: small distances stay exact
        out[i : i + 1024] = ((Y[i : i + 1024, None, :] - points) ** 2).sum(axis=2)
    return out


Classes = tuple[NDArray[np.str_], list[tuple[int, ...]], list[tuple[int, ...]], Array]


def _classify(Y: Array, points: Array, tol: float) -> Classes:
    try:
        return _in_box(Y, orthogonal_lines(points), tol)
    except ValueError:
        return _sums(Y, points, tol)


def _in_box(Y: Array, lines: Lines, tol: float) -> Classes:
    t, rest = lines.coordinates(Y)
    off = np.linalg.norm(rest, axis=1)
    low, high = lines.ends
    at = np.abs(t[:, :, None] - lines.knots).argmin(axis=2)
    value = lines.knots[np.arange(len(low)), at]
    error = np.sqrt(((t - value) ** 2).sum(axis=1) + off**2)
    beyond = np.sqrt((np.maximum(np.maximum(low - t, t - high), 0.0) ** 2).sum(axis=1) + off**2)
    to_face = np.minimum(t - low, high - t)
    moved = np.abs(value) > 0
    row = lines.rows[np.arange(len(low)), at]
    centre = int(lines.rows[lines.knots == 0][0])
    vertex, outside = error <= tol, beyond > tol
    boundary = (np.abs(to_face) <= tol).any(axis=1)
    kind = np.select(
        [vertex & (moved.sum(axis=1) <= 1), vertex, outside, boundary],
        ["training point", "virtual training point", "outside", "boundary"],
        "interior",
    )
    distance = np.select([vertex, outside, boundary], [error, beyond, 0.0], to_face.min(axis=1))
    members = [(tuple(sorted(row[i, moved[i]].tolist())) or (centre,)) if vertex[i] else () for i in range(len(Y))]
    face = [
        tuple(np.flatnonzero(np.abs(to_face[i]) <= tol).tolist()) if kind[i] == "boundary" else ()
        for i in range(len(Y))
    ]
    return kind, members, face, distance


def _sums(Y: Array, points: Array, tol: float) -> Classes:
    """No hyperbox: the nearest training point, or the nearest sum of training points where they form a simplex."""
    gaps = np.sqrt(_squares(Y, points))
    nearest = gaps.argmin(axis=1)
    distance = gaps.min(axis=1)
    members: list[tuple[int, ...]] = [(int(n),) for n in nearest]
    kind = np.where(distance <= tol, "training point", "other").astype("U24")
    try:
        centre = find_rays(points)[0]
    except ValueError:
        centre = -1
    others = np.delete(np.arange(len(points)), centre) if centre >= 0 else np.empty(0, np.intp)
    edges = points[others] - points[centre]
    if len(others) and np.linalg.matrix_rank(edges) == len(others):
        share = np.linalg.lstsq(edges.T, (Y - points[centre]).T, rcond=None)[0].T
        chosen = np.clip(np.rint(share), 0, 1)
        error = np.linalg.norm(points[centre] + chosen @ edges - Y, axis=1)
        virtual = (error <= tol) & (chosen.sum(axis=1) >= 2)
        kind[virtual] = "virtual training point"
        distance = np.where(virtual, error, distance)
        for i in np.flatnonzero(virtual):
            members[i] = tuple(sorted(others[chosen[i] > 0].tolist()))
    known = kind != "other"
    members = [m if k else () for m, k in zip(members, known, strict=True)]
    return kind, members, [()] * len(Y), np.where(known, distance, np.nan)
