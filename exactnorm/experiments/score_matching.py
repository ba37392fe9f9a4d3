"""Denoising score matching in one dimension as the convex program that it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array, real_number
from exactnorm.certify.certified_network import CertifiedNetwork
from exactnorm.experiments.solved import solved_network


def exact_score(
    points: ArrayLike,
    sigma: float,
    weight_decay: float,
    rng: np.random.Generator,
    *,
    draws: int = 8,
    skip: bool = True,
) -> CertifiedNetwork:
    """The least 1/(2M) Σ (s(y_m) − (x_m − y_m)/σ²)² + β R(s) of all networks s, on numbers.

    Parameters
    ----------
    points : array_like, shape (N,) or (N, 1)
    sigma : float
        Noise level; y_m = x_m + σ ε_m.
    weight_decay : float
        β > 0.
    rng : numpy.random.Generator
        For the ε_m.
    draws : int
        Noisy samples of each point.
    skip : bool
        Whether s has a skip connection; a constant it has, and biases are free.

    Returns
    -------
    CertifiedNetwork
        With a bracket on the objective. y + σ² s(y) denoises.

    Notes
    -----
    As a skip connection costs nothing, R(h) = σ² R(s) for h(y) = y + σ² s(y), and the objective is 1/σ⁴ times that of
    the denoiser h with weight decay βσ²: score matching and denoising are one program. Without one they are two: y is
    no network of cost 0 then. arXiv:2402.01965 (paraphrased) has both kinds of networks.
    """
    x, y = noisy_numbers(points, sigma, rng, draws)
    return solved_network(y[:, None], (x - y) / sigma**2, weight_decay=weight_decay, skip=skip)


def exact_denoiser(
    points: ArrayLike, sigma: float, weight_decay: float, rng: np.random.Generator, *, draws: int = 8
) -> CertifiedNetwork:
    """The same from the denoiser's side: the least 1/(2M) Σ (h(y_m) − x_m)² + βσ² R(h), for the same draws."""
    x, y = noisy_numbers(points, sigma, rng, draws)
    return solved_network(y[:, None], x, weight_decay=weight_decay * sigma**2)


def noisy_numbers(points: ArrayLike, sigma: float, rng: np.random.Generator, draws: int) -> tuple[Array, Array]:
    """Clean numbers, each `draws` times, and noisy ones."""
    x = np.repeat(np.asarray(points, dtype=np.float64).ravel(), draws)
    return x, x + real_number(sigma, "sigma") * rng.standard_normal(len(x))
