"""Second-order cones, many at once: the scaling of Nesterov and Todd, products, and how far a step may go.

Vectors are (ℓ_w, ℓ_t), t last, ‖ℓ_w‖ < ℓ_t, along the last axis. After R. Tütüncü, K. Toh and M. Todd, Mathematical
Programming 95 (2003), and L. Vandenberghe, The CVXOPT linear and quadratic cone program solvers (2010).
"""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array

FAR = 1e9
"""How far a step may go where nothing is in its way."""


def room(x: Array) -> Array:
    """x_t² − ‖x_w‖², without cancellation."""
    w = np.linalg.norm(x[..., :-1], axis=-1)
    return np.asarray((x[..., -1] - w) * (x[..., -1] + w))


def inverse(x: Array) -> Array:
    """The y with x ∘ y = e."""
    signed = -x
    signed[..., -1] *= -1.0
    return np.asarray(signed / room(x)[..., None])


def roots(s: Array, z: Array) -> Array:
    """Symmetric W, shape (…, k, k), with W z = W⁻¹ s."""
    size_s, size_z = np.sqrt(room(s)), np.sqrt(room(z))
    s, z = s / size_s[..., None], z / size_z[..., None]
    cosine = (s * z).sum(axis=-1)
    z = -z
    z[..., -1] *= -1.0
    middle = (s + z) / np.sqrt(2 * (1 + cosine))[..., None]
    w, t = middle[..., :-1], middle[..., -1]
    W = np.empty((*s.shape, s.shape[-1]))
    W[..., :-1, :-1] = np.eye(w.shape[-1]) + w[..., :, None] * w[..., None, :] / (1 + t)[..., None, None]
    W[..., :-1, -1] = W[..., -1, :-1] = w
    W[..., -1, -1] = t
    return np.asarray(W * np.sqrt(size_s / size_z)[..., None, None])


def product(x: Array, y: Array) -> Array:
    """The Jordan product x ∘ y = (x_t y_w + y_t x_w, x·y)."""
    out = x[..., -1:] * y + y[..., -1:] * x
    out[..., -1] = (x * y).sum(axis=-1)
    return np.asarray(out)


def quotient(x: Array, d: Array) -> Array:
    """The y with x ∘ y = d, x inside the cone."""
    time = (x[..., -1] * d[..., -1] - (x[..., :-1] * d[..., :-1]).sum(axis=-1)) / room(x)
    space = (d[..., :-1] - time[..., None] * x[..., :-1]) / x[..., -1:]
    return np.concatenate([space, time[..., None]], axis=-1)


def line_reach(x: Array, step: Array) -> Array:
    """How far the entries of each x > 0, the first axis, may go along a step before one is 0, at most `FAR`."""
    return np.asarray(-1 / np.minimum((step / x).min(axis=1, initial=0.0), -1 / FAR))


def cone_reach(x: Array, step: Array) -> Array:
    """The same until some vector is at the end of its cone: the least positive root of a t² + 2 b t + c."""
    c = room(x)
    a = step[..., -1] ** 2 - (step[..., :-1] ** 2).sum(axis=-1)
    b = x[..., -1] * step[..., -1] - (x[..., :-1] * step[..., :-1]).sum(axis=-1)
    bend = b * b - a * c
    with np.errstate(divide="ignore", invalid="ignore"):
        q = -(b + np.where(b >= 0, 1.0, -1.0) * np.sqrt(np.maximum(bend, 0.0)))
        both = np.stack([q / a, c / q], axis=-1)
    both[~((bend >= 0)[..., None] & np.isfinite(both) & (both > 0))] = FAR
    return np.asarray(both.reshape(len(x), -1).min(axis=1, initial=FAR))


def matrix_reach(rise: Array, D: Array | None = None) -> Array:
    """How far each I + t·rise − t²·DᵀD stays positive definite, (P, n, n) and (P, k, n), at most 1000; 0.999 of it.

    That is where [[I + t·rise, t·Dᵀ], [t·D, I]] does, which is linear in t.
    """
    n = rise.shape[1]
    if D is not None:
        both = np.zeros((len(rise), n + D.shape[1], n + D.shape[1]))
        both[:, :n, :n], both[:, n:, :n] = rise, D  # the lower triangle is all that is looked at
        rise = both
    return np.asarray(-0.999 / np.minimum(np.linalg.eigvalsh(rise)[:, 0], -1e-3))
