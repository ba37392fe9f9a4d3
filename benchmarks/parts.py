"""Which part of the points to bound where all have too many activation patterns: what parts cost, how many they have.

    python benchmarks/parts.py [--points 100 30] [--sizes 16 20] [--share 0.3]

Digits of scikit-learn, divided by 16, ρ = share · (smallest distance of all). Of the first ones, of those farthest from
each other and of those nearest to each other: the cost of the best sum of ramps that three seconds find, and the
patterns.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform
from sklearn.datasets import load_digits

from exactnorm import TrainingSet
from exactnorm.exact.balls.partly import one_after_another
from exactnorm.exact.balls.ramp_program import cheap_ramps
from exactnorm.exact.deadline import Deadline
from exactnorm.geometry import affine_hull
from exactnorm.patterns import TooManyPatternsError, kink_patterns

MOST = 40_000
"""Patterns that are counted."""


def far_apart(points: NDArray[np.float64], count: int) -> list[int]:
    """The first point, and one after another the point farthest from all that are there."""
    D, rows = squareform(pdist(points)), [0]
    while len(rows) < count:
        rows.append(int(D[rows].min(axis=0).argmax()))
    return rows


def measured(points: NDArray[np.float64], rho: float) -> str:
    """Cost and patterns."""
    frame, cost = affine_hull(points), np.inf
    for ramps in cheap_ramps(frame.coordinates(points), rho / frame.scale, Deadline(3.0)):
        cost = ramps.cost
    try:
        return f"{cost:.1f}, {len(kink_patterns(points, rho, MOST))}"
    except TooManyPatternsError:
        return f"{cost:.1f}, over {MOST}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, nargs="+", default=[100, 30])
    parser.add_argument("--sizes", type=int, nargs="+", default=[16, 20])
    parser.add_argument("--share", type=float, default=0.3)
    given = parser.parse_args()
    print("| of | cost, patterns of | first ones | farthest apart | nearest to each other |")
    print("|---|---|---|---|---|")
    for number in given.points:
        points = load_digits().data[:number] / 16
        train = TrainingSet(points, given.share * pdist(points).min())
        for size in given.sizes:
            parts = (range(size), far_apart(points, size), one_after_another(points, train.closest)[:size])
            row = " | ".join(measured(points[np.sort(list(part))], train.rho) for part in parts)
            print(f"| {number} | {size} | {row} |", flush=True)


if __name__ == "__main__":
    main()
