"""The papers' experiments, with exact denoisers and exact flows, as functions that return tables."""

from __future__ import annotations

from collections.abc import Callable

from exactnorm.experiments.early_stopping import early_stopping
from exactnorm.experiments.table import Statement, Table
from exactnorm.experiments.virtual_points import stable_virtual_points
from exactnorm.experiments.where_flows_end import where_flows_end

EXPERIMENTS: dict[str, Callable[..., Table]] = {
    "stable-virtual-points": stable_virtual_points,
    "where-flows-end": where_flows_end,
    "early-stopping": early_stopping,
}
"""Every experiment by name; each takes ``seed`` and returns a table."""

__all__ = ["EXPERIMENTS", "Statement", "Table", "early_stopping", "stable_virtual_points", "where_flows_end"]
