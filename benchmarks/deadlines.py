"""Time limits: how long solves take with one on sets small and large, and the bracket they bring.

    python benchmarks/deadlines.py [--limits 3 10] [--only NAME …] [--processor] [--interrupt]

Noise balls, finite problems with and without weight decay, paths of denoisers and largest radii. With ``--processor``
limits and times are processor seconds: what a machine with nothing else to do would show.

A row says the limit, the seconds until the answer was there and until the process had ended (both after loading the
solvers, which takes a second or two), the bracket, and the phase in which the limit was reached. Each row is a process
of its own. A row later than 1.1 × limit + 1 s, or without a finite bracket, is marked, and ends the script with
status 1. With ``--interrupt`` Ctrl-C comes at a third of the limit, seconds count from it, and more than 2 of them are
late.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from exactnorm import (
    CertifiedDenoiser,
    DenoiserPath,
    TrainingSet,
    max_radius,
    min_norm_denoiser,
    min_norm_network,
    problems,
)
from exactnorm.certify import CertifiedNetwork
from exactnorm.exact.progress import phase


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
    "20,000 on a line": lambda: line(20_000),
    "1,000 one-hot rows": lambda: TrainingSet(np.eye(1000), 0.05),
    "1,000 in R^3": lambda: gaussian(1000, 3),
    "1,000 in R^1000": lambda: gaussian(1000, 1000),
    "32 x 32 grid": lambda: TrainingSet(np.stack(np.meshgrid(*[np.arange(32.0)] * 2), -1).reshape(-1, 2), 0.1),
}
FINITE: dict[str, tuple[int, int]] = {
    "finite, 60 in R^3": (60, 3),
    "finite, 20 in R^5": (20, 5),
    "finite, 2,000 in R^2": (2000, 2),
    "finite, 1,000 in R^64": (1000, 64),
}
OTHERS = ("weight decay, 30,000 on a line", "path, 7 digits at 4 radii", "radius, 50 in R^3", "radius, 12 digits")
NAMES = (*SETS, *FINITE, *(f"{name}, decay" for name in FINITE), *OTHERS)


def finite(name: str, limit: float, hear: Callable[[Any], None]) -> dict[str, Any]:
    """A finite problem with normal inputs and targets."""
    size, dimension = FINITE[name.removesuffix(", decay")]
    rng = np.random.default_rng(0)
    inputs, targets = rng.standard_normal((size, dimension)), rng.standard_normal((size, 2))
    decay = 1e-2 if name.endswith("decay") else None
    return bracket(min_norm_network(inputs, targets, weight_decay=decay, time_limit=limit, progress=hear))


def other(name: str, limit: float, hear: Callable[[Any], None]) -> dict[str, Any]:
    """What is neither a denoiser of balls nor a small finite problem."""
    if name.startswith("weight decay"):
        rng = np.random.default_rng(0)
        inputs, targets = rng.standard_normal((30_000, 1)), rng.standard_normal(30_000)
        return bracket(min_norm_network(inputs, targets, weight_decay=1e-3, time_limit=limit, progress=hear))
    if name.startswith("path"):
        train = problems.digits(7).train
        radii = train.separation * np.geomspace(0.01, 0.3, 4)
        path = DenoiserPath(train.points, radii, time_limit=limit, progress=hear)
        return bracket(max(path.denoisers, key=lambda h: h.certificate.gap))
    train = problems.digits(12).train if name.endswith("digits") else gaussian(50, 3)
    lower, upper = max_radius(train.points, time_limit=limit)
    return {"lower": lower, "upper": upper}


def bracket(found: CertifiedDenoiser | CertifiedNetwork) -> dict[str, Any]:
    """Both ends, and the status."""
    return {"lower": found.certificate.lower, "upper": found.certificate.upper, "status": found.status}


def ctrl_c(at: float, clock: Callable[[], float], came: list[float]) -> None:
    """Wait until `at`, note the time and send SIGINT to this process, as a terminal does."""
    while clock() < at:
        time.sleep(0.01)
    came.append(clock())
    os.kill(os.getpid(), signal.SIGINT)


def one(name: str, limit: float, processor: bool, interrupt: bool) -> None:
    """Solve and print the row as JSON."""
    import exactnorm.exact.balls.solve
    import exactnorm.exact.finite.solve  # noqa: F401 — the solvers
    from exactnorm.exact import deadline

    clock = time.process_time if processor else time.monotonic
    deadline.time = SimpleNamespace(monotonic=clock)
    phases: list[str] = []

    def hear(best: Any) -> None:
        phases.append(phase(best).split(":")[0])

    train = SETS[name]() if name in SETS else None
    start = clock()
    came: list[float] = []
    if interrupt:
        threading.Thread(target=ctrl_c, args=(start + limit / 3, clock, came), daemon=True).start()
    try:
        if train is not None:
            method = "program" if name.endswith("program") else "auto"
            row = bracket(min_norm_denoiser(train, method=method, time_limit=limit, progress=hear))
        else:
            row = (other if name in OTHERS else finite)(name, limit, hear)
    except ArithmeticError as nothing:
        row = {"status": str(nothing)}
    except KeyboardInterrupt:
        row = {"status": "no answer"}
    end = clock()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it may come when all is done
    row["seconds"] = end - (came[0] if came else start)
    row["before"] = interrupt and not came
    over = [phase for phase in phases if phase not in ("looking at uniqueness", "finishing the network")]
    print(json.dumps(row | {"phase": over[-1] if over else ""}))


def main() -> int:
    """Run all rows and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limits", type=float, nargs="+", default=[3.0, 10.0])
    parser.add_argument("--only", nargs="+", default=list(NAMES))
    parser.add_argument("--processor", action="store_true", help="count processor seconds")
    parser.add_argument("--interrupt", action="store_true", help="Ctrl-C at a third of the limit")
    parser.add_argument("--row", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.row:
        one(given.row[0], float(given.row[1]), given.processor, given.interrupt)
        return 0
    print(f"{'set':30s} {'limit':>5s} {'back':>6s} {'ended':>6s}  {'bracket':28s} {'phase at the limit'}")
    late = False
    for name in given.only:
        for limit in given.limits:
            command = [sys.executable, __file__, "--row", name, str(limit)]
            command += ["--processor"] * given.processor + ["--interrupt"] * given.interrupt
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            row = json.loads(process.stdout.readline() or "{}")
            back = time.perf_counter()
            process.wait()
            # What is left behind is told by the wall's clock, also of a machine that is busy.
            hung = 0.0 if given.processor else time.perf_counter() - back
            seconds = row.get("seconds", float("nan"))
            allowed = 2 if given.interrupt and not row.get("before") else 1.1 * limit + 1
            this = not seconds + hung <= allowed
            none = not given.interrupt and not math.isfinite(row.get("upper", math.inf))
            late |= this or none
            bracket = f"[{row['lower']:.6g}, {row['upper']:.6g}]" if "upper" in row else row.get("status", "failed")
            mark = "  before Ctrl-C" * bool(row.get("before")) + "  LATE" * this
            mark += "  NO BRACKET" * none
            print(
                f"{name:30s} {limit:5g} {seconds:6.2f} {seconds + hung:6.2f}  {bracket:28s} "
                f"{row.get('phase', '')}{mark}",
                flush=True,
            )
    return int(late)


if __name__ == "__main__":
    sys.exit(main())
