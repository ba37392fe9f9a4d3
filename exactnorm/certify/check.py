"""The recomputation of a certificate from the user's own problem: supported, refuted or undecided."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from exactnorm.arrays import of_kind, real_number, what_is
from exactnorm.certify.balls.constancy import FLAT, MANY, sides_of_balls
from exactnorm.certify.balls.correction import upper_value
from exactnorm.certify.balls.missed import hidden_miss
from exactnorm.certify.certificate import Certificate
from exactnorm.certify.door import number, refuse
from exactnorm.certify.effort import CertificateUndecided, Effort
from exactnorm.certify.evidence import bound
from exactnorm.certify.finite.bounds import finite_upper_bound
from exactnorm.certify.finite.evidence import PenalisedMultipliers
from exactnorm.certify.interpolation import LARGEST, MISSED, TOO_LARGE, sure_miss
from exactnorm.finite_problem import FiniteProblem, finite_problem
from exactnorm.network import ReLUNetwork
from exactnorm.patterns import TooManyPatternsError
from exactnorm.training_set import TrainingSet

AGAIN = 1e-9
"""How far a recomputed bound may fall short of the stated one, relative to it: rounding on another machine."""
LONGEST = 600.0
"""Seconds for the price of what a network of many neurons misses, where no limit is given."""
CROSSED = 1e-6
"""How far the recomputed bounds may cross: what a residual of `MISSED` of the separation may save a network."""


def check_certificate(
    certificate: Certificate,
    train: TrainingSet | FiniteProblem = None,  # type: ignore[assignment]  # what is left out is told by name
    network: ReLUNetwork = None,  # type: ignore[assignment]
    *,
    time_limit: float | None = None,
) -> tuple[float, float, float | None]:
    """Recompute (lower, upper, interpolation_error) from arrays alone; no solver and no stored result is trusted.

    There are three outcomes: it returns where the certificate supports what it states, raises `CertificateError`
    where it does not, and `CertificateUndecided` where that would take too long to find out.

    Parameters
    ----------
    certificate : Certificate
        Every field of it is taken for a claim, or for the evidence of one: evidence of the wrong kind, type, shape or
        dtype is refused, and none of it sets a tolerance.
    train : TrainingSet or FiniteProblem
        The problem that the certificate is for: yours, rather than the one in a file that you were given. A training
        set with noisy samples leaves the weight decay to the certificate; give a FiniteProblem to fix it.
    network : ReLUNetwork
    time_limit : float, optional
        Seconds after which the check is given up, undecided, even in the midst of a long decomposition, which goes on
        unseen until it ends. Without it the work is bounded by what your problem may need at most, some minutes.

    Returns
    -------
    lower, upper, interpolation_error : float
        The last is None for a certificate with weight decay.

    Raises
    ------
    CertificateError
        If the cells leave a pattern uncovered, a multiplier leaves its cone, the frame does not hold the data, the
        network misses its targets by more than 1e-6 of the separation (or of the targets' spread), the lower bound is
        above the upper one, or a stated number is better than what was recomputed.
    CertificateUndecided
        If there are too many activation patterns or faces to go through, the time is over, or the linear algebra
        fails.
    ValueError
        If the problem itself, which is yours, or `time_limit` is not admissible.
    TypeError
        If one of the three is missing or of another kind, such as a denoiser where its certificate is asked.
    """
    _refuse_swapped(certificate, train, network)
    effort = Effort(None if time_limit is None else real_number(time_limit, "time_limit"))
    problem = _problem(certificate, train)
    network = _sound(network)
    # Whatever overflows ends in inf or nan, which every comparison below refuses.
    with np.errstate(all="ignore"):
        stated_lower, stated_upper, told = _claims(certificate, problem)
        try:
            lower, (upper, error, slack) = effort.wait_for(
                lambda: (
                    bound(certificate.evidence, problem, claim=stated_lower, effort=effort),
                    _upper(problem, network, told, effort),
                )
            )
        except TooManyPatternsError as many:
            raise CertificateUndecided(str(many)) from None
        except (ArithmeticError, np.linalg.LinAlgError, MemoryError) as failed:
            msg = f"the check could not be carried out: {failed}"
            raise CertificateUndecided(msg) from None
        if not (lower >= stated_lower * (1 - AGAIN) and upper <= stated_upper * (1 + AGAIN)):
            misses = f"; its network misses by {error:.3g}" if error is not None and upper == math.inf else ""
            stated = f"[{stated_lower!r}, {stated_upper!r}]"
            refuse(f"the certificate states {stated} but supports only [{lower!r}, {upper!r}]{misses}")
        if not lower <= upper * (1 + CROSSED):
            refuse(f"the lower bound is {lower!r} and the network costs {upper!r}, less than any that interpolates")
        if error is not None and not (told is not None and error <= told + slack):
            refuse(f"the certificate states an interpolation error of {told}, but it is {error:.3e}")
    return min(lower, upper), upper, error


def _refuse_swapped(certificate: object, train: object, network: object) -> None:
    """Raise ``TypeError`` for what is the caller's mistake and no fault of a certificate."""
    if hasattr(certificate, "certificate"):
        msg = f"certificate is {what_is(certificate)}: give its `.certificate`, then the problem, and its `.network`"
        raise TypeError(msg)
    of_kind(certificate, Certificate, "certificate", "the Certificate, such as a denoiser's `.certificate`")
    if not isinstance(train, TrainingSet | FiniteProblem):
        msg = f"train is {what_is(train)}: give the TrainingSet, such as a denoiser's `.train`, or FiniteProblem"
        raise TypeError(msg)
    if hasattr(network, "network"):
        msg = f"network is {what_is(network)}: give its `.network`"
        raise TypeError(msg)
    of_kind(network, ReLUNetwork, "network", "the ReLUNetwork, such as a denoiser's `.network`")


def _problem(certificate: Certificate, train: TrainingSet | FiniteProblem) -> TrainingSet | FiniteProblem:
    """The problem to check against; of noisy samples, the finite one with the weight decay of the certificate."""
    if type(certificate) is not Certificate:
        refuse(f"the certificate is {type(certificate).__name__}, not a Certificate")
    if isinstance(train, TrainingSet) and train.samples is not None:
        evidence = certificate.evidence
        if type(evidence) is not PenalisedMultipliers:
            return finite_problem(train)
        if not number(evidence.weight_decay, "weight_decay") > 0:
            refuse(f"the certificate's weight_decay={evidence.weight_decay} is not positive")
        return finite_problem(train, float(evidence.weight_decay))
    return train


def _sound(network: ReLUNetwork) -> ReLUNetwork:
    """A copy of the network that was validated now."""
    if type(network) is not ReLUNetwork:
        refuse(f"the network is {type(network).__name__}, not a ReLUNetwork")
    try:
        return ReLUNetwork(network.a, network.w, network.b, network.V, network.c)
    except (ValueError, TypeError) as failed:
        refuse(f"the network is not sound: {failed}")


def _claims(certificate: Certificate, problem: TrainingSet | FiniteProblem) -> tuple[float, float, float | None]:
    """The stated numbers, once they are some that a certificate for this problem may state."""
    lower = number(certificate.lower, "the lower bound")
    upper = number(certificate.upper, "the upper value", infinite=True)
    if not 0 <= lower <= upper:
        refuse(f"the certificate states a lower bound of {lower!r}, not one from 0 to its upper value of {upper!r}")
    told = certificate.interpolation_error
    if told is not None and not number(told, "the interpolation error") >= 0:
        refuse(f"the certificate states an interpolation error of {told}")
    decay = problem.weight_decay if isinstance(problem, FiniteProblem) else None
    if (told is None) != (decay is not None):
        refuse("an interpolation error is stated where there is no weight decay, and only there")
    return lower, upper, told


def _upper(
    problem: TrainingSet | FiniteProblem, network: ReLUNetwork, told: float | None, effort: Effort
) -> tuple[float, float | None, float]:
    """Upper value, interpolation error and how far two computations of it may differ."""
    if isinstance(problem, FiniteProblem):
        return _finite_upper(problem, network, effort)
    return _ball_upper(problem, network, told, effort)


def _ball_upper(
    train: TrainingSet, network: ReLUNetwork, told: float | None, effort: Effort
) -> tuple[float, float, float]:
    if (network.dimension, network.outputs) != (train.dimension, train.dimension):
        refuse(f"the network maps R^{network.dimension} to R^{network.outputs}, the points are in R^{train.dimension}")
    slack = _slack(train.separation, float(np.abs(train.points).max()))
    claim = slack + (0.0 if told is None else told)
    miss, upper = sure_miss(network, train, effort.check, claim, LARGEST), network.representation_cost
    error, interpolates_balls = miss.error, miss.below(MISSED * train.separation)
    if why := hidden_miss(network, train, miss):
        raise CertificateUndecided(why)
    if not interpolates_balls:
        upper = math.inf  # the cost of a network that does not interpolate says nothing
    else:
        sides = sides_of_balls(network, train, effort)
        if sides.slope == math.inf and network.neurons * train.size > MANY:
            msg = (
                f"whether the network of {network.neurons} neurons is constant near {train.size} points is not decided"
            )
            raise CertificateUndecided(msg)
        if not sides.slope <= FLAT:
            refuse(f"the network is not constant near the clean points: its slope there is {sides.slope:.3g}")
        check = effort.or_at_most(LONGEST).check
        upper = upper_value(network, train, sides, replace(miss, slope=sides.slope), check)
    return upper, error, slack


def _finite_upper(problem: FiniteProblem, network: ReLUNetwork, effort: Effort) -> tuple[float, float | None, float]:
    if network.neurons * max(problem.inputs.size, problem.targets.size) > LARGEST:
        raise CertificateUndecided(TOO_LARGE.format(network.neurons, len(problem.inputs)))
    try:
        upper, error = finite_upper_bound(problem, network, effort.check)
    except ValueError as failed:
        refuse(str(failed))
    spread, size = float(np.ptp(problem.targets, axis=0).max()), float(np.abs(problem.targets).max())
    if problem.weight_decay is not None:
        return upper, None, 0.0
    return upper, error, _slack(spread + 64 * float(np.finfo(float).eps) * size / MISSED, size)


def _slack(unit: float, size: float) -> float:
    """How far two computations of an error may differ.

    By the rounding of numbers of that size, and by no more than a tenth of what is admitted of the error itself, which
    is a share `MISSED` of the unit.
    """
    return 1e-9 * unit + min(1e-12 * size, 0.1 * MISSED * unit)
