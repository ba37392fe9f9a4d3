"""Peaks of the dual function near kinks that are known, found by going from face to face: quick, but it may miss some.

A look at all faces (`look`) finds every peak, and takes some 2^r steps for each pattern. While B changes little by
little, its peaks can be followed instead. On a face the function ‖q + A v‖ has at most two local maxima (`sphere`). One
that misses all other balls is a peak, unless it grows where one of the balls is left; one that does not leads on to
the face of the ball that is met first on the way to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.faces import spheres
from exactnorm.exact.balls.kinks import Kinks, distinct
from exactnorm.exact.balls.polish import margins
from exactnorm.exact.balls.problem import Reduced
from exactnorm.hulls import hull_gaps

ROUNDS = 12
"""Faces in a row that a kink is followed over at most."""
ENTERS = 1e-10
"""Depth in a ball up to which a kink counts as missing it: rounding."""
LEAVES = 1e-9
"""Multiplier of a ball, negative, from which leaving that ball raises the dual function."""
FLAT = 1e-9
"""Sine up to which centres of balls, seen from one of them, lie in a smaller flat."""
SAME = 1e-6
"""Difference of the entries of two kinks of a pattern up to which they are one."""

Starts = tuple[NDArray[np.intp], NDArray[np.bool_], Array]


@dataclass(frozen=True, eq=False)
class Tracked:
    """Kinks on faces.

    Parameters
    ----------
    of : ndarray of int, shape (K,)
        Rows of their patterns.
    touched : ndarray of bool, shape (K, N)
        The balls that they touch.
    w : ndarray, shape (K, r)
        Unit normals.
    value : ndarray, shape (K,)
        ‖B_s (w, b)‖.
    """

    of: NDArray[np.intp]
    touched: NDArray[np.bool_]
    w: Array
    value: Array

    def __len__(self) -> int:
        return len(self.of)

    def __getitem__(self, chosen: NDArray[Any] | slice) -> Tracked:
        return Tracked(*(getattr(self, one.name)[chosen] for one in fields(self)))

    def kinks(self, problem: Reduced) -> Kinks:
        """The same as kinks."""
        return Kinks(self.w, offsets(problem, self.of, self.touched, self.w), problem.patterns[self.of])


def together(*several: Tracked) -> Tracked:
    """One after another."""
    return Tracked(*(np.concatenate([getattr(one, f.name) for one in several]) for f in fields(Tracked)))


def signs(problem: Reduced, of: NDArray[np.intp]) -> Array:
    """σ_n of the patterns, shape (K, N)."""
    return np.where(problem.patterns[of], 1.0, -1.0)


def offsets(problem: Reduced, of: NDArray[np.intp], touched: NDArray[np.bool_], w: Array) -> Array:
    """B = σ_i ρ − w·x_i of kinks that touch ball i, the first of the touched ones."""
    first = touched.argmax(axis=1)
    at = signs(problem, of)[np.arange(len(of)), first]
    return np.asarray(at * problem.rho - (w * problem.points[first]).sum(axis=1))


def placed(problem: Reduced, kinks: Kinks, value: Array) -> Tracked:
    """Kinks that a look has found, each on the face of the balls it touches."""
    rows = {pattern.tobytes(): row for row, pattern in enumerate(problem.patterns)}
    of = np.array([rows[pattern.tobytes()] for pattern in kinks.pattern], dtype=np.intp)
    margin = margins(problem.points, problem.rho, kinks)
    touched = margin <= problem.touch
    touched[np.arange(len(of)), margin.argmin(axis=1)] = True
    return Tracked(of, touched, kinks.w, value)


def everywhere(problem: Reduced, rows: NDArray[np.bool_], check: Callable[[], None] = lambda: None) -> Tracked:
    """A start on the face of each ball of each pattern, along the normal of its widest gap; `check` may raise.

    Parameters
    ----------
    rows : ndarray of bool, shape (P, N)
        From `deciding_balls`.
    """
    of, ball = np.nonzero(rows)
    touched = np.zeros((len(of), len(problem.points)), dtype=bool)
    touched[np.arange(len(of)), ball] = True
    w = hull_gaps(problem.points, problem.patterns, watch=check).w[of]
    return Tracked(of, touched, w, np.zeros(len(of)))


def followed(problem: Reduced, B: Array, start: Tracked, floor: float, check: Callable[[], None]) -> Tracked:
    """The peaks above `floor` that are found from the kinks of `start`, each once.

    `check` is called again and again, and may raise.
    """
    Bs = np.einsum("pn,nij->pij", problem.patterns[:, 1:] * 1.0, B)
    going: Starts = start.of, independent(problem, start.touched), start.w
    seen: set[bytes] = set()
    found: list[Tracked] = []
    for _ in range(ROUNDS):
        going = _unseen(going, seen)
        if not len(going[0]):
            break
        check()
        ahead: list[Starts] = []
        for w, value in _maxima(problem, Bs, going[0], going[1]):
            high = np.flatnonzero(value > floor)
            some = Tracked(going[0][high], going[1][high], w[high], value[high])
            margin = margins(problem.points, problem.rho, some.kinks(problem))
            own = np.asarray((margin >= -ENTERS).all(axis=1))
            peaks = some[own]
            touched = independent(problem, peaks.touched | (margin[own] <= problem.touch))
            found.append(replace(peaks, touched=touched))
            ahead += _leaving(problem, Bs, peaks)
            ahead.append(_meeting(problem, some[~own], margin[~own], going[2][high][~own]))
        going = _stacked(ahead)
    return _each_once(problem, together(*found)) if found else start[:0]


def independent(problem: Reduced, touched: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of the balls in each row as many as are affinely independent, at most r; they decide the others."""
    size, r = touched.sum(axis=1), problem.rank
    out = touched.copy()
    for k in np.unique(size[size > 2]):
        some = np.flatnonzero(size == k)
        balls = np.nonzero(touched[some])[1].reshape(len(some), k)
        apart = problem.points[balls[:, 1:]] - problem.points[balls[:, :1]]
        apart /= np.linalg.norm(apart, axis=2)[:, :, None]
        narrow = np.linalg.svd(apart, compute_uv=False)[:, -1] < FLAT
        for row in np.flatnonzero(narrow | (k > r)):
            out[some[row]] = _spanning(problem, balls[row])
    return out


