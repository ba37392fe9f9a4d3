"""What a network misses its targets by, made up for by neurons of its own: where large slopes lose their last digits.

Inputs that are a trillionth from a line have a skip connection of a trillion, at no cost, and no float is near enough
to it. What such a network misses, which rational arithmetic tells, is a function of few heights along the line, and
costs little; a network that is that function, too, goes through the targets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from exactnorm.arrays import Array
from exactnorm.certify.certificate import Certificate
from exactnorm.certify.finite.bounds import finite_upper_bound, network_cost
from exactnorm.certify.finite.correction import directions, misses
from exactnorm.finite_problem import FiniteProblem
from exactnorm.network import ReLUNetwork

AWAY = 16.0
"""How far before the first input a constant begins, in units of what they spread: it costs the less."""


def mended(problem: FiniteProblem, network: ReLUNetwork, certificate: Certificate) -> tuple[ReLUNetwork, Certificate]:
    """The network with what it misses added to it, along the direction in which that costs least, if that helps."""
    ((miss, _),) = deque(misses(problem, network), 1)
    first = problem.distinct[0]
    added = list(_interpolants(problem.inputs[first], miss)) if np.isfinite(miss).all() else []
    if not added:
        return network, certificate
    more = min(added, key=lambda one: network_cost(problem, one))
    a, w, b = (np.concatenate([getattr(one, name) for one in (network, more)]) for name in ("a", "w", "b"))
    whole = ReLUNetwork(a, w, b, network.V, network.c)
    upper, error = finite_upper_bound(problem, whole)
    if not upper < np.inf:
        return network, certificate
    return whole, replace(certificate, lower=min(certificate.lower, upper), upper=upper, interpolation_error=error)


def _interpolants(Y: Array, x: Array) -> Iterator[ReLUNetwork]:
    """Networks of neurons alone with the values x at Y, each along a direction that tells all of them apart."""
    for u in directions(Y):
        order = np.argsort(Y @ u, kind="stable")
        gaps = np.diff(Y[order], axis=0) @ u
        height = (Y @ u)[order]
        if not gaps.min() > 1e-9 * (height[-1] - height[0]):
            continue
        start = AWAY * (height[-1] - height[0])
        constant = x[order[:1]] / start
        slopes = np.diff(x[order], axis=0) / gaps[:, None]
        a = np.vstack([constant, slopes[:1] - constant, np.diff(slopes, axis=0)])
        b = -np.append(height[0] - start, height[:-1])
        yield ReLUNetwork(a, np.tile(u, (len(a), 1)), b, None, np.zeros(x.shape[1]))
