"""A bracket before anything slow: a network of ramps, and the least cost of some points on one-sided rays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from exactnorm.arrays import Array
from exactnorm.certify.balls.edges import Segments, edges_lower_bound
from exactnorm.certify.balls.evidence import Cells, Faces
from exactnorm.certify.balls.part import Part
from exactnorm.certify.certificate import Certificate
from exactnorm.certify.certified import INTERRUPTED, CertifiedDenoiser
from exactnorm.certify.rays import rays_lower_bound
from exactnorm.certify.rays.evidence import Rays
from exactnorm.closed_form.bounds import best_rays
from exactnorm.closed_form.certified import certified_form
from exactnorm.closed_form.edges import QUICK, STEPS, best_edges
from exactnorm.exact.balls.bracket import Bracket
from exactnorm.exact.balls.kinks import Kinks
from exactnorm.exact.balls.nothing import InterruptedSearch, NothingFoundError
from exactnorm.exact.balls.polish import Neurons
from exactnorm.exact.balls.radius import radii_at_once
from exactnorm.exact.balls.ramp_program import ALL_CUTS, PATIENCE, cheap_ramps
from exactnorm.exact.balls.reweighted import Ramps
from exactnorm.exact.balls.stated import SOON, Stated, stated
from exactnorm.exact.balls.told_apart import printed_radius
from exactnorm.exact.deadline import Deadline, OutOfTimeError
from exactnorm.exact.settings import Settings
from exactnorm.geometry import Frame
from exactnorm.training_set import TrainingSet

SHARE = 0.3
"""Of the time limit: what a first network and bound may take."""
LONGER = 0.7
"""Of the time limit: what they may take where there is no network yet."""
BRIEF = 0.5
"""Seconds that they may take then whatever the limit: loading the solvers may have taken longer."""
NOT_MANY = 30
"""Points up to which the program follows as a rule, so that little is gained by what makes ramps little cheaper."""
LARGE = 200
"""Points from which it takes as long as a step of the search to say by how much a network misses, and what to add to
its cost: of the first network that is known long before the clock runs out."""
PHASE = "looking for a first network"
HELP = (
    "what helps is more time, a larger rho (fewer hyperplanes then miss all balls), fewer points or coordinates, or "
    "data with a closed form"
)


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
    lower : float
        No network costs less.
    evidence : Rays, Segments, Cells, or Part of the points
        What that rests on.
    interrupted : bool
        Whether Ctrl-C came meanwhile.
    stated : Stated or None
        What is known of this network or an earlier one that costs more.
    """

    train: TrainingSet
    frame: Frame
    closed: CertifiedDenoiser | None
    ramps: Ramps | None
    lower: float
    evidence: Rays | Segments | Cells | Faces | Part
    interrupted: bool = False
    stated: Stated | None = None

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

    def denoiser(self, reason: str, deadline: Deadline) -> CertifiedDenoiser:
        """The denoiser that this bracket is of, where nothing better came of the program.

        After the deadline, or Ctrl-C, it may be that of an earlier network, if much has to be found out of the last.

        Raises
        ------
        NothingFoundError
            If there is no network.
        InterruptedSearch
            The same after Ctrl-C.
        """
        if self.closed is not None:
            return replace(self.closed, status=f"{reason}. {self.closed.status}")
        if self.ramps is None:
            raise self.nothing(reason)
        known = self.stated
        if known is not None and known.ramps is not self.ramps:
            left = SOON if self.interrupted else max(deadline.remaining, 0.0) + SOON / 2
            known = known if known.seconds > left else None
        known = known or stated(self.train, self.frame, self.ramps, deadline)
        # Both bounds may be the optimum, and they round differently.
        certificate = Certificate(min(self.lower, known.upper), known.upper, known.error, self.evidence)
        valid = "" if known.said else "valid but "
        width = f"{valid}{100 * certificate.gap:.2g} % wide" if certificate.gap < np.inf else "open above"
        status = (
            f"{'; '.join([reason, *known.said])}; the bracket is {width}: the network is one of ramps across gaps "
            f"between balls, and the lower bound that of {self.basis}; {HELP}."
        )
        return CertifiedDenoiser(self.train, known.network, certificate, status)

    def nothing(self, reason: str) -> NothingFoundError | InterruptedSearch:
        """The error to raise where there is no network: what is known all the same, and what helps."""
        radius, lower, soon = 0.0, self.lower, Deadline(SOON / 2)
        X, rho = self.frame.coordinates(self.train.points), self.train.rho / self.frame.scale
        with suppress(OutOfTimeError, KeyboardInterrupt):
            for better in with_segments(self, X, rho, Deadline(0.0)):
                lower = better.lower
            for found in radii_at_once(self.train, self.frame, soon):
                radius = found
        at = f" (at rho={printed_radius(self.train, radius)} it is there at once)" if radius > 0 else ""
        message = (
            f"{reason}, and no network was found by then that maps every ball to its centre at "
            f"rho={self.train.rho:g}, nor was it shown that there is none; a smaller rho makes one easier to find{at}, "
            "and so do fewer points; with more time every hyperplane that misses all balls is looked at; if there is "
            f"a network, it costs at least {lower:.6g}"
        )
        kind = InterruptedSearch if reason == INTERRUPTED else NothingFoundError
        return kind(message, lower, radius)

    @property
    def basis(self) -> str:
        """What the lower bound is that of."""
        match self.evidence:
            case Segments(weights=weights):
                return f"{len(weights)} segments between points"
            case Cells(proofs=proofs):
                return f"{len(proofs)} living patterns, each bounded by multipliers"
            case Rays(rows=rows):
                return f"{len(rows)} points on one-sided rays"
            case Part(rows=rows, evidence=of_these):
                return f"{len(rows)} of the points, by {replace(self, evidence=of_these).basis}"
            case Faces():
                return f"{self.evidence.patterns} activation patterns"

    def raised(self, solved: CertifiedDenoiser, tol: float) -> CertifiedDenoiser:
        """The solved problem with this lower bound, if it is wider than `tol` and this one is higher.

        Where there is a closed form of a narrower bracket, it is that.
        """
        certificate = solved.certificate
        if certificate.certifies(tol):
            return solved
        said = solved.status
        if self.closed is not None and self.closed.certificate.gap < certificate.gap:
            return replace(self.closed, status=f"{said} The closed form has a narrower bracket: {self.closed.status}")
        if self.lower > certificate.lower:
            certificate = replace(certificate, lower=min(self.lower, certificate.upper), evidence=self.evidence)
            said += f" The lower bound is that of {self.basis}, which is higher than the one found."
        said += f" The bracket is {100 * certificate.gap:.2g} % wide."
        return replace(solved, certificate=certificate, status=said)


