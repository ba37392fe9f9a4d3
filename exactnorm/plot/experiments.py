"""One picture for each of the papers' experiments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from exactnorm.arrays import Array, of_kind
from exactnorm.experiments import Table
from exactnorm.plot.canvas import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILION, Axes, axes_or_new
from exactnorm.plot.neighbours import NEIGHBOURS


def experiment(table: Table, axes: Axes | None = None) -> Axes:
    """Draw the table of an experiment.

    Parameters
    ----------
    table : Table
        As the functions of `exactnorm.experiments` return it.
    axes : Axes, optional
        A new one if not given, of 6 by 4 inches or as its picture asks.
    """
    of_kind(table, Table, "table", "the Table that a function of exactnorm.experiments returns")
    if table.name not in PICTURES:
        msg = f"there is no picture of {table.name!r}; there are some of {', '.join(PICTURES)}"
        raise ValueError(msg)
    if not table.rows:
        msg = f"the table of {table.name} has no rows yet: its experiment was stopped before a unit was finished"
        raise ValueError(msg)
    axes = axes_or_new(axes, *SIZES.get(table.name, (6.0, 4.0)))
    PICTURES[table.name](table, axes)
    return axes


def _stable_virtual_points(table: Table, axes: Axes) -> None:
    """Share of stable sums within the largest threshold against the perturbation, with the published shares."""
    records = table.records()
    widest = max(record["threshold"] for record in records)
    smallest = min((record["perturbation"] for record in records if record["perturbation"] > 0), default=1.0)
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
    sizes = sorted(set(table.column("points")))
    for kind, colour in (("training", BLUE), ("virtual", ORANGE), ("boundary", GREEN)):
        mean = table.means(kind, by=("flow", "points"))
        for flow, style in (("score", "-"), ("probability", "--")):
            shares = [mean[flow, size] for size in sizes]
            if any(shares):
                axes.plot(sizes, shares, style, marker="o", ms=4, color=colour, label=f"{flow} flow: {kind}")
    axes.set(xlabel="number of training points", ylabel="share of flows, mean over settings", ylim=(-0.02, 1.02))
    axes.legend(fontsize="small")


def _early_stopping(table: Table, axes: Axes) -> None:
    """Share of ends on a vertex against T for each box, its interval and probability; and of memorised ends."""
    boxes = dict.fromkeys(table.column("longest"))
    for longest, colour in zip(boxes, (BLUE, ORANGE, GREEN, PURPLE, GREY), strict=False):
        chosen = [record for record in table.records() if record["longest"] == longest]
        T, low, high, share, law = (
            [record[name] for record in chosen]
            for name in ("T", "vertex_low", "vertex_high", "vertex_share", "probability")
        )
        label = "ends on a vertex (95 % interval)" if len(boxes) == 1 else f"on a vertex, longest side {longest:g}"
        axes.fill_between(T, low, high, color=colour, alpha=0.2, lw=0)
        axes.semilogx(T, share, "o", ms=4, color=colour, label=label)
        axes.semilogx(T, law, "-", lw=1, color=colour)
    first = [record for record in table.records() if record["longest"] == next(iter(boxes))]
    T, memorised = ([record[name] for record in first] for name in ("T", "memorised"))
    label = "memorised" if len(boxes) == 1 else f"memorised, longest side {next(iter(boxes)):g}"
    axes.semilogx(T, memorised, "s--", ms=4, color=VERMILION, label=label)
    axes.plot([], [], color="black", lw=1, label="probability")
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
    # Marks fill the frame: the legend has a strip of its own below them, in decades that are not used.
    low, high = axes.get_ylim()
    axes.set_ylim(bottom=low * (low / high) ** 0.15)
    axes.legend(fontsize="small", loc="lower center", ncols=3)


def _beyond_orthogonal(table: Table, axes: Axes) -> None:
    """Share of flows that memorise against the size of the largest cosine at x_0, a mark for each set."""
    records = [record for record in table.records() if record["largest_cosine"] is not None]
    styles = zip(dict.fromkeys(r["family"] for r in records), (BLUE, ORANGE, GREEN, VERMILION, PURPLE), strict=False)
    for (family, colour), mark in zip(styles, "o^sDv", strict=False):
        chosen = [record for record in records if record["family"] == family]
        # Orthogonal sets stand at the left end of the logarithmic axis.
        place = [max(abs(record["largest_cosine"]), 1e-3) for record in chosen]
        shares = [record["memorised"] for record in chosen]
        axes.semilogx(place, shares, mark, ms=5, color=colour, label=family)
    axes.set(xlabel="largest |cosine| of angles at the first point", ylabel="share memorised", ylim=(-0.02, 1.05))
    axes.legend(fontsize="small")


def _memorisation(table: Table, axes: Axes) -> None:
    """Shares against the number of points, of least networks and of sums of ramps; below, cost per point of these."""
    known = [record for record in table.records() if record["upper"] is not None]
    ramps = [record for record in known if record["network"] == "ramps"]
    least = [record for record in known if record["network"] == "least"]
    below = _second(axes)
    shares = (("training", BLUE), ("virtual", ORANGE), ("elsewhere", GREEN), ("nearest", GREY))
    labels = ("at training points", "at virtual points", "elsewhere", "at the nearest training point")
    for (kind, colour), label in zip(shares, labels, strict=True):
        some = [record for record in ramps if record[kind] is not None]
        place, share = [record["points"] for record in some], np.array([record[kind] for record in some])
        axes.semilogx(place, share, "o--" if kind == "nearest" else "o-", color=colour, mfc="white", ms=5, label=label)
        if kind != "nearest":
            off = [[abs(record[kind] - record[f"{kind}_{end}"]) for record in some] for end in ("low", "high")]
            axes.errorbar(place, share, off, fmt="none", ecolor=colour, lw=1, capsize=2)
        some = [record for record in least if record[kind] is not None]
        place, share = [record["points"] for record in some], np.array([record[kind] for record in some])
        axes.semilogx(place, share, "D", color=colour, ms=5)
    place = [record["points"] for record in ramps]
    lower, upper = ([record[end] / record["points"] for record in ramps] for end in ("lower", "upper"))
    below.vlines(place, lower, upper, color=VERMILION, lw=3, alpha=0.5)
    for mark, costs, label in (("_", lower, "lower bound"), ("v", upper, "cost of the sum of ramps")):
        below.plot(place, costs, mark, color=VERMILION, ms=5, label=label)
    # Room for the legend above: curves go anywhere between 0 and 1.
    axes.set(ylabel="share of flows", ylim=(-0.05, 1.5), yticks=np.linspace(0, 1, 6))
    axes.legend(fontsize="small", loc="upper center", ncols=2)
    axes.tick_params(labelbottom=False)
    below.set(
        xlabel="number of digits N (circles: best sum of ramps found; diamonds: least network)",
        ylabel="least cost per digit",
    )
    places = list(dict.fromkeys(record["points"] for record in known))
    below.set_xticks(places, [str(count) for count in places], fontsize="small")
    below.minorticks_off()
    below.set_ylim(bottom=0)
    below.legend(fontsize="small")


def _second(axes: Axes) -> Axes:
    """Other Axes in the lower part of the place of these, or below them where they were put by hand."""
    place = axes.get_subplotspec()
    if place is None:
        return axes.inset_axes((0, -0.8, 1, 0.7), sharex=axes)
    parts = place.subgridspec(2, 1, height_ratios=(3, 2))
    axes.set_subplotspec(parts[0])
    return axes.figure.add_subplot(parts[1], sharex=axes)


def _first_pictures(table: Table, axes: Axes) -> None:
    """Side by side, of one height: the graph on the line, and for triangles where h carries the places of a grid."""
    left = 0.0
    for name in dict.fromkeys(table.column("picture")):
        chosen = [record for record in table.records() if record["picture"] == name]
        y, on_line = _places(chosen, "y"), chosen[0]["y_2"] is None
        up = _places(chosen, "predicted")[:, 0] if on_line else y[:, 1]
        corner, scale = np.array([y[:, 0].min(), up.min()]), 1 / float(np.ptp(up))
        for which, colour in (("predicted", BLUE), ("trained", ORANGE)):
            if chosen[0][f"{which}_1"] is None:
                continue
            h, label = _places(chosen, which), which if left == 0 else "_"
            if on_line:
                graph = np.column_stack([y[:, 0], h[:, 0]])
                style = "-" if which == "predicted" else "--"
                axes.plot(*((graph - corner) * scale + (left, 0)).T, style, color=colour, label=label)
            else:
                start, end = ((place - corner) * scale + (left, 0) for place in (y, h))
                axes.plot(*end.T, "o" if which == "predicted" else "+", ms=3, color=colour)
                if which == "predicted":
                    ways = np.stack([start, end, np.full_like(y, np.nan)], axis=1).reshape(-1, 2)
                    axes.plot(*ways.T, lw=0.6, color=GREY)
        width = float(np.ptp(y[:, 0])) * scale
        words = "h(y) on a line" if on_line else f"{name}, from y to h(y)"
        axes.text(left + width / 2, -0.08, words, ha="center", va="top", fontsize="small")
        left += width + 0.15
    axes.set(xlim=(-0.05, left - 0.1), ylim=(-0.2, 1.1), aspect="equal")
    axes.set_axis_off()
    axes.legend(fontsize="small", loc="upper left")


def _places(records: list[dict[str, Any]], name: str) -> Array:
    """Two columns of a table, the second 0 on a line."""
    return np.array([[record[f"{name}_1"], record[f"{name}_2"] or 0.0] for record in records])


def _width(table: Table, axes: Axes) -> None:
    """Neurons of each minimiser against N, with N²."""
    records = table.records()
    kinds = {"skip": "with skip connection", "plain": "without"}
    for kind, colour, shift in (("skip", BLUE, -0.12), ("plain", ORANGE, 0.12)):
        chosen = [record for record in records if record["network"] == kind]
        place = [record["N"] + shift for record in chosen]
        neurons = [record["neurons"] for record in chosen]
        axes.plot(place, neurons, "o", ms=4, alpha=0.3, color=colour, label=kinds[kind])
    N = np.linspace(min(table.column("N")) - 0.3, max(table.column("N")) + 0.3, 50)
    axes.plot(N, N**2, color="black", lw=1, label="$N^2$")
    axes.set(xlabel="data points $N$", ylabel="neurons of the minimiser", xticks=sorted(set(table.column("N"))))
    for handle in axes.legend(fontsize="small").legend_handles:
        if handle is not None:
            handle.set_alpha(
                1.0
            )  # marks are pale where there are few of them; a single one in the legend would be, too


def _large_rays(table: Table, axes: Axes) -> None:
    """Share that ends at its own point, block by block, with the probability of that."""
    sigma = table.column("sigma")
    axes.plot(sigma, table.column("share"), "o", ms=4, alpha=0.4, color=BLUE, label="blocks of starts")
    axes.plot(sigma, table.column("predicted"), "_", ms=14, color="black", label="probability")
    axes.set(xlabel="noise σ of the starts", ylabel="share carried back to its own point", ylim=(-0.02, 1.02))
    axes.legend(fontsize="small")


def _costs(table: Table, axes: Axes) -> None:
    """Neurons against patterns, a mark for each set."""
    records = table.records()
    for r, colour in zip(sorted({record["r"] for record in records}), (BLUE, ORANGE, GREEN, VERMILION), strict=False):
        chosen = [record for record in records if record["r"] == r]
        place = [record["patterns"] for record in chosen]
        axes.plot(place, [record["neurons"] for record in chosen], "o", color=colour, label=f"rank {r}")
    axes.set(xlabel="activation patterns", ylabel="neurons of the minimiser")
    axes.legend(fontsize="small")


SIZES = {"first-pictures": (7.0, 2.5)}
"""Inches of pictures of another shape than the others."""

PICTURES: dict[str, Callable[[Table, Axes], None]] = {
    "stable-virtual-points": _stable_virtual_points,
    "where-flows-end": _where_flows_end,
    "early-stopping": _early_stopping,
    "early-stopping-map": _early_stopping_map,
    "beyond-orthogonal": _beyond_orthogonal,
    "memorisation": _memorisation,
    "first-pictures": _first_pictures,
    "width": _width,
    "large-rays": _large_rays,
    "costs": _costs,
    **NEIGHBOURS,
}
"""What draws each experiment's table, by the experiment's name."""
