"""Networks as PyTorch modules, and back."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from exactnorm.arrays import Array
from exactnorm.network import ReLUNetwork


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


def to_torch(network: ReLUNetwork, dtype: torch.dtype = torch.float64) -> ReLUModule:
    """The network as a PyTorch module with the same parameters.

    Parameters
    ----------
    network : ReLUNetwork
    dtype : torch.dtype
        ``torch.float64`` keeps every weight as it is; ``torch.float32`` rounds them, so that balls are then mapped
        to their centres to about seven digits.
    """
    return ReLUModule(network, dtype)


def from_torch(module: nn.Module) -> ReLUNetwork:
    """The network that a PyTorch module holds.

    Parameters
    ----------
    module : torch.nn.Module
        What `to_torch` returned, or ``nn.Sequential(nn.Linear(d, K), nn.ReLU(), nn.Linear(K, d))``.

    Raises
    ------
    TypeError
        If it is neither.
    ValueError
        If weights are not finite.
    """
    if isinstance(module, ReLUModule):
        V = None if module.V is None else _array(module.V)
        return ReLUNetwork(_array(module.a), _array(module.w), _array(module.b), V, _array(module.c))
    if isinstance(module, nn.Sequential) and len(module) == 3:
        first, middle, last = module
        # Exact types: a subclass may compute something else.
        if type(first) is nn.Linear and type(middle) is nn.ReLU and type(last) is nn.Linear:
            return _two_layers(first, last)
    msg = f"cannot read a two-layer ReLU network from {type(module).__name__}"
    raise TypeError(msg)


def _two_layers(first: nn.Linear, last: nn.Linear) -> ReLUNetwork:
    a, w = _array(last.weight).T, _array(first.weight)
    b = np.zeros(len(w)) if first.bias is None else _array(first.bias)
    c = np.zeros(a.shape[1]) if last.bias is None else _array(last.bias)
    return ReLUNetwork(a, w, b, None, c)


def _array(parameter: torch.Tensor) -> Array:
    values: Array = parameter.detach().cpu().double().numpy()
    return values
