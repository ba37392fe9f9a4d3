"""One thread inside BLAS while anything solves, and as many as before once nothing does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from threadpoolctl import threadpool_limits

_LOCK = Lock()
_LIMITS: list[threadpool_limits] = []
"""What the first of the solves that run now has set, once for each of them: the setting is the process's."""


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread; solves may overlap in threads, and the last to end puts back what the first has found.

    The matrices are small: threads inside BLAS cost more than they gain, much more on a busy machine.
    """
    with _LOCK:
        _LIMITS.append(_LIMITS[0] if _LIMITS else threadpool_limits(1))
    try:
        yield
    finally:
        with _LOCK:
            limits = _LIMITS.pop()
            if not _LIMITS:
                limits.restore_original_limits()
