"""How long the loop takes, fitted: the constants in `exactnorm/exact/balls/forecast.py`.

    python benchmarks/forecast.py [--limit 120]

Solves sets of several ranks to a gap of 1e-6, from when the patterns are known until the gap is closed, in processor
seconds of one process, and fits SECONDS · P^PATTERNS · r^RANK by least squares of logarithms. Sets that do not get
there within the limit count with the time they took, and are marked.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from exactnorm import TrainingSet, min_norm_denoiser, problems

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
}


def measured(train: TrainingSet, limit: float) -> tuple[int, int, float, bool]:
    """Patterns, rank, processor seconds of the loop, and whether the gap was closed."""
    marks: dict[str, float] = {}

    def mark(best: object) -> None:
        marks[str(getattr(best, "phase", "")).split(":")[0]] = time.process_time()

    denoiser = min_norm_denoiser(train, method="program", time_limit=limit, progress=mark)
    rank = np.linalg.matrix_rank(train.points - train.points[0])
    end = marks.get("closing the gap", time.process_time())
    patterns = denoiser.certificate.patterns
    if not patterns:  # the bound by formula was the better one
        from exactnorm.exact.balls.forecast import forecast

        patterns = forecast(train, 1e-6, None).patterns or 0
    return patterns, int(rank), end - marks["starting"], denoiser.certificate.certifies(1e-6)


def main() -> None:
    """Measure, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=float, default=120.0)
    given = parser.parse_args()
    min_norm_denoiser(problems.acute().train)  # loads the solvers
    rows = []
    for name, train in SETS.items():
        patterns, rank, seconds, closed = measured(train, given.limit)
        rows.append((patterns, rank, max(seconds, 1e-3)))
        print(f"{name:10s} {patterns:5d} patterns, rank {rank}: {seconds:8.2f} s{'' if closed else ' (not closed)'}")
    table = np.array(rows)
    design = np.column_stack([np.ones(len(table)), np.log(table[:, 0]), np.log(table[:, 1])])
    fit = np.linalg.lstsq(design, np.log(table[:, 2]), rcond=None)[0]
    off = np.exp(np.abs(design @ fit - np.log(table[:, 2])))
    print(f"SECONDS, PATTERNS, RANK = {np.exp(fit[0]):.2g}, {fit[1]:.2g}, {fit[2]:.2g}")
    print(f"off by a factor of {np.median(off):.2g} in the middle, {off.max():.2g} at most")


if __name__ == "__main__":
    main()
