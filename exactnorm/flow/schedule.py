"""Noise schedules y_t = s_t (x + σ_t ε): by name, or by functions."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from numbers import Real
from types import MappingProxyType

import numpy as np
from scipy.optimize import brentq

from exactnorm.arrays import real_number, what_is

ARRAYS = (
    "noise levels in arrays become a schedule by exactnorm.flow.schedule_from_arrays(times, sigmas), and "
    "probability_flow takes the two themselves, or a function alone"
)


def unscaled(_: float) -> float:
    """s_t = 1."""
    return 1.0


@dataclass(frozen=True)
class Schedule:
    """Noise level and scale as functions of the schedule's own time t.

    Parameters
    ----------
    name : str
    sigma : callable
        Noise level σ_t, increasing from σ_0 = 0.
    scale : callable
        s_t > 0 with s_0 = 1; 1 throughout by default.
    last : float
        End of the range of t; infinite where there is none.

    Raises
    ------
    TypeError
        If `sigma` or `scale` is no function; the message says how arrays become a schedule.
    ValueError
        If `last` is no positive number.

    Notes
    -----
    It can be pickled, as other processes need it, if its functions can: those that a module defines by name can,
    lambdas cannot. The schedules of this package can.
    """

    name: str
    sigma: Callable[[float], float] = None  # type: ignore[assignment]  # what it is without a name is told
    scale: Callable[[float], float] = unscaled
    last: float = math.inf

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            msg = f"name is {what_is(self.name)}: give the schedule's name first, Schedule('mine', function); {ARRAYS}"
            raise TypeError(msg)
        if not (isinstance(self.last, Real) and self.last > 0):
            msg = f"schedule {self.name!r}: last={self.last!r:.40}; give the end of the range of t, math.inf for none"
            raise ValueError(msg)
        for part in ("sigma", "scale"):
            if not callable(given := getattr(self, part)):
                msg = (
                    f"schedule {self.name!r}: {part} is {what_is(given)}; give a function of t, such as "
                    f"math.sqrt or `lambda t: t**2`; {ARRAYS}"
                )
                raise TypeError(msg)

    def __reduce__(self) -> tuple[type[Schedule], tuple[object, ...]]:
        """Pickled by its fields; ``pickle.PicklingError`` says which of the functions cannot be."""
        for part in ("sigma", "scale"):
            try:
                pickle.dumps(getattr(self, part))
            except (pickle.PicklingError, AttributeError, TypeError) as cannot:
                msg = (
                    f"schedule {self.name!r} cannot be pickled, which other processes need: {part} is {cannot}; "
                    "give a function that a module defines by name, or arrays of times and noise levels"
                )
                raise pickle.PicklingError(msg) from cannot
        return type(self), tuple(getattr(self, field.name) for field in fields(self))

    def time(self, sigma: float) -> float:
        """The t at which σ_t is the given noise level, by bracketing; the schedule must increase.

        Raises
        ------
        ValueError
            If the schedule never gets there.
        """
        high = 1.0 if math.isinf(self.last) else self.last
        while math.isinf(self.last) and self.sigma(high) < sigma and high < 1e300:
            high *= 2
        if self.sigma(high) < sigma:
            msg = f"schedule {self.name!r} ends at sigma={self.sigma(high):g} and never reaches sigma={sigma:g}"
            raise ValueError(msg)
        return float(brentq(lambda t: self.sigma(t) - sigma, 0.0, high, xtol=1e-300, rtol=8.9e-16))


def variance_exploding() -> Schedule:
    """Variance exploding: σ_t = √t, s_t = 1."""
    return Schedule("ve", math.sqrt)


def edm() -> Schedule:
    """Noise level as time, as in EDM: σ_t = t, s_t = 1."""
    return Schedule("edm", float)


def variance_preserving(beta_min: float = 0.1, beta_max: float = 20.0) -> Schedule:
    """Variance preserving with β linear in t ∈ [0, 1]: s_t = exp(−½∫β), s_t² (1 + σ_t²) = 1."""
    if not 0 <= real_number(beta_min, "beta_min") <= real_number(beta_max, "beta_max") or beta_max == 0:
        msg = f"beta_min={beta_min:g}, beta_max={beta_max:g}; give 0 <= beta_min <= beta_max, beta_max > 0"
        raise ValueError(msg)
    return Schedule("vp", partial(_vp_sigma, beta_min, beta_max), partial(_vp_scale, beta_min, beta_max), 1.0)


def _vp_integral(beta_min: float, beta_max: float, t: float) -> float:
    """∫_0^t β."""
    return beta_min * t + (beta_max - beta_min) * t * t / 2


def _vp_sigma(beta_min: float, beta_max: float, t: float) -> float:
    return math.sqrt(math.expm1(_vp_integral(beta_min, beta_max, t)))


def _vp_scale(beta_min: float, beta_max: float, t: float) -> float:
    return math.exp(-_vp_integral(beta_min, beta_max, t) / 2)


def cosine(offset: float = 0.008) -> Schedule:
    """Cosine schedule, shifted so that σ_0 = 0: s_t² = cos²(x_t)/cos²(x_0), x_t = (π/2)(t + offset)/(1 + offset)."""
    if real_number(offset, "offset") < 0:
        msg = f"offset={offset:g} is negative; the usual one is 0.008"
        raise ValueError(msg)
    return Schedule("cosine", partial(_cosine_sigma, offset), partial(_cosine_scale, offset), 1 - 1e-9)


def _cosine_angle(offset: float, t: float) -> float:
    return math.pi / 2 * (t + offset) / (1 + offset)


def _cosine_sigma(offset: float, t: float) -> float:
    # cos²x_0 − cos²x = sin(x + x_0) sin(x − x_0): no cancellation at small t.
    first, x = _cosine_angle(offset, 0.0), _cosine_angle(offset, t)
    return math.sqrt(math.sin(x + first) * math.sin(x - first)) / math.cos(x)


def _cosine_scale(offset: float, t: float) -> float:
    return math.cos(_cosine_angle(offset, t)) / math.cos(_cosine_angle(offset, 0.0))


SCHEDULES: Mapping[str, Schedule] = MappingProxyType(
    {one.name: one for one in (variance_exploding(), edm(), variance_preserving(), cosine())}
)
"""The schedules that have a name, with their usual constants."""


def named_schedule(name: str) -> Schedule:
    """Schedule called "ve", "edm", "vp" or "cosine", with its usual constants."""
    if name not in SCHEDULES:
        known = ", ".join(SCHEDULES)
        msg = (
            f"schedule {name!r} is unknown; give one of {known}, a Schedule, a function σ(t) such as `lambda t: t**2`, "
            "or arrays (times, sigmas)"
        )
        raise ValueError(msg)
    return SCHEDULES[name]


def checked_level(schedule: Schedule, T: float) -> float:
    """Noise level σ_T of a time within the schedule's range; ``ValueError`` if it does not increase up to there."""
    if not 0 < real_number(T, "T") <= schedule.last:
        msg = f"T={T:g} is outside the schedule {schedule.name!r}: give 0 < T <= {schedule.last:g}"
        raise ValueError(msg)
    times = np.linspace(0.0, T, 65)
    try:
        levels = np.array([schedule.sigma(t) for t in times], dtype=float)
        scales = np.array([schedule.scale(t) for t in times], dtype=float)
    except (ArithmeticError, TypeError, ValueError) as failed:
        msg = f"schedule {schedule.name!r} gives no noise level or scale somewhere on [0, {T:g}]: {failed}"
        raise ValueError(msg) from failed
    if not (np.all(np.diff(levels) > 0) and abs(levels[0]) <= 1e-6 * levels[-1]):
        msg = f"schedule {schedule.name!r} is not monotone: sigma(t) must increase from 0 on (0, {T:g}]"
        raise ValueError(msg)
    if not (np.all(np.isfinite(scales)) and np.all(scales > 0)):
        msg = f"schedule {schedule.name!r} has a scale that is not positive on (0, {T:g}]"
        raise ValueError(msg)
    return float(levels[-1])
