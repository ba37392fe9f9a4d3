"""Time limits: how long `min_norm_denoiser` takes with one on sets small and large, and the bracket it brings.

    python benchmarks/deadlines.py [--limits 3 10] [--only NAME …]

A row says the limit, the seconds until the denoiser was there and until the process had ended (both after loading the
solvers, which takes a second or two), the bracket, and the phase in which the limit was reached. Each row is a process
of its own. A row later than 1.1 × limit + 1 s is marked, and ends the script with status 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from exactnorm import TrainingSet, min_norm_denoiser, problems


def gaussian(size: int, dimension: int) -> TrainingSet:
    """Standard normal points with a tenth of the largest radius of disjoint balls."""
    return problems.gaussian(size, dimension, seed=0).train


def line(size: int) -> TrainingSet:
    """Points one after another on a line, their gaps noisy."""
    points = np.arange(size) + np.random.default_rng(0).uniform(-0.2, 0.2, size)
    return TrainingSet(points[:, None], 0.1)


SETS: dict[str, Callable[[], TrainingSet]] = {
    "100 in the plane": lambda: gaussian(100, 2),
    "12 in R^10": lambda: gaussian(12, 10),
    "12 one-hot rows": lambda: TrainingSet(np.eye(12), 0.05),
    "11 digits": lambda: problems.digits(11).train,
    "12 digits": lambda: problems.digits(12).train,
    "15 digits": lambda: problems.digits(15).train,
    "50 digits": lambda: problems.digits(50).train,
    "50 in R^3": lambda: gaussian(50, 3),
    "1,000 in R^2": lambda: gaussian(1000, 2),
    "1,000 in R^64": lambda: gaussian(1000, 64),
    "10,000 on a line": lambda: line(10_000),
    "10,000 on a line, program": lambda: line(10_000),
}


def one(name: str, limit: float) -> None:
    """Solve and print the row as JSON."""
    import exactnorm.exact.balls.solve  # noqa: F401 — the solvers

    train = SETS[name]()
    phases: list[str] = []
    start = time.perf_counter()
    try:
        denoiser = min_norm_denoiser(
            train,
            method="program" if name.endswith("program") else "auto",
            time_limit=limit,
            progress=lambda best: phases.append(best.phase.split(":")[0]),
        )
        certificate = denoiser.certificate
        row = {"lower": certificate.lower, "upper": certificate.upper, "error": certificate.interpolation_error}
        row |= {"status": denoiser.status}
    except ArithmeticError as nothing:
        row = {"status": str(nothing)}
    row["seconds"] = time.perf_counter() - start
    over = [phase for phase in phases if phase not in ("looking at uniqueness", "finishing the network")]
    print(json.dumps(row | {"phase": over[-1] if over else "closed form"}))


def main() -> int:
    """Run all rows and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limits", type=float, nargs="+", default=[3.0, 10.0])
    parser.add_argument("--only", nargs="+", default=list(SETS))
    parser.add_argument("--row", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.row:
        one(given.row[0], float(given.row[1]))
        return 0
    print(f"{'set':26s} {'limit':>5s} {'back':>6s} {'ended':>6s}  {'bracket':28s} {'phase at the limit'}")
    late = False
    for name in given.only:
        for limit in given.limits:
            command = [sys.executable, __file__, "--row", name, str(limit)]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            row = json.loads(process.stdout.readline() or "{}")
            back = time.perf_counter()
            process.wait()
            hung = time.perf_counter() - back
            seconds = row.get("seconds", float("nan"))
            this = not seconds + hung <= 1.1 * limit + 1
            late |= this
            bracket = f"[{row['lower']:.6g}, {row['upper']:.6g}]" if "upper" in row else row.get("status", "failed")
            mark = "  LATE" if this else ""
            print(
                f"{name:26s} {limit:5g} {seconds:6.2f} {seconds + hung:6.2f}  {bracket:28s} "
                f"{row.get('phase', '')}{mark}",
                flush=True,
            )
    return int(late)


if __name__ == "__main__":
    sys.exit(main())
