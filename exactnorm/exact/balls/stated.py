"""What is stated of a network of ramps: by how much it misses, and its cost with that of making up for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactnorm.certify.balls.correction import MANY, stated_upper
from exactnorm.certify.effort import Effort
from exactnorm.certify.interpolation import sure_miss
from exactnorm.exact.balls.reweighted import Ramps
from exactnorm.exact.deadline import Deadline
from exactnorm.geometry import Frame
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import TrainingSet

SOON = 1.0
"""Seconds that this may take after Ctrl-C; half of that after the time limit."""


@dataclass(frozen=True, eq=False)
class Stated:
    """What is stated of a network of ramps.

    Parameters
    ----------
    ramps : Ramps
        The network, in coordinates.
    network : ReLUNetwork
    error : float
        By how much it misses balls.
    upper : float
        Its cost, and that of making up for what it misses.
    seconds : float
        How long it took to find that out.
    said : tuple of str
        What of it nothing supports.
    """

    ramps: Ramps
    network: ReLUNetwork
    error: float
    upper: float
    seconds: float
    said: tuple[str, ...] = ()


def stated(train: TrainingSet, frame: Frame, ramps: Ramps, deadline: Deadline) -> Stated:
    """The network of some ramps, by how much it misses, and the upper value.

    Of many balls there is an upper value without a price of the misses, so that the clock may end the look at them.
    """
    clock = Deadline(None)
    many = train.size > MANY and deadline.limit is not None
    effort = Effort(max(deadline.remaining, SOON / 2)) if many else deadline.effort
    network = ramps.network(np.zeros(frame.rank)).lifted(frame)
    miss = sure_miss(network, train)
    said: list[str] = []
    upper = stated_upper(network, train, miss, frame, effort, said.append)
    return Stated(ramps, network, miss.error, upper, clock.elapsed, tuple(said))
