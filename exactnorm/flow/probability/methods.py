"""Ways to follow a probability flow, and what each of them takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from types import MappingProxyType
from typing import Literal

from numpy.typing import ArrayLike

from exactnorm.flow.hyperbox.lines import Lines
from exactnorm.flow.methods import Ivp

Method = Literal["closed", "pieces", "ivp"]
LEVELS = 200
"""Noise levels where the family has none of its own."""
FEW = 8
"""Levels below which halving them twice says nothing of the error (measured: one flow in 300 is off by more)."""


@dataclass(frozen=True)
class Closed:
    """`closed_probability_flow`, for families that are recognised as those of data on orthogonal lines."""


@dataclass(frozen=True, eq=False)
class Levels:
    """Exact score flows of frozen denoisers, from noise level to noise level.

    Parameters
    ----------
    steps : int, optional
        Number of noise levels, 200 by default, evenly spaced in σ^{1/3}, which serves best where kinks move with σ.
        Between two of them the denoiser of their geometric mean drives the flow, which is solved exactly: an error of
        second order in the spacing, or of first order on kinks, which `Flow.error` estimates from 8 levels on. A family
        with levels of its own, such as a `DenoiserPath`, brings them along, and `steps` must not be given.
    box, near : array_like, shape (N, d), or Lines, and float, optional
        As for `score_flow`: `Flow.events` then says when trajectories come to the hyperbox's boundary. Not while a
        stand-in drives the flow.

    Raises
    ------
    ValueError
        If `steps` is no whole number, at least one, or `near` is given without `box`.
    """

    steps: int | None = None
    box: ArrayLike | Lines | None = None
    near: float | None = None

    def __post_init__(self) -> None:
        if self.steps is not None and not (isinstance(self.steps, Integral) and self.steps >= 1):
            msg = f"steps={self.steps!r}; give a whole number of levels, at least one"
            raise ValueError(msg)
        if self.near is not None and self.box is None:
            msg = f"near={self.near!r} is a distance from a hyperbox; give its points, too, as box"
            raise ValueError(msg)


METHODS: Mapping[str, Closed | Levels | Ivp] = MappingProxyType(
    # Kinks move with the noise, so that an integrator of high order gains nothing.
    {"closed": Closed(), "pieces": Levels(), "ivp": Ivp(1e-8, "RK45")}
)
