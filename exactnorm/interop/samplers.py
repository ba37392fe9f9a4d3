"""Denoisers as the callables that samplers of other libraries expect.

The conventions: D(x, σ) estimates the clean image from x = x_0 + σ ε (Karras et al., 2022, and the samplers written
after it, k-diffusion's and deepinv's among them); a noise prediction ε(x_t, t) belongs to x_t = √ᾱ_t x_0 + √(1−ᾱ_t) ε,
as in diffusers. Arrays are batch first, of any trailing shape; PyTorch tensors are taken and returned as well, without
gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from exactnorm.arrays import Array, real_number, restore_read_only, what_is
from exactnorm.interop.batches import batch, like, one_each, to_array
from exactnorm.network import HasNetwork, ReLUNetwork, network_of
from exactnorm.tables import limit

ROOM = 1 - 1e-6
"""Share of the largest level that `sigma_max` gives: rounded to single precision it must not be beyond."""


@dataclass(frozen=True)
class EDMDenoiser:
    """D(x, σ) over a family of minimum-norm denoisers, one for each noise radius ρ = α σ.

    Parameters
    ----------
    path : callable
        ``path(rho) -> ReLUNetwork``, for example ``lambda rho: closed_form.orthogonal(points, rho)``, or a
        `DenoiserPath`, which has radii up to its largest.
    alpha : float
        Noise radius in units of the noise level.
    high_noise : callable, optional
        ``high_noise(y, sigma)``, shapes (m, d) to (m, d), that stands in where ρ ≥ `max_rho`, or beyond the radii of a
        `DenoiserPath`: there the balls may overlap and `path` has no network to give.
    max_rho : float
        Where the stand-in takes over; infinite by default.

    Raises
    ------
    TypeError
        If `path` is no function of the radius.
    ValueError
        If `alpha` or `max_rho` is not positive, or there is a stand-in that would never be asked.
    """

    path: Callable[[float], ReLUNetwork | HasNetwork]
    alpha: float = 1.0
    high_noise: Callable[[Array, float], Array] | None = None
    max_rho: float = math.inf

    def __post_init__(self) -> None:
        if isinstance(self.path, ReLUNetwork | HasNetwork) or not callable(self.path):
            msg = (
                f"path is {what_is(self.path)}: give a function of the radius, such as a DenoiserPath, "
                "or `lambda rho: denoiser` to take one denoiser at all levels"
            )
            raise TypeError(msg)
        if not real_number(self.alpha, "alpha") > 0 or not (isinstance(self.max_rho, int | float) and self.max_rho > 0):
            msg = f"alpha={self.alpha!r}, max_rho={self.max_rho!r}: give positive numbers"
            raise ValueError(msg)
        if self.high_noise is not None and math.isinf(min(self.max_rho, self._largest)):
            msg = (
                "high_noise is given, but not from which radius on it stands in: give max_rho=, at most half the "
                "smallest distance between points"
            )
            raise ValueError(msg)

    def __call__(self, x: Any, sigma: Any, *_: Any, **__: Any) -> Any:
        """Denoised batch, of the shape of x (m, …).

        Parameters
        ----------
        x : array_like or tensor, shape (m, …)
            Integers, and images of bytes among them, are taken for what they are, and give floating values.
        sigma : number, array_like or tensor
            One level, or one for each of the m images, of any shape. At σ = 0 there is no noise to take away, and x
            comes back: a sampler that ends there gets no NaN.
        *_, **__
            Class labels and the like, which samplers hand on: not used.

        Raises
        ------
        ValueError
            If a level is negative or no number, x is not a batch of images with as many entries as the points have
            coordinates, or the path has no network at a level's radius and there is no stand-in.
        """
        images, rows = batch(x)
        levels = one_each(sigma, len(rows), "sigma")
        if not (levels >= 0).all():
            msg = f"sigma={levels.min():g}; a noise level is not negative"
            raise ValueError(msg)
        denoised = rows.copy()
        for level in np.unique(levels[levels > 0]):
            chosen = levels == level
            denoised[chosen] = self._level(rows[chosen], float(level), images.shape)
        return like(denoised.reshape(images.shape), x)

    @property
    def sigma_min(self) -> float:
        """Smallest noise level that can be asked: 0."""
        return 0.0

    @property
    def sigma_max(self) -> float:
        """Largest noise level that can be asked; infinite with a stand-in, or where only `path` itself knows."""
        largest = min(self.max_rho, self._largest)
        return math.inf if self.high_noise is not None else ROOM * largest / self.alpha

    def round_sigma(self, sigma: Any) -> Any:
        """The level that is meant by `sigma`, as samplers of that convention ask: itself, every one is there."""
        return sigma

    @property
    def _largest(self) -> float:
        """The largest radius of a path that says it, such as a `DenoiserPath`."""
        return float(getattr(self.path, "rho_max", math.inf))

    def _level(self, rows: Array, sigma: float, shape: tuple[int, ...]) -> Array:
        rho = self.alpha * sigma
        if rho < self.max_rho and rho <= self._largest:
            network = self._network(rho, sigma)
            if network.dimension != rows.shape[1]:
                msg = (
                    f"x has shape {shape}, images of {rows.shape[1]} numbers, and the denoiser is of points with "
                    f"{network.dimension}: give a batch, the batch first"
                )
                raise ValueError(msg)
            return network(rows)
        if self.high_noise is None:
            largest = min(self.max_rho, self._largest)
            msg = (
                f"sigma={sigma:g} asks for the radius rho = alpha·sigma = {rho:g}, beyond {limit(largest)}: begin at "
                f"sigma_max={limit(self.sigma_max)}, or give a stand-in by high_noise="
            )
            raise ValueError(msg)
        return np.asarray(self.high_noise(rows, sigma), dtype=np.float64).reshape(rows.shape)

    def _network(self, rho: float, sigma: float) -> ReLUNetwork:
        try:
            return network_of(self.path(rho))
        except ValueError as failed:
            msg = (
                f"sigma={sigma:g} asks for the radius rho = alpha·sigma = {rho:g}, where the path has no denoiser "
                f"({failed}): begin at a lower level, or give a stand-in by high_noise= and max_rho="
            )
            raise ValueError(msg) from failed


@dataclass(frozen=True, eq=False)
class EpsilonPrediction:
    """ε(x_t, t) of a denoiser D(x, σ), for schedules given by ᾱ_t, as in DDPM and DDIM.

    Parameters
    ----------
    denoiser : callable
        D(x, σ), such as an `EDMDenoiser`.
    alphas_cumprod : array_like, shape (T,)
        ᾱ_t, between 0 and 1, exclusive. Copied, and read-only afterwards.

    Raises
    ------
    ValueError
        If ᾱ is not such a list.
    """

    denoiser: Callable[[Array, Array], Array]
    alphas_cumprod: Array

    __setstate__ = restore_read_only

    def __post_init__(self) -> None:
        levels = to_array(self.alphas_cumprod, "alphas_cumprod")
        if levels.ndim != 1 or not levels.size or levels.min() <= 0 or levels.max() >= 1:
            msg = "alphas_cumprod: give one number strictly between 0 and 1 for each step"
            raise ValueError(msg)
        levels.flags.writeable = False
        object.__setattr__(self, "alphas_cumprod", levels)

    def __call__(self, x: Any, t: Any, *_: Any, **__: Any) -> Any:
        """Predicted noise, of the shape of x (m, …); t is one step, or one for each image.

        Between two steps, where some schedulers go, the noise level σ = √((1−ᾱ)/ᾱ) is interpolated linearly, as
        diffusers' schedulers do.

        Raises
        ------
        ValueError
            If t is not between 0 and T − 1: ᾱ is a list, and counting from its end would be silent nonsense.
        """
        images, rows = batch(x)
        steps, last = one_each(t, len(rows), "t"), len(self.alphas_cumprod) - 1
        if steps.min(initial=0) < 0 or steps.max(initial=0) > last:
            msg = f"t={np.unique(steps).tolist()}: give steps from 0 to {last}, places in alphas_cumprod"
            raise ValueError(msg)
        known = np.sqrt((1 - self.alphas_cumprod) / self.alphas_cumprod)
        sigma = np.interp(steps, np.arange(len(known)), known)
        scale = np.sqrt(1 + sigma**2)[:, None]  # 1/√ᾱ
        clean = to_array(self.denoiser((rows * scale).reshape(images.shape), sigma), "what the denoiser returns")
        noise = (rows * scale - clean.reshape(rows.shape)) / sigma[:, None]
        return like(noise.reshape(images.shape), x)
