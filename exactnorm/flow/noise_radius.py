"""The radius of the noise balls that goes with a noise level."""

from __future__ import annotations

import math

from exactnorm.arrays import real_number


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