def first_bracket(train: TrainingSet, frame: Frame, settings: Settings) -> First:
    """Look for a network and a lower bound, for a share of the time.

    Raises
    ------
    InterruptedSearch
        After Ctrl-C, where there is no network yet.
    """
    pair = tuple(train.closest)
    found = First(train, frame, None, None, rays_lower_bound(train.points[list(pair)], train.rho, 0), Rays(pair))
    share, longer = part_of_limit(settings.deadline, SHARE), at_least(part_of_limit(settings.deadline, LONGER), BRIEF)
    settings.report(found.bracket(PHASE, settings.deadline.elapsed))
    try:
        found = replace(found, closed=certified_form(train, settings.deadline.effort))
        if found.closed is not None:
            return found
        X, rho = frame.coordinates(train.points), train.rho / frame.scale
        more = cheap_ramps(X, rho, longer, patience=0 if train.size <= NOT_MANY else PATIENCE)
        found = replace(found, ramps=next(more, None))
        settings.report(found.bracket(PHASE, settings.deadline.elapsed))
        for better in with_segments(found, X, rho, part_of_limit(settings.deadline, 0.5 * SHARE)):
            found = better
            settings.report(found.bracket(PHASE, settings.deadline.elapsed))
        found = with_rays(found, X, rho, settings)
        if found.ramps is not None and train.size > LARGE:
            found = replace(found, stated=stated(train, frame, found.ramps, settings.deadline))
        share.check()
        for ramps in more:
            found = replace(found, ramps=ramps)
            settings.report(found.bracket(PHASE, settings.deadline.elapsed))
            share.check()
    except OutOfTimeError:
        pass
    except KeyboardInterrupt:
        if found.ramps is None:
            raise found.nothing(INTERRUPTED) from None
        return replace(found, interrupted=True)
    return found


def with_rays(found: First, X: Array, rho: float, settings: Settings) -> First:
    """With the best of some sets of points on one-sided rays, if it is better."""
    until = part_of_limit(settings.deadline, 0.8 * SHARE)
    rows = best_rays(X, rho, lambda: until.remaining <= 0)
    try:
        lower = rays_lower_bound(found.train.points[list(rows)], found.train.rho, 0)
    except ValueError:  # rays only up to the rounding of the coordinates
        return found
    return replace(found, evidence=Rays(rows), lower=lower) if lower > found.lower else found


def with_segments(found: First, X: Array, rho: float, until: Deadline) -> Iterator[First]:
    """Yield it with ever better bounds of segments between points, while they are better."""
    most = QUICK if len(X) <= ALL_CUTS else STEPS
    for edges, weights in best_edges(X, rho, lambda: until.remaining <= 0, most):
        lower = edges_lower_bound(found.train.points, found.train.rho, edges, weights)
        if lower > found.lower:
            found = replace(found, evidence=Segments(edges, weights), lower=lower)
            yield found


def part_of_limit(deadline: Deadline, share: float) -> Deadline:
    """The end of a share of the limit."""
    return deadline.earlier(1 - share)


def at_least(deadline: Deadline, seconds: float) -> Deadline:
    """The same, but not before so many seconds from now."""
    return deadline if deadline.remaining >= seconds else Deadline(deadline.elapsed + seconds, deadline.start)
