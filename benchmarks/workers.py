"""What one solve on many workers would take, and where it saturates: simulated, from measured tasks.

    python benchmarks/workers.py [--sets simplex8 digits10 …] [--limit 120] [--workers 1 10 100 1000]

The solve runs in one process, on an executor that computes each task at once and notes its processor seconds and the
bytes that would be sent and sent back. What is asked for together is a batch. Between batches the solving process works
alone; the interior point method's share of that is told apart. `exactnorm.experiments.simulated` then hands each batch
out to W workers that are there already, 8 ms a task as measured with Dask; nothing is run on them. "1 pattern a task"
is the most workers with every task cut into as many equal ones as it has patterns; "alone all the same" is what no
number of workers takes away.
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
from exactnorm.exact.balls.joint import AT_ONCE
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


PARTS: dict[str, Callable[..., int]] = {
    "all_peaks": lambda *given: len(given[2]),
    "price_cells": lambda *given: len(given[0]),
    "in_turn": lambda *given: AT_ONCE * len(given[1]),
}
"""How many patterns or cells a task is about, by the name of its function."""


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
        self.batches[-1].append(Task(seconds, *sizes, PARTS[call.__name__](*given)))
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
    "16 digits, f = 0.3": lambda: digits(16, 0.3),
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
    head = "set | width | alone (s) | interior point | shared | batches | tasks, most at once | longest (s) | kB a task"
    many = " | ".join(f"{workers}" for workers in given.workers)
    print(f"| {head} | on {many} | 1 pattern a task | bound by | alone all the same |")
    for name in given.sets:
        seconds, inner, batches, width = measured(name, given.limit, given.tol)
        tasks = [task for batch in batches for task in batch]
        shared = sum(task.seconds for task in tasks)
        row = [name, f"{100 * width:.2g} %", f"{seconds:.1f}", f"{inner / seconds:.0%}", f"{shared / seconds:.0%}"]
        row += [f"{len(batches)}", f"{len(tasks)}, {max(map(len, batches), default=0)}"]
        row += [f"{max((task.seconds for task in tasks), default=0.0):.2f}"]
        row += [", ".join(f"{np.mean([getattr(t, way) for t in tasks] or [0]) / 1e3:.0f}" for way in ("sent", "back"))]
        took = [on(workers, seconds, batches, split=False) for workers in given.workers]
        row += [f"{total:.1f}" for total, _ in took]
        row += [f"{on(given.workers[-1], seconds, batches, split=True)[0]:.1f}"]
        row += [max(took[-1][1], key=lambda bound: took[-1][1][bound]) if batches else "–", f"{seconds - shared:.1f}"]
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
