"""Executors for sweeps: a process pool whose workers end with it, and a Dask cluster by its address."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
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
    count = workers or os.cpu_count() or 1
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_leave_ctrl_c_to_the_parent)
    try:
        with _out_of_reach_of_ctrl_c():
            for _ in range(count):  # each begins a worker, as none is idle yet
                pool.submit(_nothing)
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


def _nothing() -> None:
    """What a worker begins with."""


@contextmanager
def _out_of_reach_of_ctrl_c() -> Iterator[None]:
    """Processes begun here never see Ctrl-C, not even while they load modules; for this one it comes afterwards.

    At a terminal it comes to all of them, and each worker that is loading would print a traceback; one that is half
    begun would, too.
    """
    old = signal.getsignal(signal.SIGINT)
    ours = threading.current_thread() is threading.main_thread() and old is not None
    if not ours or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))  # other threads may still be handed it
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # which processes begun here inherit
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(signal.SIGINT, old)
        if came:
            signal.raise_signal(signal.SIGINT)


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
