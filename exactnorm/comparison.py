"""A trained network beside the minimum-norm denoiser of the same points: cost, interpolation, kinks, endpoints."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array, real_number, what_is, whole_number
from exactnorm.certify import CertifiedDenoiser, interpolation_error
from exactnorm.flow import Endpoints, endpoints, score_flow
from exactnorm.flow.inputs import starts as checked
from exactnorm.network import HasNetwork, ReLUNetwork, network_of
from exactnorm.tables import Tabular, TextTable, at_most, ends
from exactnorm.training_set import TrainingSet

INTERPOLATES = 1e-6
"""Share of the smallest distance between points by which an interpolating network may miss one: solvers' rounding."""
STARTS = 200


@dataclass(frozen=True, eq=False)
class Comparison(Tabular):
    """What `compare` found.

    Parameters
    ----------
    network : ReLUNetwork
        The trained one, neurons with one kink joined.
    exact : CertifiedDenoiser
    cost : float
        Representation cost of the trained network.
    error : float
        How far it is at most from mapping the whole balls, or every noisy sample, to their points.
    near : float
        What counts as near, for kinks and endpoints alike, in the unit of the points.
    kink_distance : ndarray, shape (K,)
        For each kink of the exact denoiser, how far the nearest kink of the trained network is from it: the largest
        difference, over the clean points, of their distances from the two.
    cost_elsewhere : float
        Share of the trained network's cost in neurons whose kinks are near none of the exact ones.
    crossing : int
        Neurons of the trained network whose kinks enter a noise ball.
    starts : ndarray, shape (m, d)
        Starts of the score flows.
    ends, exact_ends : Endpoints
        Where the two score flows end.
    together : float
        Share of starts from which both end near one and the same point.
    """

    network: ReLUNetwork
    exact: CertifiedDenoiser
    cost: float
    error: float
    near: float
    kink_distance: Array
    cost_elsewhere: float
    crossing: int
    starts: Array
    ends: Endpoints
    exact_ends: Endpoints
    together: float

    @property
    def train(self) -> TrainingSet:
        """The training set, so that plots take the trained network with it."""
        return self.exact.train

    @property
    def interpolates(self) -> bool:
        """Whether the trained network maps every ball, or sample, to its point, to a millionth of their distances."""
        return self.error <= INTERPOLATES * self.train.separation

    @property
    def reading(self) -> str:
        """What the numbers say, in a sentence or two."""
        lower, upper = self.exact.certificate.lower, self.exact.certificate.upper
        more = f"{self.cost / lower - 1:.2%} more than" if lower > 0 else "at least as much as"
        if not self.interpolates and self.cost < lower:
            return (
                f"The trained network costs less than any network that interpolates, {at_most(lower)} at least. That "
                f"only means that it does not interpolate: it misses its targets by up to {self.error:.2g}."
            )
        if not self.interpolates:
            return (
                f"The trained network misses its targets by up to {self.error:.2g}, and costs {more} the lower bound "
                "although less is asked of it."
            )
        if self.cost <= upper * (1 + INTERPOLATES):
            return "The trained network is a minimum-norm denoiser, as far as the bracket tells."
        return f"The trained network interpolates, and costs {more} the lower bound."

    def table(self) -> TextTable:
        """Trained and exact side by side; what the numbers say below."""
        certificate, found = self.exact.certificate, int((self.kink_distance <= self.near).sum())
        shares, exact = self.ends.shares(), self.exact_ends.shares()
        bracket = " to ".join(dict.fromkeys(ends(certificate.lower, certificate.upper)))  # one number, if it is one
        rows = [
            ("representation cost", f"{self.cost:.9g}", bracket),
            ("misses its targets by up to", f"{self.error:.2e}", f"{certificate.interpolation_error:.2e}"),
            ("neurons", str(self.network.neurons), str(self.exact.network.neurons)),
            ("kinks that enter a ball", str(self.crossing), "0"),
            (f"exact kinks found to within {self.near:g}", f"{found} of {len(self.kink_distance)}", "–"),
            ("cost in other kinks", f"{self.cost_elsewhere:.1%}", "–"),
        ]
        kinds = [kind for kind in shares if shares[kind].count or exact[kind].count]
        rows += [(f"flows that end: {kind}", f"{shares[kind].share:.1%}", f"{exact[kind].share:.1%}") for kind in kinds]
        rows.append((f"flows that end within {self.near:g} of each other", f"{self.together:.1%}", "–"))
        return TextTable(("", "trained", "exact"), tuple(rows), self.reading)


