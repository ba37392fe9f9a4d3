"""The lower bound on balls that dual matrices B give, in the coordinates of the certificate."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import CellProof, cell_bound
from exactnorm.certify.balls.faces import at_once, face_peaks
from exactnorm.certify.effort import CertificateUndecided, Effort

ROOM = 2**20
"""Distances that are computed at once."""
FACES = 2_000_000
"""Faces of patterns that are gone through together, whose dual matrices are held at once."""
WORK, EACH = 3_000_000_000, 25
"""Numbers in the matrices of all faces that are gone through without a time limit, some minutes; and as how many more
a face counts."""


def dual_bound(
    points: Array, rho: float, B: Array, proofs: tuple[CellProof, ...], effort: Effort | None = None
) -> float:
    """Σ_n ⟨B_n, T_n⟩ / κ: the lower bound that B and the cells give, in the coordinates of the certificate.

    Parameters
    ----------
    points : ndarray, shape (N, r)
        Coordinates of the clean points; x_0 = 0, the farthest of norm 1.
    rho : float
        Radius in the same unit.
    B : ndarray, shape (N − 1, r, r + 1)
    proofs : tuple of CellProof
        Must cover every pattern; this function does not check that.
    effort : Effort, optional
        What the check may take.
    """
    effort = Effort() if effort is None else effort
    if not proofs:
        return 0.0
    kappa = 1.0
    for proof in proofs:
        bound = cell_bound(proof, points, rho, B)
        kappa = max(kappa, bound) if bound < math.inf else math.inf  # nan counts as infinite
        if kappa == math.inf:
            return 0.0
        effort.check()
    return _ratio(_gain(points, B), kappa)


def face_bound(
    points: Array, rho: float, B: Array, patterns: NDArray[np.bool_], claim: float | None, effort: Effort
) -> float:
    """Σ_n ⟨B_n, T_n⟩ / κ, κ found by going through the faces of all patterns; B need not be feasible.

    Where it is less than `claim`, the search ends at the first peak that shows it: the answer is then less than
    `claim` too, and not all that is wrong. Without a claim all faces are gone through.

    Raises
    ------
    CertificateUndecided
        If the time is over, or, where there is no limit, too many faces could hold the maximum.
    """
    largest = float(np.abs(B).max(initial=0.0))
    if largest == 0 or (claim is not None and not claim > 0):
        return 0.0
    B = B / largest  # the bound does not depend on the size of B, and small numbers have finite squares
    gain = _gain(points, B)
    unsure = sum_rounding(B)
    # Where κ is below the floor the bound is valid all the same, and a little better than claimed.
    floor = 0.999 * gain / claim if claim is not None else 1e-9 * gain
    if not gain > 0 or not floor > 0:
        return 0.0
    kappa, heaps = floor, 0
    rank = points.shape[1]
    size = max(1, FACES // _faces_of_a_pattern(points))
    chunk = at_once(rank)
    most = math.inf if effort.limit is not None else WORK / (EACH + rank**2) / chunk + rank * -(-len(patterns) // size)
    for start in range(0, len(patterns), size):
        part = patterns[start : start + size]
        for peaks in face_peaks(points, rho, part, np.ones(part.shape, dtype=bool), B, floor, chunk=chunk):
            if np.isnan(peaks.value).any():
                return 0.0
            kappa = max(kappa, float(peaks.value.max(initial=floor)) + unsure)
            if claim is not None and gain < claim * (1 - 1e-9) * kappa:
                return _ratio(gain, kappa)
            effort.check()
            heaps += 1
            if heaps > most:
                msg = (
                    "more faces of activation patterns may hold the largest dual value than are gone through in some "
                    "minutes; give the check a time limit"
                )
                raise CertificateUndecided(msg)
    return _ratio(gain, kappa)


def bound_at(points: Array, B: Array, kappa: float) -> float:
    """Σ_n ⟨B_n, T_n⟩ / κ, where κ is known already, as `face_bound` surely finds it wherever it is recomputed.

    Of the rounding of sums an eighth more is taken off than by whoever checks it, who finds κ with about so much.
    """
    return _ratio(_gain(points, B), kappa + 1.125 * sum_rounding(B))


def elsewhere(points: Array, rho: float) -> float:
    """The share of a bound that a machine which rounds the coordinates otherwise may find missing.

    Coordinates have an error of some last places of 1; between two balls that is a share of their gap, and so of the
    slope across it. Whoever states a bound leaves this off, so that it is supported wherever it is recomputed; whoever
    checks one leaves half of it off, as coordinates that were rounded may give more than the points allow.
    """
    gap = min(float(apart.min()) for (apart,) in distances(points)) - 2 * rho
    return min(1.0, 8 * float(np.finfo(float).eps) / gap) if gap > 0 else 1.0


def distances(*sets: Array) -> Iterator[tuple[Array, ...]]:
    """Distances between all pairs of points, for each of some sets of equally many, some pairs at a time.

    There are more pairs than a small file would let one expect.
    """
    size = len(sets[0])
    step = max(1, ROOM // size)
    for start in range(0, size - 1, step):
        rows = np.arange(start, min(start + step, size - 1))
        later = np.arange(start + 1, size)[None, :] > rows[:, None]
        yield tuple(cdist(X[rows], X[start + 1 :])[later] for X in sets)


def sum_rounding(B: Array) -> float:
    """How much the sums B_s of rows of B, rounded as they are, may add to ‖B_s (w, b)‖ at a kink with ‖w‖ = 1.

    Where balls almost touch, entries are far larger than what is left of them on any kink, and this shows.
    """
    # A sum of n terms is off by n/2 last places of the sum of their sizes; and ‖(w, b)‖ < 2, as |b| < 1.5.
    return float(len(B) * np.finfo(float).eps * np.linalg.norm(B, axis=(1, 2)).sum())


def dual_value(points: Array, B: Array) -> float:
    """Σ_n ⟨B_n, T_n⟩."""
    return float(_terms(points, B).sum())


def _gain(points: Array, B: Array) -> float:
    """The dual value less its rounding."""
    terms = _terms(points, B)
    rounding: float = 4 * terms.size * float(np.finfo(float).eps) * float(np.abs(terms).sum())
    return dual_value(points, B) - rounding


def _terms(points: Array, B: Array) -> Array:
    """What adds up to the dual value: T_n is 0 but for its last column, x_n − x_0."""
    return np.asarray(B[:, :, -1] * (points[1:] - points[0]))


def _ratio(gain: float, kappa: float) -> float:
    """The bound; 0 where it is no positive number."""
    bound = float(gain / kappa)
    return bound if 0 < bound < math.inf else 0.0


def _faces_of_a_pattern(points: Array) -> int:
    faces: int = sum(math.comb(len(points), k) for k in range(1, points.shape[1] + 1))
    return faces
