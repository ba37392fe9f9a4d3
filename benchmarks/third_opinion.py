"""Brackets against a third solver: the block program written anew in CVXPY, solved by SDPA in multiple precision.

    pip install sdpa-multiprecision && python benchmarks/third_opinion.py [--sets 50] [--first SEED] [--solver SDPA]

For every activation pattern of three or four random points of the plane a moment matrix, with the conditions of its
cone (no pattern is left out, not even those that no hyperplane makes). The value is a lower bound, and for small balls
in the plane the optimum but for a few digits: it may not be above the bracket, nor, where it is the optimum, below.
"""

from __future__ import annotations

import argparse
import itertools
import time

import cvxpy as cp
import numpy as np

import exactnorm

PRECISE = {"epsilonStar": 1e-14, "epsilonDash": 1e-14, "mpfPrecision": 200, "maxIteration": 500}
"""SDPA's tolerances, and bits of its numbers: 60 digits."""
INSIDE = 1e-9
"""Relative: how far the value may be off the bracket, which is computed in floating point."""


def block_program(points: np.ndarray, rho: float, solver: str) -> float:
    """The value of the program over whole patterns."""
    X = points - points[0]
    size, r = X.shape
    sums = [0] * size
    cost, conditions = 0, []
    patterns = [s for k in range(1, size) for s in itertools.combinations(range(1, size), k)]
    for on in patterns:
        M = cp.Variable((2 * r + 2, 2 * r + 2), PSD=True)
        moments, C, Y = M[: r + 2, : r + 2], M[r + 2 :, : r + 1], M[r + 2 :, r + 2 :]
        sign = [1.0 if n in on else -1.0 for n in range(size)]
        g = [np.array([*(s * x), s, -rho]) for s, x in zip(sign, X, strict=True)]
        conditions.append(cp.trace(moments[:r, :r]) == moments[r + 1, r + 1])
        conditions += [g[n] @ moments @ g[m] >= 0 for n, m in itertools.combinations(range(size), 2)]
        conditions += [cp.SOC(moments[r + 1, :] @ one, moments[:r, :] @ one) for one in g]
        for n in on:
            sums[n] = sums[n] + C
        cost = cost + (moments[r + 1, r + 1] + cp.trace(Y)) / 2
    conditions += [sums[n] == np.column_stack([np.zeros((r, r)), X[n]]) for n in range(1, size)]
    problem = cp.Problem(cp.Minimize(cost), conditions)
    problem.solve(solver=solver, **(PRECISE if solver == "SDPA" else {}))
    return float(problem.value)


def main() -> None:
    """Print a line a set, and how many were where they have to be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=50)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first set; the next have the next ones")
    parser.add_argument("--solver", default="SDPA")
    arguments = parser.parse_args()
    above = inside = 0
    for seed in range(arguments.first, arguments.first + arguments.sets):
        rng = np.random.default_rng(seed)
        points = rng.standard_normal((3 + (seed % 5 == 4), 2))
        distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(points, 2)]
        rho = rng.uniform(0.02, 0.15) * min(distances)
        start = time.process_time()
        value = block_program(points, rho, arguments.solver)
        seconds = time.process_time() - start
        certificate = exactnorm.min_norm_denoiser(points, rho).certificate
        over = value / certificate.upper - 1
        below = 1 - value / certificate.lower
        above += over > INSIDE
        inside += over <= INSIDE and below <= INSIDE
        where = "ABOVE" if over > INSIDE else "inside" if below <= INSIDE else f"below by {below:.1e}"
        bracket = f"[{certificate.lower:.9f}, {certificate.upper:.9f}]"
        print(f"{seed:3d} N={len(points)} third {value:.9f} bracket {bracket} {where} {seconds:.1f} s", flush=True)
    print(f"{arguments.sets} sets: {above} above the bracket, {inside} inside, the others below: cells are left out")


if __name__ == "__main__":
    main()