def _spanning(problem: Reduced, balls: NDArray[np.intp]) -> NDArray[np.bool_]:
    kept, basis = [balls[0]], np.zeros((0, problem.rank))
    for ball in balls[1:]:
        offsets = problem.points[ball] - problem.points[kept]
        length = np.linalg.norm(offsets, axis=1)
        v = offsets[length.argmin()] / length.min()
        for _ in range(2):
            v = v - basis.T @ (basis @ v)
        if len(kept) < problem.rank and np.linalg.norm(v) > FLAT:
            basis = np.vstack([basis, v / np.linalg.norm(v)])
            kept.append(ball)
    out = np.zeros(len(problem.points), dtype=bool)
    out[kept] = True
    return out


def _unseen(going: Starts, seen: set[bytes]) -> Starts:
    """Those on faces that were not looked at before."""
    keys = np.column_stack([going[0].astype("<i4").view(np.uint8).reshape(-1, 4), np.packbits(going[1], axis=1)])
    new = []
    for row, key in enumerate(map(bytes, keys)):
        if key not in seen:
            seen.add(key)
            new.append(row)
    of, touched, w = going
    return of[new], touched[new], w[new]


def _stacked(several: list[Starts]) -> Starts:
    of, touched, w = (np.concatenate([one[k] for one in several]) for k in range(3))
    return of, touched, w


