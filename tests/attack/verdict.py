"""What became of a mutant, held against the true problem."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np

from attack.mutant import Mutant
from attack.targets import Target
from exactnorm import FiniteProblem, TrainingSet
from exactnorm.certify import CertificateError, CertificateUndecided, check_certificate
from exactnorm.saved import load

LONG = 20.0
"""Seconds for one mutant: the unaltered ones take some milliseconds, and the machine may be busy."""
LARGEST_SHARE = [0.0]
MULTIPLE, BASE = 32, 16_000_000
"""Bytes that reading and checking may hold at once: so many times the file, and what NumPy and the problem need."""


def verdict(mutant: Mutant, file: Path, measured: bool) -> str:
    """What became of a mutant; "WON: …" if it got the better of the checker."""
    data = mutant.make()
    if isinstance(data, bytes):
        file.write_bytes(data)
    start = time.monotonic()
    if measured:
        tracemalloc.start()
    try:
        outcome = answer(mutant.target, file if isinstance(data, bytes) else data)
    except Exception as error:  # anything but the declared errors
        outcome = f"WON: {type(error).__name__}: {error}"
    peak = tracemalloc.get_traced_memory()[1] if measured else 0
    if measured:
        tracemalloc.stop()
    if time.monotonic() - start > LONG:
        return f"WON: took {time.monotonic() - start:.0f} s"
    if measured and isinstance(data, bytes):
        LARGEST_SHARE[0] = max(LARGEST_SHARE[0], peak / (len(data) + BASE / MULTIPLE))
        if peak > MULTIPLE * len(data) + BASE:
            return f"WON: took {peak:.2g} bytes for {len(data)}"
    return outcome


def answer(target: Target, saved: Any) -> str:
    """Read, if it is a file, and check, against the true problem; what is supported must be true."""
    try:
        found = load(saved) if isinstance(saved, Path) else saved
    except ValueError:
        return "unreadable"
    try:
        lower, upper, error = check_certificate(found.certificate, target.problem, found.network)
    except CertificateError:
        return "refuted"
    except CertificateUndecided:
        return "undecided"
    stated = found.certificate
    if not max(stated.lower, lower) <= target.high * (1 + 2e-9):
        return f"WON: lower {stated.lower!r}, {lower!r} for {target.high!r}"
    if not min(stated.upper, upper) >= target.low * (1 - 1e-6):
        return f"WON: upper {stated.upper!r}, {upper!r} for {target.low!r}"
    if (
        error is not None
        and not (missed := missed_by(target.problem, found.network)) <= stated.interpolation_error + 1e-8
    ):
        return f"WON: error {stated.interpolation_error!r} where it is {missed!r}"
    return "supported"


def missed_by(problem: TrainingSet | FiniteProblem, network: Any) -> float:
    """The largest error found on samples of the balls, or at the inputs."""
    if isinstance(problem, FiniteProblem):
        return float(np.linalg.norm(network(problem.inputs) - problem.targets, axis=1).max())
    rng = np.random.default_rng(0)
    offsets = rng.standard_normal((50, problem.dimension))
    offsets *= problem.rho / np.linalg.norm(offsets, axis=1)[:, None]
    return max(float(np.linalg.norm(network(x + offsets) - x, axis=1).max()) for x in problem.points)
