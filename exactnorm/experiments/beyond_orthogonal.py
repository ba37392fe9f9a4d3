"""Beyond orthogonal points: which sums of points stay stable, and where score flow ends, as the angles change.

Families: simplices whose points see each other at a growing obtuse angle; random directions, which are nearly
orthogonal in many dimensions; acute triangles; regular simplices; handwritten digits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from exactnorm import problems
from exactnorm.arrays import Array
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.experiments.arguments import like_defaults
from exactnorm.experiments.finished import Rows
from exactnorm.experiments.solved import solved_denoiser
from exactnorm.experiments.sweep import HERE, Run, swept
from exactnorm.experiments.table import Statement, Table
from exactnorm.experiments.virtual_points import iterate
from exactnorm.flow.endpoints import MEMORISED
from exactnorm.flow.score.score_flow import score_flow

FAMILIES: dict[str, tuple[float, ...]] = {
    "obtuse": (90, 90.3, 90.6, 91, 92, 93, 95, 100, 106),
    "nearly orthogonal": (5, 10, 30, 100, 1000, 10_000, 100_000),
    "acute": (89, 80, 70, 60, 50, 40),
    "equilateral": (3, 4, 5, 6),
    "digits": (2, 3, 4, 5, 6, 8, 10, 15, 20, 30),
}
"""Angle at x_0 in degrees; dimension; angle at the apex in degrees; number of points; number of digits."""
COLUMNS = (
    "family", "value", "points", "dimension", "rho", "largest_cosine", "method", "lower", "upper", "sums", "stable",
    "within_0.2", "predicted", "training", "at_sums", "elsewhere", "memorised",
)  # fmt: skip
PROGRAM = 6
"""Points up to which the convex program is solved; beyond them the network is the best sum of ramps that was found."""
NEAR = 1e-6
"""Distance, over the smallest distance of two points, at which a flow has ended at a point."""
CLOSED = 1e-4
"""Relative width up to which a bracket shows its network to be the least."""


@dataclass(frozen=True)
class Angles:
    """One training set, and the starts of its flows."""

    family: str
    value: float
    starts: int
    rho: float
    time_limit: float
    solver: str
    seed: np.random.SeedSequence


@like_defaults
def beyond_orthogonal(
    *,
    seed: int = 0,
    starts: int = 100,
    rho: float = 0.05,
    families: tuple[str, ...] = tuple(FAMILIES),
    time_limit: float = 120.0,
    solver: str = "CLARABEL",
    run: Run = HERE,
) -> Table:
    """Stable sums of points and ends of the score flow, for sets whose points are not orthogonal.

    Parameters
    ----------
    seed, starts : int
        Starts are the points' mean plus the root mean square of the points' coordinates times standard normal noise,
        in the space that the points span.
    rho : float
        In units of the points' smallest distance.
    families : tuple of str
        Of `FAMILIES`.
    time_limit : float
        Seconds for each denoiser up to six points; nothing is said of networks that are not shown to be least by then.
        Sums of ramps have no limit.
    solver : str
    run : Run
        Where and how it is computed.

    Returns
    -------
    Table
        A row for each set: its `family` and in that its `value`, an angle in degrees, a dimension or a number of
        points; `points`, `dimension`, noise radius `rho`, and the `largest_cosine` between two points seen from x_0.
        `method` says where the denoiser is from: "theorem", "program", or "ramps" beyond six points, where the network
        is not the least of all; `lower` and `upper` bracket the least cost. `sums` of two and more points, seen from
        x_0, are counted up to 6 points; `stable` ones do not move under y ← h(y), those `within_0.2` end within 0.2 of
        the smallest distance, in L∞, that is in every coordinate; `predicted` is the number by the theorem on obtuse
        simplices. Shares of ends: at a `training` point, at such a sum (`at_sums`), `elsewhere`; `memorised` ends are
        three times nearer to one training point than to the next.
    """
    if unknown := [name for name in families if name not in FAMILIES]:
        msg = f"families={unknown}: choose among {', '.join(FAMILIES)}"
        raise ValueError(msg)
    given: dict[str, Any] = {"starts": starts, "rho": rho, "families": families, "time_limit": time_limit}
    each = [(name, float(value)) for name in families for value in FAMILIES[name]]
    children = np.random.SeedSequence(seed).spawn(len(each))
    units = [Angles(*one, starts, rho, time_limit, solver, child) for one, child in zip(each, children, strict=True)]
    found = swept("beyond-orthogonal", observed, units, {"seed": seed, **given, "solver": solver}, run)
    return found.table(COLUMNS, _reading, _statements)


def training_points(unit: Angles, rng: np.random.Generator) -> Array:
    """The points of a unit, x_0 = 0 first but for digits and regular simplices."""
    if unit.family == "obtuse":
        cosine = math.cos(math.radians(unit.value))
        gram = np.full((4, 4), cosine) + (1 - cosine) * np.eye(4)
        return np.vstack([np.zeros(4), np.linalg.cholesky(gram)])
    if unit.family == "nearly orthogonal":
        directions = rng.standard_normal((5, int(unit.value)))
        # Only the products of the directions matter: five coordinates hold them, however many dimensions there are.
        u = directions / np.linalg.norm(directions, axis=1)[:, None]
        return np.vstack([np.zeros(5), np.linalg.qr(u.T)[1].T])
    if unit.family == "acute":
        half = math.radians(unit.value) / 2
        return np.array([[0.0, 0.0], [math.cos(half), math.sin(half)], [math.cos(half), -math.sin(half)]])
    if unit.family == "equilateral":
        return np.eye(int(unit.value))
    return problems.digit_images()[0][: int(unit.value)]


def observed(unit: Angles) -> Rows:
    """One row."""
    rng = np.random.default_rng(unit.seed)
    X = training_points(unit, rng)
    gaps = np.linalg.norm(X[:, None] - X, axis=2)
    separation = float(gaps[~np.eye(len(X), dtype=bool)].min())
    many = len(X) > PROGRAM
    # Without a limit the sum of ramps is the same on every machine.
    limited: dict[str, Any] = {"method": "ramps"} if many else {"time_limit": unit.time_limit}
    h = solved_denoiser(X, unit.rho * separation, solver=unit.solver, **limited)
    # A sum of ramps may have a theorem's lower bound without being what the theorem is about.
    how = "ramps" if many else "theorem" if h.certificate.kind == "theorem" else "program"
    bracket = (how, float(h.certificate.lower), float(h.certificate.upper))
    dimension = int(unit.value) if unit.family == "nearly orthogonal" else X.shape[1]
    return (
        (
            unit.family, unit.value, len(X), dimension, unit.rho * separation, _largest_cosine(X), *bracket,
            *_stable(h, X, separation, predict=unit.family == "obtuse"), *_ends(h, X, separation, unit.starts, rng),
        ),
    )  # fmt: skip


def subset_sums(X: Array) -> Array:
    """Sums of two and more points, seen from the first."""
    others = X[1:] - X[0]
    chosen = [list(c) for size in range(2, len(X)) for c in combinations(range(len(others)), size)]
    return np.array([X[0] + others[c].sum(axis=0) for c in chosen]).reshape(-1, X.shape[1])


def predicted(X: Array, rho: float) -> int:
    """Sums of an obtuse simplex that are stable: Σ_{n ∈ I, n ≠ m} L_n |u_m·u_n| < ρ for every m in I."""
    others = X[1:] - X[0]
    u = others / np.linalg.norm(others, axis=1)[:, None]
    pull = np.abs(u @ others.T)
    np.fill_diagonal(pull, 0.0)
    sets = (list(c) for size in range(2, len(X)) for c in combinations(range(len(others)), size))
    return sum(bool((pull[np.ix_(c, c)].sum(axis=1) < rho).all()) for c in sets)


def _largest_cosine(X: Array) -> float | None:
    """Of the angles at x_0; the cosine largest in size."""
    others = X[1:] - X[0]
    u = others / np.linalg.norm(others, axis=1)[:, None]
    off = (u @ u.T)[np.triu_indices(len(u), 1)]
    return float(off[np.abs(off).argmax()]) if len(off) else None


def _stable(h: CertifiedDenoiser, X: Array, separation: float, *, predict: bool) -> tuple[int | None, ...]:
    if len(X) > PROGRAM:
        return None, None, None, None
    Y = subset_sums(X)
    if not len(Y):
        return 0, 0, 0, None
    moved = np.abs(iterate(h.network, Y, 300) - Y).max(axis=1) / separation
    counts = (int((moved < NEAR).sum()), int((moved < 0.2).sum()))
    return len(Y), *counts, predicted(X, h.train.rho) if predict else None


def _ends(
    h: CertifiedDenoiser, X: Array, separation: float, starts: int, rng: np.random.Generator
) -> tuple[float, ...]:
    mean = X.mean(axis=0)
    basis = np.linalg.svd(X - mean, full_matrices=False)[2][: len(X) - 1]
    size = float(np.sqrt(((X - mean) ** 2).sum() / len(X) / len(basis)))
    Y = mean + size * rng.standard_normal((starts, len(basis))) @ basis
    ends = score_flow(h, Y, math.inf).endpoint
    near = np.sort(np.linalg.norm(ends[:, None] - X, axis=2), axis=1)
    training = near[:, 0] < NEAR * separation
    sums = subset_sums(X) if len(X) <= PROGRAM else np.empty((0, X.shape[1]))
    far = np.linalg.norm(ends[:, None] - sums, axis=2).min(axis=1, initial=math.inf)
    at_sums = ~training & (far < NEAR * separation)
    memorised = near[:, 0] < MEMORISED * near[:, 1]
    return tuple(float(one.mean()) for one in (training, at_sums, ~training & ~at_sums, memorised))


def _chosen(rows: Rows, family: str) -> list[dict[str, Any]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows if row[0] == family]


def unsettled(records: list[dict[str, Any]]) -> str:
    """Which networks of the program were not shown to be least before the time was over, in words; "" if all were."""
    wide = [r for r in records if r["method"] != "ramps" and r["upper"] - r["lower"] > CLOSED * r["upper"]]
    return ", ".join(f"{r['family']} {r['value']:g}" for r in wide)


def _reading(rows: Rows) -> str:
    parts = []
    if wide := unsettled([dict(zip(COLUMNS, row, strict=True)) for row in rows]):
        parts.append(f"The time was over before these networks were shown to be least: {wide}.")
    for family, word in (("obtuse", "at {:g}°"), ("nearly orthogonal", "in {:g} dimensions")):
        stable = [f"{word.format(r['value'])} {r['stable']} of {r['sums']}" for r in _chosen(rows, family)]
        if stable:
            parts.append(f"Stable sums, {family}: {', '.join(stable)}.")
    for family in ("acute", "equilateral"):
        if found := _chosen(rows, family):
            worst = min(r["training"] for r in found)
            parts.append(f"{family.capitalize()}: at least {worst:.0%} of the flows end at a training point.")
    if found := _chosen(rows, "digits"):
        ratio = [f"{r['points']}: {r['lower'] / r['upper']:.2f}" for r in found if r["method"] == "ramps"]
        kept = [f"{r['points']}: {r['memorised']:.0%}" for r in found]
        parts.append(
            f"Digits, memorised by number of points: {', '.join(kept)}. Where the network is a sum of ramps, the lower "
            f"bound over its cost is {', '.join(ratio)}: it is not shown to be the least of all networks."
        )
    return " ".join(parts)


def _statements(rows: Rows) -> tuple[Statement, ...]:
    out = []
    if obtuse := _chosen(rows, "obtuse"):
        wrong = [r["value"] for r in obtuse if r["stable"] != r["predicted"]]
        text = (
            "The stable points of an obtuse simplex are some of the subset sums: those I with "
            "Σ L_n |u_m·u_n| < ρ over the other n in I, for every m in I."
        )
        evidence = f"as many as predicted at {len(obtuse) - len(wrong)} of {len(obtuse)} angles"
        out.append(_of_least(text, not wrong, evidence, obtuse))
    if equilateral := [r for r in _chosen(rows, "equilateral") if r["points"] == 3]:
        share = equilateral[0]["training"]
        text = "On an equilateral triangle score flow ends at a vertex."
        out.append(_of_least(text, share == 1.0, f"{share:.1%} of the flows", equilateral))
    if near := _chosen(rows, "nearly orthogonal"):
        text = "Random points in many dimensions are nearly orthogonal, and their sums are stable virtual points."
        last = near[-1]
        evidence = f"{last['stable']} of {last['sums']} in {last['dimension']} dimensions do not move"
        kept = last["within_0.2"]
        out.append(_of_least(text, kept == last["sums"], f"{evidence}, {kept} within 0.2", [last]))
    return tuple(out)


def _of_least(text: str, holds: bool, evidence: str, records: list[dict[str, Any]]) -> Statement:
    """A statement about least networks: other networks neither agree nor differ."""
    if wide := unsettled(records):
        return Statement(text, None, f"{evidence}; not shown to be least: {wide}")
    return Statement(text, holds, evidence)
