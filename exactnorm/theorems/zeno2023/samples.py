"""Finitely many noisy samples of numbers: joining them by straight lines costs least.

Hypotheses: clean numbers x_n, each with M noisy samples y_{n,m}, no sample shared by two points. Required is only
h(y_{n,m}) = x_n.

Claim: the function that joins the samples by straight lines has the least representation cost.

Source: Zeno et al., NeurIPS 2023 (arXiv:2311.06748), univariate denoisers from finitely many samples.
Standing: proved (the mean slopes on the intervals force as much total variation of the slope).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from exactnorm.arrays import Array
from exactnorm.closed_form import univariate_samples
from exactnorm.theorems.check import Check


def check() -> Check:
    """Cost by the formula against a linear program over all networks with kinks on a fine grid and at the samples."""
    rng = np.random.default_rng(2)
    claimed, costs, least = 0.0, [], []
    for size, per_point, sigma in ((3, 2, 0.1), (4, 3, 0.2), (5, 4, 0.7)):
        x = np.sort(rng.uniform(0, 3, size))
        y = x[:, None] + sigma * rng.standard_normal((size, per_point))
        inputs, outputs = y.ravel(), np.repeat(x, per_point)
        network = univariate_samples(x, y)
        misfit = float(np.abs(network(inputs[:, None])[:, 0] - outputs).max())
        costs.append(network.representation_cost if misfit < 1e-9 else float("nan"))
        claimed += broken_line_cost(inputs, outputs)
        least.append(_least_cost(inputs, outputs))
    lower, upper = float(np.minimum(least, costs).sum()), float(np.maximum(least, costs).sum())
    return Check(
        name="A-samples",
        source="arXiv:2311.06748, univariate denoisers from finitely many samples",
        standing="proved",
        claimed=claimed,
        computed=sum(least),
        relation="=",
        tolerance=1e-6,
        expected=True,
        lower=lower,
        upper=upper,
        detail="total cost on three sets, the last with interleaved samples; a linear program over kinks on a "
        "grid, and the closed form's networks",
    )


def broken_line_cost(inputs: Array, outputs: Array, *, factor: float = 1.0) -> float:
    """The changes of slope, in absolute value and added up, of the line that joins the samples."""
    order = np.argsort(inputs)
    return factor * float(np.abs(np.diff(np.diff(outputs[order]) / np.diff(inputs[order]))).sum())


def _least_cost(inputs: Array, outputs: Array) -> float:
    """Least Σ|a_k| of a scalar network through the samples, with free linear part."""
    kinks = np.concatenate([inputs, np.linspace(inputs.min() - 1, inputs.max() + 1, 200)])
    ramps = np.maximum(inputs[:, None] - kinks, 0)
    affine = np.column_stack([inputs, -inputs, np.ones_like(inputs), -np.ones_like(inputs)])
    price = np.concatenate([np.ones(2 * len(kinks)), np.zeros(4)])
    best = linprog(price, A_eq=np.hstack([ramps, -ramps, affine]), b_eq=outputs, method="highs")
    return float("nan") if best.fun is None else float(best.fun)
