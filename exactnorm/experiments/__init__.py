"""The papers' experiments, with exact denoisers and exact flows, as functions that return tables."""

from __future__ import annotations

from collections.abc import Callable

from exactnorm.experiments.early_stopping import early_stopping, early_stopping_map
from exactnorm.experiments.executors import executor_named, processes
from exactnorm.experiments.sweep import Progress, Run, Swept, swept
from exactnorm.experiments.table import Statement, Table
from exactnorm.experiments.virtual_points import stable_virtual_points
from exactnorm.experiments.where_flows_end import where_flows_end

EXPERIMENTS: dict[str, Callable[..., Table]] = {
    "stable-virtual-points": stable_virtual_points,
    "where-flows-end": where_flows_end,
    "early-stopping": early_stopping,
    "early-stopping-map": early_stopping_map,
}
"""Every experiment by name; each takes ``seed`` and ``run`` and returns a table."""

__all__ = [
    "EXPERIMENTS",
    "Progress",
    "Run",
    "Statement",
    "Swept",
    "Table",
    "early_stopping",
    "early_stopping_map",
    "executor_named",
    "processes",
    "stable_virtual_points",
    "swept",
    "where_flows_end",
]
