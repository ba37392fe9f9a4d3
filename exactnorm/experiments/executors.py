"""Executors for sweeps: a process pool whose workers end with it, and a Dask cluster by its address."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any

SCHEME = "dask://"


@contextmanager
def processes(workers: int | None = None) -> Iterator[Executor]:
    """A process pool; what its workers are at when it is left early is given up at once.

    Parameters
    ----------
    workers : int, optional
        As many as there are cores if not given.
    """
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
    pool = ProcessPoolExecutor(workers or os.cpu_count(), mp_context=context, initializer=_leave_ctrl_c_to_the_parent)
    try:
        yield pool
    except BaseException:
        ours = set(multiprocessing.active_children()) - others
        for worker in ours:
            worker.terminate()
        for worker in ours:
            worker.join()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_ctrl_c_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def executor_named(name: str) -> Callable[[], AbstractContextManager[Executor]]:
    """What `Run.executor` takes, by name: "local" or "dask://ADDRESS", the address of a running scheduler.

    Raises
    ------
    ValueError
        If it is none of these.
    ImportError
        If Dask is not installed.
    """
    if name == "local":
        return processes
    if not name.startswith(SCHEME) or name == SCHEME:
        msg = f"executor {name!r} is unknown: use local, or dask://HOST:PORT of a running Dask scheduler"
        raise ValueError(msg)
    try:
        import distributed  # noqa: F401
    except ImportError as missing:
        msg = "Dask is not installed; it is the extra `distributed`: pip install 'exactnorm[distributed]'"
        raise ImportError(msg) from missing
    return lambda: _dask(f"tcp://{name.removeprefix(SCHEME)}")


@contextmanager
def _dask(address: str) -> Iterator[Executor]:
    """The workers of a running scheduler; a unit whose worker dies is given to another one by the scheduler."""
    import distributed

    connect: Any = distributed.Client  # without types, or some of them, as its version will have it
    with connect(address, timeout=10) as client:
        yield client.get_executor()
