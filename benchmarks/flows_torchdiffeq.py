"""The score flow of `flows.py --save PROBLEM.npz` by torchdiffeq: a batch of starts in common steps, double precision.

    pip install torch torchdiffeq          # in an environment of its own
    python benchmarks/flows_torchdiffeq.py PROBLEM.npz

Processor seconds of one thread, the best of three runs, beside the error against the same reference.
"""

from __future__ import annotations

import sys
import time
from importlib.metadata import version

import numpy as np
import torch
from torchdiffeq import odeint

torch.set_num_threads(1)


def main() -> int:
    """Time two solvers at two tolerances."""
    with np.load(sys.argv[1]) as data:
        a, w, b, c, Y, reference = (torch.from_numpy(data[k]) for k in ("a", "w", "b", "c", "Y", "reference"))
        times = torch.tensor([0.0, float(data["horizon"])], dtype=torch.float64)

    def field(_t: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.addmm(c, torch.relu(torch.addmm(b, y, w.T)), a) - y

    print(f"torchdiffeq {version('torchdiffeq')}, torch {torch.__version__}, {len(Y)} starts to u = {times[-1]:g}")
    for method in ("dopri5", "dopri8"):
        for rtol in (1e-6, 1e-8):
            seconds = []
            for _ in range(3):
                begin = time.process_time()
                with torch.no_grad():
                    ends = odeint(field, Y, times, method=method, rtol=rtol, atol=1e-2 * rtol)[-1]
                seconds.append(time.process_time() - begin)
            error = float((ends[: len(reference)] - reference).abs().max())
            print(f"  {method}, rtol {rtol:g}: {min(seconds):.3g} s, error {error:.2g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
