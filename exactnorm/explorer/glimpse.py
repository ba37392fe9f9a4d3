"""Flows while something is moved: Runge–Kutta steps, good to a pixel; what stands still is followed exactly."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.explorer.flows import (
    NoFlowError,
    Ways,
    closed_family,
    formula_family,
    level,
    on_lines,
    starts,
    ways_of,
)
from exactnorm.explorer.picture import Picture, with_ways
from exactnorm.explorer.view import View
from exactnorm.flow import Family
from exactnorm.training_set import closest_pair

STEP, STEPS = 1 / 6, 48
"""Of flow time, while a way is drawn: as far as u = 8."""
LONG, LATER = 1.0, 20
"""Of flow time, after that: what is left shrinks by 0.375 a step towards where h is constant, to 3e-9 of it."""
SETTLED = 1e-6
"""Length of h(y) − y, in units of the smallest distance of two points, below which a way has arrived."""
LEVELS = np.geomspace(1.0, 1e-3, 13)
"""Noise levels, in units of the highest, at which a probability flow's networks are built: a millisecond each."""
FEWER = np.geomspace(1.0, 1e-3, 9)
"""The same where formulas stand in for the program: some milliseconds each."""

FOR_NOW = "the probability flow is that of the formulas' networks for now, until the program's are known"
WAITS = "the probability flow waits for the program: no formula gives networks up to the radius alpha·sigma_T"

Field = Callable[[Array], Array]


def with_glimpse(picture: Picture) -> Picture:
    """The picture with flows of its network, or of the closed form's networks at lower noise; the bars with them.

    On orthogonal lines flows have closed forms themselves, and are followed exactly. A probability flow without a
    closed form is that of networks by a formula, as the field is, until programs are solved. A way that is still under
    way at u = 28 has no endpoint yet.
    """
    if picture.known is None or picture.known.network is None:
        return picture
    view, network = picture.view, picture.known.network
    if on_lines(view.points):
        return with_ways(picture)
    try:
        first = starts(view, picture.frame)
        if view.flow == "score":
            states = score(network, first)
            arrived = _arrived(network, states[-1], view)
            return replace(picture, ways=ways_of(view, picture.frame, states, states[-1], arrived=arrived))
        family = closed_family(view)
        known = family or formula_family(view)
        if known is None:
            return replace(picture, note=WAITS)
        levels, note = (LEVELS, "") if family else (FEWER, FOR_NOW)
        return replace(picture, ways=probability(picture, known, first, levels), note=note)
    except NoFlowError as reason:
        return replace(picture, note=str(reason))


def _arrived(h: Field, Y: Array, view: View) -> NDArray[np.bool_]:
    near = SETTLED * closest_pair(view.points)[2]
    return np.asarray(np.linalg.norm(h(Y) - Y, axis=1) <= near)


def score(h: Field, Y: Array) -> Array:
    """States (n, m, d), from the starts (m, d) to u = 28, of dy/du = h(y) − y."""
    kept = [Y]
    for n in range(STEPS):
        Y = stepped(h, h, h, Y, STEP)
        if n % 2:
            kept.append(Y)
    for _ in range(LATER):
        Y = stepped(h, h, h, Y, LONG)
    return np.stack([*kept, Y])


def probability(picture: Picture, family: Family, Y: Array, levels: Array) -> Ways:
    """The same of dŷ/d(−log σ) = h_ρ(σ)(ŷ) − ŷ, ended by one denoising step."""
    view = picture.view
    sigmas = level(view)[1] * levels
    networks = [family(view.alpha * float(sigma)) for sigma in sigmas]
    kept = [Y]
    for (high, low), (first, second) in zip(pairwise(sigmas.tolist()), pairwise(networks), strict=True):
        middle = between(first, second, (high - math.sqrt(high * low)) / (high - low))
        Y = stepped(first, middle, second, Y, math.log(high / low))
        kept.append(Y)
    end = networks[-1](Y)
    return ways_of(view, picture.frame, np.stack([*kept, end]), end)


def between(first: Field, second: Field, share: float) -> Field:
    """The field at a share of the way from one to the other."""
    return lambda Y: (1 - share) * first(Y) + share * second(Y)


def stepped(now: Field, middle: Field, later: Field, Y: Array, du: float) -> Array:
    """One step of the classical Runge–Kutta method, along h(y) − y with h at the step's three times."""
    k1 = now(Y) - Y
    at = Y + du / 2 * k1
    k2 = middle(at) - at
    at = Y + du / 2 * k2
    k3 = middle(at) - at
    at = Y + du * k3
    k4 = later(at) - at
    return Y + du / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
