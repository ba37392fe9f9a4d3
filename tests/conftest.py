"""Shared by all tests: drawings need no display, and are closed after each test."""

import os
import sys
from dataclasses import replace

import numpy as np
import pytest

os.environ.setdefault("MPLBACKEND", "agg")


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

    rng = np.random.default_rng(0)

    def shaken(values):
        return values * (1 + 1e-15 * rng.uniform(-1, 1, values.shape))

    def through(solve):
        def shaken_first(given, *arguments):
            A = given.A.copy()
            A.data = shaken(A.data)
            return solve(replace(given, A=A, b=shaken(given.b), q=shaken(given.q)), *arguments)

        return shaken_first

    for backend in (clarabel, scs, cvxpy):
        monkeypatch.setattr(backend, "answer", through(backend.answer))
