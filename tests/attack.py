"""An attack on the checker: saved certificates, altered in every field and every way, held against the true problem.

    python tests/attack.py [--every K]

prints how many mutants of each kind were unreadable, refuted, undecided or supported. A mutant wins if it is supported
although it states more than the truth allows, if anything but the declared errors is raised, or if it takes long or
much memory. The truth is a closed form, or the bracket of the unaltered certificate.
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import struct
import sys
import tempfile
import time
import tracemalloc
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

import exactnorm
from exactnorm import FiniteProblem, TrainingSet
from exactnorm.certify import Certificate, CertificateError, CertificateUndecided, check_certificate
from exactnorm.certify.balls.edges import edges_lower_bound
from exactnorm.certify.certified_network import load_either
from exactnorm.certify.rays import rays_lower_bound
from exactnorm.finite_problem import finite_problem

LONG = 20.0
"""Seconds for one mutant: the unaltered ones take some milliseconds, and the machine may be busy."""
LARGEST_SHARE = [0.0]
MULTIPLE, BASE = 32, 16_000_000
"""Bytes that reading and checking may hold at once: so many times the file, and what NumPy and the problem need."""


@dataclass(frozen=True)
class Target:
    """A sound certificate in a file, the problem it is for, and the interval of the optimum."""

    name: str
    arrays: dict[str, np.ndarray]
    problem: TrainingSet | FiniteProblem
    low: float
    high: float


@dataclass(frozen=True)
class Mutant:
    """What was changed, in what way, which claims were raised with it, and the bytes of the file or the record."""

    target: Target
    field: str
    change: str
    boast: str
    make: Callable[[], Any]


# Targets.


def targets(folder: Path) -> list[Target]:
    """One of each kind of certificate."""
    sqrt3 = np.sqrt(3.0)
    triangle = np.array([[1.0, 0], [-0.5, sqrt3 / 2], [-0.5, -sqrt3 / 2]])
    right = np.array([[0.0, 0], [1, 0], [0, 2]])
    acute = np.array([[0, 0], [1, 0], [0.4, 0.9]])
    line = np.array([[0.0], [1.0], [2.5]])
    solve = exactnorm.min_norm_denoiser
    cells = solve(triangle, 0.1, method="program")
    faces = replace(cells, certificate=replace(cells.certificate, proofs=()))
    on_a_line = solve(line, 0.1, method="program")
    line_faces = replace(on_a_line, certificate=replace(on_a_line.certificate, proofs=()))
    tangent = solve(np.random.default_rng(5).standard_normal((5, 2)), 0.05)
    rng = np.random.default_rng(0)
    samples = TrainingSet.from_samples(line, [x + 0.1 * rng.standard_normal((3, 1)) for x in line])
    plane = TrainingSet.from_samples(acute, [x + 0.1 * rng.standard_normal((2, 2)) for x in acute])
    hat = exactnorm.min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0])
    inputs, values = rng.standard_normal((6, 2)), rng.standard_normal(6)
    plain = exactnorm.min_norm_network(inputs, values, skip=False, penalise_bias=True)
    decayed = exactnorm.min_norm_network(inputs, values, weight_decay=0.01)
    four = solve(np.vstack([acute, [[3.0, 3]]]), 0.1)
    points, pairs = four.train.points, np.column_stack(np.triu_indices(4, 1))
    segments = np.column_stack([pairs, np.ones(len(pairs))])
    edges = by_theorem(four, edges_lower_bound(points, 0.1, pairs, segments[:, 2]), segments=segments)
    subset = by_theorem(four, rays_lower_bound(points[[2, 0, 3]], 0.1, 0), rays=(2, 0, 3))
    order = np.argsort(np.vstack(samples.samples).ravel())
    t, x = np.vstack(samples.samples).ravel()[order], np.repeat(line.ravel(), 3)[order]
    bends = float(np.abs(np.diff(np.diff(x) / np.diff(t))).sum())
    found = [
        target(folder, "balls by cells", cells, 12 / 2.6),
        target(folder, "balls by faces", faces, 12 / 2.6),
        target(folder, "balls on a line", on_a_line, 2 / 0.8 + 3 / 1.3),
        target(folder, "balls on a line by faces", line_faces, 2 / 0.8 + 3 / 1.3),
        target(folder, "balls by cut cells", tangent),
        target(folder, "balls of radius 0", solve(acute, 0.0), 4.0),
        target(folder, "theorem", solve(right, 0.1), 2 / 0.8 + 4 / 1.8),
        target(folder, "theorem for a part", subset),
        target(folder, "segments", edges),
        target(folder, "samples on a line", solve(samples), bends),
        target(folder, "samples", solve(plane)),
        target(folder, "samples with weight decay", solve(plane, weight_decay=0.01)),
        target(folder, "network on a line", hat, 2.0),
        target(folder, "network", plain),
        target(folder, "network with weight decay", decayed),
    ]
    path = exactnorm.DenoiserPath(acute, [0.1, 0.2])
    return [*found, *(target(folder, f"path, level {n}", level) for n, level in enumerate(path.denoisers))]


def by_theorem(found: Any, lower: float, **evidence: Any) -> Any:
    """The same network with a lower bound from a theorem."""
    old = found.certificate
    new = Certificate(old.upper, lower, old.interpolation_error, "theorem", old.statement, **evidence)
    return replace(found, certificate=new)


def target(folder: Path, name: str, found: Any, optimum: float | None = None) -> Target:
    """The saved arrays of a certificate that the checker supports."""
    file = folder / "target.npz"
    if isinstance(found, exactnorm.CertifiedNetwork):
        exactnorm.save_network(file, found)
        problem: TrainingSet | FiniteProblem = found.problem
    else:
        exactnorm.save(file, found)
        problem = found.train
        if problem.samples is not None:
            problem = finite_problem(problem, found.certificate.weight_decay)
    check_certificate(found.certificate, problem, found.network)
    low, high = found.certificate.lower, found.certificate.upper
    if optimum is not None:
        assert low * (1 - 1e-9) <= optimum <= high * (1 + 1e-9)
        low = high = optimum
    with np.load(file) as data:
        return Target(name, dict(data), problem, low, high)


# Changes of one array. Each gives an array, or None where it does not apply.


def entry(value: float) -> Callable[[np.ndarray, np.random.Generator], np.ndarray | None]:
    """One entry, chosen at random, becomes `value`."""

    def change(array: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
        if array.dtype.kind not in "fi" or array.size == 0:
            return None
        out = array.astype(float).reshape(-1)
        out[rng.integers(out.size)] = value
        return out.reshape(array.shape).astype(array.dtype) if array.dtype.kind == "f" or abs(value) < 2**62 else None

    return change


def numeric(function: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> Callable[..., np.ndarray | None]:
    """Only for numbers."""
    return lambda array, rng: function(array, rng) if array.dtype.kind in "fib" and array.size else None


def along(function: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> Callable[..., np.ndarray | None]:
    """Only for arrays with rows."""
    return lambda array, rng: function(array, rng) if array.ndim and len(array) else None


def cast(dtype: str) -> Callable[..., np.ndarray | None]:
    """Another dtype, as far as the values have one."""

    def change(array: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
        del rng
        if array.dtype.kind == "U" and dtype not in ("U", "S", "O"):
            return np.zeros(array.shape, dtype)
        return array.astype(dtype)

    return change


def bytes_of_two(array: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """Truth values whose bytes are 2."""
    del rng
    return np.where(array, 2, 0).astype(np.uint8).view(np.bool_) if array.dtype == bool and array.ndim else None


CHANGES: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray | None]] = {
    **{f"entry {value:g}": entry(value) for value in (0.0, -0.0, 1.0, -1.0, 1e-3, 5e-324, 1e-300, 1e40, 1e51, 1e155)},
    **{f"entry {value:g}": entry(value) for value in (1.7e308, -1e155, np.inf, -np.inf, np.nan, 2.0**53, -(2.0**53))},
    **{f"times {s:g}": numeric(lambda a, _, s=s: np.asarray(a * s)) for s in (0.0, -1.0, 0.5, 1 + 1e-7, 1.01, 2.0)},
    **{f"times {s:g}": numeric(lambda a, _, s=s: np.asarray(a * s)) for s in (100.0, 1e20, 1e-20, 1e150, 1e300)},
    **{f"noise {s:g}": numeric(lambda a, r, s=s: a + s * r.standard_normal(a.shape)) for s in (1e-9, 1e-3, 1.0, 1e8)},
    **{f"one more {s}": numeric(lambda a, _, s=s: a.astype(int) + s) for s in (1, -1, 2**40, -(2**40), 2**62)},
    **{f"dtype {d}": cast(d) for d in ("f2", "f4", "g", "c16", "i1", "u1", "i4", "u8", "i8", "f8", "b1", "O")},
    **{f"dtype {d}": cast(d) for d in (">f8", ">i8", "U", "S", "V8", "M8[s]")},
    "bytes 2": bytes_of_two,
    "not": lambda a, _: ~a if a.dtype == bool else None,
    "all true": lambda a, _: np.ones_like(a) if a.dtype == bool else None,
    "one flipped": lambda a, r: (
        np.logical_xor(a, r.permutation(a.size).reshape(a.shape) == 0) if a.dtype == bool else None
    ),
    "rows permuted": along(lambda a, r: a[r.permutation(len(a))]),
    "rows reversed": along(lambda a, _: a[::-1]),
    "row dropped": along(lambda a, r: np.delete(a, r.integers(len(a)), axis=0)),
    "row doubled": along(lambda a, r: np.concatenate([a, a[r.integers(len(a))][None]])),
    "rows doubled": along(lambda a, _: np.concatenate([a, a])),
    "no rows": along(lambda a, _: a[:0]),
    "columns reversed": lambda a, _: a[:, ::-1] if a.ndim > 1 else None,
    "transposed": lambda a, _: np.ascontiguousarray(a.T) if a.ndim > 1 else None,
    "Fortran order": lambda a, _: np.asfortranarray(a) if a.ndim > 1 else None,
    "one dimension more": lambda a, _: a[None],
    "flat": lambda a, _: a.reshape(-1),
    "one entry": lambda a, _: a.reshape(-1)[0] if a.size else None,
    "no entries": lambda a, _: np.zeros((0,) * a.ndim, a.dtype),
    "thousand rows": along(lambda a, _: np.concatenate([a] * (1 + 1000 // len(a)))),
    "text": lambda a, _: np.array("computed") if a.dtype.kind == "U" else None,
    "theorem": lambda a, _: np.array("theorem") if a.dtype.kind == "U" else None,
    "empty text": lambda a, _: np.array("") if a.dtype.kind == "U" else None,
    "long text": lambda a, _: np.array("x" * 30_000) if a.dtype.kind == "U" else None,
    "control characters": lambda a, _: np.array("\x1b[2J") if a.dtype.kind == "U" else None,
}


def missing(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """An interpolation error that any network keeps, where one is stated."""
    return {"interpolation_error": np.float64(1e3)} if "interpolation_error" in arrays else {}


BOASTS: dict[str, Callable[[dict[str, np.ndarray]], dict[str, Any]]] = {
    "": lambda _: {},
    "lower x 1.001": lambda a: {"lower": a["lower"] * 1.001, "upper": max(a["upper"], a["lower"] * 1.001)},
    "lower x 100": lambda a: {"lower": a["lower"] * 100, "upper": a["lower"] * 100},
    "lower x 2, no upper": lambda a: {"lower": a["lower"] * 2, "upper": np.float64(np.inf), **missing(a)},
    "upper x 0.999": lambda a: {"upper": a["upper"] * 0.999, "lower": min(a["lower"], a["upper"] * 0.999)},
    "upper 0": lambda _: {"upper": np.float64(0.0), "lower": np.float64(0.0)},
    "no error": lambda _: {"interpolation_error": np.float64(0.0)},
}


def archive(arrays: dict[str, Any]) -> bytes:
    """The bytes of a .npz file."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def single_changes(one: Target, others: list[Target], rng: np.random.Generator) -> Iterator[Mutant]:
    """Every field, every change, every boast; also fields left out, and those of other certificates."""
    strange = {f"of {other.name}": other.arrays for other in others if other is not one}
    for field in sorted({*one.arrays, *itertools.chain(*strange.values())}):
        changes: dict[str, np.ndarray | None] = {}
        if field in one.arrays:
            changes["left out"] = None
            for name, change in CHANGES.items():
                with np.errstate(all="ignore"):
                    try:
                        made = change(one.arrays[field], rng)
                    except (ValueError, TypeError, OverflowError):
                        continue
                if made is not None:
                    changes[name] = made
        for name, arrays in strange.items():
            if field in arrays:
                changes[name] = arrays[field]
        for name, array in changes.items():
            for boast, claims in BOASTS.items():
                yield Mutant(one, field, kind_of(name), boast, lambda f=field, a=array, c=claims: altered(one, f, a, c))


