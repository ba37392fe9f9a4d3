"""The ground truth that attribution scores are judged by: exact effects of points and of subsets, and its files."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array
from exactnorm.experiments.leave_one_out import Masks, effect, fit, on_subsets
from exactnorm.tables import one_line

COLUMNS = ("rho", "sample", "removed", "delta", "effect")


@dataclass(frozen=True, eq=False)
class Truth:
    """What the training points did for samples, at each noise level, by exact denoisers.

    f(S) = −½‖h_{S,ρ}(y) − s‖² says how well the denoiser that knows the points S restores a sample s from its noisy
    copy y.

    Parameters
    ----------
    points : ndarray, shape (N, d)
    radii : ndarray, shape (L,)
    samples : ndarray, shape (m, d)
    inputs : ndarray, shape (L, m, d)
        Their noisy copies.
    delta : ndarray, shape (L, N, m, d)
        Δ_n(y, ρ) = h_D(y) − h_{D∖n}(y).
    effect : ndarray, shape (L, N, m)
        f(D) − f(D∖n): positive where point n helped.
    subsets : ndarray of bool, shape (K, N)
        Subsets of equal size, none twice.
    values : ndarray, shape (L, K, m)
        f(S).
    gap : float
        Widest relative gap of all certificates.
    """

    points: Array
    radii: Array
    samples: Array
    inputs: Array
    delta: Array
    effect: Array
    subsets: Masks
    values: Array
    gap: float

    __repr__ = one_line


def attribution_truth(
    points: ArrayLike, radii: ArrayLike, samples: ArrayLike, inputs: ArrayLike, *, subsets: int = 40, seed: int = 0
) -> Truth:
    """Exact effects of leaving one point out, and exact values on random halves of the points.

    Parameters
    ----------
    points : array_like, shape (N, d)
        Three points at least.
    radii : array_like, shape (L,)
    samples : array_like, shape (m, d)
    inputs : array_like, shape (L, m, d)
        Noisy copies of the samples at each radius.
    subsets : int
        Draw so many subsets of ⌈N/2⌉ points, two at least; those that come twice count once.
    seed : int

    Raises
    ------
    ValueError
        As `on_subsets`.
    """
    X = np.asarray(points, dtype=np.float64)
    N, rng = len(X), np.random.default_rng(seed)
    half = np.unique([rng.permutation(N) < max(2, (N + 1) // 2) for _ in range(subsets)], axis=0)
    found = on_subsets(X, radii, inputs, np.vstack([~np.eye(N, dtype=bool), half]))
    s = np.asarray(samples, dtype=np.float64)
    return Truth(
        found.points,
        found.radii,
        s,
        found.inputs,
        found.delta[:, :N],
        effect(found, s)[:, :N],
        half,
        fit(found.values[:, N:], s),
        float(found.gap.max()),
    )


def write_truth(folder: str | PathLike[str], truth: Truth) -> list[str]:
    """Write the ground truth as files that other programs read; return their names.

    ``effects.csv`` has a row for each radius, sample and removed point; the arrays are ``.npy`` files, described in
    ``truth.json``. At level l, attribution libraries take ``loo_effect[l]`` (N, m), and for the linear datamodeling
    score the pair ``subset_values[l]`` (K, m), ``subset_indices`` (K, size); scores to be judged have shape (N, m).

    Raises
    ------
    FileExistsError
        If the folder is not empty.
    """
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        msg = f"{str(out)!r} is not empty; give a new directory"
        raise FileExistsError(msg)
    indices = np.array([np.flatnonzero(mask) for mask in truth.subsets])
    arrays = {
        "points": (truth.points, "training points (N, d)"),
        "radii": (truth.radii, "noise radii (L,)"),
        "samples": (truth.samples, "samples (m, d)"),
        "inputs": (truth.inputs, "noisy copies of the samples (L, m, d)"),
        "delta": (truth.delta, "h_D - h_without_n (L, N, m, d)"),
        "loo_effect": (truth.effect, "f(D) - f(D without n) (L, N, m); positive: the point helped"),
        "subset_indices": (indices, "points of each subset (K, size)"),
        "subset_values": (truth.values, "f(S) (L, K, m)"),
    }
    for name, (array, _) in arrays.items():
        np.save(out / f"{name}.npy", array)
    with (out / "effects.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        length = np.linalg.norm(truth.delta, axis=-1)
        for (level, n, j), value in np.ndenumerate(truth.effect):
            writer.writerow((truth.radii[level], j, n, length[level, n, j], value))
    about = {
        "f": "-1/2 |h_S(y) - sample|^2, h_S the minimum-norm denoiser of the points S at noise radius rho",
        "widest_gap": truth.gap,
        "arrays": {f"{name}.npy": text for name, (_, text) in arrays.items()},
    }
    (out / "truth.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return sorted(path.name for path in out.iterdir())
