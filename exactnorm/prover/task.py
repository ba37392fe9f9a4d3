"""What there is to prove a bracket on noise balls with, and what there is to say of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from flint import fmpq

from exactnorm.arrays import Array
from exactnorm.geometry import Frame
from exactnorm.patterns import Patterns, TooManyPatternsError, activation_patterns
from exactnorm.proof.records import Lower, Rays
from exactnorm.prover.cells import floats
from exactnorm.prover.evidence import Evidence
from exactnorm.prover.frame import Coordinates
from exactnorm.prover.record import Means
from exactnorm.training_set import TrainingSet

MANY = 2000
"""Patterns beyond which no cells are made for the purpose: each takes a small semidefinite program."""
WORTH_SAYING = 2e-6
"""Relative loss of a bound, of a lower one by cells that were made for it, beyond which it is told."""

Found = tuple[Lower, fmpq]


@dataclass(frozen=True, eq=False)
class Task:
    """The problem in exact numbers and in the frame's, what there is to prove it with, and what there is to say.

    `stated` is the certificate's lower bound.
    """

    train: TrainingSet
    frame: Frame
    where: Coordinates
    evidence: Evidence
    rays: Rays | None
    means: Means
    stated: float
    said: list[str] = field(default_factory=list)

    @cached_property
    def X(self) -> Array:
        """The points in the frame, to the last digit of each coordinate, which floats lose nearly in a flat."""
        exactly = floats(self.where.problem.heights * self.where.into)
        return exactly / float(self.where.ratio)

    @property
    def rho(self) -> float:
        """The radius in the frame."""
        return self.train.rho / self.frame.scale

    @cached_property
    def patterns(self) -> Patterns:
        """The living patterns with the first ball off; none where they are too many."""
        try:
            found = activation_patterns(self.X, self.rho)
        except (TooManyPatternsError, ArithmeticError):
            found = np.zeros((0, self.train.size), dtype=bool)
        return found[~found[:, 0] & found.any(axis=1)]
