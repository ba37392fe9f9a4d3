"""A bracket before anything slow: a network of ramps, and the least cost of some points on one-sided rays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from exactnorm.certify.certificate import Certificate
from exactnorm.certify.certified import INTERRUPTED, CertifiedDenoiser
from exactnorm.certify.interpolation import interpolation_error
from exactnorm.certify.rays import rays_lower_bound
from exactnorm.closed_form.bounds import best_rays
from exactnorm.closed_form.certified import certified_rays
from exactnorm.exact.bracket import Bracket
from exactnorm.exact.clock import Deadline, OutOfTimeError
from exactnorm.exact.kinks import Kinks
from exactnorm.exact.means import Means
from exactnorm.exact.polish import Neurons
from exactnorm.exact.ramp_program import Ramps, cheap_ramps
from exactnorm.geometry import Frame
from exactnorm.training_set import Array, TrainingSet

SHARE = 0.3
"""Of the time limit: what a first network and bound may take."""
LONGER = 0.7
"""Of the time limit: what they may take where there is no network yet."""
PHASE = "looking for a first network"
HELP = (
    "what helps is more time, a larger rho (fewer hyperplanes then miss all balls), fewer points or coordinates, or data "
    "with a closed form"
)


class NothingFoundError(ArithmeticError):
    """No network was found, nor shown not to exist."""


@dataclass(frozen=True, eq=False)
class First:
    """What is known before the program is written down.

    Parameters
    ----------
    train : TrainingSet
    frame : Frame
    closed : CertifiedDenoiser or None
        The closed form of points on one-sided rays, if they are such.
    ramps : Ramps or None
        A network, in the coordinates of the frame.
    rays : tuple of int
        Rows of points on one-sided rays, the start first.
    lower : float
        Their least cost, which no network for all points undercuts.
    interrupted : bool
        Whether Ctrl-C came meanwhile.
    """

    train: TrainingSet
    frame: Frame
    closed: CertifiedDenoiser | None
    ramps: Ramps | None
    rays: tuple[int, ...]
    lower: float
    interrupted: bool = False

    @property
    def upper(self) -> float:
        """Cost of the network, infinite if there is none."""
        return float("inf") if self.ramps is None else self.ramps.cost

    @property
    def feasible(self) -> bool:
        """Whether a network is known."""
        return self.closed is not None or self.ramps is not None

    def neurons(self) -> Neurons:
        """The network of ramps, or none at all."""
        size, r = self.train.size, self.frame.rank
        B = np.zeros((size - 1, r, r + 1))
        if self.ramps is None:
            return Neurons(Kinks(np.zeros((0, r)), np.zeros(0), np.zeros((0, size), dtype=bool)), np.zeros((0, r)), B)
        some = np.flatnonzero(self.ramps.a.any(axis=1))
        cuts, a = self.ramps.cuts[some], self.ramps.a[some] / self.ramps.cuts.width[some, None]
        b = np.concatenate([-cuts.start, -cuts.start - cuts.width])
        kinks = Kinks(np.vstack([cuts.w, cuts.w]), b, np.vstack([cuts.on, cuts.on]))
        return Neurons(kinks, np.vstack([a, -a]), B)

    def bracket(self, phase: str, seconds: float) -> Bracket:
        """As a bracket to report."""
        upper, lower = self.upper, self.lower
        if self.closed is not None:
            upper, lower = self.closed.certificate.upper, self.closed.certificate.lower
        return Bracket(upper=upper, neurons=self.neurons(), lower=min(lower, upper), seconds=seconds, phase=phase)

    def denoiser(self, reason: str) -> CertifiedDenoiser:
        """The denoiser that this bracket is of, where nothing better came of the program.

        Raises
        ------
        NothingFoundError
            If there is no network.
        """
        if self.closed is not None:
            return replace(self.closed, status=f"{reason}. {self.closed.status}")
        if self.ramps is None:
            msg = (
                f"{reason}, and no network was found by then that maps every ball to its centre at "
                f"rho={self.train.rho:g}, nor was it shown that there is none; a smaller rho makes one easier to find, "
                "and so do fewer points; with more time every hyperplane that misses all balls is looked at"
            )
            raise NothingFoundError(msg)
        network = self.ramps.network(np.zeros(self.frame.rank)).lifted(self.frame)
        upper = network.representation_cost
        certificate = Certificate(
            upper=upper,
            lower=min(self.lower, upper),  # both may be the optimum, and they round differently
            interpolation_error=interpolation_error(network, self.train.points, self.train.rho),
            kind="theorem",
            statement=self.statement,
            rays=self.rays,
        )
        status = (
            f"{reason}; the bracket is valid but wide: the network is one of ramps across gaps between balls, and "
            f"the lower bound that of {len(self.rays)} points on one-sided rays; {HELP}."
        )
        return CertifiedDenoiser(self.train, network, certificate, status)

    @property
    def statement(self) -> str:
        """What the lower bound rests on."""
        return (
            f"{len(self.rays)} of the {self.train.size} points lie on one-sided rays, and the least cost for them is the "
            "lower bound. The upper value is the cost of the network, whose residual is the interpolation error."
        )

    def raised(self, solved: CertifiedDenoiser) -> CertifiedDenoiser:
        """The solved problem with the lower bound of the rays, if that is higher."""
        certificate = solved.certificate
        if not self.lower > certificate.lower:
            return solved
        raised = Certificate(
            upper=certificate.upper,
            lower=min(self.lower, certificate.upper),
            interpolation_error=certificate.interpolation_error,
            kind="theorem",
            statement=self.statement,
            patterns=certificate.patterns,
            rays=self.rays,
        )
        said = " The lower bound is that of points on one-sided rays, which is higher than the one found."
        return replace(solved, certificate=raised, status=solved.status + said)


def first_bracket(train: TrainingSet, frame: Frame, means: Means) -> First:
    """Look for a network and a lower bound, for a share of the time.

    Raises
    ------
    KeyboardInterrupt
        At once, where there is no network yet.
    """
    pair = tuple(train.closest)
    found = First(train, frame, None, None, pair, rays_lower_bound(train.points[list(pair)], train.rho, 0))
    limit, begun = means.deadline.limit, means.deadline.start
    share, longer = (Deadline(None if limit is None else part * limit, begun) for part in (SHARE, LONGER))
    means.report(found.bracket(PHASE, means.deadline.elapsed))
    found = replace(found, closed=certified_rays(train))
    if found.closed is not None:
        return found
    X, rho = frame.coordinates(train.points), train.rho / frame.scale
    try:
        for ramps in cheap_ramps(X, rho, longer):
            found = replace(found, ramps=ramps)
            means.report(found.bracket(PHASE, means.deadline.elapsed))
            share.check()
    except OutOfTimeError:
        pass
    except KeyboardInterrupt:
        if found.ramps is None:
            raise
        return replace(found, interrupted=True)
    try:
        return _with_rays(found, X, rho, means)
    except KeyboardInterrupt:
        return replace(found, interrupted=True)


def _with_rays(found: First, X: Array, rho: float, means: Means) -> First:
    """With the best of some sets of points on one-sided rays."""
    limit, begun = means.deadline.limit, means.deadline.start
    until = Deadline(None if limit is None else (SHARE + 0.1) * limit, begun)
    rows = best_rays(X, rho, lambda: until.remaining <= 0)
    try:
        lower = rays_lower_bound(found.train.points[list(rows)], found.train.rho, 0)
    except ValueError:  # rays only up to the rounding of the coordinates
        return found
    return replace(found, rays=rows, lower=lower) if lower > found.lower else found


def ended(first: First, reason: str) -> CertifiedDenoiser:
    """The first bracket as the result."""
    return first.denoiser(INTERRUPTED if first.interrupted else reason)
