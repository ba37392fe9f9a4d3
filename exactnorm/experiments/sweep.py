"""A sweep: independent units of work, on any executor, resumable, with a table that does not depend on who computed it.

A unit is a frozen record of parameters that can be pickled, a seed of its own among them where anything is random. The
work is a function of a module, so that a worker can find it, from one unit to rows of numbers, strings and None.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    as_completed,
)
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import exactnorm
from exactnorm.exact.blas import one_blas_thread
from exactnorm.exact.deadline import Deadline, OutOfTimeError, in_words
from exactnorm.exact.progress import reporter
from exactnorm.experiments.finished import Finished, Rows, UnitsFile, peak_memory, plain
from exactnorm.experiments.table import Statement, Table

U = TypeVar("U")
Work = Callable[[U], Iterable[Sequence[Any]]]

FRUITLESS = 3
"""Times that the workers of a pool may die without having finished a unit."""


@dataclass(frozen=True)
class Run:
    """Where and how a sweep is computed. Nothing of it changes the table, but for the units that a limit cuts off.

    Parameters
    ----------
    executor : Executor or callable, optional
        Shares out the units: a ``concurrent.futures.Executor`` such as a process pool or Dask's
        ``Client.get_executor()``, or a callable that returns one as a context manager, such as
        `exactnorm.experiments.processes`; that one is called again when workers die. By default units are computed
        one after another in this process.
    out : path, optional
        A folder; each finished unit is written there at once, into NAME.jsonl.
    resume : bool
        Go on with the units in that file. It has to be of the same parameters and versions.
    time_limit : float, optional
        Seconds after which the units finished so far are the table. Ctrl-C does the same.
    progress : bool or callable
        True shows on standard error how many units are finished; a callable is handed a `Progress` after each.
    """

    executor: Executor | Callable[[], AbstractContextManager[Executor]] | None = None
    out: str | Path | None = None
    resume: bool = False
    time_limit: float | None = None
    progress: bool | Callable[[Progress], None] = False

    def __post_init__(self) -> None:
        if self.time_limit is not None and not 0 < self.time_limit < math.inf:
            msg = f"time_limit={self.time_limit:g}; give a positive number of seconds, or None"
            raise ValueError(msg)
        if self.resume and self.out is None:
            msg = "resume: give the folder `out` that the units finished so far are in"
            raise ValueError(msg)


HERE = Run()
"""In this process, from the beginning to the end."""


@dataclass(frozen=True)
class Progress:
    """How far a sweep has come: units finished, of how many, how many of them before, seconds since this run began."""

    done: int
    total: int
    before: int
    seconds: float
    phase: str = ""

    @property
    def words(self) -> str:
        """A line, with the time that is left if it goes on like this."""
        fresh, left = self.done - self.before, self.total - self.done
        about = f", about {in_words(self.seconds / fresh * left)} left" if fresh and left else ""
        return f"{self.done} of {self.total} units, {self.seconds:.0f} s{about}"


@dataclass(frozen=True)
class Swept:
    """The finished units of a sweep, and why it stopped if it did.

    Parameters
    ----------
    name : str
    parameters : dict
    units : dict
        Finished units by number.
    total : int
    stopped : str
        "" if all units are finished.
    """

    name: str
    parameters: dict[str, Any]
    units: dict[int, Finished]
    total: int
    stopped: str = ""
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> Rows:
        """The rows in the order of the units, whoever finished first."""
        return tuple(row for number in sorted(self.units) for row in self.units[number].rows)

    def table(
        self,
        columns: tuple[str, ...],
        reading: Callable[[Rows], str],
        statements: Callable[[Rows], tuple[Statement, ...]] = lambda _: (),
    ) -> Table:
        """The table, read if it is whole; of a part nothing is said but what is missing."""
        rows, missing = self.rows, self.total - len(self.units)
        said = (
            f"{missing} of {self.total} units are missing: {self.stopped}. Nothing is read from the others; "
            "with `out` and `resume` a run goes on from here."
        )
        return Table(
            self.name,
            columns,
            rows,
            self.parameters,
            said if missing else reading(rows),
            () if missing else statements(rows),
            self.versions,
            missing,
        )


def swept(name: str, work: Work[U], units: Sequence[U], parameters: dict[str, Any], run: Run = HERE) -> Swept:
    """Compute the rows of every unit.

    Parameters
    ----------
    name : str
        Of the experiment.
    work : callable
        A module's function from a unit to rows.
    units : sequence
        Frozen records that can be pickled.
    parameters : dict
        What the units were made from; a file of finished units with others is not gone on with.
    run : Run

    Raises
    ------
    ValueError
        If `run.out` holds units already and `run.resume` is not set, or those of another sweep.
    BrokenExecutor
        If workers die again and again before any unit is finished.
    """
    deadline = Deadline(run.time_limit)
    versions = {"exactnorm": exactnorm.__version__} | {one: version(one) for one in ("numpy", "scipy")}
    header = {"experiment": name, "versions": versions, "units": len(units), "parameters": parameters}
    file = None if run.out is None else UnitsFile(Path(run.out) / f"{name}.jsonl")
    done = {} if file is None else file.begin(header, resume=run.resume)
    before, stopped = len(done), ""
    with reporter(run.progress, lambda step: step.words, f"0 of {len(units)} units") as report:
        try:
            for number, found in _finished(work, units, done, run, deadline):
                if file is not None:
                    file.add(number, found)
                done[number] = found
                report(Progress(len(done), len(units), before, deadline.elapsed))
        except OutOfTimeError:
            stopped = f"the time limit of {deadline.limit:g} s was reached"
        except KeyboardInterrupt:
            stopped = "interrupted"
    return Swept(name, parameters, done, len(units), stopped, versions)


def one_unit(work: Work[U], unit: U) -> Finished:
    """A unit's rows, with one thread inside BLAS: their number can change a last digit."""
    start = time.process_time()
    with one_blas_thread():
        rows = plain(work(unit))
    return Finished(rows, time.process_time() - start, peak_memory())


