"""Probability flow on orthogonal data: vertex or not, by the time at which it starts.

Hypotheses: x_0 and points x_n with x_n − x_0 = L_n u_n pairwise orthogonal; for σ = √t (variance exploding) and ρ = ασ
with 2α√T < min L_n, the flow of the minimum-norm denoisers h_ρ from a fixed y_T; t_n = u_n·(y_T − x_0).

Claims: (B-4.4) if the nearest point of the hyperbox is a vertex the flow ends there, for every T; otherwise it ends on
a vertex for T > τ and on none for T < τ. (B-4.4-tau) τ = max_n (min(t_n, L_n − t_n)/α)² over n with 0 < t_n < L_n.

Source: Zeno et al., ICML 2025 (arXiv:2506.19031), theorem 4.4, known to us in paraphrase.
Standing: proved (in each coordinate both kinds of region move along with the flow).
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np

from exactnorm.arrays import Array
from exactnorm.closed_form import orthogonal
from exactnorm.network import ReLUNetwork
from exactnorm.theorems.check import Check
from exactnorm.theorems.integrate import probability_endpoint

SOURCE = "arXiv:2506.19031, theorem 4.4"
LENGTHS = np.array([1.0, 1.4])
POINTS = np.vstack([np.zeros(2), np.diag(LENGTHS)])
VERTICES = np.array(list(product([0, 1], repeat=2))) * LENGTHS
ALPHA = 0.8
TIMES = (0.01, 0.08, 0.3)


def vertex_or_not() -> Check:
    """Number of pairs (start, T) for which the integrated flow ends as claimed."""
    rng = np.random.default_rng(44)
    anywhere = rng.normal(0.6, 0.8, (50, 2))
    right = vertices = others = 0
    for T in TIMES:
        # One coordinate outside the box, the other where tau is 1 % below and above T.
        share = ALPHA * math.sqrt(T) * np.array([0.995, 1.005])
        close = np.vstack([np.column_stack([x, 0 * x - 0.2]) for x in (share, LENGTHS[0] - share)])
        Y = np.vstack([anywhere, close, close[:, ::-1]])
        ends = probability_endpoint(_path, Y, ALPHA, math.sqrt(T))
        gap = np.linalg.norm(ends[:, None] - VERTICES, axis=2)
        on_vertex = gap.min(axis=1) < 1e-5
        nearest = np.linalg.norm(np.clip(Y, 0, LENGTHS)[:, None] - VERTICES, axis=2)
        clear = nearest.min(axis=1) == 0  # the nearest box point is a vertex
        ends_on_vertex = tau(Y, LENGTHS, ALPHA) < T
        right_vertex = on_vertex & (gap.argmin(axis=1) == nearest.argmin(axis=1))
        as_claimed = np.where(clear, right_vertex, on_vertex == ends_on_vertex)
        right += int(as_claimed.sum())
        vertices += int(on_vertex.sum())
        others += int((~on_vertex).sum())
    return Check(
        name="B-4.4",
        source=SOURCE,
        standing="proved",
        claimed=float(len(TIMES) * len(Y)),
        computed=float(right),
        relation="=",
        tolerance=0.0,
        expected=True,
        detail="pairs (start, T) that end as claimed when integrated, some with tau within 1 % of T; "
        f"{vertices} end on a vertex, {others} do not",
    )


def threshold() -> Check:
    """T at which the integrated flow from one start begins to end on a vertex, by bisection and extrapolation."""
    y = np.array([0.75, 0.2])
    low, high = 1e-3, (0.49 * LENGTHS.min() / ALPHA) ** 2
    for _ in range(7):
        middle = (low + high) / 2
        low, high = (low, middle) if _off(y, middle) < 1e-6 else (middle, high)
    # The distance from the vertices is a smooth function of √T that reaches 0 at the threshold.
    roots = math.sqrt(low) * np.array([1.0, 0.99, 0.98, 0.97])
    gaps = np.array([_off(y, r * r) for r in roots])
    falling = bool(np.all(np.diff(gaps) > 0))
    root = float(np.linalg.solve(np.vander(gaps / gaps[-1]), roots)[-1]) if falling else float("nan")
    return Check(
        name="B-4.4-tau",
        source=SOURCE,
        standing="proved",
        claimed=float(tau(y[None], LENGTHS, ALPHA)[0]),
        computed=root**2,
        relation="=",
        tolerance=1e-6,
        expected=True,
        detail="threshold in T from integrated flows from (0.75, 0.2) in a box of sides 1 and 1.4, alpha = 0.8",
    )


def tau(Y: Array, lengths: Array, alpha: float, *, power: float = 2.0) -> Array:
    """max_n (min(t_n, L_n − t_n)/α)² over n with 0 < t_n < L_n, for each start; 0 where there is no such n."""
    share = np.where((Y > 0) & (lengths > Y), np.minimum(Y, lengths - Y), 0.0).max(axis=1)
    return np.asarray((share / alpha) ** power)


def _path(rho: float) -> ReLUNetwork:
    return orthogonal(POINTS, rho)


def _off(y: Array, T: float) -> float:
    end = probability_endpoint(_path, y[None], ALPHA, math.sqrt(T))[0]
    return float(np.linalg.norm(end - VERTICES, axis=1).min())
