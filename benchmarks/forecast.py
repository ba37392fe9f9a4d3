"""How long solves take, fitted: the constants in `exact/balls/forecast.py` and `exact/finite/solve.py`.

    python benchmarks/forecast.py [--limit 120] [--finite] [--score 120]

Solves sets of several ranks to a gap of 1e-6, multipliers and all, in processor seconds of one process, and fits
SECONDS · P^PATTERNS · r^RANK by least squares of logarithms. Sets that do not get there within the limit, of processor
seconds, too, count with the time they took, and are marked. With --finite,
SECONDS · faces^POWER for problems of finitely many random inputs and targets. With --score, of so many random sets of 4
to 9 points of rank 2 to 6, how many took no more than 2 and 3 times what the formula in the package says, nor less.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from exactnorm import TrainingSet, max_radius, min_norm_denoiser, min_norm_network, problems
from exactnorm.certify.finite.bounds import faces
from exactnorm.exact import deadline
from exactnorm.exact.balls.forecast import forecast
from exactnorm.exact.balls.forecast import seconds as foretold
from exactnorm.finite_problem import FiniteProblem, coordinates

SETS: dict[str, TrainingSet] = {
    "plane 6": problems.gaussian(6, 2, seed=1).train,
    "plane 9": problems.gaussian(9, 2, seed=1).train,
    "plane 14": problems.gaussian(14, 2, seed=1).train,
    "plane 25": problems.gaussian(25, 2, seed=1).train,
    "space 6": problems.gaussian(6, 3, seed=1).train,
    "space 8": problems.gaussian(8, 3, seed=1).train,
    "space 11": problems.gaussian(11, 3, seed=1).train,
    "R^4 7": problems.gaussian(7, 4, seed=1).train,
    "R^5 6": problems.gaussian(6, 5, seed=1).train,
    "R^6 7": problems.gaussian(7, 6, seed=1).train,
    "digits 5": problems.digits(5).train,
    "digits 6": problems.digits(6).train,
    "digits 7": problems.digits(7).train,
    "digits 8": problems.digits(8).train,
    "digits 9": problems.digits(9).train,
    "digits 10": problems.digits(10).train,
}
FINITE = ((2, 12), (2, 30), (3, 10), (3, 16), (4, 8), (4, 11), (5, 9))
"""Rank and number of inputs."""


def measured(train: TrainingSet, limit: float) -> tuple[int, int, float, bool]:
    """Patterns, rank, processor seconds of the solve, and whether the gap was closed."""
    start = time.process_time()
    denoiser = min_norm_denoiser(train, method="program", time_limit=limit)
    seconds = time.process_time() - start
    rank = np.linalg.matrix_rank(train.points - train.points[0])
    patterns = denoiser.certificate.patterns
    if not patterns:  # the bound by formula was the better one
        patterns = forecast(train, 1e-6, None).patterns or 0
    return patterns, int(rank), seconds, denoiser.certificate.certifies(1e-6)


def finite(limit: float) -> list[tuple[float, ...]]:
    """Faces and processor seconds of finite problems."""
    rows = []
    for rank, size in FINITE:
        for decay in (None, 1e-3):
            for seed in range(3):
                rng = np.random.default_rng([seed, rank, size])
                problem = FiniteProblem(rng.standard_normal((size, rank)), rng.standard_normal((size, 2)))
                problem = replace(problem, weight_decay=decay)
                start = time.process_time()
                found = min_norm_network(problem.inputs, problem.targets, weight_decay=decay, time_limit=limit)
                rows.append((float(faces(coordinates(problem), size)), time.process_time() - start))
                mark = "" if found.certificate.certifies(1e-6) else " (not closed)"
                print(f"{size:3d} inputs of rank {rank}: {rows[-1][0]:8.0f} faces {rows[-1][1]:8.2f} s{mark}")
    return rows


def balls(limit: float) -> list[tuple[float, ...]]:
    """Patterns, rank and processor seconds of the sets."""
    rows = []
    for name, train in SETS.items():
        patterns, rank, seconds, closed = measured(train, limit)
        rows.append((float(patterns), float(rank), max(seconds, 1e-3)))
        print(f"{name:10s} {patterns:5d} patterns, rank {rank}: {seconds:8.2f} s{'' if closed else ' (not closed)'}")
    return rows


def score(count: int, limit: float) -> None:
    """How far the formula is from solves of random sets that it was not fitted to."""
    off = []
    for seed in range(count):
        rng = np.random.default_rng([29, seed])
        size = int(rng.integers(4, 10))
        points = rng.standard_normal((size, min(size - 1, int(rng.integers(2, 7)))))
        rho = float(rng.choice([0.02, 0.1, 0.3, 0.6])) * max_radius(points).lower
        patterns, rank, seconds, _ = measured(TrainingSet(points, rho), limit)
        off.append(abs(np.log(seconds / foretold(patterns, rank))))
    within = [f"{np.mean(np.array(off) <= np.log(factor)):.0%} within {factor}" for factor in (2, 3)]
    print(f"{count} random sets: {', '.join(within)}")


def main() -> None:
    """Measure, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=float, default=120.0)
    parser.add_argument("--finite", action="store_true")
    parser.add_argument("--score", type=int, default=0)
    given = parser.parse_args()
    deadline.time = SimpleNamespace(monotonic=time.process_time)
    min_norm_denoiser(problems.acute().train, method="program")  # loads the solvers
    if given.score:
        score(given.score, given.limit)
        return
    table = np.log(finite(given.limit) if given.finite else balls(given.limit))
    design = np.column_stack([np.ones(len(table)), table[:, :-1]])
    fit = np.linalg.lstsq(design, table[:, -1], rcond=None)[0]
    off = np.exp(np.abs(design @ fit - table[:, -1]))
    names = "SECONDS, POWER" if given.finite else "SECONDS, PATTERNS, RANK"
    print(f"{names} = {np.exp(fit[0]):.2g}, {', '.join(f'{power:.2g}' for power in fit[1:])}")
    print(f"off by a factor of {np.median(off):.2g} in the middle, {off.max():.2g} at most")


if __name__ == "__main__":
    main()
