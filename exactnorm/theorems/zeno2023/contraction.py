"""The univariate minimum-norm denoiser moves every input towards a clean point.

Hypotheses: as for A-univariate, ρ > 0.

Claim: |h(y) − x| < |y − x| with x the clean point nearest to y, for every y that is not a clean point nor halfway
between two neighbouring ones.

Source: Zeno et al., NeurIPS 2023 (arXiv:2311.06748), on contraction towards the clean points.
Standing: proved (on a gap of width Δ, at distance t < Δ/2 from x, the ratio is (t − ρ)_+ Δ/((Δ − 2ρ) t) < 1).
"""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import univariate
from exactnorm.network import ReLUNetwork
from exactnorm.theorems.check import Check
from exactnorm.theorems.roads import program
from exactnorm.theorems.zeno2023.univariate import data

FRACTIONS = np.concatenate([np.linspace(0.002, 0.49, 200), np.linspace(0.51, 0.998, 200)])  # of a gap


def check() -> Check:
    """Largest |h(y) − x|/|y − x| over inputs at least 1 % of a gap off its middle, compared at every input."""
    claimed, computed, deviation = [], [], []
    for points, rho in data():
        x = np.sort(points[:, 0])
        expected = claimed_ratios(x, rho)
        claimed.append(expected.max())
        for h in (program(points, rho).network, univariate(points, rho)):
            found = _ratios(h, x)
            computed.append(found.max())
            deviation.append(np.abs(found - expected).max())
    worst, most, off = float(np.max(claimed)), float(np.max(computed)), float(np.max(deviation))
    return Check(
        name="A-contraction",
        source="arXiv:2311.06748, contraction of univariate denoisers",
        standing="proved",
        claimed=worst if worst < 1 else float("nan"),
        computed=most,
        relation="=",
        tolerance=1e-5,
        expected=True,
        lower=most - off,
        upper=most + off,
        detail="largest ratio, below 1, of distances to the nearest clean point after and before; of the program's "
        f"denoisers and of the closed form's, which at {len(FRACTIONS)} inputs a gap, and beyond the outermost points, "
        f"differ from the claimed ratio by {off:.0e} at most",
    )


def claimed_ratios(x: Array, rho: float) -> Array:
    """Ratios by the formula at the inputs of each gap (N − 1, m)."""
    gaps = np.diff(x)[:, None]
    return ratio(np.minimum(FRACTIONS, 1 - FRACTIONS) * gaps, gaps, rho)


def ratio(t: Array, gap: Array, rho: float, *, inset: float = 1.0, radii: float = 2.0) -> Array:
    """(t − ρ)_+ Δ/((Δ − 2ρ) t), at distance t from the nearest point."""
    return np.maximum(t - inset * rho, 0) * gap / ((gap - radii * rho) * t)


def _ratios(h: ReLUNetwork, x: Array) -> Array:
    """Ratios of a denoiser at the inputs of each gap; NaN if it moves what lies beyond the points not all the way."""
    y = x[:-1, None] + FRACTIONS * np.diff(x)[:, None]
    nearest = np.where(FRACTIONS < 0.5, x[:-1, None], x[1:, None])
    beyond = np.abs(h((x[0] - FRACTIONS)[:, None]) - x[0]).max() + np.abs(h((x[-1] + FRACTIONS)[:, None]) - x[-1]).max()
    found = np.abs(h(y.reshape(-1, 1)).reshape(y.shape) - nearest) / np.abs(y - nearest)
    return np.asarray(found if beyond < 1e-6 else np.full_like(found, np.nan))
