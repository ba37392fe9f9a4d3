"""What a sweep costs, and what it would take on many workers: measured units, and models of both."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from exactnorm.experiments.finished import read_units


@dataclass(frozen=True)
class Simulated:
    """How long a sweep would take.

    Parameters
    ----------
    workers : int
    seconds : float
        From the start to the end of the last unit.
    work : float
        Seconds of all units together.
    efficiency : float
        Work over workers times seconds.
    bound : str
        What keeps it from being shorter: "work" (all workers busy), "longest unit", "scheduler" or "start".
    """

    workers: int
    seconds: float
    work: float
    efficiency: float
    bound: str


def unit_seconds(folder: str | Path, name: str) -> list[float]:
    """Processor seconds of the finished units of a sweep, in the order of the units."""
    _, units = read_units(Path(folder) / f"{name}.jsonl")
    return [units[number].seconds for number in sorted(units)]


def unit_memory(folder: str | Path, name: str) -> list[float | None]:
    """Peak memory of the process that finished a unit, by then, in GiB, in the order of the units."""
    _, units = read_units(Path(folder) / f"{name}.jsonl")
    return [units[number].memory for number in sorted(units)]


def simulated(seconds: Sequence[float], workers: int, *, hand_out: float = 1e-3, start: float = 2.0) -> Simulated:
    """The sweep on many workers, in a model of them: nothing is run.

    The model: all workers are asked for at once and are there after `start` seconds, in which they load the package.
    One scheduler hands out the units in their order, each to the worker that is free first, and takes `hand_out`
    seconds for each, in which it does nothing else. A unit takes as long as it was measured to, so workers are taken
    to be as fast as the machine it was measured on and not to slow each other down, and results to be of no size.

    Parameters
    ----------
    seconds : sequence of float
        Of each unit, as `unit_seconds` reads them.
    workers : int
    hand_out, start : float
        Seconds; measured ones are in the documentation.
    """
    times = [float(one) for one in seconds]
    if workers < 1 or not times or min(times) < 0 or hand_out < 0 or start < 0:
        msg = f"{workers} workers, {len(times)} units; give at least one of each, and no negative seconds"
        raise ValueError(msg)
    free = [start] * workers
    scheduler, end = 0.0, 0.0
    for one in times:
        # The heap's first entry is the worker that is free first.
        scheduler = max(scheduler, free[0]) + hand_out
        finish = scheduler + one
        heapq.heapreplace(free, finish)
        end = max(end, finish)
    work = sum(times)
    bounds = {
        "work": work / workers, "longest unit": max(times), "scheduler": hand_out * len(times), "start": start,
    }  # fmt: skip
    return Simulated(workers, end, work, work / (workers * end), max(bounds, key=lambda name: bounds[name]))


@dataclass(frozen=True)
class CostModel:
    """Seconds ≈ factor · 2^{points/double_n} · 2^{rank/double_r}, fitted in logarithms.

    Parameters
    ----------
    factor : float
    double_n, double_r : float
        Points, and dimensions of the points' hull, by which the time doubles.
    spread : float
        Standard deviation of the fit, as a factor.
    """

    factor: float
    double_n: float
    double_r: float
    spread: float

    def __call__(self, points: float, rank: float) -> float:
        """Seconds for so many points whose hull has so many dimensions."""
        return float(self.factor * 2 ** (points / self.double_n + rank / self.double_r))


def fitted(points: Sequence[int], rank: Sequence[int], seconds: Sequence[float]) -> CostModel:
    """The model of least squares in logarithms; of four measurements or more, of several sizes in both."""
    A = np.column_stack([np.ones(len(points)), points, rank]).astype(float)
    if len(A) < 4 or np.linalg.matrix_rank(A) < 3:
        msg = f"{len(A)} measurements; give four or more, with numbers of points and ranks that vary apart"
        raise ValueError(msg)
    x, *_ = np.linalg.lstsq(A, np.log2(np.asarray(seconds, dtype=float)))
    rest = np.log2(seconds) - A @ x
    spread = 2 ** float(np.sqrt(rest @ rest / (len(A) - 3)))
    return CostModel(2 ** float(x[0]), 1 / float(x[1]), 1 / float(x[2]), spread)
