"""What the first bracket is good for afterwards: under what is reported, with a cheaper network, or as the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from exactnorm.certify.certified import INTERRUPTED, CertifiedDenoiser
from exactnorm.exact.balls.bracket import Bracket
from exactnorm.exact.balls.first import First
from exactnorm.exact.balls.ramp_program import cheap_ramps
from exactnorm.exact.deadline import Deadline, OutOfTimeError
from exactnorm.exact.settings import Settings


def raising(report: Callable[[Bracket], None], first: First) -> Callable[[Bracket], None]:
    """Reports with the first lower bound while the loop has none as high."""
    return lambda best: report(replace(best, lower=min(max(best.lower, first.lower), best.upper)))


def cheaper(found: First, settings: Settings) -> First:
    """With a cheaper network of ramps, if the time that is left is enough for one; it is all there will be."""
    if found.ramps is None:
        return found
    X, rho = found.frame.coordinates(found.train.points), found.train.rho / found.frame.scale
    until = settings.deadline.earlier(0.1)
    if found.stated is not None and until.limit is not None:
        until = Deadline(until.limit - found.stated.seconds, until.start)
    try:
        for ramps in cheap_ramps(X, rho, until, found.ramps):
            found = replace(found, ramps=ramps)
            settings.report(found.bracket("improving the network of ramps", settings.deadline.elapsed))
            until.check()
    except OutOfTimeError:
        pass
    except KeyboardInterrupt:
        return replace(found, interrupted=True)
    return found


def ended(first: First, reason: str, deadline: Deadline) -> CertifiedDenoiser:
    """The first bracket as the result."""
    return first.denoiser(INTERRUPTED if first.interrupted else reason, deadline)
