"""The papers' experiments, with exact denoisers and exact flows, as functions that return tables."""

from __future__ import annotations

from collections.abc import Callable

from exactnorm.experiments.attribution import attribution_levels, leave_one_out_formula
from exactnorm.experiments.attribution_judged import attribution_scores
from exactnorm.experiments.attribution_truth import Truth, attribution_truth, write_truth
from exactnorm.experiments.early_stopping import early_stopping, early_stopping_map
from exactnorm.experiments.executors import executor_named, processes
from exactnorm.experiments.leave_one_out import Counterfactuals, leave_one_out, on_subsets
from exactnorm.experiments.linear_one_step import linear_one_step
from exactnorm.experiments.other_denoisers import other_denoisers
from exactnorm.experiments.score_matching import exact_denoiser, exact_score
from exactnorm.experiments.sweep import Progress, Run, Swept, swept
from exactnorm.experiments.table import Statement, Table
from exactnorm.experiments.trained_networks import trained_networks
from exactnorm.experiments.virtual_points import stable_virtual_points
from exactnorm.experiments.where_flows_end import where_flows_end

EXPERIMENTS: dict[str, Callable[..., Table]] = {
    "stable-virtual-points": stable_virtual_points,
    "where-flows-end": where_flows_end,
    "early-stopping": early_stopping,
    "early-stopping-map": early_stopping_map,
    "leave-one-out": leave_one_out_formula,
    "attribution-levels": attribution_levels,
    "attribution-scores": attribution_scores,
    "other-denoisers": other_denoisers,
    "linear-one-step": linear_one_step,
    "trained-networks": trained_networks,
}
"""Every experiment by name; each takes ``seed`` and ``run`` and returns a table."""

__all__ = [
    "EXPERIMENTS",
    "Counterfactuals",
    "Progress",
    "Run",
    "Statement",
    "Swept",
    "Table",
    "Truth",
    "attribution_levels",
    "attribution_scores",
    "attribution_truth",
    "early_stopping",
    "early_stopping_map",
    "exact_denoiser",
    "exact_score",
    "executor_named",
    "leave_one_out",
    "leave_one_out_formula",
    "linear_one_step",
    "on_subsets",
    "other_denoisers",
    "processes",
    "stable_virtual_points",
    "swept",
    "trained_networks",
    "where_flows_end",
    "write_truth",
]
