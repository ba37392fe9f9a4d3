"""Times and errors of flows: closed form, exact pieces, solve_ivp and fixed steps on one problem, in one run.

    python benchmarks/flows.py [--starts 500] [--repeat 3] [--json FILE] [--save PROBLEM.npz]

`--save` writes the first problem for `flows_diffrax.py`, which runs in an environment of its own.

Every time stands beside the error of what was timed, against `solve_ivp` at rtol 1e-13 (twenty starts, integrated
coordinate by coordinate, restarted at every kink). Times are processor seconds of one thread, the best of a few runs,
so that other work on the machine matters little; the ratios are what counts.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded

import numpy as np
import scipy
from scipy.integrate import solve_ivp

from exactnorm.closed_form import obtuse_simplex, orthogonal
from exactnorm.flow import (
    closed_probability_flow,
    closed_score_flow,
    orthogonal_lines,
    probability_flow,
    sample,
    sampler_levels,
    score_flow,
)
from exactnorm.network import ReLUNetwork

HORIZON, RHO, D = 40.0, 0.05, 30


def best(run: Callable[[], Any], repeat: int) -> tuple[float, Any]:
    """Shortest time of a few runs, and the result."""
    times, result = [], None
    for _ in range(repeat):
        begin = time.process_time()
        result = run()
        times.append(time.process_time() - begin)
    return min(times), result


def rk4(network: ReLUNetwork, Y: np.ndarray, steps: int) -> np.ndarray:
    """Classical Runge–Kutta with a fixed step, all starts at once."""
    y, du = Y.copy(), HORIZON / steps
    for _ in range(steps):
        k1 = network(y) - y
        k2 = network(y + du / 2 * k1) - y - du / 2 * k1
        k3 = network(y + du / 2 * k2) - y - du / 2 * k2
        k4 = network(y + du * k3) - y - du * k3
        y = y + du / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y


def per_start(network: ReLUNetwork, Y: np.ndarray, method: str) -> np.ndarray:
    """One call of solve_ivp a start, at rtol 1e-8, as one would write it without this package."""
    return np.array(
        [
            solve_ivp(lambda _, z: network(z) - z, (0, HORIZON), y, method=method, rtol=1e-8, atol=1e-10).y[:, -1]
            for y in Y
        ]
    )


def one_problem(starts: int, repeat: int, save: str | None) -> list[dict[str, Any]]:
    """30 orthonormal points and 0 in R^30, score flow to horizon 40."""
    rng = np.random.default_rng(0)
    points = np.vstack([np.zeros(D), np.linalg.qr(rng.standard_normal((D, D)))[0]])
    network, lines = orthogonal(points, RHO), orthogonal_lines(points)
    Y = points.mean(axis=0) + rng.standard_normal((starts, D))
    reference = score_flow(network, Y[:20], HORIZON, method="ivp", rtol=1e-13).endpoint
    if save:
        np.savez(save, a=network.a, w=network.w, b=network.b, c=network.c, Y=Y, reference=reference, horizon=HORIZON)
    ways: dict[str, tuple[Callable[[], Any], int]] = {
        "closed form, lines known": (lambda: closed_score_flow(lines, RHO, Y, HORIZON), 10 * repeat),
        "closed form": (lambda: closed_score_flow(points, RHO, Y, HORIZON), 10 * repeat),
        "exact pieces": (lambda: score_flow(network, Y, HORIZON).endpoint, repeat),
        "RK4, 500 fixed steps, batched": (lambda: rk4(network, Y, 500), 1),
        "solve_ivp RK45, start by start": (lambda: per_start(network, Y, "RK45"), 1),
        "solve_ivp LSODA, start by start": (lambda: per_start(network, Y, "LSODA"), 1),
    }
    rows = []
    for name, (run, times) in ways.items():
        seconds, ends = best(run, times)
        rows.append({"way": name, "seconds": seconds, "error": float(np.abs(ends[:20] - reference).max())})
    for row in rows:
        row["slower than closed form"] = row["seconds"] / rows[0]["seconds"]
        row["slower than pieces"] = row["seconds"] / rows[2]["seconds"]
    return rows


def general_network(repeat: int) -> list[dict[str, Any]]:
    """50 neurons in five coupled dimensions, 10,000 starts, to horizon 10 and to the limit."""
    rng = np.random.default_rng(1)
    network = ReLUNetwork(
        rng.standard_normal((50, 5)) / 14, rng.standard_normal((50, 5)), rng.standard_normal(50), None, np.zeros(5)
    )
    Y = 3 * rng.standard_normal((10_000, 5))
    reference = score_flow(network, Y[:20], 10.0, method="ivp", rtol=1e-13).endpoint
    rows = []
    for horizon in (10.0, math.inf):
        seconds, flow = best(lambda horizon=horizon: score_flow(network, Y, horizon), repeat)
        error = float(np.abs(flow.endpoint[:20] - reference).max()) if horizon == 10 else None
        rest = float(np.abs(network(flow.endpoint) - flow.endpoint).max()) if math.isinf(horizon) else None
        row = {"horizon": horizon, "seconds": seconds, "kinks crossed": len(flow.events), "complete": flow.complete}
        rows.append(row | {"error": error, "h(y) - y at the limit": rest})
    return rows


def a_million(repeat: int) -> list[dict[str, Any]]:
    """A million starts in R^30, against one product of that size with a 30 by 30 matrix."""
    rng = np.random.default_rng(2)
    Q = np.linalg.qr(rng.standard_normal((D, D)))[0]
    points, Y = np.vstack([np.zeros(D), Q]), rng.standard_normal((1_000_000, D))
    ways: dict[str, Callable[[], Any]] = {
        "matrix product": lambda: Y @ Q,
        "score flow to u = 1": lambda: closed_score_flow(points, RHO, Y, 1.0),
        "score flow to the limit": lambda: closed_score_flow(points, RHO, Y, math.inf),
        "probability flow to sigma = 0": lambda: closed_probability_flow(points, 1.0, Y, RHO),
    }
    seconds = dict.fromkeys(ways, math.inf)
    for _ in range(repeat):  # in turn, so that a busy moment does not hit one of them only
        for name, run in ways.items():
            seconds[name] = min(seconds[name], best(run, 1)[0])
    return [{"way": n, "seconds": s, "products": s / seconds["matrix product"]} for n, s in seconds.items()]


def samplers() -> list[dict[str, Any]]:
    """Error at σ = 0 of samplers and of pieces, by number of levels: an obtuse triangle, where coordinates couple."""
    points = np.array([[0.0, 0.0], [1.0, 0.0], [-0.7, 1.0]])
    Y = points.mean(axis=0) + 0.8 * np.random.default_rng(3).standard_normal((60, 2))

    def path(rho: float) -> ReLUNetwork:
        return obtuse_simplex(points, rho)

    reference = probability_flow(path, Y, "edm", alpha=1.0, T=0.4, method="ivp", rtol=1e-9).endpoint
    rows = []
    for levels in (5, 10, 20, 40, 80, 160):
        sigmas = sampler_levels(levels, 1e-4, 0.4)
        ends = {
            "DDIM / Euler": sample(path, Y, sigmas, alpha=1.0),
            "Heun": sample(path, Y, sigmas, alpha=1.0, order="heun"),
            "exact pieces": probability_flow(path, Y, "edm", alpha=1.0, T=0.4, steps=levels).endpoint,
        }
        rows.append({"levels": levels} | {n: float(np.abs(e - reference).mean()) for n, e in ends.items()})
    return rows


def show(title: str, rows: list[dict[str, Any]]) -> None:
    """Print rows as an aligned table."""
    text = [[f"{v:.3g}" if isinstance(v, float) else str(v) for v in row.values()] for row in rows]
    head = list(rows[0])
    width = [max(len(line[k]) for line in [head, *text]) for k in range(len(head))]
    print(f"\n{title}")
    for line in [head, *text]:
        print("  " + "  ".join(cell.ljust(w) for cell, w in zip(line, width, strict=True)))


def main() -> int:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=500)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--save", metavar="PROBLEM.npz")
    arguments = parser.parse_args()
    results = {
        f"score flow, {arguments.starts} starts, 30 orthonormal points, d = 30, u = 40, rho = 0.05": one_problem(
            arguments.starts, arguments.repeat, arguments.save
        ),
        "score flow, 10,000 starts, 50 neurons in 5 coupled dimensions": general_network(1),
        "closed forms, 1,000,000 starts, d = 30": a_million(arguments.repeat),
    }
    results["mean error at sigma = 0 from 60 starts, obtuse triangle, alpha sigma_T = 0.4"] = samplers()
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}")
    for title, rows in results.items():
        show(title, rows)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
