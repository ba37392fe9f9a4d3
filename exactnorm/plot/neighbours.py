"""Pictures of the experiments about what is near the theory: attribution, other denoisers, trained networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from exactnorm.arrays import of_kind
from exactnorm.experiments import Counterfactuals, Table
from exactnorm.plot.canvas import BLUE, GREEN, GREY, ORANGE, VERMILION, Axes, LogLocator, axes_or_new

SHARES = (BLUE, ORANGE, GREEN, VERMILION, GREY)


def attribution(found: Counterfactuals, sample: int, axes: Axes | None = None, *, level: int = 0) -> Axes:
    """Draw what each training image adds to a denoised one: input, h(y), then Δ_n over x_n, one column each.

    Parameters
    ----------
    found : Counterfactuals
        Of square images, one a row of points.
    sample : int
        Which input is drawn.
    axes : Axes, optional
        A new one if not given.
    level : int
        At which noise level.

    Raises
    ------
    ValueError
        If the points are no square images, or there is no such sample or level.
    """
    of_kind(found, Counterfactuals, "found", "the Counterfactuals that exactnorm.experiments.leave_one_out returns")
    for name, index, number in (("level", level, len(found.delta)), ("sample", sample, found.inputs.shape[1])):
        if not (isinstance(index, int | np.integer) and 0 <= index < number):
            msg = f"{name}={index!r}: give a whole number from 0 to {number - 1}"
            raise ValueError(msg)
    side = round(found.points.shape[1] ** 0.5)
    if side * side != found.points.shape[1]:
        msg = f"points have {found.points.shape[1]} coordinates, which are no square image"
        raise ValueError(msg)
    delta = found.delta[level, :, sample]
    top, scale = float(np.abs(found.points).max()), float(np.abs(delta).max()) or 1.0
    columns = [(found.inputs[level, sample] / top, found.full[level, sample] / top)]
    columns += [(point / top, change / scale) for point, change in zip(found.points, delta, strict=True)]
    axes = axes_or_new(axes, 1.15 * len(columns), 2.5)
    for place, pair in enumerate(columns):
        for row, image in enumerate(pair):
            left, bottom = place * (side + 1) + (side * (place > 0)) / 2, -row * (side + 2)
            extent = (left, left + side, bottom - side, bottom)
            signed = row == 1 and place > 0
            map_, low = ("RdBu_r", -1.0) if signed else ("gray_r", 0.0)
            axes.imshow(image.reshape(side, side), extent=extent, cmap=map_, vmin=low, vmax=1.0)
        words = ("noisy, and denoised", "") if place == 0 else (f"$x_{place - 1}$ and $\\Delta_{place - 1}$", "")
        axes.text(left + side / 2, 1, words[0], ha="center")
    axes.set(xlim=(-1, left + side + 1), ylim=(-2 * side - 3, 4))
    axes.set_axis_off()
    return axes


def _leave_one_out(table: Table, axes: Axes) -> None:
    """Root mean square of Δ_n against ρ, of x_0 and of the others."""
    by = ("data", "rho")
    first = table.means("rms", by, lambda r: r["road"] == "formula" and r["removed"] == 0)
    others = table.means("rms", by, lambda r: r["road"] == "formula" and r["removed"] != 0)
    for data, colour in zip(dict.fromkeys(data for data, _ in first), SHARES, strict=False):
        for mean, style, label in ((first, "s--", "$x_0$"), (others, "o-", "others")):
            curve = sorted((rho, value) for (of, rho), value in mean.items() if of == data)
            axes.semilogx(*zip(*curve, strict=True), style, color=colour, label=f"{data}: {label}")
    axes.set(xlabel="noise radius ρ", ylabel="root mean square of $\\Delta_n$, mean over n")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize="small")


def _attribution_levels(table: Table, axes: Axes) -> None:
    """Share of the raw sum against ρ for each quantity."""
    records = table.records()
    for data, style in zip(dict.fromkeys(r["data"] for r in records), ("o-", "s--", "^:"), strict=False):
        for quantity, colour in zip(dict.fromkeys(r["quantity"] for r in records), SHARES, strict=False):
            chosen = [r for r in records if r["data"] == data and r["quantity"] == quantity]
            label = f"{quantity}, {data}"
            axes.semilogx(
                [r["rho"] for r in chosen], [r["raw_share"] for r in chosen], style, color=colour, label=label
            )
    axes.set(xlabel="noise radius ρ", ylabel="share of the raw sum", ylim=(-0.02, 1.02))
    axes.legend(fontsize="x-small")


def _attribution_scores(table: Table, axes: Axes) -> None:
    """Mean correlation of every score with the truth, one bar a set."""
    mean = table.means("pearson", ("score", "data"), lambda r: r["rho"] is not None and r["score"] != "exact")
    scores, sets = (list(dict.fromkeys(names)) for names in zip(*mean, strict=True))
    _bars(axes, scores, sets, mean)
    axes.set_ylabel("correlation with the exact effect")


def _other_denoisers(table: Table, axes: Axes) -> None:
    """Share of memorised ends, one bar a set."""
    records = table.records()
    names, sets = (list(dict.fromkeys(r[column] for r in records)) for column in ("denoiser", "data"))
    place = np.arange(len(names))
    for k, (data, colour) in enumerate(zip(sets, SHARES, strict=False)):
        known = {r["denoiser"]: r["memorised"] for r in records if r["data"] == data}
        rows = [n for n, name in enumerate(names) if name in known]
        height = 0.8 / len(sets)
        axes.barh(place[rows] + (k - 1) * height, [known[names[n]] for n in rows], height, color=colour, label=data)
    axes.set_yticks(place, names)
    axes.invert_yaxis()
    axes.set(xlabel="share of memorised ends", xlim=(0, 1.02))
    axes.legend(fontsize="small", loc="lower right", bbox_to_anchor=(1, 1), ncols=len(sets), frameon=False)


def _linear_one_step(table: Table, axes: Axes) -> None:
    """Median divergence against the number of points, and its limit."""
    known = [r for r in table.records() if r["median"] is not None]
    axes.loglog([r["points"] for r in known], [r["median"] for r in known], "o-", color=BLUE, label="median")
    old = [r for r in known if r["recorded"] is not None]
    axes.loglog([r["points"] for r in old], [r["recorded"] for r in old], "x", color=VERMILION, label="recorded mean")
    axes.axhline(table.records()[-1]["limit"], color=GREY, ls="--", lw=1, label="limit")
    axes.set_xticks([], minor=True)
    axes.set_xticks([r["points"] for r in known], [str(r["points"]) for r in known], fontsize="small")
    axes.set(xlabel="number of points n", ylabel="KL divergence")
    axes.legend(fontsize="small")


def _inertia_end(table: Table, axes: Axes) -> None:
    """Distance from the circle's distribution against the number of points, of what is generated and of the points."""
    for name, colour, label in (("distance", BLUE, "generated"), ("distance_of_points", ORANGE, "the points")):
        axes.loglog(table.column("points"), table.column(name), "o", ms=4, alpha=0.5, color=colour, label=label)
    n = np.array([min(table.column("points")), max(table.column("points"))])
    scale = table.means("scaled", by=())[()]
    axes.loglog(n, scale * n**-0.4, color="black", lw=1, label=f"{scale:.2f} $n^{{-2/5}}$")
    axes.set(xlabel="points on the circle n", ylabel="$W_1$ from the circle (bound)")
    axes.legend(fontsize="small")


