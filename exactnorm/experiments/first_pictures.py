"""The first paper's pictures: denoisers of points on a line and of triangles of digits, predicted and trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from exactnorm import problems
from exactnorm.arrays import Array
from exactnorm.experiments.arguments import like_defaults
from exactnorm.experiments.finished import Rows
from exactnorm.experiments.solved import solved_denoiser
from exactnorm.experiments.sweep import HERE, Run, swept
from exactnorm.experiments.table import Statement, Table
from exactnorm.experiments.training import augmented_lagrangian, noisy, started
from exactnorm.geometry import affine_hull
from exactnorm.network import ReLUNetwork

COLUMNS = (
    "picture", "angle", "y_1", "y_2", "predicted_1", "predicted_2", "trained_1", "trained_2", "lower", "upper", "cost",
    "miss",
)  # fmt: skip
PUBLISHED = {"obtuse triangle": 96.11, "acute triangle": 73.16}
"""Largest angles, in degrees, of the two triangles of digits that are shown in the paper (arXiv:2311.06748)."""
CLOSE = 0.1
"""Root mean square of trained minus predicted, over the smallest distance, up to which a statement counts as met."""


@dataclass(frozen=True)
class Picture:
    """One training set, and how a network is trained on it."""

    name: str
    rho: float
    width: int
    samples: int
    rounds: int
    penalty: float
    grid: int
    solver: str
    seed: np.random.SeedSequence


@like_defaults
def first_pictures(
    *,
    seed: int = 0,
    rho: float = 0.1,
    width: int = 64,
    samples: int = 30,
    rounds: int = 12,
    penalty: float = 1e4,
    grid: int = 13,
    solver: str = "CLARABEL",
    run: Run = HERE,
) -> Table:
    """Predicted denoisers on a grid, with a network trained on noisy samples beside them.

    Parameters
    ----------
    seed : int
        Of the noisy samples and of the network that training starts from.
    rho : float
        Radius, in units of the points' smallest distance. Samples lie on the spheres of this radius.
    width, samples : int
        Neurons of the trained network, and samples of each point.
    rounds, penalty : int, float
        Of the augmented Lagrangian that minimises the representation cost subject to interpolation; 0 rounds train
        nothing. At a small penalty all weights go to 0, where training stays.
    grid : int
        Places along each side of the picture, five times as many on the line.
    solver : str
        For the acute triangle, which has no closed form.
    run : Run
        Where and how it is computed.

    Returns
    -------
    Table
        A row for each place in a `picture`, of a triangle by its largest `angle`: coordinates of y (`y_1`, `y_2`), of
        the predicted h(y) (`predicted_1`, `predicted_2`) and of the trained one (`trained_1`, `trained_2`), in the
        plane of the points and in units of their smallest distance; the bracket on the least cost (`lower`, `upper`),
        and the trained network's `cost` and largest `miss` on its samples. The triangles are the triples of this
        package's digits whose largest angle is nearest to the published one: the published digits are others.
    """
    if grid < 2 or not penalty > 0:
        msg = f"grid={grid}, penalty={penalty:g}; give two places or more along each side, and a positive penalty"
        raise ValueError(msg)
    given: dict[str, Any] = {"rho": rho, "width": width, "samples": samples, "rounds": rounds}
    given |= {"penalty": penalty, "grid": grid}
    names = ("univariate", *PUBLISHED)
    children = np.random.SeedSequence(seed).spawn(len(names))
    units = [
        Picture(name, rho, width, samples, rounds, penalty, grid, solver, child)
        for name, child in zip(names, children, strict=True)
    ]
    found = swept("first-pictures", drawn, units, {"seed": seed, **given, "solver": solver}, run)
    return found.table(COLUMNS, _reading, _statements)


def digit_triple(angle: float) -> tuple[Array, float]:
    """The three of the hundred digits whose largest angle is nearest, that point first; and the angle, in degrees."""
    X = problems.digit_images()[0]
    gram = X @ X.T
    best, chosen, found = np.inf, (0, 0, 0), 0.0
    for n in range(len(X)):
        # Products of what leads from digit n to the others.
        inner = gram - gram[n] - gram[n][:, None] + gram[n, n]
        length = np.sqrt(np.diag(inner).clip(min=1e-300))
        at = np.degrees(np.arccos((inner / length / length[:, None]).clip(-1, 1)))
        opposite = np.sqrt((np.diag(gram) + np.diag(gram)[:, None] - 2 * gram).clip(min=0))
        largest = (opposite >= length) & (opposite >= length[:, None])
        off = np.where(largest, np.abs(at - angle), np.inf)
        off[n], off[:, n] = np.inf, np.inf
        np.fill_diagonal(off, np.inf)
        i, j = np.unravel_index(int(off.argmin()), off.shape)
        if off[i, j] < best:
            best, chosen, found = float(off[i, j]), (n, int(i), int(j)), float(at[i, j])
    return X[list(chosen)], found


def picture_points(name: str) -> tuple[Array, float | None]:
    """Points in coordinates of their hull, the first at the origin, smallest distance 1; the largest angle."""
    if name == "univariate":
        return problems.univariate().train.points, None
    X, angle = digit_triple(PUBLISHED[name])
    frame = affine_hull(X)
    x = frame.coordinates(X)
    x = x - x[0]
    gaps = np.linalg.norm(x[:, None] - x, axis=2)
    return x / gaps[gaps > 0].min(), angle


def drawn(unit: Picture) -> Rows:
    """A row for each place of the grid."""
    x, angle = picture_points(unit.name)
    h = solved_denoiser(x, unit.rho, solver=unit.solver)
    trained = _trained(x, unit) if unit.rounds else None
    margin, count = 0.35, unit.grid if x.shape[1] > 1 else 5 * unit.grid
    sides = [np.linspace(low - margin, high + margin, count) for low, high in zip(x.min(0), x.max(0), strict=True)]
    Y = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, x.shape[1])
    bracket = (float(h.certificate.lower), float(h.certificate.upper))
    fit: tuple[float | None, float | None] = (None, None) if trained is None else trained[1:]
    there = [None] * len(Y) if trained is None else list(trained[0](Y))
    return tuple(
        (unit.name, angle, *_two(y), *_two(p), *_two(t), *bracket, *fit) for y, p, t in zip(Y, h(Y), there, strict=True)
    )


def _trained(x: Array, unit: Picture) -> tuple[ReLUNetwork, float, float]:
    """A trained network, its cost, and its largest miss on the samples that it was trained on."""
    rng = np.random.default_rng(unit.seed)
    inputs, targets = noisy(x, unit.rho, unit.samples, rng)
    start = started(unit.width, x.shape[1], rng, size=0.3)
    network = augmented_lagrangian(start, inputs, targets, rounds=unit.rounds, penalty=unit.penalty).network()
    cost = float((np.linalg.norm(network.a, axis=1) * np.linalg.norm(network.w, axis=1)).sum())
    return network, cost, float(np.linalg.norm(network(inputs) - targets, axis=1).max())


def _two(y: Array | None) -> tuple[float | None, float | None]:
    """Two coordinates, the second None on a line, both None for nothing."""
    values = [] if y is None else [float(value) for value in y]
    first, second, *_ = [*values, None, None]
    return first, second


def distances(rows: Rows) -> dict[str, float]:
    """Root mean square of trained minus predicted, by picture."""
    out = {}
    for name in dict.fromkeys(row[0] for row in rows):
        pairs = [(row[4 + k], row[6 + k]) for row in rows if row[0] == name for k in (0, 1) if row[4 + k] is not None]
        if all(trained is not None for _, trained in pairs):
            places = sum(row[0] == name for row in rows)
            out[name] = float(np.sqrt(sum((p - t) ** 2 for p, t in pairs) / places))
    return out


def _reading(rows: Rows) -> str:
    off, parts = distances(rows), []
    for name in dict.fromkeys(row[0] for row in rows):
        row = next(row for row in rows if row[0] == name)
        least = f"{name}{'' if row[1] is None else f' ({row[1]:.2f}°)'}: least cost in [{row[8]:.6g}, {row[9]:.6g}]"
        beside = (
            ""
            if name not in off
            else (
                f"; trained {row[10]:.4g}, missing its samples by {row[11]:.1g} at most, {off[name]:.2g} away from the "
                "prediction, root mean square over the grid"
            )
        )
        parts.append(least + beside)
    return (
        f"{'. '.join(parts)}. A trained network interpolates finitely many samples and not whole balls, so that it may "
        "cost less than the least of those that do."
    )


def _statements(rows: Rows) -> tuple[Statement, ...]:
    off = distances(rows)
    return tuple(
        Statement(
            f"Trained networks look like the minimum-norm denoiser ({name}); looked at here as {CLOSE:g} of the "
            "smallest distance, root mean square.",
            off[name] < CLOSE if name in off else None,
            f"{off[name]:.2g}; data, noise and training are not the published ones"
            if name in off
            else "nothing was trained",
        )
        for name in dict.fromkeys(row[0] for row in rows)
    )
