"""Proved brackets of the reference sets: widths, seconds of solving, proving and verifying, sizes.

    python benchmarks/proofs.py [--out FOLDER] [--only NAME ...]

prints a line of a Markdown table for each set; FOLDER receives every proof on noise balls as NAME.json, with its points
and radius in NAME.npz, as `tests/proof_mutants.py` reads them. Processor seconds of all threads; what takes less than
half a second is repeated for half a second, and the median counts. Everything is loaded before the first clock starts.
"""

from __future__ import annotations

import argparse
import itertools
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.distance import pdist

import exactnorm
from exactnorm import problems
from exactnorm.proof.verify import Verdict, verify, verify_network, verify_samples
from exactnorm.prover import Rigorous, rigorous

U, V = np.array([1.0, 0.0]), np.array([np.cos(1.9), np.sin(1.9)])
ACUTE = np.array([[0, 0], [1, 0], [0.4, 0.9]])
ANGLES = np.pi / 2 + 2 * np.pi * np.arange(3) / 3
GENERATOR = np.random.default_rng(5)
SIMPLICES = [GENERATOR.standard_normal(shape) for shape in ((6, 5), (7, 6), (8, 7))]
DIGITS = problems.named("digits5").train

BALLS: dict[str, tuple[Any, float]] = {
    "0, 1, 2.5": ([[0.0], [1.0], [2.5]], 0.1),
    "(0,0), (1,0), (0,2)": ([[0, 0], [1, 0], [0, 2]], 0.1),
    "(0,0), (1,0), (−0.7,1)": ([[0, 0], [1, 0], [-0.7, 1]], 0.1),
    "equilateral triangle, R = 1": (np.column_stack([np.cos(ANGLES), np.sin(ANGLES)]), 0.1),
    "(0,0), (1,0), (0.4,0.9)": (ACUTE, 0.1),
    "the same, larger balls": (ACUTE, 0.4),
    "(0,0), (4,0), (1,3)": ([[0, 0], [4, 0], [1, 3]], 0.8),
    "(0,0), (1,0), (0.5,1)": ([[0, 0], [1, 0], [0.5, 1]], 0.42),
    "two rays, two points each": (np.array([0 * U, U, 2.2 * U, 0.8 * V, 2 * V]), 0.1),
    "five unit vectors": (np.eye(5), 0.05),
    "0 and five unit vectors": (np.vstack([np.zeros(5), np.eye(5)]), 0.05),
    "generic simplex of 6": (SIMPLICES[0], 0.05),
    "generic simplex of 7": (SIMPLICES[1], 0.05),
    "generic simplex of 8": (SIMPLICES[2], 0.05),
    "digits5": (DIGITS.points, DIGITS.rho),
    "(0,0), (1,0), (0.4,0.9), (0.4,0.9001)": ([[0, 0], [1, 0], [0.4, 0.9], [0.4, 0.9001]], 4e-5),
    "five in space, two 1e-3 apart": ([[0, 0, 0], [1, 0, 0], [0.3, 1, 0], [0.2, 0.4, 1], [0.2, 0.4, 1.001]], 4e-4),
    "(0,0), (1e-5,0), (0.4,0.9), (1,0.2)": ([[0, 0], [1e-5, 0], [0.4, 0.9], [1, 0.2]], 3e-6),
    "16 corners of a cube": (np.array(list(itertools.product([-1, 1], repeat=4))), 0.3),
    "24-cell": (np.array([v for v in itertools.product([-1, 0, 1], repeat=4) if np.abs(v).sum() == 2]), 0.2),
}
GOLDEN = (1 + math.sqrt(5)) / 2
TWELVE = [np.roll([0, a, b * GOLDEN], k) for a, b in itertools.product([-1, 1], repeat=2) for k in range(3)]
TURN = np.linalg.qr(np.random.default_rng(7).standard_normal((12, 12)))[0]
NORMAL = np.random.default_rng(81).standard_normal((6, 5))
IMAGES = problems.digits(7).train.points
MORE: dict[str, tuple[Any, float]] = {
    "6 digits, 0.3 of the least distance": (IMAGES[:6], 0.3 * pdist(IMAGES[:6]).min()),
    "7 digits, 0.3": (IMAGES, 0.3 * pdist(IMAGES).min()),
    "6 normal points in R^5": (NORMAL, 0.3),
    "octahedron": (np.vstack([np.eye(3), -np.eye(3)]), 0.1),
    "cube": (np.array(list(itertools.product([-1, 1], repeat=3))), 0.1),
    "icosahedron": (np.array(TWELVE), 0.2),
    "cross-polytope of 6 dimensions": (np.vstack([np.eye(6), -np.eye(6)]), 0.1),
    "12 one-hot rows, 0.1 of the height": (np.eye(12), 0.1 * math.sqrt(12 / 11)),
    "12 one-hot rows, 0.4985": (np.eye(12), 0.4985 * math.sqrt(12 / 11)),
    "12 turned one-hot rows, 0.4985": (TURN, 0.4985 * math.sqrt(12 / 11)),
}
"""Sets of higher rank, and symmetric ones."""
PLACES = {"line": np.array([[0.0], [1.0], [2.5]]), "plane": ACUTE, "space": np.vstack([np.zeros(3), np.eye(3)])}
SAMPLES = [
    ("line", 3, None),
    ("line", 100, None),
    ("line", 100, 0.01),
    ("plane", 2, None),
    ("plane", 2, 0.01),
    ("plane", 4, None),
    ("plane", 4, 0.01),
    ("space", 2, None),
]
NETWORKS = [(6, 2, 1, None), (6, 2, 3, 0.01), (100, 1, 2, None)]


def seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """Median processor seconds, and what came out."""
    taken, start = [], time.process_time()
    while not taken or time.process_time() - start < 0.5:
        before = time.process_time()
        found = call()
        taken.append(time.process_time() - before)
    return statistics.median(taken), found


def line(name: str, solve: Callable[[], Any], judge: Callable[[str], Verdict]) -> Rigorous:
    """Solve, prove, verify, print."""
    first, denoiser = seconds(solve)
    second, found = seconds(lambda: rigorous(denoiser))
    text = found.text
    third, verdict = seconds(lambda: judge(text))
    low = found.proof.lower
    cells = len(getattr(low, "cells", ()))
    kind = f"{cells} cells" if cells else type(low).__name__.lower()
    assert verdict.outcome == "proved", (name, verdict)
    assert found.upper is not None, name
    said = "".join(f" ({sentence})" for sentence in found.said)
    print(
        f"| {name} | {below(found.lower):.8f} | {above(found.upper):.8f} | {found.gap:.1e} | {kind} | {first:.2g} | "
        f"{second:.2g} | {third:.2g} | {third / first:.2g} | {len(text) / 1000:.2g} |{said}",
        flush=True,
    )
    return found


def below(number: Any) -> float:
    """To eight decimals, rounded down."""
    return int(number.p * 10**8 // number.q) / 10**8


def above(number: Any) -> float:
    """To eight decimals, rounded up."""
    return -int(-number.p * 10**8 // number.q) / 10**8


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only", nargs="*", help="sets whose name holds one of these words")
    arguments = parser.parse_args()
    wanted = [word.lower() for word in arguments.only or [""]]
    rigorous(exactnorm.min_norm_denoiser(ACUTE, rho=0.1))
    rigorous(exactnorm.min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0]))
    print("| data | lower | upper | gap | evidence | solve | prove | verify | verify/solve | kB |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for k, (name, (points, rho)) in enumerate((BALLS | MORE).items()):
        if not any(word in name.lower() for word in wanted):
            continue
        X = np.array(points, dtype=float)
        found = line(
            name,
            lambda X=X, rho=rho: exactnorm.min_norm_denoiser(X, rho=rho),
            lambda text, X=X, rho=rho: verify(text, X, rho),
        )
        if arguments.out is not None:
            arguments.out.mkdir(parents=True, exist_ok=True)
            (arguments.out / f"row{k:02d}.json").write_text(found.text)
            np.savez(arguments.out / f"row{k:02d}.npz", X=X, rho=rho)
    for place, count, decay in SAMPLES:
        points, rng = PLACES[place], np.random.default_rng(0)
        samples = [x + 0.1 * rng.standard_normal((count, len(x))) for x in points]
        name = f"{len(points)} × {count} samples, {place}" + (f", λ = {decay:g}" if decay else "")
        if any(word in name.lower() for word in wanted):
            train = exactnorm.TrainingSet.from_samples(points, samples)
            line(
                name,
                lambda train=train, decay=decay: exactnorm.min_norm_denoiser(train, weight_decay=decay),
                lambda text, X=points, Y=samples, decay=decay: verify_samples(text, X, Y, decay),
            )
    for count, p, q, decay in NETWORKS:
        rng = np.random.default_rng(0)
        Y, X = rng.standard_normal((count, p)), rng.standard_normal((count, q))
        name = f"{count} inputs in R^{p}, targets in R^{q}" + (f", λ = {decay:g}" if decay else "")
        if any(word in name.lower() for word in wanted):
            line(
                name,
                lambda Y=Y, X=X, decay=decay: exactnorm.min_norm_network(Y, X, weight_decay=decay),
                lambda text, Y=Y, X=X, decay=decay: verify_network(text, Y, X, decay),
            )


if __name__ == "__main__":
    main()
