"""Training of the two-layer network itself: gradients by hand, Adam, and L-BFGS on an augmented Lagrangian."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from exactnorm.arrays import Array
from exactnorm.network import ReLUNetwork


class Weights(NamedTuple):
    """Weights of h(y) = Σ a_k [w_k·y + b_k]_+ + V y + c: a (K, q), w (K, d), b (K,), V (q, d), c (q,)."""

    a: Array
    w: Array
    b: Array
    V: Array
    c: Array

    def network(self) -> ReLUNetwork:
        """The network with these weights; `Weights(*network)` would not copy, this does."""
        return ReLUNetwork(self.a, self.w, self.b, self.V, self.c)


class Objective(NamedTuple):
    """⟨multipliers, r⟩/M + penalty/(2M) Σ ‖r_m‖² + decay/2 Σ (‖a_k‖² + ‖w_k‖²), r_m = h(y_m) − x_m at M samples.

    With the defaults the mean squared error; with weight decay, or as an augmented Lagrangian, what training minimises.
    """

    inputs: Array
    targets: Array
    decay: float = 0.0
    penalty: float = 1.0
    multipliers: Array | None = None


def started(width: int, dimension: int, rng: np.random.Generator, size: float = 0.1) -> Weights:
    """Normal weights of standard deviation `size` (small ones: large ones make training longer), V = 0, c = 0."""
    a, w, b = (size * rng.standard_normal(shape) for shape in ((width, dimension), (width, dimension), (width,)))
    return Weights(a, w, b, np.zeros((dimension, dimension)), np.zeros(dimension))


def value_and_gradient(weights: Weights, objective: Objective, keep: Array | None = None) -> tuple[float, Weights]:
    """The objective and its gradient.

    Parameters
    ----------
    weights : Weights
    objective : Objective
    keep : ndarray, shape (M, K), optional
        By which the neurons' outputs are multiplied: zeros and 1/(1 − p) for dropout.
    """
    a, w, b, V, c = weights
    Y, X, decay, penalty, multipliers = objective
    z = np.maximum(Y @ w.T + b, 0.0)
    on = z > 0 if keep is None else (z > 0) * keep
    z = z if keep is None else z * keep
    r = z @ a + Y @ V.T + c - X
    pull = penalty * r if multipliers is None else penalty * r + multipliers
    value = 0.5 * penalty * float(np.sum(r * r)) + (0.0 if multipliers is None else float(np.sum(multipliers * r)))
    value = value / len(Y) + 0.5 * decay * float(np.sum(a * a) + np.sum(w * w))
    pull = pull / len(Y)
    back = (pull @ a.T) * on
    gradient = Weights(z.T @ pull + decay * a, back.T @ Y + decay * w, back.sum(axis=0), pull.T @ Y, pull.sum(axis=0))
    return value, gradient


def adam(
    start: Weights, gradient: Callable[[Weights], Weights], steps: int, rate: float, last_rate: float | None = None
) -> Iterator[Weights]:
    """Weights after each step of Adam (β = 0.9, 0.999), at a rate that falls geometrically to `last_rate`."""
    first = [np.zeros_like(x) for x in start]
    second = [np.zeros_like(x) for x in start]
    weights = start
    for step in range(1, steps + 1):
        now = rate if last_rate is None else rate * (last_rate / rate) ** (step / steps)
        moved = []
        for x, g, m, v in zip(weights, gradient(weights), first, second, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            moved.append(x - now * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8))
        weights = Weights(*moved)
        yield weights


def augmented_lagrangian(start: Weights, inputs: Array, targets: Array, *, rounds: int, penalty: float) -> Weights:
    """Minimise ½ Σ (‖a_k‖² + ‖w_k‖²) subject to h(y_m) = x_m: L-BFGS, multipliers updated after each round.

    At most 200 iterations a round.
    """
    multipliers, weights = np.zeros_like(targets), start
    shapes = [x.shape for x in start]
    ends = np.cumsum([x.size for x in start])[:-1]

    def unpacked(flat: Array) -> Weights:
        return Weights(*(part.reshape(shape) for part, shape in zip(np.split(flat, ends), shapes, strict=True)))

    def flattened(parts: Weights) -> Array:
        return np.concatenate([part.ravel() for part in parts])

    for _ in range(rounds):
        objective = Objective(inputs, targets, 1.0, penalty, multipliers)

        def both(flat: Array, objective: Objective = objective) -> tuple[float, Array]:
            value, gradient = value_and_gradient(unpacked(flat), objective)
            return value, flattened(gradient)

        found = minimize(both, flattened(weights), jac=True, method="L-BFGS-B", options={"maxiter": 200, "maxcor": 30})
        weights = unpacked(np.asarray(found.x))
        multipliers = multipliers + penalty * (weights.network()(inputs) - targets)
    return weights


def noisy(points: Array, radius: float, samples: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Inputs (N·samples, d) on the spheres of this radius around the points, and their points as targets."""
    noise = rng.standard_normal((len(points), samples, points.shape[1]))
    noise *= radius / np.linalg.norm(noise, axis=2, keepdims=True)
    return (points[:, None] + noise).reshape(-1, points.shape[1]), np.repeat(points, samples, axis=0)
