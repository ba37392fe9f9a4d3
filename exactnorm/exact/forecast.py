"""About how long closing the gap will take, from solves that were measured."""

from __future__ import annotations

from exactnorm.exact.problem import Reduced

# Seconds on one core to a gap of 1e-6: SECONDS · P^PATTERNS · r^RANK. `python benchmarks/forecast.py` measures them anew.
SECONDS, PATTERNS, RANK = 2.0e-3, 1.0, 1.6
WITHIN = 3.0
"""The factor within which most of the measured solves lie."""


def seconds(patterns: int, rank: int) -> float:
    """About how long the loop takes for so many patterns of points of this affine rank."""
    return float(SECONDS * patterns**PATTERNS * rank**RANK)


def starting(problem: Reduced, tol: float) -> str:
    """The line to say before the loop."""
    count = len(problem.patterns)
    return f"starting: {said(count, problem.rank, tol)}"


def said(patterns: int, rank: int, tol: float) -> str:
    """How many patterns there are, and about how long the loop will take."""
    about = seconds(patterns, rank)
    return (
        f"{patterns} activation patterns of affine rank {rank}; closing the gap to 1e-6 takes about {in_words(about)}, "
        f"give or take a factor of {WITHIN:g}" + ("" if tol <= 1e-6 else f", and less to {tol:g}")
    )


def in_words(about: float) -> str:
    """A time in a unit that fits."""
    for unit, length in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if about > 2 * length:
            return f"{about / length:.2g} {unit}"
    return f"{max(about, 0.1):.1g} s"
