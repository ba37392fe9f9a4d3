"""Times and errors of flows: closed form, exact pieces, solve_ivp and fixed steps on one problem, in one run.

    python benchmarks/flows.py [--starts 500] [--repeat 5] [--json FILE] [--save PROBLEM.npz]

`--save` writes the first problem for `flows_diffrax.py` and `flows_torchdiffeq.py`, each in an environment of its own.

Every time stands beside the error of what was timed, against `solve_ivp` at rtol 1e-13 (twenty starts, integrated
coordinate by coordinate, restarted at every kink). Times are processor seconds of one thread, the best of several runs
in turn, so that other work on the machine matters little; the ratios are what counts. Where OPENBLAS_NUM_THREADS is
set to more than one thread, times are those of the clock on the wall.

Every way starts from what it needs: the integrators from the network, the closed form from the lines on which the
points lie. Finding either of them in the points is timed beside it.
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

from exactnorm.closed_form import equilateral_triangle, obtuse_simplex, orthogonal, rays
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


THREADS = int(os.environ["OPENBLAS_NUM_THREADS"])
CLOCK = time.process_time if THREADS == 1 else time.perf_counter


def best(run: Callable[[], Any], least: float = 0.0) -> tuple[float, Any]:
    """Shortest time of one run, repeated until `least` seconds have passed, and the result."""
    begin, shortest = CLOCK(), math.inf
    while True:
        start = CLOCK()
        result = run()
        end = CLOCK()
        shortest = min(shortest, end - start)
        if end - begin >= least:
            return shortest, result


def in_turn(ways: dict[str, Callable[[], Any]], rounds: int, least: float) -> dict[str, tuple[float, Any]]:
    """Shortest times of several ways, in rounds, so that a busy moment does not hit one of them only."""
    found: dict[str, tuple[float, Any]] = {}
    for _ in range(rounds):
        for name, run in ways.items():
            seconds, result = best(run, least)
            found[name] = (min(seconds, found.get(name, (math.inf,))[0]), result)
    return found


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
    quick: dict[str, Callable[[], Any]] = {
        "closed form, lines known": lambda: closed_score_flow(lines, RHO, Y, HORIZON),
        "closed form, from the points": lambda: closed_score_flow(points, RHO, Y, HORIZON),
        "exact pieces": lambda: score_flow(network, Y, HORIZON).endpoint,
        "exact pieces, from the points": lambda: score_flow(orthogonal(points, RHO), Y, HORIZON).endpoint,
        "RK4, 500 fixed steps, batched": lambda: rk4(network, Y, 500),
    }
    slow: dict[str, Callable[[], Any]] = {
        "solve_ivp RK45, start by start": lambda: per_start(network, Y, "RK45"),
        "solve_ivp LSODA, start by start": lambda: per_start(network, Y, "LSODA"),
    }
    found = in_turn(quick, repeat, 0.2) | in_turn(slow, 1, 0.0)
    rows = [
        {"way": name, "seconds": seconds, "error": float(np.abs(ends[:20] - reference).max())}
        for name, (seconds, ends) in found.items()
    ]
    for row in rows:
        row["slower than closed form"] = row["seconds"] / rows[0]["seconds"]
        row["slower than pieces"] = row["seconds"] / rows[2]["seconds"]
    return rows


def general_network() -> list[dict[str, Any]]:
    """50 neurons in five coupled dimensions, 10,000 starts, to horizon 10 and to the limit."""
    rng = np.random.default_rng(1)
    network = ReLUNetwork(
        rng.standard_normal((50, 5)) / 14, rng.standard_normal((50, 5)), rng.standard_normal(50), None, np.zeros(5)
    )
    Y = 3 * rng.standard_normal((10_000, 5))
    reference = score_flow(network, Y[:20], 10.0, method="ivp", rtol=1e-13).endpoint
    rows = []
    for horizon in (10.0, math.inf):
        seconds, flow = best(lambda horizon=horizon: score_flow(network, Y, horizon))
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
    inside = rng.random((1_000_000, D)) @ Q  # nine coordinates in ten in a band, where most of the work is
    ways: dict[str, Callable[[], Any]] = {
        "matrix product": lambda: Y @ Q,
        "score flow to u = 1": lambda: closed_score_flow(points, RHO, Y, 1.0),
        "score flow to u = 40": lambda: closed_score_flow(points, RHO, Y, 40.0),
        "score flow to the limit": lambda: closed_score_flow(points, RHO, Y, math.inf),
        "probability flow to sigma = 0": lambda: closed_probability_flow(points, 1.0, Y, RHO),
        "score flow to u = 1, starts in the hyperbox": lambda: closed_score_flow(points, RHO, inside, 1.0),
        "score flow to u = 20": lambda: closed_score_flow(points, RHO, Y, 20.0),
        "score flow to u = 20, starts in the hyperbox": lambda: closed_score_flow(points, RHO, inside, 20.0),
        "score flow to u = 40, starts in the hyperbox": lambda: closed_score_flow(points, RHO, inside, 40.0),
    }
    found = {name: seconds for name, (seconds, _) in in_turn(ways, repeat, 0.0).items()}
    return [{"way": n, "seconds": s, "products": s / found["matrix product"]} for n, s in found.items()]


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


def last_steps() -> list[dict[str, Any]]:
    """How far one denoising step at a noise level ends from the limit: an equilateral triangle, 100 starts."""
    angles = np.array([0.3, 0.3 + 2 * math.pi / 3, 0.3 + 4 * math.pi / 3])
    points = np.column_stack([np.cos(angles), np.sin(angles)])
    Y = np.random.default_rng(0).normal(0, 0.7, (100, 2))

    def path(rho: float) -> ReLUNetwork:
        return equilateral_triangle(points, rho)

    def ends(sigma: float) -> np.ndarray:
        flow = probability_flow(path, Y, "edm", alpha=0.8, T=0.3, sigma_end=sigma, method="ivp", rtol=1e-9)
        return flow.endpoint

    limit, rows = ends(3e-14), []
    for share in (1e-2, 1e-3, 1e-4, 1e-5):
        error = np.abs(path(0.8 * 0.3 * share)(ends(0.3 * share)) - limit).max()
        rows.append({"last level / first": share, "largest error": float(error)})
    return rows


def agreement() -> list[dict[str, Any]]:
    """Largest differences between the ways to follow a flow, 40 starts each; none where a way does not exist."""
    rng = np.random.default_rng(4)
    Q = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    collinear = np.array([[0.0], [1.0], [2.5], [3.2]]) * Q[0]
    on_rays = np.vstack([np.zeros(5), Q[0], 2.3 * Q[0], Q[1], -0.8 * Q[2]])
    sets = {"collinear": collinear, "orthogonal": np.vstack([np.zeros(5), Q]), "orthogonal rays": on_rays}
    coupled = ReLUNetwork(
        rng.standard_normal((20, 5)) / 9, rng.standard_normal((20, 5)), rng.standard_normal(20), None, np.zeros(5)
    )
    rows = []
    for name, points in [*sets.items(), ("20 coupled neurons", None)]:
        network = coupled if points is None else rays(points, 0.1)
        Y = (0.0 if points is None else points.mean(axis=0)) + rng.standard_normal((40, 5))
        pieces = score_flow(network, Y, 3.0).endpoint
        stepped = score_flow(network, Y, 3.0, method="ivp", rtol=1e-12).endpoint
        row = {"score flow to u = 3": name, "pieces - ivp": float(np.abs(pieces - stepped).max())}
        if points is not None:
            closed = closed_score_flow(points, 0.1, Y, 3.0)
            limit = closed_score_flow(points, 0.1, Y, math.inf)
            row["pieces - closed"] = float(np.abs(pieces - closed).max())
            row["the same at the limit"] = float(np.abs(score_flow(network, Y, math.inf).endpoint - limit).max())

            def path(rho: float, points: np.ndarray = points) -> ReLUNetwork:
                return rays(points, rho)

            ends = closed_probability_flow(points, 1.0, Y, 0.2)
            flow = probability_flow(path, Y, "edm", alpha=1.0, T=0.2, method="ivp", rtol=1e-10).endpoint
            row["probability flow: ivp - closed"] = float(np.abs(flow - ends).max())
            row["one step - closed"] = float(np.abs(path(0.2)(Y) - ends).max())
        rows.append(row)
    return [dict.fromkeys(rows[0], "none") | row for row in rows]


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
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--save", metavar="PROBLEM.npz")
    arguments = parser.parse_args()
    results = {
        f"score flow, {arguments.starts} starts, 30 orthonormal points, d = 30, u = 40, rho = 0.05": one_problem(
            arguments.starts, arguments.repeat, arguments.save
        ),
        "score flow, 10,000 starts, 50 neurons in 5 coupled dimensions": general_network(),
        "closed forms, 1,000,000 starts, d = 30": a_million(arguments.repeat),
    }
    results["agreement: largest differences"] = agreement()
    results["one denoising step to sigma = 0, equilateral triangle"] = last_steps()
    results["mean error at sigma = 0 from 60 starts, obtuse triangle, alpha sigma_T = 0.4"] = samplers()
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}, {THREADS} threads")
    for title, rows in results.items():
        show(title, rows)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
