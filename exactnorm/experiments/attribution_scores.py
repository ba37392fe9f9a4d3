"""Scores that estimate what a training point did for a sample, and how they are judged by the exact counterfactual."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.stats import rankdata

from exactnorm.arrays import Array
from exactnorm.experiments.leave_one_out import Masks
from exactnorm.experiments.training import Weights


def tracin(
    checkpoints: Iterable[tuple[float, Weights]], inputs: Array, points: Array, queries: Array, targets: Array
) -> Array:
    """TracIn: Σ over checkpoints of learning rate times ∇ℓ(x_n)·∇ℓ(query), ℓ(y, x) = ½‖h(y) − x‖², shape (N, m).

    Positive where learning the training point made the query's loss smaller.

    Parameters
    ----------
    checkpoints : pairs of float and Weights
        Learning rate, and weights reached with it.
    inputs : ndarray, shape (N, M, d)
        Noisy samples of each training point; their losses are averaged.
    points : ndarray, shape (N, d)
    queries, targets : ndarray, shape (m, d)
        What is denoised, and to what.

    References
    ----------
    Pruthi, Liu, Kale and Sundararajan, NeurIPS 2020 (arXiv:2002.08484), TracInCP.
    """
    N, M, d = inputs.shape
    Y, X = inputs.reshape(-1, d), np.repeat(points, M, axis=0)
    total = np.zeros((N, len(queries)))
    for rate, weights in checkpoints:
        r, z, back = _layers(weights, Y, X)
        rq, zq, backq = _layers(weights, queries, targets)
        # Gradients are outer products, so that their inner products need none of them: a, V and c; then w and b.
        both = Y @ queries.T + 1
        dots = (r @ rq.T) * (z @ zq.T + both) + (back @ backq.T) * both
        total += rate * dots.reshape(N, M, -1).mean(axis=1)
    return total


def _layers(weights: Weights, Y: Array, X: Array) -> tuple[Array, Array, Array]:
    """Residuals, activations, and what comes back to the first layer."""
    z = np.maximum(Y @ weights.w.T + weights.b, 0.0)
    r = z @ weights.a + Y @ weights.V.T + weights.c - X
    return r, z, (r @ weights.a.T) * (z > 0)


def correlations(scores: Array, truth: Array, *, ranks: bool) -> Array:
    """For each query, correlation over the training points of scores (N, m) with the truth; nan where one is constant.

    Parameters
    ----------
    scores, truth : ndarray, shape (N, m)
    ranks : bool
        Spearman's, of ranks; Pearson's otherwise.
    """
    pair = (np.apply_along_axis(rankdata, 0, one) if ranks else one for one in (scores, truth))
    first, second = (one - one.mean(axis=0) for one in pair)
    norm = np.linalg.norm(first, axis=0) * np.linalg.norm(second, axis=0)
    return np.asarray(np.where(norm > 0, (first * second).sum(axis=0) / np.where(norm > 0, norm, 1.0), np.nan))


def datamodeling_score(scores: Array, subsets: Masks, values: Array) -> Array:
    """Linear datamodeling score: for each query, Spearman correlation of Σ_{n∈S} score_n with f(S) over subsets S.

    Parameters
    ----------
    scores : ndarray, shape (N, m)
    subsets : ndarray of bool, shape (K, N)
    values : ndarray, shape (K, m)
        f(S), the quantity that scores are to predict, of the denoiser that knows S only.

    References
    ----------
    Park, Georgiev, Ilyas, Leclerc and Madry, ICML 2023 (arXiv:2303.14186).
    """
    return correlations(subsets.astype(float) @ scores, values, ranks=True)
