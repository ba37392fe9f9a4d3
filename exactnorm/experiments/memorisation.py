"""Memorisation against the number of points: where score flow ends on ever more handwritten digits.

Two networks for each number of digits, neither of which hangs on the clock: the least of all, where the program closes
its bracket in the time, and the best sum of ramps that is found without a limit. What else a program has when its time
is over is another network on another machine; its lower bound is taken, and its flows are not.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactnorm import problems
from exactnorm.arrays import Array
from exactnorm.certify.certificate import Certificate, relative_gap
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.experiments.arguments import like_defaults
from exactnorm.experiments.finished import Rows
from exactnorm.experiments.solved import solved_denoiser
from exactnorm.experiments.sweep import HERE, Run, swept
from exactnorm.experiments.table import Statement, Table
from exactnorm.flow.endpoints import MEMORISED, wilson
from exactnorm.flow.score.score_flow import score_flow
from exactnorm.geometry import affine_hull
from exactnorm.network import ReLUNetwork

COUNTS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 30, 50, 100)
COLUMNS = (
    "points", "network", "rank", "rho", "lower", "upper", "width", "status", "lower_by", "upper_by", "neurons",
    "training", "training_low", "training_high", "virtual", "virtual_low", "virtual_high", "elsewhere",
    "elsewhere_low", "elsewhere_high", "memorised", "nearest", "different", "stable",
)  # fmt: skip
EXACT, BEST, NONE = "closed bracket", "best found", "no network found"
LEAST, RAMPS = "least", "ramps"
BOUNDS = {"RegularSimplex": "theorem", "Cells": "patterns"}
"""What a lower bound rests on, in a word, by the name of its evidence, where that is not the word."""
NEAR = 1e-6
"""Distance, over the smallest distance of two points, at which a flow has ended at a point."""
PARALLEL = 1e-12
"""1 − cosine of directions that are one."""
WHITE = 16.0
"""Grey levels of a pixel."""


@dataclass(frozen=True)
class Digits:
    """The first digits, and the starts of their flows."""

    count: int
    starts: int
    rho: float
    noise: float
    tol: float
    time_limit: float
    solver: str
    seed: np.random.SeedSequence


@like_defaults
def memorisation(
    *,
    seed: int = 0,
    starts: int = 500,
    counts: tuple[int, ...] = COUNTS,
    rho: float = 0.3,
    noise: float = 1.0,
    tol: float = 1e-4,
    time_limit: float = 60.0,
    solver: str = "CLARABEL",
    run: Run = HERE,
) -> Table:
    """Where score flow ends on the first N handwritten digits, with a bracket on the least cost of each N.

    Parameters
    ----------
    seed : int
        Of the starts.
    starts : int
        For each N.
    counts : tuple of int
        Numbers of digits N, from 2 to 100, pixels from 0 to 1. The first 30 are those of scikit-learn.
    rho : float
        In units of the points' smallest distance.
    noise : float
        Starts are the points' mean plus this times the root mean square of the points' coordinates times standard
        normal noise, in the space that the points span.
    tol, solver
        As for `min_norm_denoiser`, for each N.
    time_limit : float
        Of the program, for each N. It decides whether there is a row of the least network, and how wide the bracket is
        where there is none; sums of ramps have no limit.
    run : Run
        Where and how it is computed. With `Run.out`, `unit_seconds` reads how long each N took.

    Returns
    -------
    Table
        A row for each number of `points`, of affine `rank`, with noise radius `rho`, and each `network`: the "least",
        where it is shown to be that, and the best sum of "ramps" that was found. `upper` is its cost, and `lower` the
        best bound that is known on the least cost. `status` is "closed bracket" where the `width` is `tol` at most:
        the network is the least of all; "best found" where it is not shown to be; "no network found" with nothing else
        known. `lower_by` and `upper_by` say what gave either end: for the network, of so many `neurons`, "formula",
        "ramps" for a sum of them, or "program". Shares of the flows that end at a `training` point, at a `virtual` one,
        which is a sum of two or more seen from one of them, and `elsewhere`, with 95 % intervals (Wilson); sums are not
        looked for where the points form no simplex. `memorised` ends are three times nearer to one training point than
        to the next, and `nearest` ends are at the training point nearest to their start. How many ends are `different`,
        and the share of these that are `stable`: the denoiser's derivative there has eigenvalues with real parts < 1.

    Raises
    ------
    ValueError
        If a number of digits or of starts is not admissible.
    """
    given: dict[str, Any] = {"starts": starts, "counts": counts, "rho": rho, "noise": noise, "tol": tol}
    given |= {"time_limit": time_limit, "solver": solver}
    images = len(problems.digit_images()[0])
    if starts < 1 or not counts or min(counts) < 2 or max(counts) > images:
        msg = f"starts={starts}, counts={counts}; give one start or more, and numbers of digits from 2 to {images}"
        raise ValueError(msg)
    if not (0 < rho < 0.5 and noise > 0):
        msg = f"rho={rho:g}, noise={noise:g}; rho is above 0 and below 0.5, where balls touch, and noise above 0"
        raise ValueError(msg)
    children = np.random.SeedSequence(seed).spawn(len(counts))
    units = [
        Digits(count, starts, rho, noise, tol, time_limit, solver, child)
        for count, child in zip(counts, children, strict=True)
    ]
    return swept("memorisation", observed, units, {"seed": seed, **given}, run).table(COLUMNS, _reading, _statements)


def observed(unit: Digits) -> Rows:
    """A row for each network."""
    X = problems.digit_images()[0][: unit.count] / WHITE
    frame = affine_hull(X)
    separation = float(np.linalg.norm(X[:, None] - X, axis=2)[~np.eye(len(X), dtype=bool)].min())
    place = (frame.rank, unit.rho * separation)
    mean = X.mean(axis=0)
    size = float(np.sqrt(((X - mean) ** 2).sum() / len(X) / frame.rank))
    draws = np.random.default_rng(unit.seed).standard_normal((unit.starts, frame.rank))
    starts = mean + unit.noise * size * draws @ frame.axes
    chosen, bracket = networks(X, place[1], unit)
    if bracket is None:
        return ((unit.count, RAMPS, *place, None, None, None, NONE, *[None] * (len(COLUMNS) - 8)),)
    return tuple(
        (unit.count, kind, *place, *_bracketed(h, bracket, unit.tol), *_ends(h, X, starts, NEAR * separation))
        for kind, h in chosen.items()
    )


def _bracketed(h: CertifiedDenoiser, bracket: Certificate, tol: float) -> tuple[Any, ...]:
    """The bracket with this network's cost, and where either end is from, in the order of the columns."""
    lower, upper = float(bracket.lower), float(h.certificate.upper)
    width = relative_gap(lower, upper)
    status = EXACT if width <= tol else BEST
    return lower, upper, width, status, lower_by(bracket), upper_by(h), h.network.neurons


