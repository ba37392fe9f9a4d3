"""About how long closing the gap will take, from solves that were measured."""

from __future__ import annotations

from dataclasses import dataclass

from exactnorm.closed_form.certified import certified_form
from exactnorm.exact.balls.problem import Reduced, reduced
from exactnorm.exact.deadline import Deadline, OutOfTimeError, in_words
from exactnorm.patterns import TooManyPatternsError
from exactnorm.training_set import TrainingSet

# Seconds on one core from the call to a gap of 1e-6 and its multipliers: SECONDS · P^PATTERNS · r^RANK;
# `python benchmarks/forecast.py` measures them.
SECONDS, PATTERNS, RANK = 6.1e-3, 0.78, 1.64
WITHIN = 3.0
"""The factor within which 95 % of other random sets were: `--score 120` there."""


@dataclass(frozen=True)
class Forecast:
    """What a solve would do.

    Parameters
    ----------
    patterns : int or None
        Number of activation patterns (with s_0 = 0, constant ones left out); None where they are not all known.
    seconds : float or None
        About how long the whole solve to a gap of 1e-6 takes on one core; None where it is not tried.
    sentence : str
        The same in words.
    """

    patterns: int | None
    seconds: float | None
    sentence: str


def forecast(train: TrainingSet, tol: float, time_limit: float | None) -> Forecast:
    """Enumerate the activation patterns, and say how long a solve would take.

    Raises
    ------
    InfeasibleProblem
        If no network maps every ball to its centre.
    ValueError
        If two points are too near each other for floating point.
    """
    deadline = Deadline(time_limit)
    if certified_form(train, deadline.effort) is not None:
        return Forecast(None, 0.0, "a closed form that is proved to have the least cost is taken; no program is solved")
    wide = "a wide but valid bracket comes within seconds, a network of ramps and a bound that needs no patterns"
    try:
        problem = reduced(train, lambda _: deadline.check())
    except TooManyPatternsError as too_many:
        return Forecast(None, None, f"{too_many}; {wide}")
    except OutOfTimeError:
        return Forecast(
            None, None, f"the activation patterns were not all enumerated within {deadline.limit:g} s; {wide}"
        )
    count = len(problem.patterns)
    return Forecast(count, seconds(count, problem.rank), said(count, problem.rank, tol))


def seconds(patterns: int, rank: int) -> float:
    """About how long a solve takes for so many patterns of points of this affine rank."""
    return float(SECONDS * patterns**PATTERNS * rank**RANK)


def starting(problem: Reduced, tol: float) -> str:
    """The phase before the loop, with the line to say once."""
    return f"starting: {said(len(problem.patterns), problem.rank, tol)}"


def said(patterns: int, rank: int, tol: float) -> str:
    """How many patterns there are, and about how long a solve will take."""
    return (
        f"{patterns} activation patterns of affine rank {rank}; a solve to 1e-6 takes about "
        f"{in_words(seconds(patterns, rank))} on one core, give or take a factor of {WITHIN:g}"
        + ("" if tol <= 1e-6 else f", and less to {tol:g}")
    )
