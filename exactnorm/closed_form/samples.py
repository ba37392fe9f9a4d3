"""The minimum-norm denoiser of finitely many noisy samples of numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import real_array
from exactnorm.network import ReLUNetwork


def univariate_samples(points: ArrayLike, samples: ArrayLike) -> ReLUNetwork:
    """Minimum-norm network through finitely many noisy samples of numbers: h(y_{n,m}) = x_n for all n and m.

    The samples are joined by straight lines in their order on the line, whether or not the samples of different
    points interleave. Where they do not, and each point has two samples at least, h is constant between the
    samples of one point and its cost is Σ 2Δ_n/δ_n, with Δ_n the gap between neighbouring points and δ_n the gap
    between their nearest samples. The minimiser need not be unique.

    Parameters
    ----------
    points : array_like, shape (N,) or (N, 1)
        Clean points x_n.
    samples : array_like, shape (N, M) or (N, M, 1)
        Noisy samples y_{n,m} of each point, in the same order.

    Returns
    -------
    ReLUNetwork
        On R, with a linear part V where the outermost lines are not horizontal.

    Raises
    ------
    ValueError
        If the shapes do not fit, a value is not finite, or one sample is asked to map to two points.

    Notes
    -----
    Minimal because the slope of h reaches at least, and somewhere at most, the mean slope on each interval
    between samples, so its total variation, which is the cost, is no less than that of the mean slopes.

    References
    ----------
    Zeno et al., NeurIPS 2023 (arXiv:2311.06748): univariate denoisers from finitely many samples.
    """
    x = real_array(points, "points")
    y = real_array(samples, "samples")
    x, y = (v[..., 0] if v.ndim == dims and v.shape[-1] == 1 else v for v, dims in ((x, 2), (y, 3)))
    if x.ndim != 1 or y.ndim != 2 or len(x) != len(y) or y.size == 0:
        msg = f"points {x.shape} and samples {y.shape} do not fit; give N numbers and N rows of M samples"
        raise ValueError(msg)
    inputs, first = np.unique(y.ravel(), return_index=True)
    outputs = np.repeat(x, y.shape[1])
    conflict = np.flatnonzero(outputs != outputs[first][np.searchsorted(inputs, y.ravel())])
    if len(conflict):
        msg = f"the sample {y.ravel()[conflict[0]]:g} belongs to two points; no function maps it to both"
        raise ValueError(msg)
    values = outputs[first]
    slopes = np.diff(values) / np.diff(inputs) if len(inputs) > 1 else np.zeros(1)
    bends = np.diff(slopes)
    kept = bends != 0
    ones = np.ones((int(kept.sum()), 1))
    V = None if slopes[0] == 0 else slopes[:1, None]
    c = values[:1] - slopes[0] * inputs[0]
    return ReLUNetwork(bends[kept, None], ones, -inputs[1:-1][kept], V, c)
