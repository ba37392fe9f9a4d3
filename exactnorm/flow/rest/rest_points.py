"""All rest points h(y) = y of a denoiser, by enumeration of the regions between its kinks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog

from exactnorm.arrays import Array, whole_number
from exactnorm.certify import CertifiedDenoiser
from exactnorm.closed_form.rays import find_rays
from exactnorm.flow.inputs import starts
from exactnorm.flow.rest.arrangement import (
    TOLERANCE,
    Arrangement,
    ReducedNetwork,
    Sides,
    all_sides,
    arrangement,
    count_regions,
    reduced_network,
)
from exactnorm.network import HasNetwork, ReLUNetwork, network_of
from exactnorm.tables import Tabular, TextTable
from exactnorm.training_set import TrainingSet, training_set

MANY = 10
"""Kinks through one point of which both sides are looked at, for flats of rest points that end there."""


@dataclass(frozen=True, eq=False)
class RestPoint(Tabular):
    """A point that a denoiser maps to itself.

    Parameters
    ----------
    position : ndarray, shape (d,)
    eigenvalues : ndarray of complex, shape (r,)
        Of the Jacobian Dh there, restricted to the r-dimensional span of all its outputs; the other d − r are 0.
    stable : bool or None
        Whether all have a real part below 1; None where one is 1 to rounding, or a kink passes through the point.
    kind : str
        ``"training point"``, ``"virtual training point"``, ``"other"``, or ``"continuum"`` where I − Dh is singular
        to rounding and the point is one of a flat of rest points, or the end of one on a kink. Where I − Dh
        is nearly singular only, the rest point is a single one, known as well as rounding divided by its smallest
        singular value allows.
    members : tuple of int
        Rows of the training points of which it is the sum, seen from the start of the rays that they lie on (from
        the first point where they lie on no such rays). Empty for the two last kinds.
    """

    position: Array
    eigenvalues: NDArray[np.complex128]
    stable: bool | None
    kind: str = "other"
    members: tuple[int, ...] = ()

    def table(self) -> TextTable:
        """Where it is, what it is and whether it is stable; `stacked` joins several."""
        shown = np.where(np.abs(self.position) < 1e-12 * np.abs(self.position).max(), 0.0, self.position)
        place = ", ".join(f"{x:.6g}" for x in shown)
        stable = {True: "yes", False: "no", None: "unclear"}[self.stable]
        members = ", ".join(map(str, self.members)) or "–"
        return TextTable(("rest point", "kind", "members", "stable"), ((f"({place})", self.kind, members, stable),))


def rest_points(
    denoiser: ReLUNetwork | HasNetwork,
    train: TrainingSet | ArrayLike | None = None,
    *,
    candidates: ArrayLike | None = None,
    max_regions: int = 100_000,
) -> list[RestPoint]:
    """All points with h(y) = y, whether they are stable, and what they are.

    In each region between kinks h is affine, so y = h(y) is a linear system; its solution counts if it lies in the
    region. Only the directions in which h can move anything matter, and only the regions there are enumerated:
    every region has a corner where kinks cross, so the sides of all kinks around all corners are all regions.

    Parameters
    ----------
    denoiser : ReLUNetwork or CertifiedDenoiser
    train : TrainingSet or array_like, shape (N, d), optional
        Clean points, to tell training points and their sums from other rest points; those of a `CertifiedDenoiser` by
        default. Of a network alone, such as a trained one, rest points are "other" or "continuum" without them.
    candidates : array_like, shape (m, d), optional
        Look only near these points, with Newton's method from each, instead of in all regions. What is found are
        rest points; nothing says that they are all.
    max_regions : int
        Largest number of regions to enumerate.

    Returns
    -------
    list of RestPoint
        In a reproducible order. Of a flat of rest points one point a region is given, and corners on kinks that the
        regions beyond them hold alone.

    Raises
    ------
    ValueError
        If there may be more than `max_regions` regions; the message gives their number.
    TypeError
        If `denoiser` is none.
    """
    network = network_of(denoiser)
    whole_number(max_regions, "max_regions", 1)
    if train is None and isinstance(denoiser, CertifiedDenoiser):
        train = denoiser.train
    reduced = reduced_network(network)
    kinks = arrangement(reduced)
    if candidates is None:
        regions = count_regions(kinks)
        if regions > max_regions:
            msg = (
                f"the kinks cut the {len(reduced.e)} dimensions that matter into up to {regions} regions, more than "
                f"max_regions={max_regions}; raise it, or search near chosen points only with candidates="
            )
            raise ValueError(msg)
        found = _solve(reduced, kinks, all_sides(kinks))
    else:
        near = starts(candidates, network.dimension, "candidates")
        found = _newton(reduced, kinks, (near - network.c) @ reduced.axes.T)
    found.sort(key=lambda p: tuple(np.round(p.position / kinks.size, 9)))
    points = [replace(p, position=reduced.c + p.position @ reduced.axes) for p in found]
    if train is None:
        return points
    train = train if isinstance(train, TrainingSet) else training_set(train)
    if train.dimension != network.dimension:
        msg = f"train holds points in R^{train.dimension}; give those of this denoiser, in R^{network.dimension}"
        raise ValueError(msg)
    return _named(points, train.points)


def _solve(net: ReducedNetwork, kinks: Arrangement, sides: Sides) -> list[RestPoint]:
    points: list[RestPoint] = []
    for start in range(0, len(sides), 4096):
        some = sides[start : start + 4096]
        D, e = net.equation(kinks.active(some, net.b))
        M = np.eye(len(net.e)) - D
        s = np.linalg.svd(M, compute_uv=False) if len(net.e) else np.ones((len(some), 1))
        regular = s[:, -1] > net.rounding
        t = np.linalg.solve(M[regular], e[regular, :, None])[..., 0]
        kept = kinks.inside(some[regular], np.asarray(t))
        points += [
            _point(net, kinks, t_)
            for t_, least in zip(t[kept], s[regular][kept, -1], strict=True)
            if net.rests(t_, least)
        ]
        for i in np.flatnonzero(~regular):
            points += [p for p in _flat(net, kinks, some[i], D[i], e[i]) if net.rests(p.position, 1.0)]
    return _distinct(points, kinks.size)


def _point(net: ReducedNetwork, kinks: Arrangement, t: Array) -> RestPoint:
    values = kinks.normals @ t + kinks.offsets
    D = net.equation(kinks.active((values > 0)[None], net.b))[0][0]
    eigenvalues = np.linalg.eigvals(D).astype(complex)
    margin = 1 - float(eigenvalues.real.max(initial=-np.inf))
    unclear = abs(margin) <= TOLERANCE or bool((np.abs(values) <= TOLERANCE * kinks.size).any())
    on = np.flatnonzero(np.abs(values) <= TOLERANCE * kinks.size)
    kind = "continuum" if len(on) and _ends_a_flat(net, kinks, t, on) else "other"
    return RestPoint(t, eigenvalues, None if unclear else margin > 0, kind)


def _ends_a_flat(net: ReducedNetwork, kinks: Arrangement, t: Array, on: NDArray[np.intp]) -> bool:
    """Whether a region next to the rest point t, which the kinks `on` pass through, holds a flat that t belongs to."""
    sides = np.tile(kinks.normals @ t + kinks.offsets > 0, (2 ** min(len(on), MANY), 1))
    sides[:, on[:MANY]] = list(product([False, True], repeat=min(len(on), MANY)))
    D, e = net.equation(kinks.active(sides, net.b))
    for i in np.flatnonzero(np.linalg.svd(np.eye(len(e[0])) - D, compute_uv=False)[:, -1] <= net.rounding):
        for q in _flat(net, kinks, sides[i], D[i], e[i]):
            # A region is convex, and so are its rest points: between t and another one all are at rest.
            if net.rests(q.position, 1.0) and np.abs(q.position - t).max() > 4 * TOLERANCE * kinks.size:
                return True
    return False


def _flat(net: ReducedNetwork, kinks: Arrangement, sides: Sides, D: Array, e: Array) -> list[RestPoint]:
    """A point, as far from the kinks as possible, of the flat of rest points in a region; none if it holds none."""
    u, s, vt = np.linalg.svd(np.eye(len(e)) - D)
    rank = int(np.sum(s > net.rounding))
    t = vt[:rank].T @ ((u[:, :rank].T @ e) / s[:rank])
    if np.abs(u[:, rank:].T @ e).max() > net.rounding * (np.abs(t).max() + kinks.size):  # no solution
        return []
    along, sign = vt[rank:].T, np.where(sides, 1.0, -1.0)
    # Largest m with sign·(normals·(t + along z) + offsets) ≥ m, in units of the kinks' distances since the solver's
    # tolerances are absolute; m and z are bounded so that the linear program is.
    rows = np.column_stack([-sign[:, None] * (kinks.normals @ along), np.ones(len(sign))])
    limits = [(-1e3, 1e3)] * along.shape[1] + [(None, 1.0)]
    room = sign * (kinks.normals @ t + kinks.offsets) / kinks.size
    best = linprog([0.0] * along.shape[1] + [-1.0], rows, room, bounds=limits)
    if best.x is None or best.status != 0 or best.x[-1] < -TOLERANCE:
        return []
    return [RestPoint(t + kinks.size * along @ best.x[:-1], np.linalg.eigvals(D).astype(complex), None, "continuum")]


def _distinct(points: list[RestPoint], size: float) -> list[RestPoint]:
    """Each point once: only one on a kink, where `stable` is None, can have been found in several regions."""
    kept: list[RestPoint] = []
    for p in points:
        if p.stable is None and any(
            q.stable is None and np.abs(q.position - p.position).max() <= 4 * TOLERANCE * size for q in kept
        ):
            continue
        kept.append(p)
    return kept


def _newton(net: ReducedNetwork, kinks: Arrangement, starts: Array) -> list[RestPoint]:
    found: list[RestPoint] = []
    for t in np.unique(np.atleast_2d(starts), axis=0):
        seen: set[bytes] = set()
        sides = kinks.normals @ t + kinks.offsets > 0
        while sides.tobytes() not in seen:
            seen.add(sides.tobytes())
            here = _solve(net, kinks, sides[None])
            if here:
                found += here
                break
            D, e = net.equation(kinks.active(sides[None], net.b))
            t = np.linalg.lstsq(np.eye(len(net.e)) - D[0], e[0], rcond=None)[0]
            sides = kinks.normals @ t + kinks.offsets > 0
    kept: dict[tuple[float, ...], RestPoint] = {}
    for p in found:
        kept.setdefault(tuple(np.round(p.position / (1e3 * TOLERANCE * kinks.size)) + 0.0), p)
    return _distinct(list(kept.values()), kinks.size)


def _named(points: list[RestPoint], X: Array) -> list[RestPoint]:
    """Say which points are training points, and which are sums of them."""
    size = float(np.ptp(X, axis=0).max())
    sums = _Sums.of(X, size)
    named = []
    for p in points:
        distance = np.abs(X - p.position).max(axis=1)
        nearest = int(np.argmin(distance))
        if distance[nearest] <= 1e-7 * size:
            named.append(replace(p, kind="training point", members=(nearest,)))
        elif p.kind == "other" and sums is not None and (members := sums.members(p.position)):
            named.append(replace(p, kind="virtual training point", members=members))
        else:
            named.append(p)
    return named


@dataclass(frozen=True, eq=False)
class _Sums:
    """Coordinates along the rays from one training point, in which sums of training points are read off."""

    centre: Array
    inverse: Array
    offsets: Array
    rows: NDArray[np.intp]
    coordinates: Array
    size: float

    @classmethod
    def of(cls, X: Array, size: float) -> _Sums | None:
        """None if the rays are linearly dependent, so that a point may be several sums."""
        try:
            centre, u, ray, _ = find_rays(X)
        except ValueError:
            centre, ray = 0, np.arange(-1, len(X) - 1)
            u = (X[1:] - X[0]) / size
        if np.linalg.matrix_rank(u) < len(u):
            return None
        rows = np.delete(np.arange(len(X)), centre)
        inverse = np.asarray(np.linalg.pinv(u), dtype=np.float64)
        coordinates = np.zeros((len(rows), len(u)))
        along = (X[rows] - X[centre]) @ inverse
        coordinates[np.arange(len(rows)), ray[rows]] = along[np.arange(len(rows)), ray[rows]]
        return cls(X[centre], inverse, X[rows] - X[centre], rows, coordinates, size)

    def members(self, position: Array) -> tuple[int, ...]:
        """Rows whose offsets from the centre add up to the position's, at most one a ray; none if there are none."""
        t = (position - self.centre) @ self.inverse
        near = np.abs(self.coordinates - t) <= 1e-7 * self.size
        chosen = np.flatnonzero((near & (self.coordinates != 0)).any(axis=1))
        total = self.centre + self.offsets[chosen].sum(axis=0)
        return tuple(self.rows[chosen].tolist()) if np.abs(total - position).max() <= 1e-7 * self.size else ()
