"""One thread inside BLAS while anything solves, and as many as before once nothing does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread

from threadpoolctl import threadpool_limits


class _Shared:
    """The limit is the process's, solves may overlap in threads: the first to begin sets it, the last to end lifts it.

    A thread of its own does both, since only the thread that has set a limit may put back what it has found.
    """

    def __init__(self) -> None:
        self.lock, self.users = Lock(), 0
        self.over, self.keeper = Event(), Thread()

    def begin(self) -> None:
        with self.lock:
            if not self.users:
                limited = Event()
                self.over = Event()
                self.keeper = Thread(target=_keep, args=(limited, self.over), daemon=True)
                self.keeper.start()
                limited.wait()
            self.users += 1

    def end(self) -> None:
        with self.lock:
            self.users -= 1
            if not self.users:
                self.over.set()
                self.keeper.join()


def _keep(limited: Event, over: Event) -> None:
    with threadpool_limits(1):
        limited.set()
        over.wait()


_SHARED = _Shared()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread; the last of several solves that overlap puts back what the first has found.

    The matrices are small: threads inside BLAS cost more than they gain, much more on a busy machine.
    """
    _SHARED.begin()
    try:
        yield
    finally:
        _SHARED.end()
