"""How far a network is from mapping whole noise balls to their centres."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactnorm.arrays import Array, real_array, real_number
from exactnorm.certify.along_lines import error_along_lines
from exactnorm.certify.effort import CertificateUndecided
from exactnorm.certify.sharper import in_fractions, in_longer_floats
from exactnorm.certify.trust_region import sphere_maximum
from exactnorm.network import HasNetwork, ReLUNetwork, lengths, network_of
from exactnorm.training_set import TrainingSet

MISSED = 1e-6
"""An error above this share of the separation, or of the targets' spread, is no interpolation: its cost says little."""
TOO_LARGE = "whether the network of {} neurons interpolates at {} points takes too long to find out"
EXACT = 200_000
"""Weights times points that are looked at in rational arithmetic if need be: some seconds."""
LONGER = 2**27
"""The same in longer floats, where they are too many for rational numbers: some seconds."""
LARGEST = 2**33
"""Products of numbers in one check of a network: some minutes."""
BLOCK = 2**21
"""Pre-activations computed at once, so that memory does not grow as neurons times points."""


@dataclass(frozen=True, eq=False)
class Miss:
    """By how much a network misses balls.

    Parameters
    ----------
    error : float
        The interpolation error, as it was computed.
    rounding : float
        By how much more it may be.
    entered : float
        The largest Σ ‖a_k‖ ‖w_k‖ over the kinks that enter one ball by more than rounding.
    slope : float
        The largest slope on a ball, if it was looked at.
    each : ndarray, shape (2, N), or None
        At least ‖e_n‖ and ‖D_n‖ of what is missed on each ball, e_n + D_n (y − x_n); the second only where balls have a
        radius. None of networks that look along few lines.
    """

    error: float
    rounding: float
    entered: float
    slope: float = math.inf
    each: Array | None = None

    def below(self, enough: float) -> bool:
        """Whether the error is known to be so small."""
        return self.error + self.rounding <= enough


def interpolation_error(
    network: ReLUNetwork | HasNetwork,
    points: TrainingSet | ArrayLike | None = None,
    rho: float | None = None,
    check: Callable[[], None] = lambda: None,
) -> float:
    """Bound on the supremum, over all n and all y in B(x_n, ρ), of ‖h(y) − x_n‖.

    Parameters
    ----------
    network : ReLUNetwork or CertifiedDenoiser
    points : TrainingSet or array_like, shape (N, d), optional
        Those that a denoiser is of, where they are left out.
    rho : float, optional
        Radius of the balls, ρ ≥ 0, where points are given without one. At ρ = 0 the value at the points themselves is
        taken.
    check : callable
        Called after every ball, and may raise.

    Returns
    -------
    float
        In the unit of the points. It is the supremum itself (to rounding) when no kink enters a ball, and
        an upper bound otherwise: a kink that enters a ball by a depth δ adds ‖a_k‖ δ. Infinite where a value of the
        network is so large that it is no number.

    Raises
    ------
    ValueError
        If the points are not real numbers of shape (N, d), the network does not map R^d to R^d, ρ < 0, or ρ is missing
        or given twice.
    TypeError
        If `network` is none, or stands in the place of the points.

    Notes
    -----
    With each neuron on or off on all of a ball, h is affine there, y ↦ x_n + e + D(y − x_n), and the supremum
    is max ‖e + ρ D v‖ over unit v: a trust-region problem.
    """
    if isinstance(points, ReLUNetwork | HasNetwork):
        msg = "the network comes first: give interpolation_error(network, points, rho), or (network, train)"
        raise TypeError(msg)
    points = getattr(network, "train", None) if points is None else points
    network = network_of(network)
    if points is None or isinstance(points, TrainingSet) == (rho is not None):
        msg = "give points and their radius, interpolation_error(network, points, rho), or a TrainingSet, which has one"
        raise ValueError(msg)
    X, rho = (points.points, points.rho) if isinstance(points, TrainingSet) else (points, rho)
    X, rho = real_array(X, "points"), real_number(rho, "rho")  # type: ignore[arg-type]
    if X.ndim != 2 or (network.dimension, network.outputs) != (X.shape[1], X.shape[1]) or rho < 0:
        msg = (
            f"a network from R^{network.dimension} to R^{network.outputs}, points of shape {X.shape}, rho={rho:g}: "
            "give points (N, d), a network from R^d to R^d, and rho >= 0"
        )
        raise ValueError(msg)
    return _measured(network, X, rho, check).error


