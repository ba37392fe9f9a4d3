"""pyscnn's cost on its own problem beside our bracket: one run, one table, ratios within the run.

pyscnn brings its own versions of PyTorch and NumPy, so it gets an environment of its own, with this package in it:

python -m venv peer && peer/bin/pip install torch==2.13.0 pyscnn==0.0.10 .
peer/bin/python benchmarks/pyscnn_peer.py

The problem is the one that pyscnn 0.0.10 states for a scalar ReLU network with `NeuronGL1(lam)` and `bias=False`, its
inputs given with a column of ones: minimise 1/(2M) Σ (f(y_m) − x_m)² + λ Σ |a_k| ‖(w_k, b_k)‖ over
f(y) = Σ a_k [w_k·y + b_k]_+, without a skip connection or a free constant. (Its loss is the sum of squares over 2M, its
penalty λ times the norms of the convex weights; `unitize_data=True`, the default, would weigh the columns differently,
and `bias=True` would draw gates through the origin only.) That is `min_norm_network(inputs, targets, skip=False,
penalise_bias=True, constant=False, weight_decay=λ)`.

pyscnn writes its program over the activation patterns of randomly drawn gates. What its network costs is computed here
from the network's weights.
"""

from __future__ import annotations

import argparse
import time
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table
from scnn.activations import compute_activation_patterns, sample_gate_vectors
from scnn.metrics import Metrics
from scnn.models import ConvexReLU
from scnn.optimize import optimize_model
from scnn.regularizers import NeuronGL1
from scnn.solvers import AL, CVXPYSolver

from exactnorm import ReLUNetwork, min_norm_network
from exactnorm.certify.finite.bounds import finite_upper_bound
from exactnorm.patterns import activation_patterns

SOLVERS = {
    "its own, as it comes": AL,
    "its own, tol 1e-9": lambda model: AL(model, tol=1e-9, constraint_tol=1e-8),
    "CVXPY with SCS": lambda model: CVXPYSolver(model, "scs"),
}


def peer(problem, gates: int, seed: int, solver) -> tuple[float, float, int]:
    """The objective at pyscnn's network, its processor seconds, and how many activation patterns it had."""
    homogeneous = np.column_stack([problem.inputs, np.ones(len(problem.inputs))])
    start = time.process_time()
    G = sample_gate_vectors(seed, homogeneous.shape[1], gates)
    model = ConvexReLU(G)
    network, _ = optimize_model(
        model,
        solver(model),
        Metrics(),
        homogeneous,
        problem.targets[:, 0],
        regularizer=NeuronGL1(problem.weight_decay),
        unitize_data=False,
        dtype="float64",
        seed=seed,
    )
    seconds = time.process_time() - start
    z, a = network.parameters
    ours = ReLUNetwork(a.T, z[:, :-1], z[:, -1], None, np.zeros(1))
    return finite_upper_bound(problem, ours)[0], seconds, compute_activation_patterns(homogeneous, G)[0].shape[1]


def table(size: int, dimension: int, decay: float, seeds: int) -> Table:
    """The peer at 20, 200 and 2000 gates with each of its solvers, beside our bracket."""
    rng = np.random.default_rng(0)
    inputs, targets = rng.standard_normal((size, dimension)), rng.standard_normal(size)
    setting = {"skip": False, "penalise_bias": True, "constant": False, "weight_decay": decay}
    min_norm_network(inputs[:4], targets[:4], **setting)  # loading CVXPY is not part of the time
    start = time.process_time()
    found = min_norm_network(inputs, targets, **setting)
    ours, one = time.process_time() - start, found.certificate
    every = len(activation_patterns(inputs)) - 1  # pyscnn leaves out the one that is off everywhere
    result = Table("solver", "gates", "patterns", "above our lower bound: least", "median", "most", "seconds", "ours")
    result.title = (
        f"{size} points in R^{dimension}, lambda {decay:g}: our bracket [{one.lower:.8f}, {one.upper:.8f}], gap "
        f"{one.gap:.0e}, {ours:.2f} processor seconds; {seeds} seeds each, {every} patterns in all"
    )
    for name, solver in SOLVERS.items():
        for gates in (20, 200, 2000):
            runs = [peer(found.problem, gates, seed, solver) for seed in range(seeds)]
            above = sorted(objective / one.lower - 1 for objective, _, _ in runs)
            seconds, patterns = median(run[1] for run in runs), sorted(run[2] for run in runs)
            result.add_row(
                name,
                str(gates),
                f"{patterns[0]}-{patterns[-1]}",
                *(f"{x:+.4%}" for x in (above[0], median(above), above[-1])),
                f"{seconds:.2f}",
                f"{seconds / ours:.1f} x",
            )
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=10, help="number of inputs (default 10)")
    parser.add_argument("--dimension", type=int, default=3, help="their dimension (default 3)")
    parser.add_argument("--decay", type=float, default=0.01, help="lambda (default 0.01)")
    parser.add_argument("--seeds", type=int, default=5, help="draws of the gates (default 5)")
    arguments = parser.parse_args()
    Console(width=150).print(table(arguments.size, arguments.dimension, arguments.decay, arguments.seeds))
