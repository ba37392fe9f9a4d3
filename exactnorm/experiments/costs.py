"""What denoisers cost to certify, by the number of points N and the dimension r of their hull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactnorm import problems
from exactnorm.experiments.arguments import like_defaults
from exactnorm.experiments.finished import Rows
from exactnorm.experiments.solved import solved_denoiser
from exactnorm.experiments.sweep import HERE, Run, swept
from exactnorm.experiments.table import Statement, Table
from exactnorm.patterns import separable_splits

COLUMNS = ("N", "r", "seed", "patterns", "neurons", "lower", "upper", "gap")
SIZES = ((4, 2), (6, 2), (8, 2), (5, 3), (6, 3), (5, 4), (6, 4))


@dataclass(frozen=True)
class Gaussian:
    """Standard normal points."""

    N: int
    r: int
    seed: int
    tol: float
    time_limit: float
    solver: str


@like_defaults
def costs(
    *,
    seed: int = 0,
    sizes: tuple[tuple[int, int], ...] = SIZES,
    sets: int = 2,
    tol: float = 1e-5,
    time_limit: float = 120.0,
    solver: str = "CLARABEL",
    run: Run = HERE,
) -> Table:
    """Certify denoisers of Gaussian points in general position; the file of finished units holds their seconds.

    Parameters
    ----------
    seed : int
        The sets are those of `problems.gaussian` with this seed and the ones after it.
    sizes : tuple of (N, r)
    sets : int
        Of each size.
    tol, time_limit, solver
        As for `min_norm_denoiser`, for each of them.
    run : Run
        Where and how it is computed. With `Run.out`, `unit_seconds` reads how long each unit took, which `fitted` fits
        a model to.

    Returns
    -------
    Table
        A row for each set of `N` random points in `r` dimensions, by its `seed`: number of activation `patterns`,
        `neurons` of the network; `lower` and `upper` bracket the least cost, and `gap` is their difference as a share
        of the upper one. Times are no part of it: they are not the same twice.
    """
    given = {"seed": seed, "sizes": sizes, "sets": sets, "tol": tol, "time_limit": time_limit, "solver": solver}
    units = [Gaussian(N, r, seed + n, tol, time_limit, solver) for N, r in sizes for n in range(sets)]
    return swept("costs", certified, units, given, run).table(COLUMNS, lambda rows: _reading(rows, tol), against_cover)


def certified(unit: Gaussian) -> Rows:
    """One row."""
    train = problems.gaussian(unit.N, unit.r, unit.seed).train
    h = solved_denoiser(train, tol=unit.tol, time_limit=unit.time_limit, solver=unit.solver)
    bracket = h.certificate
    numbers = (float(bracket.lower), float(bracket.upper), float(bracket.gap))
    return ((unit.N, unit.r, unit.seed, int(bracket.patterns), h.network.neurons, *numbers),)


def _reading(rows: Rows, tol: float) -> str:
    solved = sum(row[7] <= tol for row in rows)
    many = [row[4] / (row[0] - 1) / row[1] for row in rows]
    return (
        f"{solved} of {len(rows)} brackets are at most {tol:g} wide. At the median the networks have "
        f"{np.median(many):.1f} neurons for each point besides the first and each dimension of the hull."
    )


def against_cover(rows: Rows) -> tuple[Statement, ...]:
    """Patterns against the number of splits by hyperplanes."""
    most = [separable_splits(row[0], row[1]) for row in rows]
    above = sum(row[3] > limit for row, limit in zip(rows, most, strict=True))
    all_of_them = sum(row[3] == limit for row, limit in zip(rows, most, strict=True))
    text = (
        "N points in general position in r dimensions are split by hyperplanes in Σ_{i=1..r} C(N−1, i) ways "
        "(Cover 1965, paraphrased); noise balls leave room for as many activation patterns at most."
    )
    return (Statement(text, above == 0, f"as many in {all_of_them} of {len(rows)} sets, more in {above}"),)