def kind_of(change: str) -> str:
    """The row of the table."""
    return "of another certificate" if change.startswith("of ") else change


def altered(one: Target, field: str, array: np.ndarray | None, claims: Callable[..., dict[str, Any]]) -> bytes:
    """The file with one array replaced or left out, and the claims that go with it."""
    arrays = {**one.arrays, **claims(one.arrays)}
    if array is None:
        arrays.pop(field, None)
    else:
        arrays[field] = array
    return archive(arrays)


# Changes of the whole file.

CELLS = ("cell_pattern", "cell_ball", "cell_mu")


def whole_changes(one: Target, rng: np.random.Generator) -> Iterator[Mutant]:
    """Changes that keep arrays consistent with each other, with every boast."""
    networks = network_changes(one)
    bare = {f"{name}, no evidence": without_evidence(arrays) for name, arrays in networks.items()}
    changes = {**networks, **bare, **evidence_changes(one, rng), **problem_changes(one)}
    for name, arrays in changes.items():
        for boast, claims in BOASTS.items():
            yield Mutant(one, "several", name, boast, lambda a=arrays, c=claims: archive({**a, **c(a)}))


def network_changes(one: Target) -> dict[str, dict[str, Any]]:
    """Networks that cost less, or whose values are lost in rounding."""
    old, d, q = one.arrays, one.arrays["w"].shape[1], one.arrays["c"].shape[0]
    free = {"a": np.zeros((0, q)), "w": np.zeros((0, d)), "b": np.zeros(0), "c": np.zeros(q)}
    eye = {"V": np.eye(q, d), "upper": np.float64(0.0), "lower": np.float64(0.0)}
    huge = {
        "a": np.vstack([old["a"], np.ones((1, q))]),
        "w": np.vstack([old["w"], np.zeros((1, d))]),
        "b": np.append(old["b"], 3e15),
        "c": old["c"] - 3e15,
    }
    found = {"the identity": {**old, **free, **eye}, "a constant": {**old, **free}, "a huge neuron": {**old, **huge}}
    for s in (0.5, 0.999, 1 - 1e-7, 1e-20, 1e20, 1e200):
        found[f"a times {s:g}"] = {
            **old,
            "a": old["a"] * s,
            "upper": old["upper"] * s,
            "lower": old["lower"] * min(s, 1),
        }
        found[f"w, b by and a times {s:g}"] = {**old, "a": old["a"] * s, "w": old["w"] / s, "b": old["b"] / s}
    for k in range(len(old["a"])):
        fewer = {name: np.delete(old[name], k, axis=0) for name in ("a", "w", "b")}
        cost = float(np.linalg.norm(fewer["a"], axis=1) @ np.linalg.norm(fewer["w"], axis=1))
        found[f"without neuron {k}"] = {**old, **fewer, "upper": np.float64(cost), "lower": min(old["lower"], cost)}
    many = {name: np.concatenate([old[name]] * 500) for name in ("a", "w", "b")}
    found["500 times the neurons"] = {**old, **many, "a": many["a"] / 500}
    return found


