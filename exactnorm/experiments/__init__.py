"""The papers' experiments, with exact denoisers and exact flows, as functions that return tables."""

from __future__ import annotations

from collections.abc import Callable

from exactnorm.experiments.beyond_orthogonal import beyond_orthogonal
from exactnorm.experiments.cluster import CostModel, Simulated, fitted, simulated, unit_seconds
from exactnorm.experiments.costs import costs
from exactnorm.experiments.early_stopping import early_stopping, early_stopping_map
from exactnorm.experiments.executors import executor_named, processes
from exactnorm.experiments.first_pictures import first_pictures
from exactnorm.experiments.large_rays import large_rays
from exactnorm.experiments.sweep import Progress, Run, Swept, swept
from exactnorm.experiments.table import Statement, Table
from exactnorm.experiments.virtual_points import stable_virtual_points
from exactnorm.experiments.where_flows_end import where_flows_end
from exactnorm.experiments.width import width

EXPERIMENTS: dict[str, Callable[..., Table]] = {
    "stable-virtual-points": stable_virtual_points,
    "where-flows-end": where_flows_end,
    "early-stopping": early_stopping,
    "early-stopping-map": early_stopping_map,
    "beyond-orthogonal": beyond_orthogonal,
    "first-pictures": first_pictures,
    "width": width,
    "large-rays": large_rays,
    "costs": costs,
}
"""Every experiment by name; each takes ``seed`` and ``run`` and returns a table."""

__all__ = [
    "EXPERIMENTS",
    "CostModel",
    "Progress",
    "Run",
    "Simulated",
    "Statement",
    "Swept",
    "Table",
    "beyond_orthogonal",
    "costs",
    "early_stopping",
    "early_stopping_map",
    "executor_named",
    "first_pictures",
    "fitted",
    "large_rays",
    "processes",
    "simulated",
    "stable_virtual_points",
    "swept",
    "unit_seconds",
    "where_flows_end",
    "width",
]
