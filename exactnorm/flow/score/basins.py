"""Which limit of the score flow each point of a grid goes to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array, real_array
from exactnorm.flow.record import Indices
from exactnorm.flow.score.score_flow import score_flow
from exactnorm.network import HasNetwork, ReLUNetwork


@dataclass(frozen=True, eq=False)
class Basins:
    """Which limit each point of a grid flows to.

    Parameters
    ----------
    grid : ndarray, shape (…, d)
    label : ndarray of int, shape (…)
        Row of `limits`; −1 where the flow has no limit.
    limits : ndarray, shape (q, d)
        The distinct limits, the one of the most grid points first.
    """

    grid: Array
    label: Indices
    limits: Array


def basins(denoiser: ReLUNetwork | HasNetwork, grid: ArrayLike, *, tol: float = 1e-7) -> Basins:
    """Limits of the score flow from every point of a grid, told apart.

    Parameters
    ----------
    denoiser : ReLUNetwork or CertifiedDenoiser
    grid : array_like, shape (…, d)
        For a picture, (rows, columns, 2).
    tol : float
        Limits nearer than this, relative to the extent of the grid, are one.
    """
    points = real_array(grid, "grid")
    if points.ndim == 0:
        msg = "grid is one number: give an array (…, d), for a picture (rows, columns, 2)"
        raise ValueError(msg)
    flat = points.reshape(-1, points.shape[-1])
    ends = score_flow(denoiser, flat, np.inf).endpoint
    if not len(flat):
        msg = f"grid has shape {points.shape}: it holds no point"
        raise ValueError(msg)
    unit = tol * float(np.ptp(flat, axis=0).max() or 1.0)
    label = np.full(len(flat), -1)
    limits: list[Array] = []
    left = np.flatnonzero(np.isfinite(ends).all(axis=1))
    while len(left):
        same = np.abs(ends[left] - ends[left[0]]).max(axis=1) <= unit
        label[left[same]] = len(limits)
        limits.append(ends[left[0]])
        left = left[~same]
    count = np.bincount(label[label >= 0], minlength=len(limits))
    order = np.argsort(-count, kind="stable")
    rank = np.append(np.argsort(order), -1)
    found = np.array(limits).reshape(-1, points.shape[-1])[order]
    return Basins(points, rank[label].reshape(points.shape[:-1]), found)
