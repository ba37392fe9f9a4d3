"""What flows take: a denoiser, which carries a network, and starts."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from numpy.typing import ArrayLike

from exactnorm.arrays import Array, real_array
from exactnorm.network import ReLUNetwork


@runtime_checkable
class HasNetwork(Protocol):
    """A denoiser that carries its network, such as `CertifiedDenoiser`."""

    @property
    def network(self) -> ReLUNetwork:
        """The network."""


def network_of(denoiser: ReLUNetwork | HasNetwork) -> ReLUNetwork:
    """The network of a denoiser; ``TypeError`` for what is none."""
    network = denoiser if isinstance(denoiser, ReLUNetwork) else getattr(denoiser, "network", None)
    if not isinstance(network, ReLUNetwork):
        msg = f"{denoiser!r:.80} is no denoiser: give a ReLUNetwork, or what min_norm_denoiser returns"
        raise TypeError(msg)
    return network


def starts(start: ArrayLike, dimension: int) -> Array:
    """Validated starts, shape (d,) or (m, d)."""
    Y = real_array(start, "start")
    if Y.ndim not in (1, 2) or Y.shape[-1] != dimension:
        msg = f"start has shape {Y.shape}; this denoiser takes ({dimension},) or (m, {dimension})"
        raise ValueError(msg)
    return Y
