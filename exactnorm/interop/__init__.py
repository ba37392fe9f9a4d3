"""The denoisers in the shapes that other libraries ask for; each library is loaded when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from exactnorm.interop.samplers import EDMDenoiser, EpsilonPrediction

if TYPE_CHECKING:
    from exactnorm.interop.onnx_model import to_onnx
    from exactnorm.interop.pytorch import to_torch
    from exactnorm.interop.read_onnx import from_onnx
    from exactnorm.interop.read_torch import from_torch
    from exactnorm.interop.scikit_learn import MinNormDenoiser

__all__ = ["EDMDenoiser", "EpsilonPrediction", "MinNormDenoiser", "from_onnx", "from_torch", "to_onnx", "to_torch"]

_HOMES = {
    "MinNormDenoiser": ("exactnorm.interop.scikit_learn", "scikit-learn", "sklearn"),
    "from_torch": ("exactnorm.interop.read_torch", "PyTorch", "torch"),
    "to_torch": ("exactnorm.interop.pytorch", "PyTorch", "torch"),
    "from_onnx": ("exactnorm.interop.read_onnx", "onnx", "onnx"),
    "to_onnx": ("exactnorm.interop.onnx_model", "onnx", "onnx"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    module, library, extra = _HOMES[name]
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as missing:
        msg = f"{name} needs {library}, the extra `{extra}`: pip install 'exactnorm[{extra}]'"
        raise ImportError(msg) from missing


def __dir__() -> list[str]:
    return __all__
