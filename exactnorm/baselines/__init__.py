"""Denoisers to compare with, all called as ``denoiser(y, sigma)``, with their scores ``denoiser.score(y, sigma)``."""

from exactnorm.baselines.empirical import EmpiricalMMSE, SmoothedClosedForm
from exactnorm.baselines.linear import LinearDenoiser

__all__ = ["EmpiricalMMSE", "LinearDenoiser", "SmoothedClosedForm"]
