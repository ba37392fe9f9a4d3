"""Whether some activation patterns suffice for any network at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array


def infeasibility_ray(points: Array, patterns: NDArray[np.bool_]) -> Array | None:
    """Weights v with Σ v_n = 0 and Σ_{n on} v_n = 0 for every pattern but Σ v_n x_n ≠ 0, or None if there are none.

    Where there are none, the positions x_n − x_0 are combinations of patterns, and a ramp for each pattern will do.

    Parameters
    ----------
    points : ndarray, shape (N, r)
    patterns : ndarray of bool, shape (P, N)
        With the first ball off.
    """
    offsets = points[1:] - points[0]
    on = patterns[:, 1:].astype(float)
    # The part of the positions that no combination of patterns makes up; patterns are 0/1, so ranks are clear-cut.
    combination = np.linalg.lstsq(on.T, offsets, rcond=1e-10)[0] if len(on) else np.zeros((0, offsets.shape[1]))
    missing = offsets - on.T @ combination
    worst = int(np.argmax(np.linalg.norm(missing, axis=0)))
    v = missing[:, worst]
    if np.abs(v).max() <= 1e-9 * np.abs(offsets).max():
        return None
    v = v / np.abs(v).max()
    return np.concatenate([[-v.sum()], v])
