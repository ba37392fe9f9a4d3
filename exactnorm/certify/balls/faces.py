"""The exact maximum of the dual function ‖B_s (w, b)‖ over all kinks of every pattern, face by face.

For a fixed normal w the norm is convex in b, so some maximiser touches a ball. The kinks of a pattern that touch the
balls of a set J, wherever the other balls lie, form a sphere: w = w_0 + U v, ‖v‖ = R, with B_s (w, b) = q + A v. Its
largest value there takes an eigendecomposition and one root of the secular equation, and bounds the face J and all
smaller faces J' ⊃ J. If the maximiser misses the other balls, it is the maximum of the face. If not, the maximum lies
at the only other local maximiser that ‖q + A v‖ can have on a sphere (Martínez, SIAM Journal on Optimization 4, 1994),
or on a face that touches one ball more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import as_numbers
from exactnorm.certify.balls.sphere import Sphere, polished

CHUNK, ENTRIES = 20_000, 2**19
"""Faces treated at once: enough for NumPy's loops, few enough for the memory; and numbers in their matrices."""
MISSES = 256 * float(np.finfo(float).eps)
"""A ball that a hyperplane cuts by less than this share of its distance from one that is touched counts as missed.

That is the rounding of the hyperplane, seen from there, so that no maximiser is lost to it. Of the size of the set it
would be much of a ball, or of the gap between two, where clusters are small and far apart.
"""
ROOM = 2**22
"""Balls of faces that are looked at together for smaller faces."""
CLEAR = 1e-13
"""Heights, in units of the set, that say on which side a ball is without a look at what is near it."""
CANCEL = 1e3
"""Terms so many times as large as their sum are worth longer floats where a lower maximum is looked for."""
DEPENDENT = 128 * float(np.finfo(float).eps)
"""Touched balls whose centres, seen from their neighbours, are so nearly in a smaller flat say nothing new: a sine.

A kink that touches the others counts as missing such a ball.
"""


@dataclass(frozen=True, eq=False)
class Peaks:
    """Kinks at which the dual function is largest on a face.

    Parameters
    ----------
    pattern : ndarray of int, shape (K,)
        Row of the pattern.
    w, b : ndarray, shapes (K, r) and (K,)
        The kink, ‖w‖ = 1, tangent to a ball.
    value : ndarray, shape (K,)
        ‖B_s (w, b)‖ there, or a bound on it from above that is as good to rounding.
    """

    pattern: NDArray[np.intp]
    w: Array
    b: Array
    value: Array


@dataclass(frozen=True, eq=False)
class Faces:
    """Face k belongs to pattern `of[k]` and touches `balls[k]`; its sphere is w = w_0 + U v, ‖v‖ = R."""

    of: NDArray[np.intp]
    balls: NDArray[np.intp]
    w0: Array
    U: Array
    R: Array

    def normals(self, rows: NDArray[np.intp], v: Array) -> Array:
        """W of points v on some of the spheres."""
        return np.asarray(self.w0[rows] + np.einsum("frm,fm->fr", self.U[rows], v))

    def __getitem__(self, rows: NDArray[np.intp]) -> Faces:
        return Faces(self.of[rows], self.balls[rows], self.w0[rows], self.U[rows], self.R[rows])

    def dual(self, points: Array, rho: float, sign: Array, Bs: Array) -> Sphere:
        """The dual function on the spheres."""
        return Sphere(*self.maps(points, rho, sign, Bs), self.R)

    def maps(self, points: Array, rho: float, sign: Array, Bs: Array) -> tuple[Array, Array]:
        """A and q, such that the dual function is ‖q + A v‖ on the spheres."""
        first = self.balls[:, 0]
        W, beta = Bs[self.of][:, :, :-1], Bs[self.of][:, :, -1]
        # b = σ_i ρ − w·x_i on the face, so that B_s (w, b) = M w + σ_i ρ β.
        M = W - beta[:, :, None] * points[first][:, None, :]
        q = np.einsum("fij,fj->fi", M, self.w0) + beta * (sign[self.of, first] * rho)[:, None]
        return np.einsum("fij,fjm->fim", M, self.U) if M.dtype == np.longdouble else M @ self.U, q