def _finished(
    work: Work[U], units: Sequence[U], done: Collection[int], run: Run, deadline: Deadline
) -> Iterator[tuple[int, Finished]]:
    """The units that are not among `done`, as they are finished; `done` grows meanwhile."""
    start, fruitless = run.executor, 0
    while start is not None and len(done) < len(units):
        before = len(done)
        try:
            if isinstance(start, Executor):
                yield from _shared_out(start, work, units, done, deadline, _cancel)
            else:
                with start() as executor:
                    yield from _shared_out(executor, work, units, done, deadline, _close)
        except BrokenExecutor as broken:
            fruitless = 0 if len(done) > before else fruitless + 1
            if isinstance(start, Executor):  # it cannot be used any more, and is not ours to replace
                msg = f"a worker died ({broken}): the {len(units) - len(done)} units left are computed in this process"
                warnings.warn(msg, RuntimeWarning, stacklevel=4)
                break
            if fruitless == FRUITLESS:
                raise
    for number in _left(units, done):
        deadline.check()
        yield number, one_unit(work, units[number])


def _left(units: Sequence[U], done: Collection[int]) -> list[int]:
    return [number for number in range(len(units)) if number not in done]


def _shared_out(
    executor: Executor,
    work: Work[U],
    units: Sequence[U],
    done: Collection[int],
    deadline: Deadline,
    call_off: Callable[[Executor, Iterable[Future[Finished]]], None],
) -> Iterator[tuple[int, Finished]]:
    """Units as an executor finishes them; those not begun are called off when the caller leaves early."""
    futures: dict[Future[Finished], int] = {}
    try:
        for number in _left(units, done):
            futures[executor.submit(one_unit, work, units[number])] = number
        left = deadline.remaining
        for future in as_completed(futures, timeout=None if math.isinf(left) else max(left, 0.0)):
            yield futures[future], future.result()
            deadline.check()
    except TimeoutError:
        call_off(executor, futures)
        raise OutOfTimeError from None
    except BaseException:
        call_off(executor, futures)
        raise


def _cancel(_: Executor, futures: Iterable[Future[Finished]]) -> None:
    """Call off the units not begun in an executor that goes on to be used by others."""
    for future in futures:
        future.cancel()


def _close(executor: Executor, futures: Iterable[Future[Finished]]) -> None:
    """Call off the units not begun in an executor of our own.

    A pool has to do so itself: its workers may be ended next, and it trips over futures that others have cancelled.
    """
    if isinstance(executor, ProcessPoolExecutor | ThreadPoolExecutor):
        executor.shutdown(wait=False, cancel_futures=True)
    else:
        _cancel(executor, futures)
