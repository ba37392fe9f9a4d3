"""One picture for each of the papers' experiments."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from exactnorm.experiments import Table
from exactnorm.plot.canvas import BLUE, GREEN, ORANGE, VERMILION, Axes, new_axes


def experiment(table: Table, axes: Axes | None = None) -> Axes:
    """Draw the table of an experiment.

    Parameters
    ----------
    table : Table
        As the functions of `exactnorm.experiments` return it.
    axes : Axes, optional
        A new one of 6 by 4 inches if not given.
    """
    axes = axes if axes is not None else new_axes(6, 4)
    PICTURES[table.name](table, axes)
    return axes


def _stable_virtual_points(table: Table, axes: Axes) -> None:
    """Share of stable sums within the largest threshold against the perturbation, with the published shares."""
    records = table.records()
    widest = max(record["threshold"] for record in records)
    smallest = min(record["perturbation"] for record in records if record["perturbation"] > 0)
    for size, colour in zip(table.parameters["sizes"], (BLUE, ORANGE, GREEN), strict=False):
        chosen = [record for record in records if record["size"] == size and record["threshold"] == widest]
        # Zero has no place on a logarithmic axis: it is drawn half a decade below the smallest perturbation.
        place = [record["perturbation"] or smallest / 3 for record in chosen]
        axes.semilogx(place, [record["share"] for record in chosen], "o-", color=colour, label=f"sums of {size}")
        published = chosen[0]["published"]
        if published is not None:
            axes.axhline(published / chosen[0]["total"], color=colour, ls=":", lw=1)
    axes.plot([], [], color="black", ls=":", lw=1, label="published, one trained network")
    axes.set(xlabel="relative perturbation of the kinks (leftmost: none)", ylim=(-0.02, 1.05))
    axes.set_ylabel(f"share within {widest:g} of themselves")
    axes.legend(fontsize="small")


def _where_flows_end(table: Table, axes: Axes) -> None:
    """Shares against the number of points, averaged over the other settings."""
    records = table.records()
    sizes = sorted({record["points"] for record in records})
    for flow, style in (("score", "-"), ("probability", "--")):
        for kind, colour in (("training", BLUE), ("virtual", ORANGE), ("boundary", GREEN)):
            mean = [np.mean([r[kind] for r in records if r["flow"] == flow and r["points"] == size]) for size in sizes]
            if any(mean):
                axes.plot(sizes, mean, style, marker="o", ms=4, color=colour, label=f"{flow} flow: {kind}")
    axes.set(xlabel="number of training points", ylabel="share of flows, mean over settings", ylim=(-0.02, 1.02))
    axes.legend(fontsize="small")


def _early_stopping(table: Table, axes: Axes) -> None:
    """Share of ends on a vertex against T, with its interval."""
    T = table.column("T")
    axes.fill_between(T, table.column("vertex_low"), table.column("vertex_high"), color=BLUE, alpha=0.2, lw=0)
    axes.semilogx(T, table.column("vertex_share"), "o-", color=BLUE, label="ends on a vertex (95 % interval)")
    axes.semilogx(T, table.column("memorised"), "s--", color=VERMILION, label="memorised")
    axes.set(xlabel="start time T", ylabel="share of flows", ylim=(-0.02, 1.02))
    axes.legend(fontsize="small")


def _early_stopping_map(table: Table, axes: Axes) -> None:
    """T against τ, a mark for each flow, by whether it ended on a vertex."""
    records = [record for record in table.records() if record["tau"] > 0]
    for vertex, colour, label in ((True, BLUE, "ends on a vertex"), (False, ORANGE, "ends elsewhere")):
        chosen = [record for record in records if record["vertex"] is vertex]
        place = [[record[name] for record in chosen] for name in ("T", "tau")]
        axes.loglog(*place, ".", ms=3, color=colour, label=label)
    T = table.column("T")
    axes.loglog([min(T), max(T)], [min(T), max(T)], color="black", lw=1, label="T = τ")
    axes.set(xlabel="start time T", ylabel="threshold τ of the start")
    axes.legend(fontsize="small")


PICTURES: dict[str, Callable[[Table, Axes], None]] = {
    "stable-virtual-points": _stable_virtual_points,
    "where-flows-end": _where_flows_end,
    "early-stopping": _early_stopping,
    "early-stopping-map": _early_stopping_map,
}
"""What draws each experiment's table, by the experiment's name."""
