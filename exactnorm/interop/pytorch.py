"""Networks as PyTorch modules."""

from __future__ import annotations

import torch
from torch import nn

from exactnorm.network import HasNetwork, ReLUNetwork, network_of


class ReLUModule(nn.Module):  # type: ignore[misc, unused-ignore]
    """h(y) = Σ_k a_k [w_k·y + b_k]_+ + V y + c as a module with parameters a, w, b, V (or None) and c.

    Takes tensors of shape (…, d) and returns (…, q), the same for a denoiser; differentiable in y and in the
    parameters.
    """

    a: nn.Parameter
    w: nn.Parameter
    b: nn.Parameter
    c: nn.Parameter
    V: nn.Parameter | None

    def __init__(self, network: ReLUNetwork, dtype: torch.dtype) -> None:
        super().__init__()
        for name in ("a", "w", "b", "c", "V"):
            values = getattr(network, name)
            # torch.tensor copies: training the module leaves the network as it is.
            self.register_parameter(name, None if values is None else nn.Parameter(torch.tensor(values, dtype=dtype)))

    def forward(self, y: torch.Tensor) -> torch.Tensor:
        """Value h(y), of shape (…, q)."""
        value = torch.relu(y @ self.w.T + self.b) @ self.a + self.c
        return value if self.V is None else value + y @ self.V.T


def to_torch(network: ReLUNetwork | HasNetwork, dtype: torch.dtype = torch.float64) -> ReLUModule:
    """The network as a PyTorch module with the same parameters.

    Parameters
    ----------
    network : ReLUNetwork or CertifiedDenoiser
    dtype : torch.dtype
        ``torch.float64`` keeps every weight as it is; ``torch.float32`` rounds them, so that balls are then mapped
        to their centres to about seven digits.

    Raises
    ------
    TypeError
        If `network` is none, or the dtype is not a floating one of PyTorch.
    """
    if not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        msg = f"dtype={dtype!r}: give a floating one of PyTorch, such as torch.float32"
        raise TypeError(msg)
    return ReLUModule(network_of(network), dtype)
