"""Noise schedules y_t = s_t (x + σ_t ε), and the radius of the noise balls that goes with a noise level."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from exactnorm.arrays import real_number


@dataclass(frozen=True)
class Schedule:
    """Noise level and scale as functions of the schedule's own time t.

    Parameters
    ----------
    name : str
    sigma : callable
        Noise level σ_t, increasing from σ_0 = 0.
    scale : callable
        s_t > 0 with s_0 = 1.
    last : float
        End of the range of t; infinite where there is none.
    """

    name: str
    sigma: Callable[[float], float]
    scale: Callable[[float], float]
    last: float = math.inf

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
    return Schedule("ve", math.sqrt, lambda _: 1.0)


def edm() -> Schedule:
    """Noise level as time, as in EDM: σ_t = t, s_t = 1."""
    return Schedule("edm", float, lambda _: 1.0)


def variance_preserving(beta_min: float = 0.1, beta_max: float = 20.0) -> Schedule:
    """Variance preserving with β linear in t ∈ [0, 1]: s_t = exp(−½∫β), s_t² (1 + σ_t²) = 1."""
    if not 0 <= real_number(beta_min, "beta_min") <= real_number(beta_max, "beta_max") or beta_max == 0:
        msg = f"beta_min={beta_min:g}, beta_max={beta_max:g}; give 0 <= beta_min <= beta_max, beta_max > 0"
        raise ValueError(msg)

    def integral(t: float) -> float:
        return beta_min * t + (beta_max - beta_min) * t * t / 2

    return Schedule("vp", lambda t: math.sqrt(math.expm1(integral(t))), lambda t: math.exp(-integral(t) / 2), 1.0)


def cosine(offset: float = 0.008) -> Schedule:
    """Cosine schedule, shifted so that σ_0 = 0: s_t² = cos²(x_t)/cos²(x_0), x_t = (π/2)(t + offset)/(1 + offset)."""
    if real_number(offset, "offset") < 0:
        msg = f"offset={offset:g} is negative; the usual one is 0.008"
        raise ValueError(msg)
    first = math.pi / 2 * offset / (1 + offset)

    def angle(t: float) -> float:
        return math.pi / 2 * (t + offset) / (1 + offset)

    def sigma(t: float) -> float:
        # cos²x_0 − cos²x = sin(x + x_0) sin(x − x_0): no cancellation at small t.
        x = angle(t)
        return math.sqrt(math.sin(x + first) * math.sin(x - first)) / math.cos(x)

    return Schedule("cosine", sigma, lambda t: math.cos(angle(t)) / math.cos(first), 1 - 1e-9)


def named_schedule(name: str) -> Schedule:
    """Schedule called "ve", "edm", "vp" or "cosine", with its usual constants."""
    makers = {"ve": variance_exploding, "edm": edm, "vp": variance_preserving, "cosine": cosine}
    if name not in makers:
        msg = f"schedule {name!r} is unknown; give one of {', '.join(makers)}, or a Schedule"
        raise ValueError(msg)
    return makers[name]()


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


def radius(
    sigma: float, *, alpha: float | None = None, samples: int | None = None, dimension: int | None = None
) -> float:
    """Radius ρ of the noise balls that stands for the noise level σ, by exactly one of three conventions.

    Parameters
    ----------
    sigma : float
        Noise level σ ≥ 0.
    alpha : float, optional
        ρ = ασ.
    samples : int, optional
        ρ = σ√(2 log M): how far the largest of M projections of the noise on a direction reaches.
    dimension : int, optional
        ρ = σ√d: the length of the noise.

    Raises
    ------
    ValueError
        If not exactly one convention is chosen, or a number is out of range.
    """
    if not real_number(sigma, "sigma") >= 0:
        msg = f"sigma={sigma:g} is negative; give a noise level sigma >= 0"
        raise ValueError(msg)
    given = [x for x in (alpha, samples, dimension) if x is not None]
    if len(given) != 1:
        msg = "give exactly one of alpha (rho = alpha sigma), samples (sigma sqrt(2 log M)), dimension (sigma sqrt(d))"
        raise ValueError(msg)
    if alpha is not None:
        if not real_number(alpha, "alpha") > 0:
            msg = f"alpha={alpha:g}; give alpha > 0"
            raise ValueError(msg)
        return alpha * sigma
    if samples is not None:
        if samples < 2:
            msg = f"samples={samples}; rho = sigma sqrt(2 log M) needs at least two samples"
            raise ValueError(msg)
        return sigma * math.sqrt(2 * math.log(samples))
    if dimension is None or dimension < 1:
        msg = f"dimension={dimension}; give a dimension >= 1"
        raise ValueError(msg)
    return sigma * math.sqrt(dimension)
