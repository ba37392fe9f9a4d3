"""The univariate minimum-norm denoiser moves every input towards a clean point.

Hypotheses: as for A-univariate, ρ > 0.

Claim: |h(y) − x| < |y − x| with x the clean point nearest to y, for every y that is not a clean point nor halfway
between two neighbouring ones.

Source: Zeno et al., NeurIPS 2023 (arXiv:2311.06748), on contraction towards the clean points.
Standing: proved (on a gap of width Δ, at distance t < Δ/2 from x, the ratio is (t − ρ)_+ Δ/((Δ − 2ρ) t) < 1).
"""

from __future__ import annotations

import numpy as np

from exactnorm.theorems.check import Check
from exactnorm.theorems.roads import program
from exactnorm.theorems.zeno2023.univariate import data


def check() -> Check:
    """Largest |h(y) − x|/|y − x|, over inputs at least 1 % of a gap off its middle, for the program's denoisers."""
    worst, inputs = 0.0, 0
    for points, rho in data():
        h = program(points, rho).network
        x = np.sort(points[:, 0])
        fractions = np.concatenate([np.linspace(0.002, 0.49, 200), np.linspace(0.51, 0.998, 200)])
        between = x[:-1, None] + fractions * np.diff(x)[:, None]
        y = np.concatenate([x[0] - fractions, between.ravel(), x[-1] + fractions])
        nearest = x[np.abs(y[:, None] - x).argmin(axis=1)]
        worst = max(worst, float((np.abs(h(y[:, None])[:, 0] - nearest) / np.abs(y - nearest)).max()))
        inputs += len(y)
    return Check(
        name="A-contraction",
        source="arXiv:2311.06748, contraction of univariate denoisers",
        standing="proved",
        claimed=1.0,
        computed=worst,
        relation="<",
        tolerance=1e-4,
        expected=True,
        detail=f"largest ratio of distances to the nearest clean point after and before, {inputs} inputs",
    )
