"""Networks out of PyTorch modules and state dictionaries.

Which layer does what is guessed from shapes, and no guess is trusted: the network read must agree with the module on
random inputs, near its kinks and far from them, to the rounding of float64.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Any

import numpy as np
import torch
from torch import nn

from exactnorm.arrays import Array
from exactnorm.interop.agreement import disagreement, probes
from exactnorm.interop.pytorch import ReLUModule
from exactnorm.network import ReLUNetwork

ACCEPTED = (
    "from_torch takes a module of two torch.nn.Linear with a ReLU between, with or without a bypass (a third Linear of "
    "y, y itself added, or the layers subtracted from y), or a state dict: from_torch(state, first='0', last='2')"
)
NO_KINKS = (nn.SiLU, nn.GELU, nn.ELU, nn.CELU, nn.SELU, nn.Mish, nn.Softplus, nn.Tanh, nn.Sigmoid, nn.LogSigmoid)
OTHER_KINKS = (nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ReLU6, nn.Hardtanh, nn.Hardswish, nn.Hardsigmoid, nn.Softshrink)
NORMALISING = (nn.LayerNorm, nn.GroupNorm, nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)
CONVOLVING = (nn.modules.conv._ConvNd,)


def from_torch(
    module: nn.Module | Mapping[str, Any], *, first: str | None = None, last: str | None = None, skip: str | None = None
) -> ReLUNetwork:
    """The network that a PyTorch module, or a state dictionary, holds.

    Parameters
    ----------
    module : torch.nn.Module or mapping of str to tensor
        A module made by `to_torch`, or any with two ``Linear`` layers and a ReLU between, wherever they are in it; a
        third ``Linear``, of the input, is a bypass, and so is the input itself where the layers are added to it or
        subtracted from it. It is copied, and evaluated in float64 on the CPU as in ``eval()``. A state dictionary
        does not say what happens between its layers: a ReLU is taken for granted.
    first, last, skip : str, optional
        Names of the layers, as in ``module.named_modules()``, or before ``.weight`` in a state dictionary, which needs
        the first two. A bypass that is not named is looked for in a module only.

    Raises
    ------
    TypeError
        If it is neither a module nor such a dictionary.
    ValueError
        If no two layers of the module make up its values, with the likely reason; names or shapes do not fit; or
        weights are not finite.
    """
    names = (first, last, skip)
    if isinstance(module, ReLUModule):
        return _of_parameters(dict(module.named_parameters()))
    if isinstance(module, nn.Module):
        return _of_module(module, names)
    if isinstance(module, Mapping) and all(isinstance(value, torch.Tensor) for value in module.values()):
        if set(module) in ({"a", "w", "b", "c"}, {"a", "w", "b", "c", "V"}):
            return _of_parameters(module)
        chosen = [_named(module, name) for name in _chosen_names(module, names)]
        return _network(chosen[0], chosen[1], chosen[2] if len(chosen) > 2 else None)
    msg = f"cannot read a network from a {type(module).__name__}: {ACCEPTED}"
    raise TypeError(msg)


Layer = tuple[Array, Array]
"""Weight (out, in) and bias (out,)."""
Names = tuple[str | None, ...]
"""Of the first layer, the last, and the bypass."""


def _of_parameters(given: Mapping[str, torch.Tensor]) -> ReLUNetwork:
    a, w, b, c = (_array(given[name]) for name in ("a", "w", "b", "c"))
    return ReLUNetwork(a, w, b, _array(given["V"]) if "V" in given else None, c)


def _chosen_names(state: Mapping[str, torch.Tensor], names: Names) -> list[str]:
    if names[0] is None or names[1] is None:
        layers = ", ".join(
            f"{name.removesuffix('.weight')!r} {'×'.join(map(str, value.shape))}"
            for name, value in state.items()
            if name.endswith("weight") and value.ndim == 2
        )
        msg = f"a state dict does not say which layer is which: give first= and last= of {layers or 'none that fit'}"
        raise ValueError(msg)
    return [name for name in names if name is not None]


def _named(state: Mapping[str, torch.Tensor], name: str) -> Layer:
    key = f"{name}.weight" if f"{name}.weight" in state else name
    if key not in state or state[key].ndim != 2:
        msg = f"there is no layer {name!r} with a weight of two dimensions; there are {', '.join(map(repr, state))}"
        raise ValueError(msg)
    return _layer(state[key], state.get(f"{name}.bias"))


def _layer(weight: torch.Tensor, bias: torch.Tensor | None) -> Layer:
    values = _array(weight)
    return values, np.zeros(len(values)) if bias is None else _array(bias)


def _array(parameter: torch.Tensor) -> Array:
    values: Array = parameter.detach().cpu().double().numpy()
    return values


def _network(first: Layer, last: Layer, bypass: Layer | None = None, sign: float = 1.0) -> ReLUNetwork:
    """The network y ↦ sign·last([first(y)]_+) + bypass(y)."""
    (w, b), (a, c) = first, last
    if a.shape[1] != w.shape[0] or (bypass is not None and bypass[0].shape != (a.shape[0], w.shape[1])):
        shapes = ", ".join(f"{one[0].shape[1]} to {one[0].shape[0]}" for one in (first, last, bypass) if one)
        msg = f"layers of {shapes} do not fit: the last takes what the first gives, a bypass goes from end to end"
        raise ValueError(msg)
    V = None if bypass is None else bypass[0]
    return ReLUNetwork(sign * a.T, w, b, V, sign * c if bypass is None else sign * c + bypass[1])


def _of_module(module: nn.Module, names: Names) -> ReLUNetwork:
    try:
        exact = copy.deepcopy(module).cpu().double().eval()
    except Exception as failed:  # a module is the user's code, and may raise anything
        msg = f"{type(module).__name__} cannot be copied and evaluated in float64 on the CPU ({failed})"
        raise ValueError(msg) from failed
    layers = {name: _layer(one.weight, one.bias) for name, one in exact.named_modules() if isinstance(one, nn.Linear)}
    nearest, failure = np.inf, None
    for network in _candidates(layers, names):
        y = probes(network)
        try:
            with torch.no_grad():
                values = exact(torch.from_numpy(y)).double().numpy().reshape(len(y), -1)
        except Exception as failed:  # told by `_reason`, if no other pair of layers fits
            failure = failed
            continue
        off, rounding = disagreement(network, y, values)
        if off <= rounding:
            return network
        nearest = min(nearest, off)
    msg = f"no two-layer ReLU network was found in {type(module).__name__}: {_reason(exact, layers, nearest, failure)}"
    raise ValueError(msg)


def _candidates(layers: dict[str, Layer], names: Names) -> Iterator[ReLUNetwork]:
    """Every way in which layers of fitting shapes could make up a network, the likely ones first."""
    for name in names:
        if name is not None and name not in layers:
            msg = f"there is no Linear {name!r} in it; there are {', '.join(map(repr, layers)) or 'none'}"
            raise ValueError(msg)
    for one, other, third in _orders(list(layers), names):
        if one is None or other is None:
            continue
        first, last = layers[one], layers[other]
        (hidden, d), (q, taken) = first[0].shape, last[0].shape
        if hidden != taken:
            continue
        if third is not None and layers[third][0].shape == (q, d):
            yield _network(first, last, layers[third])
        yield _network(first, last)
        if q == d:
            for sign in (1.0, -1.0):  # the layers add to their input what is missing, or tell what to take from it
                yield _network(first, last, (np.eye(d), np.zeros(d)), sign)


def _orders(layers: list[str], names: Names) -> list[Names]:
    """First, last and bypass in every order that agrees with the names given; None for no bypass."""
    if len(layers) > 3:
        return [names] if names[0] is not None and names[1] is not None else []
    orders: list[Names] = [(*order, None)[:3] for order in permutations(layers, len(layers))] if len(layers) > 1 else []
    return [order for order in orders if all(name in (None, one) for name, one in zip(names, order, strict=True))]


def _reason(module: nn.Module, layers: dict[str, Layer], nearest: float, failure: Exception | None) -> str:
    """Why a module is no two-layer ReLU network, as far as its parts tell."""
    parts = [one for one in module.modules() if not list(one.children())]

    def part(kinds: tuple[type, ...]) -> str | None:
        return next((type(one).__name__ for one in parts if isinstance(one, kinds)), None)

    if (smooth := part(NO_KINKS)) is not None:
        return (
            f"its {smooth} has no kinks, and representation cost, activation patterns and brackets are about "
            "[t]_+ alone; train with ReLU to compare"
        )
    if (leaky := part((nn.LeakyReLU,))) is not None:
        return (
            f"its {leaky} is s·t + (1 − s)[t]_+, and its weights do not cost what those of a ReLU network do: the same "
            "function is ReLUNetwork((1 − s)·a, w, b, s·aᵀw, c + s·aᵀb)"
        )
    if (other := part(OTHER_KINKS)) is not None:
        return f"its {other} bends otherwise than [t]_+, which representation cost and brackets are about"
    if (norm := part(NORMALISING)) is not None:
        return f"its {norm} is no part of a two-layer network; fold it into the layers, or train without it"
    if (convolution := part(CONVOLVING)) is not None:
        return f"its {convolution} is not a dense layer: {ACCEPTED}"
    if (hidden := sum(isinstance(one, nn.ReLU) for one in parts)) > 1:
        return (
            f"it has {hidden} layers of ReLU, and representation cost, activation patterns and brackets are about "
            "networks with one: train one with a single hidden layer to compare"
        )
    if len(layers) > 3:
        return f"it has {len(layers)} Linear layers; name two by first= and last= if only they count"
    if len(layers) < 2:
        return f"it has {len(layers)} Linear layer{'s' * (len(layers) != 1)}; {ACCEPTED}"
    if not np.isfinite(nearest):
        return (
            f"it could not be evaluated on a batch of shape (m, d) ({failure}); wrap it so that y alone is its input"
            if failure is not None
            else f"the shapes of its Linear layers do not fit one behind the other; {ACCEPTED}"
        )
    return (
        f"its layers with a ReLU between differ from its own values, by {nearest:.2g} on random inputs, as they would "
        f"with another activation (silu, gelu, …), a second one or a factor in its forward; {ACCEPTED}"
    )
