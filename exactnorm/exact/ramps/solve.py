"""The best sum of ramps: a denoiser of any number of points, with what is known of its class and of all networks.

A ramp is two parallel kinks, so that the least cost of sums of ramps is an upper bound on the least cost of all
networks. Within the class the dual is small: prices λ_n that add up to 0, and ‖Σ_S λ_n‖ ≤ 2/width of every cut S.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from exactnorm.arrays import Array
from exactnorm.certify.certified import INTERRUPTED, CertifiedDenoiser
from exactnorm.certify.rays import rays_lower_bound
from exactnorm.certify.rays.evidence import Rays
from exactnorm.exact.balls.dives import as_cuts
from exactnorm.exact.balls.first import SHARE, First, part_of_limit, with_rays, with_segments
from exactnorm.exact.balls.gathered import Cuts, joined
from exactnorm.exact.balls.nothing import NothingFoundError
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.balls.ramp_program import cheap_ramps
from exactnorm.exact.balls.reweighted import Ramps, interpolating, reweighted
from exactnorm.exact.balls.told_apart import check_told_apart
from exactnorm.exact.blas import one_blas_thread
from exactnorm.exact.deadline import Deadline, OutOfTimeError
from exactnorm.exact.settings import Settings
from exactnorm.exact.solvers.cone_program import ConeProgram, solution
from exactnorm.geometry import affine_hull
from exactnorm.hulls import hull_gaps
from exactnorm.patterns import TooManyPatternsError, activation_patterns
from exactnorm.training_set import TrainingSet

ROUNDS = 60
"""Times that cuts are added at most."""
ALL = 24
"""Points up to which all living cuts are looked for: seconds, where they are not too many."""
MOST_CUTS = 5000
"""Living cuts up to which the best of the class is bounded by going through them."""
NEXT = 12
"""Times that living cuts that pay are added."""
DEARER = 0.01
"""What a network of 4N neurons at most may cost more."""
PHASE = "improving the network of ramps"


@dataclass(frozen=True, eq=False)
class BestRamps:
    """A sum of ramps, and a bound on the cost of all sums of ramps that interpolate.

    Parameters
    ----------
    ramps : Ramps
        In coordinates in which the first point is the origin.
    least : float
        No sum of ramps costs less; 0 where nothing is known but the bound on all networks.
    living : int
        Number of cuts that this rests on; 0 where they were not gone through.
    """

    ramps: Ramps
    least: float = 0.0
    living: int = 0


def solve_ramps(train: TrainingSet, settings: Settings) -> CertifiedDenoiser:
    """The cheapest sum of ramps found, with a bracket on the least cost of all networks.

    The status says what is known of the class.

    Raises
    ------
    InfeasibleProblem
        If it is shown that there is no network at all.
    NothingFoundError, InterruptedSearch
        If no sum of ramps was found, by the end of the time or by Ctrl-C.
    """
    check_told_apart(train)
    with one_blas_thread():
        frame, pair = affine_hull(train.points), tuple(train.closest)
        X, rho = frame.coordinates(train.points), train.rho / frame.scale
        found = First(train, frame, None, None, rays_lower_bound(train.points[list(pair)], train.rho, 0), Rays(pair))
        best, reason = None, "no cut that pays was found any more"
        until = settings.deadline.earlier(0.1)
        try:
            for better in with_segments(found, X, rho, part_of_limit(settings.deadline, 0.5 * SHARE)):
                found = better
            found = with_rays(found, X, rho, settings)
            for ramps in cheap_ramps(X, rho, until, None, ROUNDS):
                found, best = replace(found, ramps=ramps), BestRamps(ramps)
                settings.report(found.bracket(PHASE, settings.deadline.elapsed))
            if best is None:
                reduced(train, lambda _: until.check())  # says so where there is none
                msg = f"no sum of ramps was found at rho={train.rho:g}, though there is a network; use method='program'"
                raise NothingFoundError(msg)
            best = within_class(X, rho, best, replace(settings, deadline=until))
        except OutOfTimeError:
            reason = f"the time limit of {settings.deadline.limit:g} s was reached"
        except TooManyPatternsError as too_many:
            msg = (
                f"no sum of ramps was found at rho={train.rho:g}, nor was it shown that there is no network: there are "
                "too many hyperplanes that miss all balls to look at each; a smaller rho makes one easier to find, and "
                "so do fewer points"
            )
            raise NothingFoundError(msg) from too_many
        except KeyboardInterrupt:
            reason = INTERRUPTED
        if best is None:
            raise found.nothing(reason)
        found = replace(found, ramps=few(X, best, settings.deadline))
        denoiser = found.denoiser(reason, settings.deadline)
    return replace(denoiser, status=f"{reason}; {said(best, found)}")


def said(best: BestRamps, found: First) -> str:
    """What the network is the best of, and what it is not."""
    kind = "the network is a sum of ramps, the best of its class that was found and not the least of all networks"
    if best.living:
        inside = f"no sum of ramps costs less than {best.least:.6g}, as all {best.living} cuts that live say"
    else:
        inside = "the cuts were not gone through, so that only the bound on all networks bounds its class"
    return f"{kind}: {inside}; no network at all costs less than {found.lower:.6g}, by {found.basis}."


def within_class(X: Array, rho: float, best: BestRamps, settings: Settings) -> BestRamps:
    """With all living cuts gone through, if they are few: those that pay are added, and the prices bound the class."""
    if len(X) > ALL:
        return best
    try:
        patterns = activation_patterns(X, rho, MOST_CUTS, watch=lambda _: settings.deadline.check())
    except TooManyPatternsError:
        return best
    patterns = patterns[~patterns[:, 0] & patterns.any(axis=1)]
    gaps = hull_gaps(X, patterns, narrow=2 * rho, watch=settings.deadline.check)
    living = as_cuts(patterns, gaps.w, gaps.low, gaps.middle, rho)
    cuts, prices = best.ramps.cuts, best.ramps.prices
    best = BestRamps(best.ramps, class_bound(X, living, prices), len(living))
    for _ in range(NEXT):
        worth = np.linalg.norm(living.on @ prices, axis=1) / living.cost
        order = np.argsort(-worth)[: 4 * len(X)]
        cuts = joined(cuts, living[order[worth[order] > 1]])
        found = optimal(X, cuts, best.ramps.cost, settings)
        if found is None:
            break
        ramps, prices = found
        least = max(best.least, class_bound(X, living, prices))
        cheaper = ramps.interpolates and ramps.cost < best.ramps.cost
        best = BestRamps(ramps if cheaper else best.ramps, least, len(living))
        if best.ramps.cost <= least * (1 + settings.tol):
            break
    return best


def optimal(X: Array, cuts: Cuts, scale: float, settings: Settings) -> tuple[Ramps, Array] | None:
    """The cheapest sum of ramps over some cuts, and prices that show it, by a second-order cone program.

    Maximise Σ ⟨λ_n, x_n − x_0⟩ subject to ‖Σ_S λ_n‖ width/2 ≤ 1; the multipliers of the cones are the ramps' jumps.
    None if the solver gives no numbers.
    """
    target, r = X[1:] - X[0], X.shape[1]
    on = sparse.csr_matrix(cuts.on[:, 1:] / cuts.cost[:, None])
    tails = sparse.kron(on, np.vstack([np.zeros((1, r)), np.eye(r)]))
    b = np.zeros(len(cuts) * (r + 1))
    b[:: r + 1] = 1.0
    program = ConeProgram(-target.ravel() / scale, sparse.csc_matrix(tails), b, 0, (r + 1,) * len(cuts))
    try:
        answer = solution(program, settings.solver, settings.deadline)
    except ArithmeticError:
        return None
    a = scale * answer.z.reshape(-1, r + 1)[:, 1:] / cuts.cost[:, None]
    prices = answer.x.reshape(target.shape)
    return interpolating(X, cuts, a), np.vstack([-prices.sum(axis=0), prices])


def class_bound(X: Array, living: Cuts, prices: Array) -> float:
    """Σ ⟨λ_n, x_n − x_0⟩ / max_S ‖Σ_S λ_n‖ width/2 over all cuts S that live: no sum of ramps costs less.

    Cuts whose gap is narrower than `ROOM` have no ramp in the class.
    """
    gain = float(np.einsum("nr,nr->", prices, X - X[0]))
    worth = np.linalg.norm(living.on @ prices, axis=1) / living.cost
    # Widths are known to ten digits, those near ROOM to none: their worth is added to.
    unsure = 1e-10 * np.linalg.norm(living.on @ prices, axis=1)
    return float(gain / (worth + unsure).max()) if gain > 0 and len(worth) else 0.0


def few(X: Array, best: BestRamps, deadline: Deadline) -> Ramps:
    """The same without ramps that carry next to nothing; 4N neurons at most where it is not the best of its class.

    A smaller one may cost `DEARER` more there.
    """
    ramps, most = best.ramps, 2 * len(X)
    share = np.linalg.norm(ramps.a, axis=1) * ramps.cuts.cost
    carry = int((share > 1e-7 * share.sum()).sum())
    for kept, cost in ((most if not best.living else carry, 1 + DEARER), (carry, 1 + 1e-6)):
        order = np.argsort(-share)[: min(kept, carry)]
        fewer = interpolating(X, ramps.cuts[order], ramps.a[order])
        if kept < carry and fewer.interpolates:
            fewer = reweighted(X, fewer.cuts, deadline, steps=40)
        if fewer.interpolates and fewer.cost <= ramps.cost * (cost if kept < carry else 1 + 1e-7):
            return fewer
    return ramps
