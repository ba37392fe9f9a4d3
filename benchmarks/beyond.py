"""Brackets of 12 to 30 digits: how wide they are, which bound is the lower end, how long it takes and how much memory.

    python benchmarks/beyond.py [--points 12 16 20 30] [--shares 0.15 0.3 0.4 0.45] [--limits 10 60] [--processor]
        [--out ROWS.jsonl] [--plot FILE]

The first N digits of scikit-learn, divided by 16, ρ = f · (smallest distance). Each case runs in a process of its own;
the limit is on the wall clock, or with --processor on processor seconds, as on a machine with nothing else to do. With
--out each finished case is kept, with its bracket every time that it got narrower, and cases that are there already are
not run again; `--points` alone runs none. In the end a model is fitted to widths after 1, 3, 10, … seconds, with the
widths that it fails at most:

    log width = a_f + b log N − p log(seconds)
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.datasets import load_digits

from exactnorm import min_norm_denoiser
from exactnorm.exact import deadline

CASE = ("points", "f", "limit")
TIMES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
"""Seconds at which widths are looked up for the model."""
WIDTHS = (0.5, 0.2, 0.05, 0.01, 1e-3, 1e-4)
"""Of brackets, whose times are printed."""


def measured(size: int, share: float, limit: float, processor: bool) -> dict[str, Any]:
    """One case."""
    import exactnorm.exact.balls.solve  # noqa: F401 — the solvers

    clock = time.process_time if processor else time.monotonic
    deadline.time = SimpleNamespace(monotonic=clock)
    points = load_digits().data[:size] / 16
    began, start, way = time.process_time(), clock(), list[tuple[float, float, float]]()

    def heard(best: Any) -> None:
        if np.isfinite(best.upper) and (not way or (best.lower, best.upper) != way[-1][1:]):
            way.append((clock() - start, float(best.lower), float(best.upper)))

    found = min_norm_denoiser(points, share * pdist(points).min(), time_limit=limit, method="program", progress=heard)
    bracket = found.certificate
    way.append((clock() - start, float(bracket.lower), float(bracket.upper)))
    return {
        "points": size, "f": share, "limit": limit, "lower": way[-1][1], "upper": way[-1][2],
        "width": float(bracket.gap), "end": type(bracket.evidence).__name__, "back": way[-1][0],
        "seconds": time.process_time() - began,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "neurons": found.network.neurons, "way": way, "status": found.status,
    }  # fmt: skip


def line(row: dict[str, Any]) -> str:
    """A row of the printed table."""
    case = " | ".join(f"{row[name]:g}" for name in CASE)
    bracket = f"{row['lower']:.6g} | {row['upper']:.6g} | {100 * row['width']:.3g} %"
    memory = "–" if row["memory"] is None else f"{row['memory']:.2f}"
    return f"| {case} | {bracket} | {row['end']} | {row['seconds']:.0f} | {memory} |"


def sampled(rows: list[dict[str, Any]]) -> list[tuple[int, float, float, float]]:
    """Points, f, seconds and width then, of the longest run of each set."""
    out = []
    for (size, f), row in longest(rows).items():
        at, lower, upper = np.array(row["way"]).T
        for t in TIMES:
            known = np.flatnonzero(at <= t)
            if len(known) and t <= max(row["limit"], at[-1]):
                out.append((size, f, t, float(1 - lower[known[-1]] / upper[known[-1]])))
    return out


def fitted(rows: list[dict[str, Any]]) -> str:
    """The model of the widths, how far they are from it, and which are farthest."""
    size, f, t, width = np.array([one for one in sampled(rows) if one[3] > 0]).reshape(-1, 4).T
    if len(size) < 6 or min(map(len, map(set, (size, t)))) < 2:
        return "no model: it takes several numbers of points, several times, and more widths than it has numbers"
    shares = sorted(set(f))
    design = np.column_stack([*(f == share for share in shares), np.log(size / 12), -np.log(t / 60)]).astype(float)
    fit, *_ = np.linalg.lstsq(design, np.log(width))
    off = np.log(width) - design @ fit
    spread = float(np.exp(np.sqrt(off @ off / max(len(off) - len(fit), 1))))
    at = ", ".join(f"{100 * np.exp(a):.2g} % at f = {share:g}" for a, share in zip(fit, shares, strict=False))
    worst = np.argsort(-np.abs(off))[:6]
    said = ", ".join(f"{size[k]:g} at {f[k]:g} in {t[k]:g} s ×{np.exp(off[k]):.2g}" for k in worst)
    return (
        f"width ≈ w_f (N/12)^{fit[-2]:.2g} (seconds/60)^{-fit[-1]:.2g}, w_f: {at}; {len(off)} widths, within a factor "
        f"of {spread:.2g}, one standard deviation; farthest from it: {said}"
    )


def reached(rows: list[dict[str, Any]]) -> str:
    """When the bracket of each set first was as narrow as that, in its longest run."""
    lines = [f"| points | f | {' | '.join(f'{100 * one:g} %' for one in WIDTHS)} | given up after |"]
    lines.append("|---" * (3 + len(WIDTHS)) + "|")
    for (size, f), row in sorted(longest(rows).items()):
        at, lower, upper = np.array(row["way"]).T
        first = [at[1 - lower / upper <= one] for one in WIDTHS]
        times = [f"{found[0]:.2g}" if len(found) else "–" for found in first]
        lines.append(f"| {size} | {f:g} | {' | '.join(times)} | {row['limit']:.0f} |")
    return "\n".join(lines)


def longest(rows: list[dict[str, Any]]) -> dict[tuple[int, float], dict[str, Any]]:
    """The longest run of each set."""
    return {(row["points"], row["f"]): row for row in sorted(rows, key=lambda row: row["limit"])}


def drawn(rows: list[dict[str, Any]], file: str) -> None:
    """Width against time, a panel for each number of points, and the memory of each case."""
    from exactnorm import plot
    from exactnorm.plot.canvas import BLUE, GREEN, ORANGE, VERMILION

    sizes, shares = (sorted({row[name] for row in rows}) for name in ("points", "f"))
    figure = plot.figure(7.2, 4.6)
    grid = figure.subplots(2, len(sizes), sharex=True, sharey="row", height_ratios=(3, 1), squeeze=False)
    colours = dict(zip(shares, (BLUE, GREEN, ORANGE, VERMILION), strict=False))
    for (top, below), size in zip(grid.T, sizes, strict=True):
        for f in shares:
            some = [row for row in rows if (row["points"], row["f"]) == (size, f)]
            for row in some[-1:]:
                t, lower, upper = np.array(row["way"]).T
                t = np.maximum(t, 0.1)
                top.step(t, 100 * (1 - lower / upper), where="post", color=colours[f], lw=1, label=f"f = {f:g}")
            top.plot([row["limit"] for row in some], [100 * row["width"] for row in some], "o", ms=4, color=colours[f])
            known = [row for row in some if row["memory"] is not None]
            below.plot([row["limit"] for row in known], [row["memory"] for row in known], "o-", ms=3, color=colours[f])
        top.set(xscale="log", yscale="log", ylim=(1e-4, 150), title=f"{size} digits")
        below.set(xlabel="seconds")
    grid[0, 0].set_ylabel("width of the bracket, %")
    grid[1, 0].set(ylabel="peak GiB", ylim=(0, None))
    grid[0, -1].legend(fontsize="x-small", loc="lower right")
    figure.savefig(file, dpi=150)


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, nargs="*", default=[12, 16, 20, 30])
    parser.add_argument("--shares", type=float, nargs="+", default=[0.15, 0.3, 0.4, 0.45])
    parser.add_argument("--limits", type=float, nargs="+", default=[10.0, 60.0])
    parser.add_argument("--processor", action="store_true", help="limits are processor seconds")
    parser.add_argument("--out", metavar="FILE", help="a file of finished cases to go on with")
    parser.add_argument("--plot", metavar="FILE", help="draw them, too, to a .png, .pdf or .svg file")
    given = parser.parse_args()
    file = None if given.out is None else Path(given.out)
    rows = [] if file is None or not file.exists() else [json.loads(text) for text in file.read_text().splitlines()]
    done = {tuple(row[name] for name in CASE) for row in rows}
    print("| points | f | limit (s) | lower | upper | width | lower end | processor (s) | memory (GiB) |")
    print("|---|---|---|---|---|---|---|---|---|")
    print("\n".join(map(line, rows)))
    # Short limits first, so that what there is when this is stopped is of all sets.
    cases = [(size, f, limit) for limit in given.limits for size in given.points for f in given.shares]
    for case in cases:
        if case in done:
            continue
        with get_context("spawn").Pool(1) as pool:
            row = pool.apply(measured, (*case, given.processor))
        rows.append(row)
        print(line(row), flush=True)
        if file is not None:
            with file.open("a") as more:
                more.write(json.dumps(row) + "\n")
    rows.sort(key=lambda row: [row[name] for name in CASE])
    print(reached(rows))
    print(fitted(rows))
    if given.plot:
        drawn(rows, given.plot)


if __name__ == "__main__":
    main()
