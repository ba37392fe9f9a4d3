"""The dual function of a certificate in the plane, direction by direction: what to draw, not what to rest on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactnorm.arrays import Array
from exactnorm.certify.balls.evidence import Cells, Faces
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.patterns import Patterns, kink_patterns


@dataclass(frozen=True, eq=False)
class DualProfile:
    """max ‖B_s (w, b)‖ over the kinks with normal w, for directions w in the plane of the points.

    Parameters
    ----------
    angles : ndarray, shape (n,)
        Of w, with x_0 on its negative side, in degrees.
    values : ndarray, shape (n,)
        NaN where no line of that direction separates the balls.
    kinks : ndarray, shape (K,)
        Angles of the network's own kinks.
    """

    angles: Array
    values: Array
    kinks: Array


def dual_profile(denoiser: CertifiedDenoiser, directions: int = 720) -> DualProfile:
    """The dual function that a certificate rests on, at evenly spaced directions.

    The certificate's lower bound is the dual value divided by the largest value of this function; at an optimum the
    network's kinks are where it reaches that.

    Parameters
    ----------
    denoiser : CertifiedDenoiser
        Of affine rank 2, with a computed certificate.
    directions : int
        Number of angles, from 0° to 360°.

    Raises
    ------
    ValueError
        If the certificate does not rest on dual matrices, or the rank is another.
    """
    train, network = denoiser.train, denoiser.network
    match denoiser.certificate.evidence:
        case Cells(frame=frame, B=B) | Faces(frame=frame, B=B):
            pass
        case _:
            msg = "this certificate does not rest on dual matrices: it has no dual function to draw"
            raise ValueError(msg)
    if frame.rank != 2:
        msg = f"the dual function is drawn for points of affine rank 2; these have {frame.rank}"
        raise ValueError(msg)
    X, rho = frame.coordinates(train.points), train.rho / frame.scale
    patterns = kink_patterns(X, rho)
    angles = np.linspace(0, 2 * np.pi, directions)
    values = np.array([_largest(B, X, rho, patterns, np.array([np.cos(a), np.sin(a)])) for a in angles])
    # With x_0 switched off: the other sign of a neuron is the same kink.
    off = np.where(network.w @ train.points[0] + network.b > 0, -1.0, 1.0)[:, None]
    x, y = (off * (network.w @ frame.axes.T)).T
    return DualProfile(np.degrees(angles), values, np.degrees(np.arctan2(y, x)) % 360)


def _largest(B: Array, X: Array, rho: float, patterns: Patterns, w: Array) -> float:
    """Largest ‖B_s (w, b)‖ over patterns s and offsets b that leave every ball on its side; nan if there is none."""
    heights = X @ w
    best = np.nan
    for pattern in patterns:
        low, high = rho - heights[pattern].min(), -rho - heights[~pattern].max()
        if low <= high:
            # The norm is convex in b, so one end of the interval of admissible b is largest.
            total = B[pattern[1:]].sum(axis=0)
            ends = [float(np.linalg.norm(total @ np.append(w, b))) for b in (low, high)]
            best = np.nanmax([best, *ends])
    return float(best)
