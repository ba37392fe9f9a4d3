"""Symmetric sets with and without their symmetry: brackets, processor seconds, and their ratio, in one run.

    python benchmarks/symmetric.py [--sets cube cross-polytope …] [--shares 0.15 0.3 0.45] [--limit 100]

ρ = f · (smallest distance). Each solve runs in a process of its own; the limit is on the wall clock. The program is
asked for, also where a theorem would do. Points that no network tells apart at a radius are left out.
"""

from __future__ import annotations

import argparse
import itertools
import math
import time
from multiprocessing import get_context

import numpy as np
from scipy.spatial.distance import pdist

from exactnorm import min_norm_denoiser
from exactnorm.exact.balls import solve
from exactnorm.exact.balls.problem import InfeasibleProblem
from exactnorm.symmetry import isometries


def cross_polytope(d: int) -> np.ndarray:
    """The 2d unit vectors along axes."""
    return np.vstack([np.eye(d), -np.eye(d)])


def lattice(*sides: int) -> np.ndarray:
    """Points with whole coordinates below `sides`."""
    return np.array(list(itertools.product(*[np.arange(float(side)) for side in sides])))


def polygon(n: int) -> np.ndarray:
    """The corners of a regular polygon."""
    angle = 2 * np.pi * np.arange(n) / n
    return np.column_stack([np.cos(angle), np.sin(angle)])


def prism(n: int) -> np.ndarray:
    """Two of these, at a distance of 1."""
    return np.vstack([np.column_stack([polygon(n), np.full(n, height)]) for height in (0.0, 1.0)])


def icosahedron() -> np.ndarray:
    """Its twelve corners."""
    golden = (1 + math.sqrt(5)) / 2
    signs = list(itertools.product([-1.0, 1.0], repeat=2))
    return np.vstack([np.roll([0.0, a, b * golden], k) for a, b in signs for k in range(3)])


def shifted(count: int, d: int) -> np.ndarray:
    """Random rows, each with all its cyclic shifts."""
    rows = np.random.default_rng(0).standard_normal((count, d))
    return np.vstack([np.roll(rows, k, axis=1) for k in range(d)])


SETS = {
    **{f"cross-polytope {d}": cross_polytope(d) for d in (3, 4, 5, 6)},
    "cube": lattice(2, 2, 2),
    "hypercube 4": lattice(2, 2, 2, 2),
    **{f"lattice {a} {b}": lattice(a, b) for a, b in ((3, 3), (4, 4))},
    "lattice 3 3 3": lattice(3, 3, 3),
    "prism 3": prism(3),
    "prism 6": prism(6),
    "polygon 5": polygon(5),
    "polygon 12": polygon(12),
    "icosahedron": icosahedron(),
    "24-cell": np.array([v for v in itertools.product([-1.0, 0.0, 1.0], repeat=4) if sum(map(abs, v)) == 2]),
    "7 cyclic shifts": shifted(1, 7),
    "2 times 4 cyclic shifts": shifted(2, 4),
}


def measured(name: str, share: float, limit: float, symmetry: bool) -> tuple[float, float, float, int, str] | None:
    """Processor seconds, both ends, neurons and the kind of lower end; None if there is no network."""
    points = SETS[name]
    if not symmetry:
        solve.up_to_symmetry = lambda problem, *_: problem
    began = time.process_time()
    try:
        found = min_norm_denoiser(points, share * float(pdist(points).min()), time_limit=limit, method="program")
    except InfeasibleProblem:
        return None
    one = found.certificate
    seconds = time.process_time() - began
    return seconds, one.lower, one.upper, found.network.neurons, type(one.evidence).__name__


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", default=sorted(SETS), choices=sorted(SETS), metavar="SET")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.15, 0.3, 0.45])
    parser.add_argument("--limit", type=float, default=100.0)
    given = parser.parse_args()
    print("| set | isometries | f | lower | upper | gap | without | neurons | seconds | without | ratio |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name in given.sets:
        for share in given.shares:
            rows = []
            for symmetry in (True, False):
                with get_context("spawn").Pool(1) as pool:
                    rows.append(pool.apply(measured, (name, share, given.limit, symmetry)))
            if None in rows:
                continue
            (one, lower, upper, neurons, _), (other, low, high, _, _) = rows
            bracket = f"{lower:.8g} | {upper:.8g} | {1 - lower / upper:.0e} | {1 - low / high:.0e}"
            times = f"{one:.2g} | {other:.2g} | {other / one:.2g}"
            print(
                f"| {name} | {isometries(SETS[name]).order} | {share:g} | {bracket} | {neurons} | {times} |", flush=True
            )


if __name__ == "__main__":
    main()
