"""A network for balls a little larger, where that for the balls themselves is too steep for floating point."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from math import isinf

from exactnorm.certify.balls.correction import stated_upper
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.certify.interpolation import sure_miss
from exactnorm.exact.balls.bracket import Bracket
from exactnorm.exact.balls.solve import solve_balls
from exactnorm.exact.balls.told_apart import TOLD_APART, special_position, too_narrow
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.settings import Solver
from exactnorm.geometry import affine_hull
from exactnorm.training_set import TrainingSet

WIDER = 1e-10
"""What balls are widened by, in units of the set: gaps between hulls that are narrower than that are closed then, so
that no ramp goes up in them."""


def solve_sturdily(
    train: TrainingSet,
    *,
    tol: float,
    solver: Solver,
    deadline: Deadline | None = None,
    executor: Executor | None = None,
    report: Callable[[Bracket], None] = lambda _: None,
    near: CertifiedDenoiser | None = None,
) -> CertifiedDenoiser:
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
    deadline = Deadline(None) if deadline is None else deadline
    solve = partial(solve_balls, tol=tol, solver=solver, deadline=deadline, executor=executor, report=report)
    found = solve(train, near=near)
    if found.interrupted or deadline.remaining <= 0 or not _lost_to_rounding(found, tol):
        return _told(found)
    frame = affine_hull(train.points)
    try:
        wide = solve(TrainingSet(train.points, train.rho + WIDER * frame.scale))
    except (ValueError, ArithmeticError, KeyboardInterrupt):  # so much room there is not, or no time for it
        return _told(found)
    miss = sure_miss(wide.network, train)
    upper = stated_upper(wide.network, train, miss, frame)
    if not (miss.error <= TOLD_APART * train.separation and upper < found.certificate.upper):
        return _told(found)
    lower = min(found.certificate.lower, upper)
    certificate = replace(found.certificate, lower=lower, upper=upper, interpolation_error=miss.error)
    width = "within tol" if certificate.certifies(tol) else f"{100 * certificate.gap:.2g} % wide"
    status = (
        f"the gap is {width}; the network is one for balls of radius {wide.train.rho:.6g}, because those for the balls "
        "themselves are so steep that rounding moves them; uniqueness was not looked at"
    )
    status = "; ".join([status, *special_position(train, frame.rank, certificate.patterns)]) + "."
    return CertifiedDenoiser(train, wide.network, certificate, status)


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
