"""Shared by all tests: drawings need no display, and are closed after each test."""

import os
import signal
import sys
import time
from dataclasses import replace
from types import SimpleNamespace
from zlib import crc32

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

os.environ.setdefault("MPLBACKEND", "agg")


@pytest.fixture(autouse=True, scope="session")
def _interruptible():
    """Ctrl-C means what it does at a terminal: shells start jobs in the background with it ignored, children too."""
    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True, scope="session")
def _one_blas_thread_a_worker():
    """Tests share the cores; a thread of BLAS that waits for one that has none counts as working, for seconds on end.

    OPENBLAS_NUM_THREADS has the last word.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ or "OPENBLAS_NUM_THREADS" in os.environ:
        yield
        return
    with threadpool_limits(1):
        yield


@pytest.fixture
def processor_clock(monkeypatch):
    """Time limits count seconds of this process's work, so that nothing hangs on what else the machine does."""
    from exactnorm.exact import deadline

    monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=time.process_time))
    return time.process_time


@pytest.fixture
def alone():
    """What a check before has left in compiled code, when its limit was over, has ended: it takes memory, too."""
    from exactnorm.waiting import left_behind

    while left_behind():
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def pytest_addoption(parser):
    parser.addoption(
        "--perturb-solvers",
        action="store_true",
        help="change every number that goes to a cone solver by a random relative 1e-15: no outcome may hang on that",
    )


@pytest.fixture(autouse=True)
def _perturbed(request, monkeypatch):
    if not request.config.getoption("--perturb-solvers"):
        return
    from exactnorm.exact.solvers import clarabel, cvxpy, scs

    def shaken(values):
        # The same numbers are changed in the same way: what a test solves twice has one answer, as without changes.
        rng = np.random.default_rng(crc32(values.tobytes()))
        return values * (1 + 1e-15 * rng.uniform(-1, 1, values.shape))

    def through(solve):
        def shaken_first(given, *arguments):
            A = given.A.copy()
            A.data = shaken(A.data)
            return solve(replace(given, A=A, b=shaken(given.b), q=shaken(given.q)), *arguments)

        return shaken_first

    for backend in (clarabel, scs, cvxpy):
        monkeypatch.setattr(backend, "answer", through(backend.answer))