def at_once(rank: int) -> int:
    """Faces treated at once in so many dimensions."""
    return max(1, min(CHUNK, ENTRIES // rank**2))


def largest_dual_value(points: Array, rho: float, patterns: NDArray[np.bool_], B: Array, floor: float) -> float:
    """The maximum of ‖B_s (w, b)‖ over all kinks with ‖w‖ = 1 of all patterns, or `floor` if that is larger."""
    rows = np.ones(patterns.shape, dtype=bool)
    found = face_peaks(points, rho, patterns, rows, B, floor)
    return max(float(one.value.max(initial=floor)) for one in found)


def face_peaks(
    points: Array,
    rho: float,
    patterns: NDArray[np.bool_],
    rows: NDArray[np.bool_],
    B: Array,
    floor: float,
    every: bool = False,
    chunk: int | None = None,
) -> Iterator[Peaks]:
    """Peaks of all faces that reach above `floor`, some at a time; the largest is the maximum, if that is above.

    Parameters
    ----------
    points : ndarray, shape (N, r)
    rho : float
    patterns : ndarray of bool, shape (P, N)
    rows : ndarray of bool, shape (P, N)
        The balls that decide whether a kink has the pattern; those implied by others may be left out.
    B : ndarray, shape (N − 1, r, r + 1)
    floor : float
    every : bool
        Look also for lower peaks on a face, and on its smaller faces, where its largest one is known.
    chunk : int, optional
        Faces treated at once; as many as `at_once` says by default.
    """
    chunk = at_once(points.shape[1]) if chunk is None else chunk
    sign = np.where(patterns, 1.0, -1.0)
    Bs = np.einsum("pn,nij->pij", patterns[:, 1:] * 1.0, B)
    # By how many balls they touch, faces whose smaller faces are still to be looked at; a pattern touches none.
    left = {0: (np.arange(len(patterns)), np.zeros((len(patterns), 0), dtype=np.intp))}
    while len(patterns) and left:
        size = _next(left, chunk)
        before = left.pop(size)
        of, balls, done = _smaller(*before, rows, chunk)
        if done < len(before[0]):
            left[size] = before[0][done:], before[1][done:]
        faces, kept = spheres(points, rho, sign, of, balls)
        peaks, going = _peaks(points, rho, sign, Bs, faces, floor, every)
        yield peaks
        parents = kept[going][balls[kept[going], -1] < len(points) - 1]  # the others have no smaller faces
        if size + 1 < points.shape[1] and len(parents):
            more = of[parents], balls[parents]
            waiting = left.get(size + 1, (more[0][:0], more[1][:0]))
            left[size + 1] = np.concatenate([waiting[0], more[0]]), np.concatenate([waiting[1], more[1]])


def _next(left: dict[int, tuple[NDArray[np.intp], NDArray[np.intp]]], chunk: int) -> int:
    """Where to go on: at the smallest faces of which there are many, so that they do not pile up, else at the largest.

    So never more than some chunks are held, of however many faces there are in all.
    """
    return max((size for size, (of, _) in left.items() if len(of) >= chunk), default=min(left))


def _smaller(
    of: NDArray[np.intp], balls: NDArray[np.intp], rows: NDArray[np.bool_], chunk: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
    """About `chunk` faces that touch one ball more, behind those touched, and of how many of the given faces all are.

    So each is found once, from the face without its last ball. Where that is settled, or has no kink, so are all its
    smaller ones, whatever others they belong to.
    """
    size = rows.shape[1]
    some = slice(max(1, min(chunk, ROOM // size)))
    more = rows[of[some]] & (np.arange(size) > balls[some].max(axis=1, initial=-1)[:, None])
    done = max(1, int(np.searchsorted(np.cumsum(more.sum(axis=1)), chunk, side="right")))
    parent, ball = np.nonzero(more[:done])
    return of[parent], np.column_stack([balls[parent], ball]), done


def spheres(
    points: Array, rho: float, sign: Array, of: NDArray[np.intp], balls: NDArray[np.intp]
) -> tuple[Faces, NDArray[np.intp]]:
    """The spheres w·(x_j − x_i) = (σ_j − σ_i) ρ over the edges of a tree of the touched balls; which faces have one."""
    k = balls.shape[1]
    sets, which = np.unique(balls, axis=0, return_inverse=True)
    which = which.ravel()
    near, far = _tree(points[sets])
    apart = points[np.take_along_axis(sets, far, axis=1)] - points[np.take_along_axis(sets, near, axis=1)]
    length = np.linalg.norm(apart, axis=2)
    Q, L = np.linalg.qr(np.swapaxes(apart / length[:, :, None], 1, 2), mode="complete")
    L = L[:, : k - 1]
    independent = (np.abs(np.diagonal(L, axis1=1, axis2=2)) > DEPENDENT).all(axis=1)
    L[~independent] = np.eye(k - 1)
    s = np.take_along_axis(sign[of], balls, axis=1)
    step = np.take_along_axis(s, far[which], axis=1) - np.take_along_axis(s, near[which], axis=1)
    # The shortest normal that satisfies the equations, each divided by its length: w_0 = Q_1 y, Lᵀ y = c. Solved one
    # after another they hold to rounding, however nearly dependent they are.
    c = step * rho / length[which]
    y = np.zeros_like(c)
    for i in range(k - 1):
        y[:, i] = (c[:, i] - (L[which, :i, i] * y[:, :i]).sum(axis=1)) / L[which, i, i]
    w0 = np.einsum("frk,fk->fr", Q[:, :, : k - 1][which], y)
    unsure = 16 * k * float(np.finfo(float).eps) * np.linalg.norm(np.linalg.inv(L), axis=(1, 2))[which]
    square, size = 1.0 - (y**2).sum(axis=1), np.abs(y).sum(axis=1)
    kept = np.flatnonzero(independent[which] & (square >= -unsure * size * (size + np.abs(c).sum(axis=1))))
    U = Q[:, :, k - 1 :][which[kept]]
    return Faces(of[kept], balls[kept], w0[kept], U, np.sqrt(np.maximum(square[kept], 0.0))), kept


def _tree(P: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Edges of a shortest tree of each set of points (S, k, r): numbers of their ends, the near one in it before.

    Where lengths of several decades meet, their directions are as little dependent as they can be.
    """
    count, k, _ = P.shape
    rows = np.arange(count)
    best, parent = np.full((count, k), np.inf), np.zeros((count, k), dtype=np.intp)
    near, far = np.empty((2, count, k - 1), dtype=np.intp)
    last, inside = np.zeros(count, dtype=np.intp), np.zeros((count, k), dtype=bool)
    for step in range(k - 1):
        inside[rows, last] = True
        distance = np.linalg.norm(P - P[rows, last][:, None, :], axis=2)
        closer = distance < best
        best, parent = np.where(closer, distance, best), np.where(closer, last[:, None], parent)
        last = np.where(inside, np.inf, best).argmin(axis=1)
        near[:, step], far[:, step] = parent[rows, last], last
    return near, far


def _peaks(
    points: Array, rho: float, sign: Array, Bs: Array, faces: Faces, floor: float, every: bool
) -> tuple[Peaks, NDArray[np.intp]]:
    """Peaks that belong to the faces, and the numbers of those faces whose smaller faces must be looked at."""
    sphere = faces.dual(points, rho, sign, Bs)
    high = np.flatnonzero(sphere.crude() > floor)
    top, v = sphere.maximum(high)
    high, top, v = high[top > floor], top[top > floor], v[top > floor]
    w = faces.normals(high, v)
    peaks, its_own = _of_their_pattern(points, rho, sign, faces, high, w, top)
    going = high if every else high[~its_own]
    v = sphere.other_maximum(going) if sphere.A.shape[2] > 1 else -v[np.isin(high, going)]
    there = np.isfinite(v).all(axis=1)
    more, v = going[there], v[there]
    value, most = sphere.values(more, v), sphere.crude()[more]
    if (rough := np.flatnonzero(~(most <= CANCEL * value))).size and sphere.A.shape[2] > 1:
        rows = more[rough]
        v[rough], value[rough] = _in_longer_floats(faces[rows], points, rho, sign, Bs, v[rough], most[rough])
    w = faces.normals(more, v)
    some = value > floor
    others, _ = _of_their_pattern(points, rho, sign, faces, more[some], w[some], value[some])
    pairs = zip(peaks, others, strict=True)
    return Peaks(*(np.concatenate(pair) for pair in pairs)), going


def _in_longer_floats(
    faces: Faces, points: Array, rho: float, sign: Array, Bs: Array, v: Array, most: Array
) -> tuple[Array, Array]:
    """Lower maxima on some faces, and bounds on ‖q + A v‖ there, from where they were found with too few digits.

    Where balls almost touch, q and A v are large and nearly cancel: the slopes that place the maximum are rounding.
    """
    points, sign, Bs = (as_numbers(one, np.longdouble) for one in (points, sign, Bs))
    longer = Faces(faces.of, faces.balls, *(as_numbers(one, np.longdouble) for one in (faces.w0, faces.U, faces.R)))
    A, q = longer.maps(points, rho, sign, Bs)
    v, value = polished(A, q, longer.R, as_numbers(v, np.longdouble))
    return v.astype(float), np.minimum(value, most).astype(float)


def _of_their_pattern(
    points: Array, rho: float, sign: Array, faces: Faces, chosen: NDArray[np.intp], w: Array, value: Array
) -> tuple[tuple[NDArray[np.intp], Array, Array, Array], NDArray[np.bool_]]:
    """Those of the kinks w on the chosen faces that miss all balls on the right sides, and which they are."""
    of, balls = faces.of[chosen], faces.balls[chosen]
    first = balls[:, 0]
    b = sign[of, first] * rho - (w * points[first]).sum(axis=1)
    height = sign[of] * (w @ points.T + b[:, None]) - rho
    np.put_along_axis(height, balls, np.inf, axis=1)  # touched as the face has it
    right = (height >= -CLEAR).all(axis=1)
    kink, ball = np.nonzero(right[:, None] & (height <= CLEAR))
    offsets = points[ball][:, None, :] - points[balls[kink]]
    length = np.linalg.norm(offsets, axis=2)
    nearest = length.argmin(axis=1)[:, None]
    here = np.take_along_axis(balls[kink], nearest, axis=1)[:, 0]
    offset = np.take_along_axis(offsets, nearest[:, :, None], axis=1)[:, 0]
    # σ_n (w·(x_n − x_i) + σ_i ρ) − ρ: what is small is not the difference of large heights.
    own, other = sign[of[kink], ball], sign[of[kink], here]
    depth = own * (w[kink] * offset).sum(axis=1) + (own * other - 1) * rho
    right[kink[~(depth >= -MISSES * (length.min(axis=1, initial=np.inf) + rho))]] = False
    return (of[right], w[right], b[right], value[right]), right