def _measured(
    network: ReLUNetwork,
    X: Array,
    rho: float,
    check: Callable[[], None],
    enough: float = math.inf,
    most: float = math.inf,
) -> Miss:
    """The largest error, or one above `enough`; `CertificateUndecided` where it takes more than `most` products."""
    with np.errstate(all="ignore"):  # what is no number in the end is an infinite error
        if (quick := error_along_lines(network, X, rho, check)) is not None:
            return Miss(*quick)
        if network.neurons * X.size > most:
            raise CertificateUndecided(TOO_LARGE.format(network.neurons, len(X)))
        off = ((rows, before, network(X[rows]) - X[rows]) for rows, before in blocks(network, X))
        return _over_balls(network, X, rho, check, rounding_at(network, X, rho), off, enough, most)


def _over_balls(
    network: ReLUNetwork,
    X: Array,
    rho: float,
    check: Callable[[], None],
    rounding: Array,
    off: Iterable[tuple[NDArray[np.intp], Array, Array]],
    enough: float = math.inf,
    most: float = math.inf,
) -> Miss:
    """The same from rows of some points at a time, w_k·x_n + b_k and residuals there, with the rounding of these."""
    worst = entered = 0.0
    last, each = last_digits(X, rho), np.vstack([rounding, np.zeros(len(X))])
    for rows, before, some in off:
        of_rows = np.zeros((2, len(rows)))
        share = most * len(rows) / len(X)
        worst = max(worst, _largest_error(network, before, some, rho, check, last, enough, share, of_rows))
        entered = max(entered, _entered(network, before, rho, last))
        each[:, rows] += of_rows
        if worst > enough:
            break
    each[1] += entered
    return Miss(worst, float(rounding.max()), entered, each=each)


def last_digits(X: Array, rho: float) -> float:
    """What the rounding of points and offsets may move a kink, or a value."""
    return 64 * float(np.finfo(float).eps) * (float(np.abs(X).max()) + rho)


def _entered(network: ReLUNetwork, before: Array, rho: float, last: float) -> float:
    w = lengths(network.w)
    inside = np.where(rho * w - np.abs(before) > last * w, lengths(network.a) * w, 0.0)
    return float(inside.sum(axis=1).max(initial=0.0))


def sure_miss(
    network: ReLUNetwork,
    train: TrainingSet,
    check: Callable[[], None] = lambda: None,
    claim: float = math.inf,
    most: float = math.inf,
) -> Miss:
    """The interpolation error, and by how much rounding may have changed it.

    Where rounding hides whether it is below `MISSED` of the separation, in sets far from the origin, values at the
    points are computed in rational arithmetic, or in longer floats, unless the network is too large for these. The
    search ends at the first ball that shows that it is neither below that share, nor below what may be the `claim`.

    Raises
    ------
    CertificateUndecided
        If that takes more than `most` products of numbers.
    """
    enough = MISSED * train.separation
    X, rho = train.points, train.rho
    found = _measured(network, X, rho, check, max(enough, claim), most)
    hidden = found.error <= enough < found.error + found.rounding < math.inf
    size = network.neurons * X.size
    if not hidden or size > LONGER:
        return found
    with np.errstate(all="ignore"):
        sharp = in_fractions(network, X, check) if size <= EXACT else in_longer_floats(network, X, check)
        share = 0.0 if size <= EXACT else float(np.finfo(np.longdouble).eps / np.finfo(float).eps)
        return _over_balls(network, X, rho, check, share * rounding_at(network, X, rho), sharp, most=most)


