"""Certified denoisers against the plain scheme: one run, one table, ratios within the run.

python benchmarks/denoisers.py plain      # all tangent cells in one CVXPY program, solved afresh after every split
python benchmarks/denoisers.py growth     # how time and gap grow with the number of points and the rank; --plot FILE
python benchmarks/denoisers.py hard       # how far it gets on larger sets, with the memory it takes
python benchmarks/denoisers.py sequence   # the brackets of one hard case, round by round
python benchmarks/denoisers.py executors  # the same bracket alone, with a process pool, with Dask
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from exactnorm import TrainingSet, min_norm_denoiser, problems
from exactnorm.certify.balls.dual_bound import dual_bound
from exactnorm.exact.balls.block_program import solved_blocks
from exactnorm.exact.balls.cells import moment_spectrum, proposed_directions, split, tangent_cells, whole_cells
from exactnorm.exact.balls.kinks import distinct, tangent_kinks
from exactnorm.exact.balls.master import master
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.settings import Settings, Solver
from exactnorm.geometry import affine_hull


def simplex(size: int, seed: int = 5) -> TrainingSet:
    """Generic simplices of 6, 7, … points, drawn one after another from one generator."""
    rng = np.random.default_rng(seed)
    for n in range(6, size):
        rng.standard_normal((n, n - 1))
    return TrainingSet(rng.standard_normal((size, size - 1)), 0.05)


DATA = {
    "acute triangle, rho 0.4": lambda: TrainingSet([[0, 0], [1, 0], [0.4, 0.9]], 0.4),
    "triangle near contact": lambda: TrainingSet([[0, 0], [1, 0], [0.5, 1]], 0.42),
    "6 points in the plane": lambda: TrainingSet(np.random.default_rng(1).standard_normal((6, 2)), 0.05),
    "6 points in R3": lambda: TrainingSet(np.random.default_rng(4).standard_normal((6, 3)), 0.05),
    "simplex of 6 points": lambda: simplex(6),
}


def plain_scheme(train: TrainingSet, tol: float, limit: float) -> tuple[float, float, int]:
    """Bracket by the plain scheme: every tangent cell a block of one program; blocks above rank one are split."""
    problem = reduced(train)
    r, start = problem.rank, time.process_time()
    cells = [part for cell in whole_cells(problem.patterns, r) for part in tangent_cells(cell)]
    lower, upper, rounds = 0.0, np.inf, 0
    while 1 - lower / upper > tol and time.process_time() - start < limit:
        blocks = solved_blocks(problem.points, problem.rho, cells, 1.0, Solver())
        lower = max(lower, dual_bound(problem.points, problem.rho, blocks.B, blocks.proofs))
        masses = [float(X[-1, -1]) for X in blocks.moments]
        heavy = [k for k, mass in enumerate(masses) if mass > 1e-6 * max(masses)]
        directions = [proposed_directions(blocks.moments[k], r) for k in heavy]
        kinks = tangent_kinks(np.vstack(directions), problem.points, problem.rho)
        network = master(problem, kinks[np.unique(distinct(kinks, 1e-6))], lower, Settings())
        upper, rounds = min(upper, network.cost), rounds + 1
        parts = {}
        for k in heavy:
            X = blocks.moments[k]
            values, _ = moment_spectrum(X)
            if values[1] > 1e-5 * values[0]:
                parts[k] = split(cells[k], X, 0)
        cells = [part for k, cell in enumerate(cells) for part in parts.get(k, [cell])]
    return lower, upper, rounds


def plain(limit: float, tol: float = 1e-5) -> Table:
    """Time to reach a relative gap, ours beside the plain scheme."""
    table = Table("data", "tol", "ours", "gap", "plain", "gap", "ratio", title="exactnorm against the plain scheme")
    for name, make in DATA.items():
        train = make()
        start = time.process_time()
        certificate = min_norm_denoiser(train, tol=tol, method="program", time_limit=limit).certificate
        ours = time.process_time() - start
        start = time.process_time()
        lower, upper, _ = plain_scheme(train, tol, limit)
        theirs = time.process_time() - start
        gap = (upper - lower) / upper
        ratio = f"{theirs / ours:.1f}" + ("" if gap <= tol else " (plain stopped short)")
        table.add_row(
            name, f"{tol:g}", f"{ours:.2f} s", f"{certificate.gap:.1e}", f"{theirs:.2f} s", f"{gap:.1e}", ratio
        )
    return table


def families() -> dict[str, list[TrainingSet]]:
    """Sets of growing size, at rank 2, rank 3 and the largest rank."""
    plane = [TrainingSet(np.random.default_rng(1).standard_normal((n, 2)), 0.01) for n in (4, 6, 8, 12, 16)]
    plane.append(TrainingSet(np.random.default_rng(7).uniform(-1, 1, (30, 2)), 0.002))
    space = [TrainingSet(np.random.default_rng(4).standard_normal((n, 3)), 0.01) for n in (5, 6, 7, 8)]
    return {"in the plane": plane, "in space": space, "simplices, r = N − 1": [simplex(n) for n in (6, 7, 8)]}


def growth(limit: float, plot: str | None = None) -> Table:
    """Gap and time against the number of points, in the plane, in space and for simplices; and a picture of it."""
    tol = 1e-5
    table = Table("points", "rank", "patterns", "cells", "gap", "seconds", "status", title="how cost grows")
    curves: dict[str, list[tuple[int, float, float]]] = {}
    for name, sets in families().items():
        for train in sets:
            start = time.process_time()
            denoiser = min_norm_denoiser(train, tol=tol, method="program", time_limit=limit)
            seconds, certificate = time.process_time() - start, denoiser.certificate
            row = (train.size, affine_hull(train.points).rank, certificate.patterns, certificate.cells)
            table.add_row(*map(str, row), f"{certificate.gap:.1e}", f"{seconds:.1f}", denoiser.status.split(";")[0])
            curves.setdefault(name, []).append((train.size, seconds, certificate.gap))
    if plot is not None:
        draw_growth(curves, tol, plot)
    return table


def draw_growth(curves: dict[str, list[tuple[int, float, float]]], tol: float, file: str) -> None:
    """Processor seconds and the gap reached, against the number of points; hollow where the gap is above `tol`."""
    from exactnorm.plot.canvas import BLUE, GREEN, GREY, VERMILION, figure

    drawing = figure(6.5, 2.9)
    time_axes, gap_axes = drawing.subplots(1, 2, sharex=True)
    for (name, rows), colour in zip(curves.items(), (BLUE, GREEN, VERMILION), strict=True):
        size, seconds, gap = np.array(rows).T
        for axes, values in ((time_axes, seconds), (gap_axes, np.maximum(gap, 1e-10))):
            axes.plot(size, values, "o-", color=colour, mfc="white", lw=1)
            axes.plot(size[gap <= tol], values[gap <= tol], "o", color=colour, label=name)
    gap_axes.axhline(tol, color=GREY, lw=0.8, ls="--", label="tol")
    time_axes.set(xlabel="number of points N", ylabel="processor seconds", yscale="log")
    gap_axes.set(xlabel="number of points N", ylabel="relative gap", yscale="log")
    gap_axes.legend(fontsize="small")
    drawing.savefig(file, dpi=150)


HARD = {
    "triangle, rho 0.447 of 0.44721": (lambda: TrainingSet([[0, 0], [1, 0], [0.4, 0.9]], 0.447), 1e-6),
    "12 points in the plane": (lambda: TrainingSet(np.random.default_rng(1).standard_normal((12, 2)), 0.01), 1e-6),
    "30 points in the plane": (lambda: TrainingSet(np.random.default_rng(1).standard_normal((30, 2)), 0.001), 1e-6),
    "simplex of 7 points": (lambda: simplex(7), 1e-6),
    "simplex of 8 points": (lambda: simplex(8), 1e-6),
    "8 digits": (lambda: problems.digits(8).train, 1e-6),
    "10 digits": (lambda: problems.digits(10).train, 1e-4),
    "simplex of 10 points": (lambda: simplex(10), 1e-3),
}


def hard(limit: float) -> Table:
    """Larger sets: bracket, processor seconds, and the most memory that the process has taken so far."""
    table = Table("data", "tol", "lower", "upper", "gap", "cells", "seconds", "MiB", title="larger sets")
    for name, (make, tol) in HARD.items():
        start = time.process_time()
        one = min_norm_denoiser(make(), tol=tol, method="program", time_limit=limit).certificate
        seconds = time.process_time() - start
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        bracket = (f"{one.lower:.9g}", f"{one.upper:.9g}", f"{one.gap:.1e}")
        table.add_row(name, f"{tol:g}", *bracket, str(one.cells), f"{seconds:.1f}", str(memory))
    return table


def sequence(limit: float) -> Table:
    """Every bracket on the way for the generic simplex of six points."""
    table = Table("round", "seconds", "lower", "upper", "gap", "cells", "kinks", title="simplex of 6 points in R5")

    def add(best):
        row = (
            f"{best.seconds:.1f}",
            f"{best.lower:.7f}",
            f"{best.upper:.7f}",
            f"{best.gap:.1e}",
            best.cells,
            best.kinks,
        )
        table.add_row(str(best.rounds), *map(str, row))

    min_norm_denoiser(simplex(6), progress=add, time_limit=limit)
    return table


def executors(limit: float) -> Table:
    """The same problem alone, with a process pool, and with Dask where it is installed."""
    from concurrent.futures import ProcessPoolExecutor

    table = Table("executor", "points", "lower", "upper", "gap", "seconds", title="generic simplices, tol 1e-5")

    def add(name, executor):
        for points in (6, 8):
            start = time.perf_counter()
            one = min_norm_denoiser(simplex(points), tol=1e-5, executor=executor, time_limit=limit).certificate
            seconds = time.perf_counter() - start
            table.add_row(name, str(points), f"{one.lower:.6f}", f"{one.upper:.6f}", f"{one.gap:.1e}", f"{seconds:.1f}")

    add("none", None)
    with ProcessPoolExecutor(2) as pool:
        add("ProcessPoolExecutor(2)", pool)
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        return table
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        add("Dask, 2 workers", client.get_executor())
    return table


if __name__ == "__main__":
    studies = {"plain": plain, "growth": growth, "hard": hard, "sequence": sequence, "executors": executors}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=studies)
    parser.add_argument("--limit", type=float, default=120.0, help="seconds for each solve or run (default 120)")
    parser.add_argument("--plot", metavar="FILE", help="growth only: draw it too, to a .png, .pdf or .svg file")
    parser.add_argument("--tol", type=float, help="plain only: the relative gap to reach (default 1e-5)")
    arguments = parser.parse_args()
    more = {}
    for option, study in (("plot", "growth"), ("tol", "plain")):
        if (value := getattr(arguments, option)) is not None:
            if arguments.study != study:
                parser.error(f"--{option} goes with {study}")
            more[option] = value
    Console(width=130).print(studies[arguments.study](arguments.limit, **more))