def _maxima(problem: Reduced, Bs: Array, of: NDArray[np.intp], touched: NDArray[np.bool_]) -> list[tuple[Array, Array]]:
    """Both local maxima of faces, whatever other balls they enter: (w, value), value −1 where there is none."""
    size, r, sign = touched.sum(axis=1), problem.rank, np.where(problem.patterns, 1.0, -1.0)
    w, value = np.zeros((2, len(of), r)), np.full((2, len(of)), -1.0)
    for k in np.unique(size[size <= r]):  # kinks that touch more balls than that are single ones, not a sphere of them
        some = np.flatnonzero(size == k)
        balls = np.nonzero(touched[some])[1].reshape(len(some), k)
        faces, kept = spheres(problem.points, problem.rho, sign, of[some], balls)
        sphere = faces.dual(problem.points, problem.rho, sign, Bs)
        some, every = some[kept], np.arange(len(kept))
        value[0, some], v = sphere.maximum(every)
        w[0, some] = faces.normals(every, v)
        v = sphere.other_maximum(every) if sphere.A.shape[2] > 1 else -v
        there = np.flatnonzero(np.isfinite(v).all(axis=1))
        w[1, some[there]], value[1, some[there]] = faces.normals(there, v[there]), sphere.values(there, v[there])
    return [(w[0], value[0]), (w[1], value[1])]


def _leaving(problem: Reduced, Bs: Array, peaks: Tracked) -> list[Starts]:
    """Faces on which a ball is left, since that raises the dual function; of one ball alone, those of the next.

    At a maximum of a face (‖B_s z‖²/2)' = λ (w, 0) − Σ_j ν_j σ_j (x_j, 1), and leaving ball j helps if ν_j < 0.
    """
    out: list[Starts] = []
    kinks = peaks.kinks(problem)
    sign = signs(problem, peaks.of)
    gradient = np.einsum("fij,fi->fj", Bs[peaks.of], np.einsum("fij,fj->fi", Bs[peaks.of], kinks.z))
    size = peaks.touched.sum(axis=1)
    for k in np.unique(size):
        some = np.flatnonzero(size == k)
        balls = np.nonzero(peaks.touched[some])[1].reshape(len(some), k)
        lifted = np.concatenate([problem.points[balls], np.ones((*balls.shape, 1))], axis=2)
        rows = np.take_along_axis(sign[some], balls, axis=1)[:, :, None] * lifted
        rows = np.concatenate([rows, np.pad(peaks.w[some], ((0, 0), (0, 1)))[:, None, :]], axis=1)
        nu = -(np.linalg.pinv(np.swapaxes(rows, 1, 2)) @ gradient[some][:, :, None])[:, :k, 0]
        at, which = np.nonzero(nu < -LEAVES)
        left = some[at]
        touched = peaks.touched[left].copy()
        touched[np.arange(len(left)), balls[at, which]] = False
        if k == 1:  # the kink moves on along its normal until it meets a ball on the other side
            margin = margins(problem.points, problem.rho, kinks[left])
            opposite = sign[left] != np.take_along_axis(sign[left], balls[at], axis=1)
            next_ = np.where(opposite, margin, np.inf).argmin(axis=1)
            touched[np.arange(len(left)), next_] = True
        out.append((peaks.of[left], touched, peaks.w[left]))
    return out


def _meeting(problem: Reduced, entering: Tracked, margin: Array, w: Array) -> Starts:
    """Faces of the ball that is met first on the way from kinks with normals `w` to maxima that enter balls."""
    here = margins(problem.points, problem.rho, replace(entering, w=w).kinks(problem))
    here = np.maximum(here, 0.0)
    met = (margin < -ENTERS) & ~entering.touched
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(met, here / (here - margin), np.inf)
    first = share.argmin(axis=1)
    share = share.min(axis=1)
    on = np.flatnonzero(np.isfinite(share) & (entering.touched.sum(axis=1) < problem.rank))
    touched = entering.touched[on].copy()
    touched[np.arange(len(on)), first[on]] = True
    there = w[on] + share[on, None] * (entering.w[on] - w[on])
    length = np.linalg.norm(there, axis=1)[:, None]
    there = np.where(length > 0, there / np.where(length > 0, length, 1.0), entering.w[on])
    return entering.of[on], touched, there


def _each_once(problem: Reduced, peaks: Tracked) -> Tracked:
    """Highest first of those that are one."""
    peaks = peaks[np.argsort(-peaks.value, kind="stable")]
    kinks = peaks.kinks(problem)
    return peaks[np.unique(distinct(kinks, kinks.z[:, None, :], SAME))]