def networks(X: Array, rho: float, unit: Digits) -> tuple[dict[str, CertifiedDenoiser], Certificate | None]:
    """The least network, if one is shown to be that in the time, the best sum of ramps, if any, and the best bound."""
    how: dict[str, Any] = {"tol": unit.tol, "solver": unit.solver}
    found: dict[str, CertifiedDenoiser] = {}
    with suppress(ArithmeticError):
        found[LEAST] = solved_denoiser(X, rho, time_limit=unit.time_limit, **how)
    with suppress(ArithmeticError):
        found[RAMPS] = solved_denoiser(X, rho, method="ramps", time_limit=None, **how)
    bracket = max((one.certificate for one in found.values()), key=lambda one: one.lower, default=None)
    least = [h for h in found.values() if bracket and relative_gap(bracket.lower, h.certificate.upper) <= unit.tol]
    found.pop(LEAST, None)
    return ({LEAST: least[0]} if least else {}) | found, bracket


def lower_by(bracket: Certificate) -> str:
    """What the lower end rests on."""
    name = type(bracket.evidence).__name__
    return BOUNDS.get(name, name.lower())


def upper_by(h: CertifiedDenoiser) -> str:
    """Where the network is from: a formula that is least, a sum of ramps, or the program over all kinks."""
    if h.certificate.kind == "theorem" and h.certificate.certifies(1e-9):
        return "formula"
    return "ramps" if is_ramps(h.network) else "program"


def is_ramps(network: ReLUNetwork) -> bool:
    """Whether the jumps in slope of all parallel kinks add up to 0, as those of a sum of ramps do."""
    length = np.linalg.norm(network.w, axis=1)
    u, jump = network.w / length[:, None], network.a * length[:, None]
    together = (u @ u.T > 1 - PARALLEL) @ jump
    return bool((np.linalg.norm(together, axis=1) <= NEAR * np.linalg.norm(jump, axis=1)).all())


def are_sums(Y: Array, X: Array, tol: float) -> NDArray[np.bool_] | None:
    """Which rows of Y are sums of two or more points of a simplex, seen from one of them; None if X is no simplex.

    In barycentric coordinates, which are unique, a sum of m points has m ones and 1 − m at the one it is seen from.
    """
    if affine_hull(X).rank < len(X) - 1:
        return None
    system = np.vstack([X.T, np.ones(len(X))])
    share = np.rint(np.linalg.lstsq(system, np.vstack([Y.T, np.ones(len(Y))]))[0].T)
    ones, rest = (share == 1).sum(axis=1), share.min(axis=1)
    shaped = (ones >= 2) & (rest == 1 - ones) & ((share == 0).sum(axis=1) == len(X) - ones - 1)
    return np.asarray(shaped & (np.linalg.norm(share @ X - Y, axis=1) <= tol))


