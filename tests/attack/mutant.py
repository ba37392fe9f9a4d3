"""A certificate that was tampered with, and the claims that are raised along with the tampering."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from attack.targets import Target


@dataclass(frozen=True)
class Mutant:
    """What was changed, in what way, which claims were raised with it, and the bytes of the file or the record."""

    target: Target
    field: str
    change: str
    boast: str
    make: Callable[[], Any]


def missing(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """An interpolation error that any network keeps, where one is stated."""
    return {"interpolation_error": np.float64(1e3)} if "interpolation_error" in arrays else {}


BOASTS: dict[str, Callable[[dict[str, np.ndarray]], dict[str, Any]]] = {
    "": lambda _: {},
    "lower x 1.001": lambda a: {"lower": a["lower"] * 1.001, "upper": max(a["upper"], a["lower"] * 1.001)},
    "lower x 100": lambda a: {"lower": a["lower"] * 100, "upper": a["lower"] * 100},
    "lower x 2, no upper": lambda a: {"lower": a["lower"] * 2, "upper": np.float64(np.inf), **missing(a)},
    "upper x 0.999": lambda a: {"upper": a["upper"] * 0.999, "lower": min(a["lower"], a["upper"] * 0.999)},
    "upper 0": lambda _: {"upper": np.float64(0.0), "lower": np.float64(0.0)},
    "no error": lambda _: {"interpolation_error": np.float64(0.0)},
}


def archive(arrays: dict[str, Any]) -> bytes:
    """The bytes of a .npz file."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()
