"""The score flow of `flows.py --save PROBLEM.npz` by diffrax: a batch of starts, compiled, in double precision.

    pip install diffrax          # in an environment of its own
    python benchmarks/flows_diffrax.py PROBLEM.npz

Processor seconds of the second call, so that compilation does not count, beside the error against the same reference.
"""

from __future__ import annotations

import sys
import time

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def main() -> int:
    """Time two solvers at two tolerances."""
    with np.load(sys.argv[1]) as data:
        a, w, b, c, Y, reference = (jnp.asarray(data[k]) for k in ("a", "w", "b", "c", "Y", "reference"))
        horizon = float(data["horizon"])

    def field(_t, y, _arguments):
        return jnp.maximum(w @ y + b, 0.0) @ a + c - y

    print(f"diffrax {diffrax.__version__}, jax {jax.__version__}, {len(Y)} starts to u = {horizon:g}")
    for solver in (diffrax.Dopri5(), diffrax.Tsit5()):
        for rtol in (1e-6, 1e-8):
            control = diffrax.PIDController(rtol=rtol, atol=1e-2 * rtol)

            @jax.jit
            @jax.vmap
            def solve(y, solver=solver, control=control):
                term = diffrax.ODETerm(field)
                found = diffrax.diffeqsolve(
                    term, solver, 0.0, horizon, None, y, stepsize_controller=control, max_steps=100_000
                )
                return found.ys[-1]

            solve(Y).block_until_ready()
            begin = time.process_time()
            ends = solve(Y).block_until_ready()
            seconds = time.process_time() - begin
            error = float(jnp.abs(ends[: len(reference)] - reference).max())
            print(f"  {type(solver).__name__}, rtol {rtol:g}: {seconds:.3g} s, error {error:.2g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