def _ends(h: CertifiedDenoiser, X: Array, Y: Array, tol: float) -> tuple[float | None, ...]:
    """Shares of the ends of the score flow from Y, and what else is said of them, in the order of the columns."""
    ends = score_flow(h, Y, math.inf).endpoint
    far = np.linalg.norm(ends[:, None] - X, axis=2)
    two = np.sort(far, axis=1)[:, :2]
    training = two[:, 0] <= tol
    nearest = training & (far.argmin(axis=1) == np.linalg.norm(Y[:, None] - X, axis=2).argmin(axis=1))
    sums = are_sums(ends, X, tol)
    virtual = np.zeros(len(Y), dtype=bool) if sums is None else sums & ~training
    shares: list[float | None] = []
    for kind in (training, virtual, ~training & ~virtual):
        share = wilson(int(kind.sum()), len(kind))
        unknown = kind is virtual and sums is None
        shares += [None] * 3 if unknown else [share.share, float(share.low), float(share.high)]
    memorised = float((two[:, 0] < MEMORISED * two[:, 1]).mean())
    different = unlike(ends, tol)
    stable = np.linalg.eigvals(h.network.jacobian(different)).real.max(axis=1) < 1
    return (*shares, memorised, float(nearest.mean()), len(different), float(stable.mean()))


def unlike(Y: Array, tol: float) -> Array:
    """Rows of Y of which no two are within a distance of each other, and of which each row of Y is within it of one."""
    kept = Y[:1]
    for y in Y[1:]:
        if np.linalg.norm(kept - y, axis=1).min() > tol:
            kept = np.vstack([kept, y])
    return kept


def _known(rows: Rows) -> list[dict[str, Any]]:
    """The rows with a network, the fewest points first."""
    records = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    return sorted((r for r in records if r["status"] != NONE), key=lambda r: r["points"])


def _of(records: list[dict[str, Any]], network: str) -> list[dict[str, Any]]:
    return [record for record in records if record["network"] == network]


def _listed(records: list[dict[str, Any]], column: str) -> str:
    return ", ".join(f"{r['points']}: {r[column]:.1%}" for r in records)


def _reading(rows: Rows) -> str:
    known = _known(rows)
    least, ramps = _of(known, LEAST), _of(known, RAMPS)
    exact = ", ".join(str(r["points"]) for r in least)
    said = [f"The bracket is closed with {exact} digits" if least else "No bracket is closed in the time"]
    for records, name in ((least, "the least network"), (ramps, "the best sum of ramps that was found")):
        if records:
            different = ", ".join(f"{r['points']}: {r['different']}" for r in records)
            said.append(
                f"Of {name}, ends at training points: {_listed(records, 'training')}; at the training point nearest to "
                f"the start: {_listed(records, 'nearest')}; different ends: {different}"
            )
    if ramps:
        said.append(
            f"What a sum of ramps may cost too much, at most, as a share of its cost: {_listed(ramps, 'width')}. Where "
            "that is not next to nothing, its flows are those of one network, and of the least one nothing is said"
        )
    return ". ".join(said if known else ["No network was found"]) + "."


def _statements(rows: Rows) -> tuple[Statement, ...]:
    known = _known(rows)
    exact = _of(known, LEAST)
    least = exact if len(exact) > 1 else []
    # Published of least networks: others neither agree nor differ.
    less = falls([r["training"] for r in least]) if least else None
    # Two points have no sum.
    sums = [r["virtual"] for r in least if r["points"] > 2 and r["virtual"] is not None]
    virtual = min(sums) > 0.5 if sums else None
    shown = {r["points"] for r in least}
    beyond = [r for r in _of(known, RAMPS) if r["points"] not in shown]
    return (
        Statement("The more training points, the less memorisation.", less, _evidence(least, beyond, "training")),
        Statement("Score flow ends mostly at virtual points.", virtual, _evidence(least, beyond, "virtual")),
    )


def _evidence(least: list[dict[str, Any]], beyond: list[dict[str, Any]], column: str) -> str:
    said = f"least networks, ends at {column} points: {_listed(least, column) or 'fewer than two of them'}"
    known = [record for record in beyond if record[column] is not None]
    return f"{said}; sums of ramps, not shown to be least: {_listed(known, column)}" if known else said


def falls(shares: list[float]) -> bool:
    """Whether no share is above the one before, and the last below the first."""
    return shares == sorted(shares, reverse=True) and shares[-1] < shares[0]
