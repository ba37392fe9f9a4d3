"""What a checker takes from a certificate: numbers and arrays of exactly one kind, or `CertificateError`."""

from __future__ import annotations

import math
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array

LARGEST = 1e50
"""Entries above this are refused: coordinates are near 1, and products of four entries must stay numbers."""


class CertificateError(ValueError):
    """A certificate does not support what it states."""


def refuse(reason: str) -> NoReturn:
    """Raise the error that says that a certificate does not support what it states."""
    raise CertificateError(reason) from None


def number(value: Any, name: str, *, infinite: bool = False) -> float:
    """A finite float, or an infinite one where that is admitted; bool, complex and text are no numbers."""
    if type(value) not in (float, int, np.float64):
        refuse(f"{name} is {type(value).__name__}, not a number")
    try:
        found = float(value)
    except OverflowError:
        found = math.nan
    if not (math.isfinite(found) or (infinite and found == math.inf)):
        refuse(f"{name} is {found}, not a finite number")
    return found


def whole(value: Any, name: str) -> int:
    """An integer."""
    if type(value) not in (int, np.int64):
        refuse(f"{name} is {type(value).__name__}, not an integer")
    return int(value)


def rows_of(value: Any, name: str, size: int, least: int) -> list[int]:
    """A tuple of different rows of `size` points, at least so many, as a list."""
    if type(value) is not tuple:
        refuse(f"the {name} are {type(value).__name__}, not a tuple of rows")
    if not least <= len(value) <= size:
        refuse(f"the {name} are {len(value)} rows; give at least {least} of the {size} that there are")
    rows = [whole(n, f"one of the {name}") for n in value]
    if not all(0 <= n < size for n in rows) or len(set(rows)) < len(rows):
        refuse(f"the {name} include rows that are not there, or one twice: there are {size} points")
    return rows


def numbers(value: Any, name: str, shape: tuple[int, ...]) -> Array:
    """A copy of an array of float64 of exactly this shape, every entry finite and not beyond `LARGEST`."""
    found = np.array(_array(value, name, shape, np.dtype(np.float64)), order="C")
    if found.size and not np.abs(found).max() <= LARGEST:  # nan is refused too
        refuse(f"{name} holds entries that are not finite, or beyond {LARGEST:g}")
    return found


def integers(value: Any, name: str, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """A copy of an array of int64 of exactly this shape."""
    return np.array(_array(value, name, shape, np.dtype(np.int64)), order="C")


def truths(value: Any, name: str, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """A copy of an array of bool of exactly this shape, with no other bytes in it than 0 and 1."""
    found = np.array(_array(value, name, shape, np.dtype(np.bool_)), order="C")
    if found.size and found.view(np.uint8).max() > 1:
        refuse(f"{name} holds bytes that are neither 0 nor 1")
    return found


def _array(value: Any, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    if type(value) is not np.ndarray:
        refuse(f"{name} is {type(value).__name__}, not an array")
    if value.dtype != dtype:
        refuse(f"{name} has dtype {value.dtype}; it must be {dtype}")
    if value.shape != shape:
        refuse(f"{name} has shape {value.shape}; it must be {shape}")
    return value
