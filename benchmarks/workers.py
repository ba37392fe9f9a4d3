"""What one solve on many workers would take, and where it saturates: simulated, from measured tasks.

    python benchmarks/workers.py [--sets simplex8 digits10 …] [--limit 120] [--workers 1 10 100 1000]

The solve runs in one process, on an executor that computes each task at once and notes its processor seconds and the
bytes that would be sent and sent back. What is asked for together is a batch. Between batches the solving process works
alone; the interior point method's share of that is told apart. `exactnorm.experiments.simulated` then hands each batch
out to W workers that are there already, 8 ms a task as measured with Dask; nothing is run on them. "split" is the same
with every task cut into as many equal ones as there are patterns in it, which is the finest there could be.
"""

from __future__ import annotations

import argparse
import pickle
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.spatial.distance import pdist

from exactnorm import TrainingSet, min_norm_denoiser, problems
from exactnorm.exact import deadline
from exactnorm.exact.balls import joint
from exactnorm.experiments import simulated

HAND_OUT = 8e-3
"""Seconds of client and scheduler for a task, as measured with Dask on one machine."""


@dataclass(frozen=True)
class Task:
    """Processor seconds of a task, bytes sent and sent back, and how many patterns or cells it is about."""

    seconds: float
    sent: int
    back: int
    parts: int


PARTS = {"all_peaks": 2, "price_cells": 0}
"""Which argument of a task holds its patterns or cells, by the name of its function."""


@dataclass
class Recorder(Executor):
    """Computes tasks at once and notes them in batches: those that are asked for before a result is looked at."""

    batches: list[list[Task]] = field(default_factory=list)
    read: bool = True

    def submit(self, call: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        """Compute it, and note what it took."""
        if self.read:
            self.batches.append([])
            self.read = False
        began = time.process_time()
        found = call(*given, **named)
        seconds = time.process_time() - began
        sizes = (len(pickle.dumps((call, given, named))), len(pickle.dumps(found)))
        self.batches[-1].append(Task(seconds, *sizes, len(given[PARTS[call.__name__]])))
        future = Noting(self)
        future.set_result(found)
        return future


class Noting(Future[Any]):
    """A result that tells its executor when it is looked at."""

    def __init__(self, of: Recorder) -> None:
        super().__init__()
        self.of = of

    def result(self, timeout: float | None = None) -> Any:
        """The result."""
        self.of.read = True
        return super().result(timeout)


def digits(size: int, share: float) -> TrainingSet:
    """The first digits, ρ = share · (smallest distance)."""
    points = problems.digit_images()[0][:size] / 16
    return TrainingSet(points, share * pdist(points).min())


SETS: dict[str, Callable[[], TrainingSet]] = {
    "simplex 7": lambda: problems.named("generic_simplex_7").train,
    "simplex 8": lambda: problems.named("generic_simplex_8").train,
    "8 digits, f = 0.3": lambda: digits(8, 0.3),
    "10 digits, f = 0.3": lambda: digits(10, 0.3),
    "12 digits, f = 0.4": lambda: digits(12, 0.4),
    "16 digits, f = 0.4": lambda: digits(16, 0.4),
}


def measured(name: str, limit: float, tol: float) -> tuple[float, float, list[list[Task]], float]:
    """Processor seconds of the solve and of the interior point method in it, its batches, and the width reached."""
    deadline.time = SimpleNamespace(monotonic=time.process_time)
    inner, step = [0.0], joint.stepped

    def timed(*given: Any) -> Any:
        began = time.process_time()
        try:
            return step(*given)
        finally:
            inner[0] += time.process_time() - began

    joint.stepped = timed
    try:
        recorder, began = Recorder(), time.process_time()
        found = min_norm_denoiser(SETS[name](), executor=recorder, time_limit=limit, tol=tol, method="program")
        seconds = time.process_time() - began
    finally:
        joint.stepped = step
    return seconds, inner[0], recorder.batches, found.certificate.gap


def on(workers: int, seconds: float, batches: list[list[Task]], *, split: bool) -> tuple[float, dict[str, float]]:
    """Seconds on so many workers, and how many of those of the batches were bound by what."""
    alone = seconds - sum(task.seconds for batch in batches for task in batch)
    bounds: dict[str, float] = {}
    for batch in batches:
        each = [task.seconds / task.parts for task in batch for _ in range(task.parts)] if split else []
        took = simulated(each or [task.seconds for task in batch], workers, hand_out=HAND_OUT, start=0.0)
        bounds[took.bound] = bounds.get(took.bound, 0.0) + took.seconds
    return alone + sum(bounds.values()), bounds


def main() -> None:
    """Measure, simulate, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--limit", type=float, default=120.0, help="processor seconds for each solve")
    parser.add_argument("--tol", type=float, default=1e-5)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 10, 100, 1000])
    given = parser.parse_args()
    head = "set | width | seconds | interior point | shared | batches | tasks | longest (s) | sent, back (MB)"
    print(f"| {head} | {' | '.join(f'{w} workers, split' for w in given.workers)} |")
    for name in given.sets:
        seconds, inner, batches, width = measured(name, given.limit, given.tol)
        tasks = [task for batch in batches for task in batch]
        shared = sum(task.seconds for task in tasks)
        longest = max((task.seconds for task in tasks), default=0.0)
        sent, back = (sum(getattr(task, way) for task in tasks) / 1e6 for way in ("sent", "back"))
        row = f"{name} | {100 * width:.2g} % | {seconds:.1f} | {inner / seconds:.0%} | {shared / seconds:.0%} | "
        row += f"{len(batches)} | {len(tasks)} | {longest:.2f} | {sent:.2g}, {back:.2g}"
        for workers in given.workers:
            took = [on(workers, seconds, batches, split=split) for split in (False, True)]
            row += " | " + ", ".join(
                f"{total:.1f} ({max(bounds, key=lambda b: bounds[b])})" if bounds else f"{total:.1f}"
                for total, bounds in took
            )
        print(f"| {row} |", flush=True)
        biggest = np.max([[t.sent, t.back] for t in tasks], axis=0) if tasks else np.zeros(2)
        print(f"  largest task: {biggest[0] / 1e3:.0f} kB sent, {biggest[1] / 1e3:.0f} kB back", flush=True)


if __name__ == "__main__":
    main()