def compare(
    network: ReLUNetwork | HasNetwork,
    denoiser: CertifiedDenoiser,
    *,
    starts: ArrayLike | None = None,
    near: float | None = None,
    seed: int = 0,
) -> Comparison:
    """Compare a network, trained or otherwise, with the minimum-norm denoiser of the same points.

    Parameters
    ----------
    network : ReLUNetwork
        From PyTorch by `exactnorm.interop.from_torch`; from arrays by ``ReLUNetwork(a, w, b, V, c)``.
    denoiser : CertifiedDenoiser
        As `min_norm_denoiser` returns it, without weight decay.
    starts : array_like, shape (m, d), optional
        Where score flows start; by default 200 draws from the points' mean and their RMS radius.
    near : float, optional
        What counts as near, for kinks and for endpoints; by default ρ, or a tenth of the smallest distance between
        points where ρ = 0.
    seed : int
        Of the default starts.

    Returns
    -------
    Comparison
        `print` shows it as a table.

    Raises
    ------
    ValueError
        If dimensions do not fit, the denoiser was found with weight decay, or `near` is not positive and below half
        the smallest distance between points.
    TypeError
        If `network` is none.

    Examples
    --------
    >>> from exactnorm import compare, min_norm_denoiser, problems
    >>> denoiser = min_norm_denoiser(problems.univariate().train)
    >>> found = compare(denoiser, denoiser)
    >>> found.reading
    'The trained network is a minimum-norm denoiser, as far as the bracket tells.'
    """
    if not isinstance(denoiser, CertifiedDenoiser):
        msg = f"denoiser is {what_is(denoiser)}: give the network first, and then what min_norm_denoiser returned"
        raise TypeError(msg)
    trained, train = network_of(network).merged(), denoiser.train
    if (trained.dimension, trained.outputs) != (train.dimension, train.dimension):
        msg = (
            f"the network maps {trained.dimension} numbers to {trained.outputs}, and the points have {train.dimension} "
            "coordinates: give a denoiser of these points"
        )
        raise ValueError(msg)
    if denoiser.certificate.weight_decay is not None:
        msg = "this denoiser was found with weight decay, and interpolates nothing: compare with one without"
        raise ValueError(msg)
    whole_number(seed, "seed", 0)
    near = real_number(near, "near") if near is not None else (train.rho or 0.1 * train.separation)
    if not 0 < near < train.separation / 2:
        msg = f"near={near:g}; give a distance between 0 and half the smallest one, {train.separation / 2:g}"
        raise ValueError(msg)
    Y = _starts(train, seed) if starts is None else np.atleast_2d(checked(starts, train.dimension, "starts"))
    flows = [score_flow(one, Y, math.inf) for one in (trained, denoiser)]
    ends = [endpoints(flow, train, tol=near) for flow in flows]
    apart = np.linalg.norm(flows[0].endpoint - flows[1].endpoint, axis=1)
    distance = _kink_distances(trained, denoiser.network, train.points)
    weight = np.linalg.norm(trained.a, axis=1) * np.linalg.norm(trained.w, axis=1)
    far = distance.min(axis=1, initial=math.inf) > near
    return Comparison(
        network=trained,
        exact=denoiser,
        cost=trained.representation_cost,
        error=_error(trained, train),
        near=near,
        kink_distance=distance.min(axis=0, initial=math.inf),
        cost_elsewhere=float(weight[far].sum() / weight.sum()) if weight.sum() else 0.0,
        crossing=int(_enters(trained, train).sum()),
        starts=Y,
        ends=ends[0],
        exact_ends=ends[1],
        together=float(np.mean(apart <= near)) if len(apart) else math.nan,  # without an endpoint: nan, not together
    )


def _starts(train: TrainingSet, seed: int) -> Array:
    mean: Array = train.points.mean(axis=0)
    radius = math.sqrt(float(np.mean(np.sum((train.points - mean) ** 2, axis=1))))
    noise: Array = np.random.default_rng(seed).standard_normal((STARTS, train.dimension))
    return np.asarray(mean + radius * noise)


def _error(network: ReLUNetwork, train: TrainingSet) -> float:
    if train.samples is None:
        return interpolation_error(network, train.points, train.rho)
    misses = (network(one) - point for one, point in zip(train.samples, train.points, strict=True))
    return max(float(np.linalg.norm(miss, axis=1).max()) for miss in misses)


def _heights(network: ReLUNetwork, points: Array) -> Array:
    """Signed distances (K, N) of the points from the kinks."""
    return np.asarray((network.w @ points.T + network.b[:, None]) / np.linalg.norm(network.w, axis=1)[:, None])


def _enters(network: ReLUNetwork, train: TrainingSet) -> Array:
    """Whether a kink enters a ball by more than rounding."""
    return np.asarray((np.abs(_heights(network, train.points)) < train.rho * (1 - 1e-9)).any(axis=1))


def _kink_distances(first: ReLUNetwork, second: ReLUNetwork, points: Array) -> Array:
    """Between kinks (K, L): largest difference of the points' distances from the two, on the sides that suit best."""
    one, two = _heights(first, points)[:, None], _heights(second, points)[None]
    return np.asarray(np.minimum(np.abs(one - two).max(axis=2), np.abs(one + two).max(axis=2)))
