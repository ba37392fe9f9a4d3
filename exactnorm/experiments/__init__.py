"""The papers' experiments, with exact denoisers and exact flows, as functions that return tables."""

from __future__ import annotations

from collections.abc import Callable

from exactnorm.experiments.attribution import attribution_levels, leave_one_out_formula
from exactnorm.experiments.attribution_judged import attribution_scores
from exactnorm.experiments.attribution_truth import Truth, attribution_truth, write_truth
from exactnorm.experiments.beyond_orthogonal import beyond_orthogonal
from exactnorm.experiments.cluster import CostModel, Simulated, fitted, simulated, unit_memory, unit_seconds
from exactnorm.experiments.costs import costs
from exactnorm.experiments.early_stopping import early_stopping, early_stopping_map
from exactnorm.experiments.executors import executor_named, processes
from exactnorm.experiments.first_pictures import first_pictures
from exactnorm.experiments.inertia_end import inertia_end
from exactnorm.experiments.large_rays import large_rays
from exactnorm.experiments.leave_one_out import Counterfactuals, leave_one_out, on_subsets
from exactnorm.experiments.linear_one_step import linear_one_step
from exactnorm.experiments.memorisation import memorisation
from exactnorm.experiments.other_denoisers import other_denoisers
from exactnorm.experiments.score_matching import exact_denoiser, exact_score
from exactnorm.experiments.sweep import Progress, Run, Swept, swept
from exactnorm.experiments.table import Statement, Table
from exactnorm.experiments.trained_networks import trained_networks
from exactnorm.experiments.virtual_points import stable_virtual_points
from exactnorm.experiments.where_flows_end import where_flows_end
from exactnorm.experiments.width import width

EXPERIMENTS: dict[str, Callable[..., Table]] = {
    "stable-virtual-points": stable_virtual_points,
    "where-flows-end": where_flows_end,
    "early-stopping": early_stopping,
    "early-stopping-map": early_stopping_map,
    "beyond-orthogonal": beyond_orthogonal,
    "memorisation": memorisation,
    "first-pictures": first_pictures,
    "width": width,
    "large-rays": large_rays,
    "costs": costs,
    "leave-one-out": leave_one_out_formula,
    "attribution-levels": attribution_levels,
    "attribution-scores": attribution_scores,
    "other-denoisers": other_denoisers,
    "linear-one-step": linear_one_step,
    "inertia-end": inertia_end,
    "trained-networks": trained_networks,
}
"""Every experiment by name; each takes ``seed`` and ``run`` and returns a table."""

__all__ = [
    "EXPERIMENTS",
    "CostModel",
    "Counterfactuals",
    "Progress",
    "Run",
    "Simulated",
    "Statement",
    "Swept",
    "Table",
    "Truth",
    "attribution_levels",
    "attribution_scores",
    "attribution_truth",
    "beyond_orthogonal",
    "costs",
    "early_stopping",
    "early_stopping_map",
    "exact_denoiser",
    "exact_score",
    "executor_named",
    "first_pictures",
    "fitted",
    "inertia_end",
    "large_rays",
    "leave_one_out",
    "leave_one_out_formula",
    "linear_one_step",
    "memorisation",
    "on_subsets",
    "other_denoisers",
    "processes",
    "simulated",
    "stable_virtual_points",
    "swept",
    "trained_networks",
    "unit_memory",
    "unit_seconds",
    "where_flows_end",
    "width",
    "write_truth",
]
