"""Which noise levels a probability flow passes, and what drives it where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array, real_array, real_number
from exactnorm.flow.family import Family
from exactnorm.flow.probability.high_noise import StandIn
from exactnorm.tables import limit
from exactnorm.training_set import closest_pair

SMALLEST = 1e-12
"""Share of the first noise level below which a flow to σ = 0 goes on with the denoiser of that level."""


@dataclass(frozen=True, eq=False)
class Course:
    """Noise levels of a flow: `top`, the family's denoisers from `entry` on, one last step from `floor`, `end`.

    `asked` are those at which states are wanted, `alpha` is the radius of the balls per unit of noise.
    """

    top: float
    entry: float
    floor: float
    end: float
    asked: Array
    alpha: float

    def levels(self, high: float, low: float) -> Array:
        """The asked levels between two, and these two, decreasing."""
        inner = self.asked[(self.asked < high) & (self.asked > low)]
        return np.concatenate([[high], inner, [low]])


def course_of(
    family: Family, top: float, alpha: float, end: float, sigmas: ArrayLike | None, high_noise: StandIn | None
) -> Course:
    """The course of a flow from noise level `top` to `end`; ``ValueError`` for what cannot be one."""
    if not real_number(alpha, "alpha") > 0:
        msg = f"alpha={alpha:g}; give alpha > 0, the radius of the balls per unit of noise"
        raise ValueError(msg)
    if not 0 <= real_number(end, "sigma_end") < top:
        msg = f"sigma_end={end:g}: give a noise level in [0, sigma_T) with sigma_T={top:g}"
        raise ValueError(msg)
    if high_noise is not None and not (isinstance(high_noise, str) and high_noise in get_args(StandIn)):
        msg = f"high_noise={high_noise!r:.40}; give {' or '.join(map(repr, get_args(StandIn)))}, or None for an error"
        raise ValueError(msg)
    entry = min(top, _switch(family, alpha, top, high_noise))
    floor = end if end > 0 else min(entry, max(SMALLEST * entry, family.rho_min / alpha))
    return Course(top, entry, floor, end, _asked(sigmas, top, end), alpha)


def _asked(sigmas: ArrayLike | None, top: float, end: float) -> Array:
    asked = np.empty(0) if sigmas is None else np.atleast_1d(real_array(sigmas, "sigmas"))
    if asked.ndim != 1 or np.any(np.diff(asked) >= 0) or np.any(asked > top) or np.any(asked < end):
        msg = f"sigmas: give decreasing noise levels between sigma_T={top:g} and sigma_end={end:g}"
        raise ValueError(msg)
    return asked


def _switch(family: Family, alpha: float, top: float, high_noise: StandIn | None) -> float:
    """Noise level from which downwards the family's denoisers drive the flow."""
    if family.points is None:
        if high_noise is not None:
            msg = f"high_noise={high_noise!r} needs the clean points: give train=points"
            raise ValueError(msg)
        return top
    i, j, distance = closest_pair(family.points)
    # The denoiser of balls that all but touch is still defined; 1e-6 keeps its slopes finite.
    widest = min(distance / 2 * (1 - 1e-6), family.rho_max)
    if alpha * top <= widest:
        return top
    if high_noise is None:
        msg = (
            f"at T the balls have radius alpha·sigma_T={alpha * top:g}, but the path reaches up to {limit(widest)} "
            f"(points {i} and {j} are {distance:g} apart): start at sigma_T <= {limit(widest / alpha)}, "
            "or choose a stand-in with high_noise='linear' or 'empirical-mmse'"
        )
        raise ValueError(msg)
    return widest / alpha
