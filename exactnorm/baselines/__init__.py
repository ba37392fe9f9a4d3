"""Denoisers to compare with, all called as ``denoiser(y, sigma)``, with their scores ``denoiser.score(y, sigma)``."""

from exactnorm.baselines.empirical import EmpiricalMMSE, SmoothedClosedForm
from exactnorm.baselines.inertia import followed, inertia_level
from exactnorm.baselines.linear import LinearDenoiser
from exactnorm.baselines.one_step import SampledLinear, divergence, divergence_limit, expected_trace, generated
from exactnorm.baselines.penalised_bias import penalised_cost, penalised_optimum

__all__ = [
    "EmpiricalMMSE",
    "LinearDenoiser",
    "SampledLinear",
    "SmoothedClosedForm",
    "divergence",
    "divergence_limit",
    "expected_trace",
    "followed",
    "generated",
    "inertia_level",
    "penalised_cost",
    "penalised_optimum",
]