def _trained_networks(table: Table, axes: Axes) -> None:
    """Of one number of samples endpoints against cost; of several how many sums are stable."""
    (_endpoints_against_cost if len(set(table.column("samples"))) == 1 else _stable_against_samples)(table, axes)


def _stable_against_samples(table: Table, axes: Axes) -> None:
    """Share of stable sums of each number of points against the samples, over all widths, and those published."""
    records = table.records()
    ways, sizes, samples = (list(dict.fromkeys(r[name] for r in records)) for name in ("way", "size", "samples"))
    styles = dict(zip(sizes, ("o-", "s--", "^:", "v-."), strict=False))
    for way, colour in zip(ways, SHARES, strict=False):
        for size, style in styles.items():
            counts: dict[int, list[int]] = {}
            for record in records:
                if (record["way"], record["size"]) == (way, size):
                    count = counts.setdefault(record["samples"], [0, 0])
                    count[0] += record["stable"]
                    count[1] += record["sums"]
            shares = [stable / total for stable, total in counts.values()]
            axes.semilogx(list(counts), shares, style, ms=5, color=colour, label=f"{way}: {size}")
    known = {r["size"]: r["published"] / r["sums"] for r in records if r["published"] is not None}
    for size, share in known.items():
        axes.axhline(share, color=GREY, ls=styles[size][1:], lw=1)
    axes.set_xticks([], minor=True)
    axes.set_xticks(samples, [str(number) for number in samples])
    axes.set(xlabel="noisy samples of each point" + (" (grey: published)" if known else ""), ylim=(-0.03, 1.03))
    axes.set_ylabel("share of stable sums of so many points")
    axes.legend(fontsize="x-small", loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def _endpoints_against_cost(table: Table, axes: Axes) -> None:
    """Median r² of endpoints against cost over the bound; the width beside each mark."""
    records = table.records()
    for way, colour in zip(dict.fromkeys(r["way"] for r in records), SHARES, strict=False):
        chosen = [r for r in records if r["way"] == way and r["size"] == records[0]["size"]]
        cost, r2 = ([r[name] for r in chosen] for name in ("cost", "r2"))
        axes.semilogx(cost, r2, "o", color=colour, label=way)
        for n, record in enumerate(chosen):
            beside, side = (((4.0, -11.0), "left"), ((4.0, 4.0), "left"), ((0.0, 15.0), "center"))[n % 3]  # in turn
            place = (record["cost"], record["r2"])
            axes.annotate(str(record["width"]), place, beside, textcoords="offset points", fontsize="small", ha=side)
    axes.axvline(records[0]["least"], color="black", ls=":", lw=1, label="least cost on whole balls")
    axes.set(xlabel="representation cost (numbers: neurons)", ylabel="median r² of endpoints", ylim=(-0.1, 1.1))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("")
    axes.margins(x=0.12)  # room for the numbers
    axes.legend(fontsize="small")


def _bars(axes: Axes, groups: list[str], bars: list[str], height: Mapping[tuple[Any, ...], float]) -> None:
    """A bar of the height of each group and bar; none where there is no height."""
    width = 0.8 / len(bars)
    for k, (name, colour) in enumerate(zip(bars, SHARES, strict=False)):
        place = np.arange(len(groups)) + (k - (len(bars) - 1) / 2) * width
        axes.bar(place, [height.get((group, name), 0.0) for group in groups], width, color=colour, label=name)
    axes.set_xticks(range(len(groups)), groups, rotation=15)
    axes.axhline(0, color="black", lw=0.8)
    axes.legend(fontsize="small")


NEIGHBOURS: dict[str, Callable[[Table, Axes], None]] = {
    "leave-one-out": _leave_one_out,
    "attribution-levels": _attribution_levels,
    "attribution-scores": _attribution_scores,
    "other-denoisers": _other_denoisers,
    "linear-one-step": _linear_one_step,
    "inertia-end": _inertia_end,
    "trained-networks": _trained_networks,
}
