"""Processor seconds until many points have a network at all: `python benchmarks/first_networks.py [--limit 20]`.

Standard normal points (seed 0), a radius of so much of their smallest distance.
"""

import argparse
import time
from types import SimpleNamespace

import numpy as np
from scipy.spatial.distance import pdist

from exactnorm.exact import deadline
from exactnorm.exact.balls.ramp_program import cheap_ramps
from exactnorm.exact.deadline import Deadline, OutOfTimeError
from exactnorm.geometry import affine_hull

SETS = ((200, 5, 0.1), (200, 5, 0.2), (300, 8, 0.1), (500, 8, 0.1), (300, 8, 0.2))

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--limit", type=float, default=20.0, help="processor seconds for each set")
limit = parser.parse_args().limit
deadline.time = SimpleNamespace(monotonic=time.process_time)
for size, rank, share in SETS:
    X = np.random.default_rng(0).standard_normal((size, rank))
    frame, rho = affine_hull(X), share * pdist(X).min()
    start = time.process_time()
    try:
        found = next(cheap_ramps(frame.coordinates(X), rho / frame.scale, Deadline(limit)), None)
    except OutOfTimeError:
        found = None
    took = time.process_time() - start
    said = "no network" if found is None else f"cost {found.cost:.5g}"
    print(f"{size} points in R^{rank}, {share} of the smallest distance: {said} after {took:.2f} s", flush=True)
