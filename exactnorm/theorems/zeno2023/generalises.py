"""Between the points: at low noise the univariate minimum-norm denoiser errs less than the empirical MMSE denoiser.

Hypotheses: x is drawn from a density on an interval that holds the clean points x_0 < … < x_{N−1}, and y = x + σε
with standard normal ε. Both denoisers know the clean points only; the first has noise balls of radius ρ = 3σ, the
second is the posterior mean of the uniform distribution on the clean points.

Claim: the mean squared error E (h(y) − x)² of the first is the smaller one when σ is small: as σ → 0 it goes to zero,
while that of the second goes to the mean squared distance to the nearest clean point.

Source: Zeno et al., NeurIPS 2023 (arXiv:2311.06748), on generalisation of univariate denoisers.
Standing: published. Here both errors are computed by quadrature for three densities.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from exactnorm.baselines import EmpiricalMMSE
from exactnorm.closed_form import univariate
from exactnorm.theorems.check import Check
from exactnorm.training_set import Array

POINTS = np.array([0.05, 0.2, 0.42, 0.55, 0.9])
DENSITIES: dict[str, Callable[[Array], Array]] = {
    "uniform": np.ones_like,
    "triangular": lambda x: np.minimum(x, 1 - x),
    "two bumps": lambda x: np.exp(-(((x - 0.3) / 0.1) ** 2)) + np.exp(-(((x - 0.8) / 0.1) ** 2)),
}


def check() -> Check:
    """Largest ratio of the two errors over three densities and five low noise levels, claimed to be below 1."""
    sigmas = np.geomspace(1e-4, 0.01, 5)
    ratios = {name: [_ratio(s, density) for s in sigmas] for name, density in DENSITIES.items()}
    ends = {name: _end(density) for name, density in DENSITIES.items()}
    where = ", ".join(f"{name} {end:.4f}" if end else f"{name} none found" for name, end in ends.items())
    return Check(
        name="A-generalises",
        source="arXiv:2311.06748, generalisation of univariate denoisers",
        standing="published",
        claimed=1.0,
        computed=max(max(values) for values in ratios.values()),
        relation="<",
        tolerance=1e-3,
        expected=True,
        detail=f"largest ratio of mean squared errors for sigma from 1e-4 to 0.01, rho = 3 sigma, {len(POINTS)} "
        f"points; with rho = min(3 sigma, 0.06), since the balls may not touch, the ratio reaches 1 at sigma: {where}",
    )


def errors(sigma: float, density: Callable[[Array], Array], rho: float) -> tuple[float, float]:
    """Mean squared errors of the minimum-norm and the empirical MMSE denoiser, by quadrature in x and ε."""
    x = (np.arange(4000) + 0.5) / 4000
    weight = density(x) / density(x).sum()
    nodes, gauss = np.polynomial.hermite_e.hermegauss(24)
    y = x[:, None] + sigma * nodes
    minimum_norm = univariate(POINTS[:, None], rho)(y.reshape(-1, 1)).reshape(y.shape)
    posterior = EmpiricalMMSE(POINTS[:, None])(y.reshape(-1, 1), sigma).reshape(y.shape)
    mean = weight[:, None] * gauss / gauss.sum()
    return tuple(float((mean * (h - x[:, None]) ** 2).sum()) for h in (minimum_norm, posterior))  # type: ignore[return-value]


def _ratio(sigma: float, density: Callable[[Array], Array]) -> float:
    minimum_norm, posterior = errors(sigma, density, min(3 * sigma, 0.06))
    return minimum_norm / posterior


def _end(density: Callable[[Array], Array]) -> float | None:
    sigmas = np.geomspace(0.01, 1.0, 13)
    above = [_ratio(s, density) > 1 for s in sigmas]
    if not any(above):
        return None
    first = above.index(True)
    if first == 0:
        return float(sigmas[0])
    return float(brentq(lambda s: _ratio(s, density) - 1, sigmas[first - 1], sigmas[first], xtol=1e-5))
