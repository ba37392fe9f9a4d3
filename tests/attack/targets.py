"""Sound certificates, one of each kind, with the problems they are for and the truth about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from altered import face_by_face

import exactnorm
from exactnorm import FiniteProblem, TrainingSet
from exactnorm.certify import Evidence, Part, Rays, Segments, bound, check_certificate
from exactnorm.finite_problem import finite_problem


@dataclass(frozen=True)
class Target:
    """A sound certificate in a file, the problem it is for, and the interval of the optimum."""

    name: str
    arrays: dict[str, np.ndarray]
    problem: TrainingSet | FiniteProblem
    low: float
    high: float


def targets(folder: Path) -> list[Target]:
    """One of each kind of certificate."""
    sqrt3 = np.sqrt(3.0)
    triangle = np.array([[1.0, 0], [-0.5, sqrt3 / 2], [-0.5, -sqrt3 / 2]])
    right = np.array([[0.0, 0], [1, 0], [0, 2]])
    acute = np.array([[0, 0], [1, 0], [0.4, 0.9]])
    line = np.array([[0.0], [1.0], [2.5]])
    solve = exactnorm.min_norm_denoiser
    cells = solve(triangle, 0.1, method="program")
    faces = replace(cells, certificate=face_by_face(cells.certificate))
    on_a_line = solve(line, 0.1, method="program")
    line_faces = replace(on_a_line, certificate=face_by_face(on_a_line.certificate))
    tangent = solve(np.random.default_rng(5).standard_normal((5, 2)), 0.05)
    rng = np.random.default_rng(0)
    samples = TrainingSet.from_samples(line, [x + 0.1 * rng.standard_normal((3, 1)) for x in line])
    plane = TrainingSet.from_samples(acute, [x + 0.1 * rng.standard_normal((2, 2)) for x in acute])
    hat = exactnorm.min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0])
    inputs, values = rng.standard_normal((6, 2)), rng.standard_normal(6)
    plain = exactnorm.min_norm_network(inputs, values, skip=False, penalise_bias=True)
    decayed = exactnorm.min_norm_network(inputs, values, weight_decay=0.01)
    four = solve(np.vstack([acute, [[3.0, 3]]]), 0.1)
    pairs = np.column_stack(np.triu_indices(4, 1))
    edges = resting_on(four, Segments(pairs, np.ones(len(pairs))))
    subset = resting_on(four, Rays((2, 0, 3)))
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
        target(folder, "one-hot rows", solve(np.eye(5), 0.05), 10 * np.sqrt(0.8) / (np.sqrt(1.25) - 0.1)),
        target(folder, "segments", edges),
        target(folder, "a part by cells", of_a_part(tangent, slice(1, 5))),
        target(folder, "a part by faces", of_a_part(tangent, slice(0, 4), face_by_face)),
        target(folder, "a part by segments", resting_on(four, Part((0, 1, 3), Segments(pairs[[0, 1, 3]], np.ones(3))))),
        target(folder, "samples on a line", solve(samples), bends),
        target(folder, "samples", solve(plane)),
        target(folder, "samples with weight decay", solve(plane, weight_decay=0.01)),
        target(folder, "network on a line", hat, 2.0),
        target(folder, "network", plain),
        target(folder, "network with weight decay", decayed),
    ]
    path = exactnorm.DenoiserPath(acute, [0.1, 0.2])
    return [*found, *(target(folder, f"path, level {n}", level) for n, level in enumerate(path.denoisers))]


def resting_on(found: Any, evidence: Evidence) -> Any:
    """The same network with the lower bound of other evidence."""
    lower = bound(evidence, found.train)
    return replace(found, certificate=replace(found.certificate, lower=lower, evidence=evidence))


def of_a_part(found: Any, rows: slice, form: Any = lambda certificate: certificate) -> Any:
    """The same network with the lower bound of some of its points."""
    some = exactnorm.min_norm_denoiser(found.train.points[rows], found.train.rho, method="program")
    part = tuple(range(*rows.indices(found.train.size)))
    return resting_on(found, Part(part, form(some.certificate).evidence))


def target(folder: Path, name: str, found: Any, optimum: float | None = None) -> Target:
    """The saved arrays of a certificate that the checker supports."""
    file = folder / "target.npz"
    if isinstance(found, exactnorm.certify.CertifiedNetwork):
        exactnorm.save(file, found)
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
