"""The lower bound for the corners of a regular simplex, by matrices B that its symmetry leaves no choice of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from exactnorm.arrays import Array
from exactnorm.certify.balls.contact import near_contact
from exactnorm.certify.door import refuse, rows_of
from exactnorm.training_set import TrainingSet

MARGIN = 1e-9
"""By how much the inequalities are to hold: far more than the rounding of their few operations."""


@dataclass(frozen=True, eq=False)
class RegularSimplex:
    """Points at the corners of a regular simplex: all of them, or a part whose least cost bounds that of all.

    Parameters
    ----------
    rows : tuple of int
        Rows of the points.
    """

    rows: tuple[int, ...]
    kind: ClassVar[str] = "theorem"

    @property
    def counts(self) -> dict[str, int]:
        """How much the evidence consists of."""
        return {"corners": len(self.rows)}

    @property
    def statement(self) -> str:
        """In words, what the lower bound rests on."""
        return (
            f"{len(self.rows)} of the points are the corners of a regular simplex of height m and circumradius R, and "
            f"no denoiser of such points costs less than {len(self.rows)} · 2R/(m − 2ρ), or a little less near contact."
        )


def simplex_bound(evidence: RegularSimplex, train: TrainingSet) -> float:
    """The lower bound of the theorem, once its hypotheses hold for these rows; `CertificateError` if they do not."""
    rows = rows_of(evidence.rows, "corners", train.size, 3)
    try:
        return simplex_lower_bound(train.points[rows], train.rho)
    except np.linalg.LinAlgError:
        raise
    except ValueError as failed:
        refuse(f"the theorem does not apply: {failed}")


FAR = 1e-6
"""Corners off by more, in units of the circumradius, are those of no simplex that anybody takes for regular."""


def simplex_lower_bound(points: Array, rho: float) -> float:
    """N · 2R/(m − 2ρ), or N λ R near contact: the least cost for the corners of a regular simplex.

    R is the circumradius and m the height. With unit vectors u_n from the centre to the corners and β = 2/(m − 2ρ), the
    dual matrices are B_n = β [R/2 (u_n u_nᵀ − I/(N − 1)) | u_n]; `missing_inequality` says when their dual function is
    at most 1. Where it is not, those of `near_contact` are taken.

    The points are near the corners x_n of an exactly regular simplex, at a distance of ε at most. A network that maps
    the balls around them to their centres is constant on balls of radius ρ − ε around the x_n, with values within ε
    of x_n: so the bound is that of the exact simplex for ρ − ε, less N β ε.

    Parameters
    ----------
    points : ndarray, shape (N, d)
        N ≥ 3.
    rho : float
        Positive.

    Raises
    ------
    ValueError
        If the points are no such corners, or ρ is outside the range that is proved.
    """
    return least_cost(len(points), *corners(points, rho))


def least_cost(count: int, R: float, off: float, share: float) -> float:
    """The bound of `simplex_lower_bound` from what `corners` finds of the points."""
    slope, rounding = 2 / (1 - 2 * share), 1e-14
    if missing_inequality(count, share):
        slope = near_contact(count, share).slope
        rounding *= 1 + slope  # roundings of positions meet in a narrow gap between balls
    return float((count - 1) * slope * (1 - off / R) * (1 - rounding))


def one_versus_rest_is_least(points: Array, rho: float) -> bool:
    """Whether one-versus-rest has the least cost for the corners of a regular simplex; errors as above."""
    return not missing_inequality(len(points), corners(points, rho)[2])


def corners(points: Array, rho: float) -> tuple[float, float, float]:
    """Circumradius R of the nearest regular simplex, how far ε points are off, and (ρ − ε)/m; errors as above."""
    count = len(points)
    if count < 3:
        msg = "a regular simplex has three corners at least here"
        raise ValueError(msg)
    R, off = nearest_regular(points)
    if not off <= 1e-9 * R:
        msg = f"the points are not the corners of a regular simplex: they are off by {off / R:.3g} of its circumradius"
        raise ValueError(msg)
    height = R * count / (count - 1)
    if not 0 < rho - off < height / 2:
        msg = f"rho={rho:g} is not between the rounding of the points and half the height {height:.6g} of the simplex"
        raise ValueError(msg)
    return R, off, (rho - off) / height


def nearest_regular(points: Array) -> tuple[float, float]:
    """Circumradius of the nearest regular simplex, and the largest distance of a point from its corner.

    Where the points are far from any, half the spread of their distances from the centre, which is less.
    """
    count = len(points)
    size = float(np.abs(points - points[0]).max())
    X = (points - points[0]) / size
    X = X - X.mean(axis=0)
    lengths = np.linalg.norm(X, axis=1)
    if (least := float(np.ptp(lengths)) / 2) > FAR * lengths.mean():  # no matrix of a thousand rows to decompose
        return float(lengths.mean()) * size, least * size
    U, singular, Vt = np.linalg.svd(X, full_matrices=False)
    if len(singular) < count - 1:
        msg = f"{count} corners of a simplex need {count - 1} coordinates at least, there are {X.shape[1]}"
        raise ValueError(msg)
    # Rows of U V, U with orthonormal columns that add up to 0, have all the same length and angles.
    side = float(singular[: count - 1].mean())
    U, Vt = U[:, : count - 1], Vt[: count - 1]
    off = float(np.linalg.norm(X - side * U @ Vt, axis=1).max())
    far = float(np.abs(points).max()) / size
    return side * size * float(np.sqrt((count - 1) / count)), size * (off + 1e-14 * count * (1 + far))


def missing_inequality(count: int, share: float) -> int:
    """The number of corners on one side of the kinks for which the dual function may exceed 1; 0 if there are none.

    Let a kink have k corners on one side and l = N − k on the other, with distances y from it that have means P and
    −Q and variances σ²/k, τ²/l. With ν = N (1 − 2ρ/m) the dual function is at most 1 iff
        l²σ² + k²τ² + k l N (P − Q)² ≤ ν² (σ² + τ² + (k l/N) (P + Q)²).
    As P, Q ≥ ρ, and (k l/N)(P + Q)² ≤ m² (N − 1)/N at ‖w‖ = 1, the last terms alone satisfy it. So it holds if
    k, l ≤ ν; σ = 0 if k = 1, and τ = 0 if l = 1. In general let T = (P + Q)/ρ. Then |P − Q| ≤ (T − 2) ρ and, as no y is
    nearer than ρ, σ² ≤ k (k − 1) p² ρ² and τ² ≤ l (l − 1) q² ρ² with p + q = T − 2. So the excess
    (l² − ν²) σ² + (k² − ν²) τ² is at most G (T − 2)² ρ², with G the larger of (l² − ν²) k (k − 1) and
    (k² − ν²) l (l − 1), and at most d (σ² + τ²), with d the larger of l² − ν² and k² − ν². The inequality holds up to
    T = 2/(1 − x), x² = k l ν²/(N (k l N + G)), by the first, and beyond by the second if
        G/d (T − 2)² + (k l/N) T² ≥ (m/ρ)² (N − 1)/N,
    as what is to be non-negative is concave in T there and is so where σ = τ = 0.

    Parameters
    ----------
    count : int
        N.
    share : float
        ρ/m, between 0 and ½.
    """
    k = np.arange(1.0, count // 2 + 1)
    far, nu = count - k, count * (1 - 2 * share)
    one = np.where(k > 1, far**2 - nu**2, 0.0)
    other = np.where(far > 1, k**2 - nu**2, 0.0)
    largest = np.maximum(one, other)
    excess = np.maximum(np.maximum(one * k * (k - 1), other * far * (far - 1)), 0.0)
    x = nu * np.sqrt(k * far / (count * (k * far * count + excess)))
    T = 2 / (1 - x)
    with np.errstate(divide="ignore", invalid="ignore"):
        reached = excess / largest * (T - 2) ** 2 + k * far / count * T**2
    good = (largest <= 0) | (reached >= (count - 1) / count / share**2 * (1 + MARGIN))
    return 0 if good.all() else int(k[np.flatnonzero(~good)[0]])
