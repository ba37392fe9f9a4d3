"""Brackets of 12 to 30 digits: how wide they are, which bound is the lower end, how long it takes and how much memory.

    python benchmarks/beyond.py [--points 12 16 20 30] [--shares 0.15 0.3 0.4 0.45] [--limits 60 600]

The first N digits of scikit-learn, divided by 16, ρ = f · (smallest distance). Each case runs in a process of its own;
the limit is on the wall clock, and processor seconds are printed beside it.
"""

from __future__ import annotations

import argparse
import resource
import time
from multiprocessing import get_context

from scipy.spatial.distance import pdist
from sklearn.datasets import load_digits

from exactnorm import min_norm_denoiser


def measured(size: int, share: float, limit: float) -> str:
    """One row of the table."""
    points = load_digits().data[:size] / 16
    began = time.process_time()
    found = min_norm_denoiser(points, share * pdist(points).min(), time_limit=limit, method="program")
    seconds = time.process_time() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    end = type(found.certificate.evidence).__name__
    lower, upper = found.certificate.lower, found.certificate.upper
    bracket = f"{lower:.6g} | {upper:.6g} | {100 * found.certificate.gap:.3g} %"
    return f"| {size} | {share:g} | {limit:g} | {bracket} | {end} | {seconds:.0f} | {memory:.2f} |"


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, nargs="+", default=[12, 16, 20, 30])
    parser.add_argument("--shares", type=float, nargs="+", default=[0.15, 0.3, 0.4, 0.45])
    parser.add_argument("--limits", type=float, nargs="+", default=[60.0, 600.0])
    given = parser.parse_args()
    print("| points | f | limit (s) | lower | upper | width | lower end | processor (s) | memory (GiB) |")
    print("|---|---|---|---|---|---|---|---|---|")
    for size in given.points:
        for share in given.shares:
            for limit in given.limits:
                with get_context("spawn").Pool(1) as pool:
                    print(pool.apply(measured, (size, share, limit)), flush=True)


if __name__ == "__main__":
    main()
