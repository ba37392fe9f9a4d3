"""Brackets over time, and the dual function that a certificate rests on."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array
from exactnorm.certify import Cells, CertifiedDenoiser, Faces
from exactnorm.patterns import kink_patterns
from exactnorm.plot.canvas import BLUE, GREY, VERMILION, Axes, MaxNLocator, needs_dimension, new_axes


def bracket(seconds: ArrayLike, lower: ArrayLike, upper: ArrayLike, axes: Axes | None = None) -> Axes:
    """Draw a bracket over time: lower bound and cost of the best network so far, the gap shaded.

    Parameters
    ----------
    seconds, lower, upper : array_like, shape (n,)
    axes : Axes, optional
        A new one of 5 by 3 inches if not given.
    """
    axes = axes if axes is not None else new_axes(5, 3)
    seconds, lower, upper = (np.asarray(values, dtype=np.float64) for values in (seconds, lower, upper))
    # What was known last goes on for a little: a pair without a length could not be seen.
    last = seconds[-1] + 0.08 * (float(np.ptp(seconds)) or float(seconds[-1]) or 1.0)
    times, low, high = np.append(seconds, last), np.append(lower, lower[-1]), np.append(upper, upper[-1])
    axes.fill_between(times, low, high, step="post", color=GREY, alpha=0.2, lw=0)
    for values, rounds, marker, colour, name in (
        (high, upper, "v", VERMILION, "cost of the network"),
        (low, lower, "^", BLUE, "lower bound"),
    ):
        axes.step(times, values, where="post", color=colour)
        axes.plot(seconds, rounds, marker, color=colour, ms=4)
        axes.plot([], [], marker=marker, color=colour, ms=4, label=name)
    axes.set(xlabel="seconds", ylabel="representation cost", xlim=(min(0.0, float(seconds[0])), last))
    axes.ticklabel_format(useOffset=False)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.legend(fontsize="small")
    return axes


def dual_function(denoiser: CertifiedDenoiser, axes: Axes | None = None, directions: int = 720) -> Axes:
    """Draw max ‖B_s (w, b)‖ over the kinks with normal w, against the angle of w, with the network's kinks.

    A certificate's lower bound is the dual value divided by the largest value of this function; at an optimum the
    network's kinks are where it reaches that.

    Parameters
    ----------
    denoiser : CertifiedDenoiser
        Of affine rank 2, with a computed certificate.
    axes : Axes, optional
        A new one of 6 by 3 inches if not given.
    directions : int
        Number of angles, from 0° to 360°.
    """
    certificate, train = denoiser.certificate, denoiser.train
    if not isinstance(certificate.evidence, Cells | Faces):
        msg = "this certificate does not rest on dual matrices: it has no dual function to draw"
        raise ValueError(msg)
    frame, B = certificate.evidence.frame, certificate.evidence.B
    needs_dimension(2, frame.rank)
    axes = axes if axes is not None else new_axes(6, 3)
    X, rho = frame.coordinates(train.points), train.rho / frame.scale
    patterns = kink_patterns(X, rho)
    angles = np.linspace(0, 2 * np.pi, directions)
    values = [_largest(B, X, rho, patterns, np.array([np.cos(angle), np.sin(angle)])) for angle in angles]
    axes.plot(np.degrees(angles), values, color=BLUE, lw=1, label=r"max $\|B_s\,(w, b)\|$")
    w = denoiser.network.w @ frame.axes.T
    # With x_0 switched off: the other sign of a neuron is the same kink.
    off = np.where(denoiser.network.w @ train.points[0] + denoiser.network.b > 0, -1.0, 1.0)[:, None]
    for n, (x, y) in enumerate(off * w):
        angle = np.degrees(np.arctan2(y, x)) % 360
        axes.axvline(angle, color=VERMILION, lw=0.8, ls="--", label="_" if n else "kinks of the network")
    axes.set(xlabel="angle of w, with x₀ on its negative side, in degrees", ylabel="dual function", xlim=(0, 360))
    axes.legend(fontsize="small")
    return axes


def _largest(B: Array, X: Array, rho: float, patterns: np.ndarray, w: Array) -> float:
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