def _largest_error(
    network: ReLUNetwork,
    before: Array,
    off: Array,
    rho: float,
    check: Callable[[], None],
    last: float,
    enough: float = math.inf,
    most: float = math.inf,
    each: Array | None = None,
) -> float:
    """The error on some balls, from the pre-activations and residuals at their centres, or one above `enough`.

    Into `each`, shape (2, N), go the sizes of what is missed, but for the rounding of values.
    """
    a, w = lengths(network.a), lengths(network.w)
    intrusion = np.maximum(rho * w - np.abs(before), 0.0) @ a
    if each is not None:
        on, cost = before > 0, a * w
        each[0] = lengths(off) + intrusion
        each[1] = float(np.finfo(float).eps) * (4 + on.sum(axis=1)) * (on @ cost)
    worst, spent = 0.0, 0
    jacobian = ball_maps(network) if rho > 0 else None
    for k, e in enumerate(off):
        # With the Jacobian D of this ball the error is max ‖e + ρ D v‖ over ‖v‖ = 1, at most ‖e‖ + ρ ‖D‖ in Frobenius'
        # norm: of thousands of balls few need more than that.
        D = jacobian(before[k] > 0) if jacobian is not None else np.zeros((len(e), 0))
        slope = float(np.linalg.norm(D))
        if each is not None:
            each[1, k] += slope
        error = float(np.linalg.norm(e)) + rho * slope + float(intrusion[k])
        if not error <= max(worst, last):
            spent += D.size * min(D.shape)
            if spent > most:
                raise CertificateUndecided(TOO_LARGE.format(network.neurons, len(off)))
            sound = D.size > 0 and error < math.inf
            error = sphere_maximum(rho * D, e) + float(intrusion[k]) if sound else error
        worst = max(worst, error if error < math.inf else math.inf)
        check()
        if worst > enough:
            break
    return worst


def blocks(network: ReLUNetwork, X: Array) -> Iterator[tuple[NDArray[np.intp], Array]]:
    """Numbers of some points at a time, and w_k·x_n + b_k there, shape (points, K)."""
    step = max(1, BLOCK // max(network.neurons, 1))
    for start in range(0, len(X), step):
        rows = np.arange(start, min(start + step, len(X)))
        yield rows, X[rows] @ network.w.T + network.b


def rounding_at(network: ReLUNetwork, X: Array, rho: float = 0.0) -> Array:
    """Rounding of computed values h(y), ‖y − x_n‖ ≤ ρ, shape (N,): last places of the terms that are not 0 there.

    However few bits a single addition loses, as many as there are terms may lose as many times that. It is a property
    of the network, so that it may be added to an error and never taken off one: huge terms that cancel make a network
    whose values are not known.
    """
    eps = float(np.finfo(float).eps)
    reach = lengths(X) + rho
    out = np.empty(len(X))
    with np.errstate(all="ignore"):
        a, w, b = lengths(network.a), lengths(network.w), np.abs(network.b)
        for rows, before in blocks(network, X):
            unsure = (2 + network.dimension) * eps * (reach[rows, None] * w + b)
            height = before + rho * w  # the largest in the ball
            on = height + unsure > 0
            terms = np.maximum(height, 0.0) * (eps * (4 + on.sum(axis=1)))[:, None]
            out[rows] = np.where(on, unsure + terms, 0.0) @ a
        skip = 0.0 if network.V is None else float(np.linalg.norm(network.V))
        out += eps * (4 + network.dimension) * (skip * reach + float(np.linalg.norm(network.c)))
    return np.where(out < math.inf, out, math.inf)


def ball_maps(network: ReLUNetwork) -> Callable[[NDArray[np.bool_]], Array]:
    """The Jacobian by the neurons that are on, or its product with an orthonormal basis of a space that holds its rows.

    In many dimensions D v = aᵀ(w v) depends on v only through the span of the w: of all, if these are few, or of the
    active ones.
    """
    a, w, V = network.a, network.w, network.V
    if V is not None:
        return lambda on: a[on].T @ w[on] + V
    if network.neurons <= network.dimension:
        w = w @ np.linalg.qr(w.T)[0]
        return lambda on: a[on].T @ w[on]
    few = network.dimension // 2
    return lambda on: a[on].T @ (w[on] if np.count_nonzero(on) > few else w[on] @ np.linalg.qr(w[on].T)[0])
