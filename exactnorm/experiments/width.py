"""How many neurons minimisers have: least-cost networks through random data with vector targets, against N²."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from exactnorm.experiments.arguments import like_defaults
from exactnorm.experiments.finished import Rows
from exactnorm.experiments.solved import solved_network
from exactnorm.experiments.sweep import HERE, Run, swept
from exactnorm.experiments.table import Statement, Table

COLUMNS = ("network", "N", "inputs", "outputs", "set", "neurons", "N_squared", "lower", "upper", "gap")
SHAPES = ((3, 2, 2), (4, 2, 2), (5, 2, 3), (6, 2, 2), (5, 3, 3))
"""Numbers of data points, of input and of output coordinates."""
CARRIES = 1e-6
"""Share of the cost from which on a neuron counts."""
NOTHING = 1e-12
"""Costs below are roundings of 0, of which a gap is no share: an affine map runs through three points of the plane."""


@dataclass(frozen=True)
class RandomSet:
    """Standard normal inputs and targets, and what the network has besides its neurons."""

    network: str
    N: int
    inputs: int
    outputs: int
    number: int
    solver: str
    seed: np.random.SeedSequence


@like_defaults
def width(
    *,
    seed: int = 0,
    sets: int = 100,
    shapes: tuple[tuple[int, int, int], ...] = SHAPES,
    tol: float = 1e-6,
    solver: str = "CLARABEL",
    run: Run = HERE,
) -> Table:
    """Count the neurons of certified minimisers on random sets.

    Parameters
    ----------
    seed : int
    sets : int
        How many; the published statement was to be looked at on 500.
    shapes : tuple of (N, inputs, outputs)
        Taken in turn.
    tol : float
        Relative gap beyond which a network does not count as a minimiser.
    solver : str
    run : Run
        Where and how it is computed.

    Returns
    -------
    Table
        A row for each `set` of `N` points with so many `inputs` and `outputs`, and each kind of `network`: "skip" with
        free biases and a skip connection, as in this package's problem, and "plain" with penalised biases and neither.
        `neurons` that carry more than 1e-6 of the cost are counted, beside `N_squared`; `lower` and `upper` bracket the
        least cost, and `gap` is their difference as a share of the upper one.
    """
    given = {"seed": seed, "sets": sets, "shapes": shapes, "tol": tol, "solver": solver}
    children = np.random.SeedSequence(seed).spawn(sets)
    units = [
        RandomSet(("skip", "plain")[n // len(shapes) % 2], *shapes[n % len(shapes)], n, solver, child)
        for n, child in enumerate(children)
    ]
    return swept("width", counted, units, given, run).table(
        COLUMNS, lambda rows: _reading(rows, tol), lambda rows: _statements(rows, tol)
    )


def counted(unit: RandomSet) -> Rows:
    """One row."""
    rng = np.random.default_rng(unit.seed)
    inputs = rng.standard_normal((unit.N, unit.inputs))
    targets = rng.standard_normal((unit.N, unit.outputs))
    plain = unit.network == "plain"
    found = solved_network(inputs, targets, skip=not plain, penalise_bias=plain, constant=not plain, solver=unit.solver)
    h = found.network
    w = np.column_stack([h.w, h.b]) if plain else h.w
    cost = np.linalg.norm(h.a, axis=1) * np.linalg.norm(w, axis=1)
    neurons = int((cost > CARRIES * max(cost.sum(), np.finfo(float).tiny)).sum())
    bracket = found.certificate
    shape = (unit.network, unit.N, unit.inputs, unit.outputs, unit.number)
    return ((*shape, neurons, unit.N**2, float(bracket.lower), float(bracket.upper), float(bracket.gap)),)


def certified(rows: Rows, tol: float) -> list[tuple[Any, ...]]:
    """Rows of networks that are certified to be minimisers."""
    return [row for row in rows if row[9] <= tol or row[8] <= NOTHING]


def _reading(rows: Rows, tol: float) -> str:
    solved = certified(rows, tol)
    parts = []
    for kind, N in sorted({row[:2] for row in solved}):
        counts = [row[5] for row in solved if row[:2] == (kind, N)]
        parts.append(f"{kind}, N = {N}: {np.median(counts):g} at the median and {max(counts)} at most, of {N**2}")
    above = sum(row[5] > row[1] * row[3] for row in solved)
    return (
        f"{len(solved)} of {len(rows)} networks are certified to a relative gap of {tol:g}. Their neurons: "
        f"{'; '.join(parts)}. {above} have more than N times the number of outputs, which is the number of equations."
    )


def _statements(rows: Rows, tol: float) -> tuple[Statement, ...]:
    solved = certified(rows, tol)
    above = sum(row[5] > row[6] for row in solved)
    text = "For vector outputs at most N² neurons suffice for a minimiser (arXiv:2305.16534)."
    evidence = f"{above} of {len(solved)} certified minimisers have more; the one found need not be the smallest"
    # More neurons in one minimiser would not refute that another has fewer.
    return (Statement(text, True if solved and not above else None, evidence),)
