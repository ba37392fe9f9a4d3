"""What a probability flow follows: a denoiser for every noise radius, and what is known of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from exactnorm.arrays import Array
from exactnorm.network import HasNetwork, ReLUNetwork, network_of

Given = Callable[[float], ReLUNetwork | HasNetwork]


@dataclass(frozen=True, eq=False)
class Family:
    """A family of denoisers ρ ↦ h_ρ.

    Parameters
    ----------
    denoiser : callable
        ρ ↦ denoiser.
    points : ndarray, shape (N, d), optional
        The clean points, if they are known: what stands in at high noise needs them.
    rho_min : float
        Smallest radius that the family reaches; a flow to σ = 0 ends with one denoising step from there.
    rho_max : float
        Largest radius that it reaches.
    switches : ndarray, shape (n,), optional
        Radii at which a family of a few denoisers goes from one to the next. None: it changes with every radius.
    coarser : Family, optional
        The same with half as many denoisers, and a coarser one of its own with a quarter, by which a flow estimates
        its error.
    """

    denoiser: Given
    points: Array | None = None
    rho_min: float = 0.0
    rho_max: float = math.inf
    switches: Array | None = None
    coarser: Family | None = None

    def __call__(self, rho: float) -> ReLUNetwork:
        """The network at a radius; ``TypeError`` if the denoiser there is none."""
        return network_of(self.denoiser(rho))


@runtime_checkable
class HasFamily(Protocol):
    """What knows the family it stands for, such as a `DenoiserPath`."""

    @property
    def family(self) -> Family:
        """The family."""


def family_of(path: Family | HasFamily | ReLUNetwork | HasNetwork | Given) -> Family:
    """The family that a path is: one denoiser for all radii, a function of the radius, or one that says so itself.

    Raises
    ------
    TypeError
        If it is none of these.
    """
    if isinstance(path, Family):
        return path
    if isinstance(path, HasFamily):
        return path.family
    if isinstance(path, (ReLUNetwork, HasNetwork)):
        network = network_of(path)
        return Family(lambda _: network)
    if callable(path):
        return Family(path)
    msg = f"{path!r:.80} is no family of denoisers: give a function of the radius rho, a DenoiserPath, or one denoiser"
    raise TypeError(msg)
