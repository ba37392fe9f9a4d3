"""Noise schedules through given noise levels: arrays, and whatever else says what a schedule is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from exactnorm.arrays import Array, real_array
from exactnorm.flow.schedule import SCHEDULES, Schedule, named_schedule, unscaled


@dataclass(frozen=True, eq=False)
class Curve:
    """A function of t through given values, monotone wherever they are and never beyond them, that can be pickled."""

    through: PchipInterpolator

    def __call__(self, t: float) -> float:
        """The value at a time within the range; nan outside."""
        return float(self.through(t))


def schedule_from_arrays(
    times: ArrayLike, sigmas: ArrayLike, scales: ArrayLike | None = None, *, name: str = "arrays"
) -> Schedule:
    """Schedule through noise levels, and scales, at given times; in between by monotone cubic interpolation.

    Parameters
    ----------
    times : array_like, shape (n,)
        Increasing from 0 or later, or decreasing as samplers list them. Without time 0, the noise level is 0 and the
        scale 1 there.
    sigmas : array_like, shape (n,)
        Noise levels, increasing with time from 0.
    scales : array_like, shape (n,), optional
        s_t > 0, 1 at time 0; 1 throughout by default.
    name : str

    Raises
    ------
    ValueError
        If shapes do not fit, or times, levels or scales are not of this kind; the message says where.
    """
    t, sigma = real_array(times, "times"), real_array(sigmas, "sigmas")
    s = np.ones_like(sigma) if scales is None else real_array(scales, "scales")
    if t.ndim != 1 or not len(t) or not t.shape == sigma.shape == s.shape:
        given = f"times {t.shape}, sigmas {sigma.shape}" + ("" if scales is None else f", scales {s.shape}")
        msg = f"schedule {name!r} has {given}; give times, and as many noise levels (and scales)"
        raise ValueError(msg)
    if t[0] > t[-1]:
        t, sigma, s = t[::-1], sigma[::-1], s[::-1]
    _refuse(name, t, sigma, s)
    if t[0] > 0:
        t, sigma, s = np.append(0.0, t), np.append(0.0, sigma), np.append(1.0, s)
    curves = [Curve(PchipInterpolator(t, values, extrapolate=False)) for values in (sigma, s)]
    return Schedule(name, curves[0], unscaled if scales is None else curves[1], float(t[-1]))


def _refuse(name: str, t: Array, sigma: Array, s: Array) -> None:
    """Raise ``ValueError`` for rows that are no schedule."""
    for what, values in (("time", t), ("noise level", sigma)):
        if len(back := np.flatnonzero(np.diff(values) <= 0)):
            n = int(back[0])
            msg = (
                f"schedule {name!r}: the {what} goes from {values[n]:g} to {values[n + 1]:g} between "
                f"times {t[n]:g} and {t[n + 1]:g}; it must increase"
            )
            raise ValueError(msg)
    if t[0] < 0 or not (t[0] > 0 < sigma[0] or (t[0], sigma[0], s[0]) == (0, 0, 1)):
        msg = (
            f"schedule {name!r} begins at time {t[0]:g} with noise level {sigma[0]:g} and scale {s[0]:g}; it must "
            "begin at time 0 with noise level 0 and scale 1, or later with more noise: shift or divide what is given"
        )
        raise ValueError(msg)
    if not t[-1] > 0:
        msg = f"schedule {name!r} ends at time 0, without noise; give later times, too"
        raise ValueError(msg)
    if not s.min() > 0:
        msg = f"schedule {name!r} has a scale {s.min():g} at time {t[s.argmin()]:g}; it must be positive"
        raise ValueError(msg)


GivenSchedule = Schedule | str | Callable[[float], float] | ArrayLike
"""What `schedule_of` takes."""


def schedule_of(given: GivenSchedule) -> Schedule:
    """A schedule from whatever it is given by.

    Parameters
    ----------
    given : Schedule, str, callable, or array_like, shape (2, n) or (3, n)
        A schedule; the name of one; a function σ(t) with σ(0) = 0, of scale 1; or times, noise levels and scales as for
        `schedule_from_arrays`.

    Raises
    ------
    ValueError
        If the name is unknown, or the arrays do not make a schedule.
    """
    if isinstance(given, Schedule):
        return given
    if isinstance(given, str):
        return named_schedule(given)
    if callable(given):
        return Schedule(getattr(given, "__name__", "function"), given)
    try:
        rows = [real_array(row, "schedule") for row in given]  # type: ignore[union-attr]
    except TypeError:
        rows = []
    if len(rows) not in (2, 3):
        msg = (
            f"schedule={given!r:.60}: give a name ({', '.join(SCHEDULES)}), a Schedule, a function sigma(t), or arrays "
            "(times, sigmas) or (times, sigmas, scales)"
        )
        raise ValueError(msg)
    return schedule_from_arrays(*rows)
