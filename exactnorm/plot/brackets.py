"""Brackets over time, and the dual function that a certificate rests on."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array, of_kind, what_is
from exactnorm.certify import DualProfile
from exactnorm.plot.canvas import BLUE, GREY, VERMILION, Axes, MaxNLocator, axes_or_new


def bracket(seconds: ArrayLike, lower: ArrayLike, upper: ArrayLike, axes: Axes | None = None) -> Axes:
    """Draw a bracket over time: lower bound and cost of the best network so far, the gap shaded.

    Parameters
    ----------
    seconds, lower, upper : array_like, shape (n,)
    axes : Axes, optional
        A new one of 5 by 3 inches if not given.
    """
    seconds, lower, upper = _rows(seconds=seconds, lower=lower, upper=upper)
    axes = axes_or_new(axes, 5, 3)
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


def _rows(**given: ArrayLike) -> list[Array]:
    """Rows of numbers, all of one length."""
    rows = [_row(values, name) for name, values in given.items()]
    if len({len(row) for row in rows}) > 1 or not len(rows[0]):
        lengths = ", ".join(f"{name} {len(row)}" for name, row in zip(given, rows, strict=True))
        msg = f"{', '.join(given)} belong together, one number of each a round; there are {lengths} of them"
        raise ValueError(msg)
    return rows


def _row(values: ArrayLike, name: str) -> Array:
    """A row of numbers; a bound may be infinite still."""
    try:
        row = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        row = np.array(np.nan)
    if row.ndim != 1 or np.any(np.isnan(row)):
        msg = f"{name} is {what_is(values)}: give a row of numbers, one for each round"
        raise ValueError(msg)
    return row


def dual_function(profile: DualProfile, axes: Axes | None = None) -> Axes:
    """Draw max ‖B_s (w, b)‖ over the kinks with normal w, against the angle of w, with the network's kinks.

    Parameters
    ----------
    profile : DualProfile
        As `exactnorm.certify.dual_profile` makes it of a denoiser.
    axes : Axes, optional
        A new one of 6 by 3 inches if not given.
    """
    of_kind(profile, DualProfile, "profile", "the DualProfile that exactnorm.certify.dual_profile makes of a denoiser")
    axes = axes_or_new(axes, 6, 3)
    axes.plot(profile.angles, profile.values, color=BLUE, lw=1, label=r"max $\|B_s\,(w, b)\|$")
    for n, angle in enumerate(profile.kinks):
        axes.axvline(angle, color=VERMILION, lw=0.8, ls="--", label="_" if n else "kinks of the network")
    axes.set(xlabel="angle of w, with x₀ on its negative side, in degrees", ylabel="dual function", xlim=(0, 360))
    axes.legend(fontsize="small")
    return axes
