"""A network for balls a little larger, where that for the balls themselves is too steep for floating point."""

from __future__ import annotations

from dataclasses import replace
from math import isinf

from exactnorm.certify.balls.correction import stated_upper
from exactnorm.certify.balls.part import Part
from exactnorm.certify.certified import INTERRUPTED, CertifiedDenoiser
from exactnorm.certify.interpolation import sure_miss
from exactnorm.exact.balls.bracket import Bracket
from exactnorm.exact.balls.solve import solve_balls
from exactnorm.exact.balls.told_apart import TOLD_APART, special_position, too_narrow
from exactnorm.exact.settings import Settings
from exactnorm.geometry import affine_hull
from exactnorm.training_set import TrainingSet

WIDER = 1e-10
"""What balls are widened by, in units of the set: gaps between hulls that are narrower than that are closed then, so
that no ramp goes up in them."""


def solve_sturdily(train: TrainingSet, settings: Settings, near: CertifiedDenoiser | None = None) -> CertifiedDenoiser:
    """As `solve_balls`; where rounding takes more of its network than the tolerance, one for wider balls is tried.

    A network that maps larger balls to their centres does so with the balls themselves. The lower end does not come
    from there: least costs rise with the radius.

    Raises
    ------
    InfeasibleProblem
        If no network maps every ball to its centre.
    NothingFoundError
        If there is no network when the time is over.
    ValueError
        If two points are too near each other for floating point, or every network that was found misses balls.
    """
    found = solve_balls(train, settings, near)
    if found.interrupted or settings.deadline.remaining <= 0 or not _lost_to_rounding(found, settings.tol):
        return _told(found)
    frame = affine_hull(train.points)
    known = found.certificate.lower

    def report(best: Bracket) -> None:
        """The wider balls' lower bound is none of these."""
        settings.report(replace(best, lower=min(known, best.upper), phase=f"wider balls, {best.phase}"))

    try:
        wide = solve_balls(
            TrainingSet(train.points, train.rho + WIDER * frame.scale), replace(settings, report=report, said=[])
        )
    except (ValueError, ArithmeticError):  # so much room there is not, or no time for it
        return _told(found)
    except KeyboardInterrupt:
        return _told(replace(found, status=f"{INTERRUPTED}; {found.status}"))
    miss = sure_miss(wide.network, train)
    said: list[str] = []
    upper = stated_upper(wide.network, train, miss, frame, settings.deadline.effort, said.append)
    if miss.error <= TOLD_APART * train.separation and upper < found.certificate.upper and not said:
        found = _with_network(found, wide, upper, miss.error, settings.tol, frame.rank)
    return _told(replace(found, status=f"{INTERRUPTED}; {found.status}") if wide.interrupted else found)


def _with_network(
    found: CertifiedDenoiser, wide: CertifiedDenoiser, upper: float, error: float, tol: float, rank: int
) -> CertifiedDenoiser:
    """The bracket with the network for wider balls, which costs `upper` and misses the balls by `error`."""
    lower = min(found.certificate.lower, upper)
    certificate = replace(found.certificate, lower=lower, upper=upper, interpolation_error=error)
    width = "within tol" if certificate.certifies(tol) else f"{100 * certificate.gap:.2g} % wide"
    status = (
        f"the gap is {width}; the network is one for balls of radius {wide.train.rho:.6g}, because those for the balls "
        "themselves are so steep that rounding moves them; uniqueness was not looked at"
    )
    patterns = 0 if isinstance(certificate.evidence, Part) else certificate.patterns  # a part has fewer
    special = special_position(found.train, rank, patterns)
    return CertifiedDenoiser(found.train, wide.network, certificate, "; ".join([status, *special]) + ".")


def _lost_to_rounding(found: CertifiedDenoiser, tol: float) -> bool:
    """Whether the gap would be closed, were it not for what the network misses."""
    certificate, cost = found.certificate, found.network.representation_cost
    if isinf(certificate.upper):
        return True
    return not certificate.certifies(tol) and cost - certificate.lower <= tol * cost < certificate.upper - cost


def _told(found: CertifiedDenoiser) -> CertifiedDenoiser:
    """The denoiser, unless its network misses more than a cost of six digits allows."""
    error = found.certificate.interpolation_error
    if isinf(found.certificate.upper) and error is not None and not error <= TOLD_APART * found.train.separation:
        raise too_narrow(found.train, error)
    return found
