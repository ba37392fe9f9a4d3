"""Minimum-norm two-layer ReLU denoisers with a recomputed bracket on their cost, and the flows they drive."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# First, since what is loaded later takes a second.
from exactnorm import interrupts as interrupts

if TYPE_CHECKING:
    from exactnorm import problems as problems
    from exactnorm.certify import (
        Certificate,
        CertifiedDenoiser,
        CertifiedNetwork,
        check_certificate,
        interpolation_error,
        load,
        load_network,
        save,
        save_network,
    )
    from exactnorm.closed_form import CostBounds, bounds
    from exactnorm.comparison import Comparison, compare
    from exactnorm.denoiser import min_norm_denoiser
    from exactnorm.exact.balls.problem import InfeasibleProblem, max_radius
    from exactnorm.finite_network import min_norm_network
    from exactnorm.finite_problem import FiniteProblem
    from exactnorm.flow import (
        Basins,
        Endpoints,
        Flow,
        Schedule,
        band_exit_time,
        basins,
        box_time,
        closed_probability_flow,
        closed_score_flow,
        cosine,
        edm,
        endpoints,
        named_schedule,
        orthogonal_lines,
        probability_flow,
        radius,
        sample,
        sampler_levels,
        score_flow,
        variance_exploding,
        variance_preserving,
        vertex_radius,
    )
    from exactnorm.flow.rest.rest_points import RestPoint, rest_points
    from exactnorm.network import ReLUNetwork
    from exactnorm.path import DenoiserPath, load_path, refined_flow, save_path
    from exactnorm.patterns import activation_patterns
    from exactnorm.training_set import TrainingSet

__version__ = "0.1.0"

SUBMODULES = (
    "baselines",
    "certify",
    "closed_form",
    "exact",
    "experiments",
    "flow",
    "interop",
    "plot",
    "problems",
    "proof",
    "prover",
    "theorems",
)
"""Loaded when they are first used: some of them bring along matplotlib, scikit-learn or a solver."""

HOMES = {
    "exactnorm.certify": (
        "Certificate",
        "CertifiedDenoiser",
        "CertifiedNetwork",
        "check_certificate",
        "interpolation_error",
        "load",
        "load_network",
        "save",
        "save_network",
    ),
    "exactnorm.closed_form": ("CostBounds", "bounds"),
    "exactnorm.comparison": ("Comparison", "compare"),
    "exactnorm.denoiser": ("min_norm_denoiser",),
    "exactnorm.exact.balls.problem": ("InfeasibleProblem", "max_radius"),
    "exactnorm.finite_problem": ("FiniteProblem",),
    "exactnorm.flow": (
        "Basins",
        "Endpoints",
        "Flow",
        "Schedule",
        "band_exit_time",
        "basins",
        "box_time",
        "closed_probability_flow",
        "closed_score_flow",
        "cosine",
        "edm",
        "endpoints",
        "named_schedule",
        "orthogonal_lines",
        "probability_flow",
        "radius",
        "sample",
        "sampler_levels",
        "score_flow",
        "variance_exploding",
        "variance_preserving",
        "vertex_radius",
    ),
    "exactnorm.flow.rest.rest_points": ("RestPoint", "rest_points"),
    "exactnorm.finite_network": ("min_norm_network",),
    "exactnorm.network": ("ReLUNetwork",),
    "exactnorm.path": ("DenoiserPath", "load_path", "refined_flow", "save_path"),
    "exactnorm.patterns": ("activation_patterns",),
    "exactnorm.training_set": ("TrainingSet",),
}
"""Where the public names live; a room is loaded when a name of it is first used, so that a proof is verified without
the solvers."""


def __getattr__(name: str) -> Any:
    if name in SUBMODULES:
        return import_module(f"exactnorm.{name}")
    for home, names in HOMES.items():
        if name in names:
            value = globals()[name] = getattr(import_module(home), name)
            return value
    msg = f"module 'exactnorm' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted({*globals(), *SUBMODULES})


__all__ = [
    "Basins",
    "Certificate",
    "CertifiedDenoiser",
    "CertifiedNetwork",
    "Comparison",
    "CostBounds",
    "DenoiserPath",
    "Endpoints",
    "FiniteProblem",
    "Flow",
    "InfeasibleProblem",
    "ReLUNetwork",
    "RestPoint",
    "Schedule",
    "TrainingSet",
    "activation_patterns",
    "band_exit_time",
    "basins",
    "bounds",
    "box_time",
    "check_certificate",
    "closed_probability_flow",
    "closed_score_flow",
    "compare",
    "cosine",
    "edm",
    "endpoints",
    "interpolation_error",
    "load",
    "load_network",
    "load_path",
    "max_radius",
    "min_norm_denoiser",
    "min_norm_network",
    "named_schedule",
    "orthogonal_lines",
    "probability_flow",
    "radius",
    "refined_flow",
    "rest_points",
    "sample",
    "sampler_levels",
    "save",
    "save_network",
    "save_path",
    "score_flow",
    "variance_exploding",
    "variance_preserving",
    "vertex_radius",
]