def without_evidence(arrays: dict[str, Any]) -> dict[str, Any]:
    """The same, claiming nothing of the least cost, so that the network alone is looked at."""
    kept = {name: value for name, value in arrays.items() if not name.startswith("cell_")}
    for name in ("origin", "axes", "scale", "B", "segments"):
        kept.pop(name, None)
    nothing = {
        "kind": np.array("computed"),
        "rays": np.zeros(0, int),
        "patterns": np.int64(0),
        "lower": np.float64(0.0),
    }
    if "multipliers" in kept:
        nothing["multipliers"] = 0 * kept["multipliers"]
    return {**kept, **nothing}


def evidence_changes(one: Target, rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    """Other evidence, consistent in itself."""
    old, found = one.arrays, {}
    for s in (0.1, 1 + 1e-9, 1.001, 2.0, 1e3, 1e20, 1e45):
        for name in ("B", "multipliers", "cell_nu", "cell_ell"):
            if name in old:
                found[f"{name} times {s:g} and the bound"] = {**old, name: old[name] * s, "lower": old["lower"] * s}
                found[f"{name} times {s:g} and both"] = {
                    **old, name: old[name] * s, "lower": old["lower"] * s, "upper": max(old["upper"], old["lower"] * s)
                }  # fmt: skip
    if "B" in old:
        for s in (1e8, 1e15, 1e30):
            shift = s * rng.standard_normal(old["B"].shape[1:])
            found[f"B shifted by {s:g}"] = {
                **old,
                "B": old["B"] + shift * (-1.0) ** np.arange(len(old["B"]))[:, None, None],
            }
        turn = np.linalg.qr(rng.standard_normal((len(old["axes"]),) * 2))[0]
        found["axes turned"] = {**old, "axes": turn @ old["axes"]}
        for s in (0.5, 2.0, 1e-3, 1e3, 1 + 1e-10):
            found[f"unit times {s:g}"] = {**old, "scale": old["scale"] * s}
            found[f"axes times {s:g}"] = {**old, "axes": old["axes"] * s, "scale": old["scale"] * s}
    if "cell_ball" in old:
        found |= cell_changes(old, rng)
    if "multipliers" in old:
        noise = rng.standard_normal(old["multipliers"].shape)
        found["multipliers of noise"] = {**old, "multipliers": noise}
        found["multipliers plus a constant"] = {**old, "multipliers": old["multipliers"] + 1e15}
    if "segments" in old:
        for row in ([0, 0, 1.0], [0, 9, 1.0], [-1, 0, 1.0], [0.5, 1, 1.0], [0, 1, -1.0], [0, 1, 0.0], [0, 1, 1e45]):
            found[f"segment {row}"] = {**old, "segments": np.vstack([old["segments"], [row]])}
        found["100000 segments"] = {**old, "segments": np.tile(old["segments"], (20_000, 1))}
        found["no segments"] = {**old, "segments": old["segments"][:0]}
    if len(old["rays"]):
        for rows in ([0], [0, 0], [0, 1, 1], [0, -1], [0, 1, 99], list(range(1000)), [0] * 100_000, [2**62, 1]):
            found[f"rays {rows[:3]} of {len(rows)}"] = {**old, "rays": np.array(rows)}
    return found


def cell_changes(old: dict[str, Any], rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    """Cells in another order, twice, too few, tangent to other balls, and cut into nothing."""
    K, N = old["cell_pattern"].shape
    r = old["cell_ell"].shape[1] - 1
    plain = not old["cell_sizes"].any()
    found = {}
    if plain:
        nu, ell = old["cell_nu"].reshape(K, -1), old["cell_ell"].reshape(K, N, r + 1)
        ways = {"permuted": rng.permutation(K), "doubled": np.tile(np.arange(K), 2), "first only": np.array([0])}
        ways |= {"500 times": np.tile(np.arange(K), 500), "without the last": np.arange(K - 1)}
        for name, k in ways.items():
            part = {field: old[field][k] for field in CELLS} | {"cell_sizes": old["cell_sizes"][k]}
            part |= {"cell_nu": nu[k].ravel(), "cell_ell": ell[k].reshape(-1, r + 1)}
            found[f"cells {name}"] = {**old, **part}
        for depth in (1, 2, 190, 1100):
            # One side only, so deep that a recursive check would end in an error.
            rows = N + depth
            part = {
                "cell_sizes": np.full(K, depth), "cell_cuts": np.tile(np.eye(1, r), (K * depth, 1)),
                "cell_nu": np.zeros(K * rows * (rows - 1) // 2), "cell_ell": np.zeros((K * rows, r + 1)),
            }  # fmt: skip
            found[f"{depth} cuts"] = {**old, **part}
    for ball in (-2, -1, 0, 1, N - 1, N, 2**40):
        found[f"cells at ball {ball}"] = {**old, "cell_ball": np.full(K, ball)}
    found["first balls on"] = {**old, "cell_pattern": ~old["cell_pattern"]}
    found["no multipliers"] = {
        **old,
        "cell_nu": 0 * old["cell_nu"],
        "cell_ell": 0 * old["cell_ell"],
        "cell_mu": 0 * old["cell_mu"],
    }
    found["mu -1/4"] = {**found["no multipliers"], "cell_mu": np.full(K, -0.25)}
    return found


def problem_changes(one: Target) -> dict[str, dict[str, Any]]:
    """Another problem in the file."""
    old, found = one.arrays, {}
    lengths = [name for name in ("points", "rho", "samples", "inputs", "origin", "scale", "b", "c") if name in old]
    for s in (1e-150, 1e-3, 2.0, 1e8, 1e130, 1e300):
        found[f"all lengths times {s:g}"] = {**old, **{name: old[name] * s for name in lengths}}
    for name in ("points", "inputs", "targets", "samples"):
        if name in old:
            found[f"{name} swapped"] = {**old, name: old[name][[1, 0, *range(2, len(old[name]))]]}
            found[f"{name} apart"] = {**old, name: old[name] * 10.0}
    if "rho" in old:
        for rho in (0.0, 1e-9, 0.05, 0.2, 0.49, -0.1, 1e-300):
            found[f"rho {rho:g}"] = {**old, "rho": np.float64(rho)}
    for decay in (1e-9, 1e-3, 1.0, 0.0, -1.0):
        found[f"weight decay {decay:g}"] = {**old, "weight_decay": np.float64(decay)}
    return found


def random_changes(one: Target, rng: np.random.Generator, count: int) -> Iterator[Mutant]:
    """Some changes at once, of fields at random."""
    names, changes, boasts = sorted(one.arrays), list(CHANGES), list(BOASTS)
    for _ in range(count):
        fields = rng.choice(names, rng.integers(1, 4), replace=False)
        chosen = [changes[k] for k in rng.integers(len(changes), size=len(fields))]
        boast = boasts[rng.integers(len(boasts))]
        arrays = {**one.arrays, **BOASTS[boast](one.arrays)}
        for field, name in zip(fields, chosen, strict=True):
            with np.errstate(all="ignore"):
                try:
                    made = CHANGES[name](arrays[field], rng)
                except (ValueError, TypeError, OverflowError):
                    continue
            if made is not None:
                arrays[field] = made
        yield Mutant(one, "some", "at random", boast, lambda a=arrays: archive(a))


# Changes of the record, past the reader of files.


class Boastful(float):
    """A number that is never too large."""

    __le__ = __lt__ = __ge__ = __gt__ = lambda self, other: True  # noqa: ARG005


JUNK: dict[str, Any] = {
    "None": None, "text": "1.0", "list": [1.0], "dict": {}, "object": object(), "complex": 1j, "True": True,
    "Decimal": Decimal(4), "Fraction": Fraction(9, 2), "float32": np.float32(4.5), "longdouble": np.longdouble(4.5),
    "0-d array": np.array(4.5), "matrix": np.zeros((2, 2)).view(np.matrix),
    "masked": np.ma.masked_array([1.0, 2.0], [1, 0]),
    "10 ** 400": 10**400, "a function": len, "a tuple": (), "a boastful float": Boastful(1e9),
}  # fmt: skip


def record_changes(one: Target, rng: np.random.Generator, folder: Path) -> Iterator[Mutant]:
    """Every field of the record replaced by junk, and its arrays by those of `CHANGES`."""
    file = folder / "record.npz"
    file.write_bytes(archive(one.arrays))
    found = load_either(file)
    places: dict[str, tuple[Any, Callable[[Certificate, Any], Certificate]]] = {
        name.name: (getattr(found.certificate, name.name), lambda c, v, n=name.name: replace(c, **{n: v}))
        for name in fields(Certificate)
    }
    if found.certificate.frame is not None:
        for name in ("origin", "axes", "scale"):
            places[f"frame.{name}"] = (
                getattr(found.certificate.frame, name),
                lambda c, v, n=name: replace(c, frame=replace(c.frame, **{n: v})),
            )
    if found.certificate.proofs:
        for name in ("cell", "mu", "nu", "ell"):
            places[f"proof.{name}"] = (
                getattr(found.certificate.proofs[0], name),
                lambda c, v, n=name: replace(c, proofs=(replace(c.proofs[0], **{n: v}), *c.proofs[1:])),
            )
        for name in ("pattern", "ball", "cuts"):
            places[f"cell.{name}"] = (
                getattr(found.certificate.proofs[0].cell, name),
                lambda c, v, n=name: replace(
                    c, proofs=tuple(replace(p, cell=replace(p.cell, **{n: v})) for p in c.proofs)
                ),
            )
    for field, (value, put) in places.items():
        values = dict(JUNK)
        if isinstance(value, (np.ndarray, float, str, int)) and not isinstance(value, bool):
            array = np.asarray(value)
            for name, change in CHANGES.items():
                with np.errstate(all="ignore"):
                    try:
                        made = change(array, rng)
                    except (ValueError, TypeError, OverflowError):
                        continue
                if made is not None:
                    values[name] = made if array.ndim else np.asarray(made)[()]
        for name, other in values.items():
            for boast, claims in BOASTS.items():
                yield Mutant(one, field, name, boast, lambda p=put, v=other, c=claims: boasting(found, one, c, p, v))


def boasting(found: Any, one: Target, claims: Any, put: Any, value: Any) -> Any:
    """The record with its claims raised and one field replaced."""
    raised = {name: float(claim) for name, claim in claims(one.arrays).items()}
    return replace(found, certificate=put(replace(found.certificate, **raised), value))


# Changes of the bytes.


def byte_changes(one: Target, rng: np.random.Generator, flips: int) -> Iterator[Mutant]:
    """Bits flipped, files cut off, and archives made to mislead their reader."""
    whole, bits = archive(one.arrays), rng.integers(8, size=97)
    for k in rng.integers(len(whole), size=flips):
        yield Mutant(one, "bytes", "a bit flipped", "", lambda k=k: flipped(whole, k, bits[k % 97]))
    for k in rng.integers(len(whole), size=flips // 5):
        yield Mutant(one, "bytes", "cut off", "", lambda k=k: whole[:k])
        yield Mutant(one, "bytes", "a byte more", "", lambda k=k: whole[:k] + b"x" + whole[k:])
    for name in ARCHIVES:
        yield Mutant(one, "bytes", name, "", lambda n=name: ARCHIVES[n](one.arrays, whole))
    for name in sorted({"points", "inputs", "a", "B", "cell_pattern", "status"} & set(one.arrays)):
        for what, header in HEADERS.items():
            content = npy(header, bytes(64))
            yield Mutant(one, "bytes", f"header: {what}", "", lambda n=name, c=content: with_member(one.arrays, n, c))


def flipped(data: bytes, k: int, bit: int) -> bytes:
    """The data with one bit the other way."""
    return data[:k] + bytes([data[k] ^ (1 << int(bit))]) + data[k + 1 :]


def packed(arrays: dict[str, Any], **more: np.ndarray) -> bytes:
    """A compressed archive."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays, **more)
    return buffer.getvalue()


def with_a_name_twice(arrays: dict[str, Any]) -> bytes:
    """A second lower bound behind the first."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as file:
        warnings.simplefilter("ignore")
        for name, array in [*arrays.items(), ("lower", 10 * arrays["lower"])]:
            file.writestr(f"{name}.npy", plain(array))
    return buffer.getvalue()


def on_top_of_each_other(arrays: dict[str, Any]) -> bytes:
    """Entries of the directory that all point to one member and say that it is a thousand times as long."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, array in arrays.items():
            file.writestr(f"{name}.npy", plain(array))
        longest = max(file.filelist, key=lambda one: one.file_size)
        size = longest.file_size * 1000
        for one in file.filelist:
            one.header_offset, one.file_size, one.compress_size = longest.header_offset, size, size
    return buffer.getvalue()


def plain(array: Any) -> bytes:
    """The bytes of a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


ARCHIVES: dict[str, Callable[[dict[str, Any], bytes], bytes]] = {
    "compressed": lambda a, _: packed(a),
    "a bomb that is not used": lambda a, _: packed(a, unused=np.zeros(8_000_000)),
    "a bomb that is used": lambda a, _: packed({**a, "a": np.zeros((4_000_000, 2))}),
    "a member more": lambda a, _: archive({**a, "unused": np.zeros(3)}),
    "a member in a folder": lambda a, _: archive({**a, "../../x": np.zeros(3)}),
    "300 members more": lambda a, _: archive({**a, **{f"x{k}": np.zeros(1) for k in range(300)}}),
    "nothing": lambda *_: b"",
    "an empty archive": lambda *_: b"PK\x05\x06" + bytes(18),
    "twice": lambda _, whole: whole + whole,
    "behind something": lambda _, whole: b"#!/bin/sh\n" * 100 + whole,
    "a directory of 60 MB": lambda _, whole: whole[:-10] + struct.pack("<L", 60_000_000) + whole[-6:],
    "one array only": lambda *_: plain(np.zeros(3)),
    "a name twice": lambda a, _: with_a_name_twice(a),
    "members on top of each other": lambda a, _: on_top_of_each_other(a),
}
HEADERS = {
    "8 TB": b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }",
    "beyond 64 bits": b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999, 99999999999999999), }",
    "negative": b"{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 8), }",
    "zero times much": b"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 99999999999), }",
    "objects": b"{'descr': '|O', 'fortran_order': False, 'shape': (8,), }",
    "records": b"{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (8,), }",
    "an expression": b"{'descr': '<f8', 'fortran_order': False, 'shape': (2**3,), }",
    "nested": b"{'descr': '<f8', 'fortran_order': False, 'shape': " + b"(" * 400 + b")" * 400 + b", }",
    "long text": b"{'descr': '<U999999', 'fortran_order': False, 'shape': (), }",
    "text of no characters": b"{'descr': '<U16', 'fortran_order': False, 'shape': (), }",
    "no closing": b"{'descr': '<f8'",
}


def npy(header: bytes, data: bytes) -> bytes:
    """A .npy file with this header."""
    padded = header + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded + data


def with_member(arrays: dict[str, Any], name: str, content: bytes) -> bytes:
    """The file with other bytes as one member."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for field, array in arrays.items():
            file.writestr(f"{field}.npy", content if field == name else plain(array))
    return buffer.getvalue()


# The verdict.


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
        found = load_either(saved) if isinstance(saved, Path) else saved
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


ROWS = {"several": "several arrays together", "some": "some arrays at random"}


def mutants(found: list[Target], folder: Path, seed: int = 0) -> Iterator[Mutant]:
    """All of them, some thousands for each target."""
    rng = np.random.default_rng(seed)
    for one in found:
        yield from single_changes(one, found, rng)
        yield from whole_changes(one, rng)
        yield from record_changes(one, rng, folder)
        yield from random_changes(one, rng, 400)
        yield from byte_changes(one, rng, 100)


def attack(
    every: int, found: list[Target], folder: Path
) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]], list[str]]:
    """Outcomes by change and by target, of every so many-th mutant, and the mutants that won."""
    by_change: Counter[tuple[str, str]] = Counter()
    by_target: Counter[tuple[str, str]] = Counter()
    won = []
    for n, mutant in enumerate(itertools.islice(mutants(found, folder), 0, None, every)):
        outcome = verdict(mutant, folder / "mutant.npz", measured=n % 25 == 0)
        if outcome.startswith("WON"):
            won.append(
                f"{mutant.target.name}: {mutant.field}, {mutant.change}, {mutant.boast or 'no boast'}: {outcome}"
            )
        name = outcome.split(":")[0]
        by_change[ROWS.get(mutant.field, mutant.change), name] += 1
        by_target[mutant.target.name, name] += 1
    return by_change, by_target, won


def table(counts: Counter[tuple[str, str]]) -> str:
    """Counts by row and outcome."""
    columns = ("unreadable", "refuted", "undecided", "supported", "WON")
    rows = sorted({row for row, _ in counts})
    lines = [f"{'':40}" + "".join(f"{column:>12}" for column in columns)]
    lines += [f"{row:40}" + "".join(f"{counts[row, column]:12}" for column in columns) for row in rows]
    total = "".join(f"{sum(counts[row, column] for row in rows):12}" for column in columns)
    return "\n".join([*lines, f"{'all ' + str(sum(counts.values())):40}" + total]) + "\n"


def main() -> int:
    """Run the attack and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, metavar="K", help="every K-th mutant only")
    arguments = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        by_change, by_target, won = attack(arguments.every, targets(Path(folder)), Path(folder))
    sys.stdout.write(table(by_change) + "\n" + table(by_target) + "\n")
    sys.stdout.write("".join(f"{one}\n" for one in won))
    sys.stdout.write(f"memory: at most {LARGEST_SHARE[0]:.1f} times the file and a constant\n")
    sys.stdout.write(f"{sum(by_change.values())} mutants, {len(won)} won, {time.monotonic() - start:.0f} s\n")
    return 1 if won else 0


if __name__ == "__main__":
    raise SystemExit(main())
