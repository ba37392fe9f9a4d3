"""The lower bound of weighted segments between points, of polynomial size whatever the number of patterns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.door import integers, numbers, refuse
from exactnorm.geometry import length_rounding
from exactnorm.network import lengths
from exactnorm.training_set import TrainingSet

ROOM = 2**20
"""Numbers in the largest array of directions of segments."""


@dataclass(frozen=True, eq=False)
class Segments:
    """Segments between points, each with a weight.

    Parameters
    ----------
    ends : ndarray of int, shape (E, 2)
        Rows of the two points that a segment joins.
    weights : ndarray, shape (E,)
        Positive.
    """

    ends: NDArray[np.intp]
    weights: Array
    kind: ClassVar[str] = "theorem"

    @property
    def counts(self) -> dict[str, int]:
        """How much the evidence consists of."""
        return {"segments": len(self.weights)}

    @property
    def statement(self) -> str:
        """In words, what the lower bound rests on."""
        return (
            f"Along each of {len(self.weights)} segments between points the slope must rise and fall, and one neuron "
            "serves all of them only as far as their weights allow: that is the lower bound."
        )


def segments_bound(evidence: Segments, train: TrainingSet) -> float:
    """The lower bound of these segments, once they join points of the set; `CertificateError` if they do not."""
    count = len(evidence.weights) if type(evidence.weights) is np.ndarray and evidence.weights.ndim == 1 else 0
    ends = integers(evidence.ends, "the array of ends of segments", (count, 2))
    weights = numbers(evidence.weights, "the array of weights of segments", (count,))
    if not (count and ends.min() >= 0 and ends.max() < train.size and (ends[:, 0] != ends[:, 1]).all()):
        refuse(f"a segment does not lead from one of the {train.size} points to another")
    try:
        return edges_lower_bound(train.points, train.rho, ends, weights)
    except np.linalg.LinAlgError:
        raise
    except ValueError as failed:
        refuse(f"the segments bound nothing: {failed}")


def edges_lower_bound(points: Array, rho: float, edges: NDArray[np.intp], weights: Array) -> float:
    """Σ c_e 2L_e/(L_e − 2ρ) / ‖Σ c_e u_e u_eᵀ‖: no network that maps every ball to its centre costs less.

    Along the segment between two points, L apart with unit direction u, the component of h along u has slope 0 on both
    balls and mean slope L/(L − 2ρ) in between: the neurons whose kinks cross the segment must supply
    Σ_k |u·a_k||u·w_k| ≥ 2L/(L − 2ρ). With weights c_e ≥ 0 on several segments, by Cauchy and Schwarz,
    Σ_e c_e |u_e·a||u_e·w| ≤ ‖Σ c_e u_e u_eᵀ‖ ‖a‖‖w‖.

    Parameters
    ----------
    points : ndarray, shape (N, d)
    rho : float
    edges : ndarray of int, shape (E, 2)
        Rows of two different points.
    weights : ndarray, shape (E,)
        Positive.

    Raises
    ------
    ValueError
        If balls at the ends of a segment touch, or a weight is not positive.
    """
    # Dividing first keeps the squares finite and non-zero whatever the unit of the points.
    size = 2 * float(np.abs(points - points[0]).max())
    share = weights / float(weights.max())
    X, astray = _few_coordinates((points - points[0]) / size)
    length, turned = np.empty(len(edges)), 0.0
    matrix = np.zeros((X.shape[1], X.shape[1]))
    step = max(1, ROOM // points.shape[1])  # many segments share few points: not all of their directions at once
    for start in range(0, len(edges), step):
        rows = slice(start, start + step)
        i, j = edges[rows].T
        apart = (points[j] - points[i]) / size
        length[rows] = lengths(apart)
        # As they are, where they can be: far from the first point, differences of differences lose their digits.
        offsets = X[j] - X[i] if astray > 0 else apart
        scaled = np.sqrt(share[rows])[:, None] * offsets / lengths(offsets)[:, None]
        matrix += scaled.T @ scaled
        turned += float((share[rows] * np.minimum(4 * astray / length[rows], 1.0)).sum())
    gaps = size * length - 2 * rho
    if not gaps.min() > 0 or not weights.min() > 0:
        msg = "segments between balls that touch, or weights that are not positive, bound nothing"
        raise ValueError(msg)
    # Eigenvalues have an error of a few units in the last place of the largest times the order.
    largest = float(np.linalg.eigvalsh(matrix)[-1]) * (1 + 1e-15 * (len(matrix) + len(edges))) + turned
    longest = size * length * (1 + length_rounding(points.shape[1]))
    return float(share @ (2 * longest / (longest - 2 * rho))) / largest


def _few_coordinates(X: Array) -> tuple[Array, float]:
    """Points with norms below 1 in an orthonormal basis of their span, and by how much each may be off in it."""
    size, dimension = X.shape
    if dimension <= size:
        return X, 0.0
    return np.asarray(np.linalg.qr(X.T, mode="r")).T, 4 * size * float(np.finfo(float).eps)
