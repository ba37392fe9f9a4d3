"""The bound of whole patterns from dual matrices made of pairs of points, beside that of all of them.

    python benchmarks/pairs.py [--digits 8 12] [--shares 0.15 0.3 0.4]

The first N digits of scikit-learn, divided by 16, ρ = f · (smallest distance): the bound of segments, and the values
and processor seconds of an interior point method over all living patterns, to 1e-3, with one unknown for each pair
(along the segment), five, and all.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.datasets import load_digits

from exactnorm import TrainingSet
from exactnorm.exact.balls.families import Family, Pairs, pairs
from exactnorm.exact.balls.first import first_bracket
from exactnorm.exact.balls.joint import free, path
from exactnorm.exact.balls.problem import Reduced, reduced
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.settings import Settings
from exactnorm.geometry import affine_hull

CLOSE = 1e-3
"""Share of the cost that may be ahead at the end of the path."""


def along(problem: Reduced) -> Pairs:
    """Pairs with p_ij along the segment alone."""
    five = pairs(problem.points, problem.rho)
    way = problem.points[five.second] - problem.points[five.first]
    return replace(five, along=(way / np.linalg.norm(way, axis=1)[:, None])[:, None])


def bound(problem: Reduced, family: Family, upper: float) -> tuple[float, float]:
    """The value, and processor seconds."""
    start = time.process_time()
    at = next(at for at in path(problem, upper, Deadline(None), family) if at.ahead < CLOSE * upper)
    return at.lower, time.process_time() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--digits", type=int, nargs="+", default=[8, 12])
    parser.add_argument("--shares", type=float, nargs="+", default=[0.15, 0.3, 0.4])
    arguments = parser.parse_args()
    print("| digits | f | patterns | segments | along the segment | five a pair | all B |")
    print("|---|---|---|---|---|---|---|")
    for size in arguments.digits:
        points = load_digits().data[:size] / 16
        for share in arguments.shares:
            train = TrainingSet(points, share * pdist(points).min())
            first, problem = first_bracket(train, affine_hull(points), Settings()), reduced(train)
            families = along(problem), pairs(problem.points, problem.rho), free(problem)
            found = [bound(problem, family, first.upper) for family in families]
            values = " | ".join(f"{value:.2f} ({seconds:.2g} s)" for value, seconds in found)
            print(f"| {size} | {share:g} | {len(problem.patterns)} | {first.lower:.2f} | {values} |", flush=True)


if __name__ == "__main__":
    main()
