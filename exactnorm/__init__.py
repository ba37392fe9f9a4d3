"""Minimum-norm two-layer ReLU denoisers with a recomputed bracket on their cost, and the flows they drive."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# First, since what is loaded later takes a second.
from exactnorm import interrupts as interrupts

if TYPE_CHECKING:
    from exactnorm import problems as problems
    from exactnorm.certify import Certificate, CertifiedDenoiser, check_certificate, interpolation_error
    from exactnorm.closed_form import bounds
    from exactnorm.comparison import compare
    from exactnorm.denoiser import min_norm_denoiser
    from exactnorm.exact.balls.problem import InfeasibleProblem
    from exactnorm.exact.balls.radius import max_radius
    from exactnorm.explorer import explore
    from exactnorm.finite_network import min_norm_network
    from exactnorm.finite_problem import FiniteProblem
    from exactnorm.flow import Schedule, probability_flow, rest_points, score_flow
    from exactnorm.flow.endpoints import endpoints
    from exactnorm.network import ReLUNetwork
    from exactnorm.path import DenoiserPath
    from exactnorm.saved import load, save
    from exactnorm.training_set import TrainingSet

__version__ = "0.1.0"

ROOMS = (
    "baselines",
    "certify",
    "closed_form",
    "comparison",
    "exact",
    "experiments",
    "explorer",
    "flow",
    "interop",
    "path",
    "patterns",
    "plot",
    "problems",
    "proof",
    "prover",
    "theorems",
)
"""Where other names live; each is loaded when first used: some bring along matplotlib, scikit-learn or a solver."""

HOMES = {
    "exactnorm.certify": (
        "Certificate",
        "CertifiedDenoiser",
        "check_certificate",
        "interpolation_error",
    ),
    "exactnorm.closed_form": ("bounds",),
    "exactnorm.comparison": ("compare",),
    "exactnorm.denoiser": ("min_norm_denoiser",),
    "exactnorm.exact.balls.problem": ("InfeasibleProblem",),
    "exactnorm.exact.balls.radius": ("max_radius",),
    "exactnorm.explorer": ("explore",),
    "exactnorm.finite_problem": ("FiniteProblem",),
    "exactnorm.flow": (
        "Schedule",
        "probability_flow",
        "rest_points",
        "score_flow",
    ),
    # The room has a module of that name, too.
    "exactnorm.flow.endpoints": ("endpoints",),
    "exactnorm.finite_network": ("min_norm_network",),
    "exactnorm.network": ("ReLUNetwork",),
    "exactnorm.path": ("DenoiserPath",),
    "exactnorm.saved": (
        "load",
        "save",
    ),
    "exactnorm.training_set": ("TrainingSet",),
}
"""Where the public names live; a room is loaded when a name of it is first used, so that a proof is verified without
the solvers."""


def __getattr__(name: str) -> Any:
    if name in ROOMS:
        return import_module(f"exactnorm.{name}")
    for home, names in HOMES.items():
        if name in names:
            value = globals()[name] = getattr(import_module(home), name)
            return value
    msg = f"module 'exactnorm' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted((*__all__, *ROOMS, "__version__"))


__all__ = [
    "Certificate",
    "CertifiedDenoiser",
    "DenoiserPath",
    "FiniteProblem",
    "InfeasibleProblem",
    "ReLUNetwork",
    "Schedule",
    "TrainingSet",
    "bounds",
    "check_certificate",
    "compare",
    "endpoints",
    "explore",
    "interpolation_error",
    "load",
    "max_radius",
    "min_norm_denoiser",
    "min_norm_network",
    "probability_flow",
    "rest_points",
    "save",
    "score_flow",
]
