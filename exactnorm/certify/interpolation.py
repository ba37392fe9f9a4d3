"""How far a network is from mapping whole noise balls to their centres."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactnorm.certify.trust_region import sphere_maximum
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import Array, real_array, real_number

BLOCK = 2**18
"""Pairs of a ball and a neuron looked at together: a few megabytes, whatever the size of the network."""
PRODUCTS = 2**22
"""Numbers in all products a_k w_kᵀ up to which the Jacobians on many balls are one matrix product."""


def interpolation_error(network: ReLUNetwork, points: ArrayLike, rho: float) -> float:
    """Bound on the supremum, over all n and all y in B(x_n, ρ), of ‖h(y) − x_n‖.

    Parameters
    ----------
    network : ReLUNetwork
    points : array_like, shape (N, d)
    rho : float
        Radius of the balls, ρ ≥ 0. At ρ = 0 the value at the points themselves is taken.

    Returns
    -------
    float
        In the unit of the points. It is the supremum itself (to rounding) when no kink enters a ball, and
        an upper bound otherwise: a kink that enters a ball by a depth δ adds ‖a_k‖ δ.

    Notes
    -----
    With each neuron on or off on all of a ball, h is affine there, y ↦ x_n + e + D(y − x_n), and the supremum
    is max ‖e + ρ D v‖ over unit v: a trust-region problem. It is at most ‖e‖ + ρ ‖D‖ in Frobenius' norm, and solved
    only where that is more than what another ball has shown. The time grows as N K, the memory as N + K.
    """
    X = real_array(points, "points")
    rho = real_number(rho, "rho")
    step, largest = max(1, BLOCK // max(network.neurons, 1)), 0.0
    reach, height = rho * np.linalg.norm(network.w, axis=1), np.linalg.norm(network.a, axis=1)
    jacobians = _Jacobians(network)
    for start in range(0, len(X), step):
        some = X[start : start + step]
        before = some @ network.w.T + network.b
        # What is outside of the affine map on each ball: kinks that enter it, and what rounding keeps out of D.
        extra = np.maximum(reach - np.abs(before), 0.0) @ height
        active = before > 0
        e = np.maximum(before, 0.0, out=before) @ network.a + network.c - some
        if network.V is not None:
            e += some @ network.V.T
        known = extra + np.linalg.norm(e, axis=1)
        if rho == 0:
            largest = max(largest, float(known.max()))
            continue
        extra += rho * (active @ jacobians.left_out)
        for rows, D in jacobians.on(active):
            bound = known[rows] + rho * np.sqrt((D**2).sum(axis=(1, 2)))
            for i in np.argsort(-bound):
                if bound[i] <= largest:
                    break
                largest = max(largest, sphere_maximum(rho * D[i], e[rows[i]]) + float(extra[rows[i]]))
    return largest


class _Jacobians:
    """Jacobians on balls, up to rotations of the input: the maximum over unit vectors does not see them.

    Kinks of few directions, as those of points on a line in a large space, are written in coordinates of their span.
    `left_out` (K,) bounds what rounding leaves outside of it, ‖a_k‖ times the length of that part of w_k.
    """

    def __init__(self, network: ReLUNetwork) -> None:
        self.network = network
        self.w, self.left_out = network.w, np.zeros(network.neurons)
        K, d = network.w.shape
        if network.V is None and d < K:
            _, size, axes = np.linalg.svd(network.w, full_matrices=False)
            axes = axes[size > 64 * np.finfo(float).eps * np.sqrt(K) * size[0]]
            if len(axes) < d:
                self.w = network.w @ axes.T
                self.left_out = np.linalg.norm(network.a, axis=1) * np.linalg.norm(network.w - self.w @ axes, axis=1)
        small = self.w.shape[1] * network.outputs * K <= PRODUCTS
        self.products = (network.a[:, :, None] * self.w[:, None, :]).reshape(K, -1) if small else None

    def on(self, active: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.intp], Array]]:
        """Rows of `active` (n, K), the neurons that are on on each ball, and their Jacobians (rows, q, r)."""
        V, every = self.network.V, np.arange(len(active))
        if self.products is None:
            for n in every:
                yield every[n : n + 1], self._one(active[n])[None]
            return
        D = (active.astype(float) @ self.products).reshape(len(active), self.network.outputs, -1)
        yield every, D if V is None else D + V

    def _one(self, active: NDArray[np.bool_]) -> Array:
        a, w, V = self.network.a[active], self.w[active], self.network.V
        if V is not None or 2 * len(w) > w.shape[1]:
            D = a.T @ w
            return D if V is None else D + V
        # Few neurons in many dimensions: D v = aᵀ(w v) depends on v only through the span of the active w.
        return np.asarray(a.T @ (w @ np.linalg.qr(w.T)[0]))
