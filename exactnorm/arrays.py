"""Arrays of real numbers, and the checks at the door: whatever a user hands over becomes a finite float64 copy."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

LARGEST = 1e140
"""Lengths above this, or below its inverse, are refused: norms square them, and sums of squares need room."""


def real_array(values: ArrayLike, name: str) -> Array:
    """Return a fresh C-ordered float64 copy; raise ``ValueError`` unless all are real numbers with finite squares."""
    _refuse_what_is_no_array(values, name)
    try:
        array = np.asarray(values)
    except ValueError:
        msg = f"{name} is no rectangular array: its rows differ in length or kind; give rows of equally many numbers"
        raise ValueError(msg) from None
    except (TypeError, RuntimeError) as refused:  # of the library that it is from: PyTorch's kinds that NumPy has not
        tensor = f": {name}.detach().cpu().double().numpy()" if hasattr(values, "detach") else ""
        msg = f"{name} is {what_is(values)} that does not become an array ({refused}); give one of NumPy{tensor}"
        raise ValueError(msg) from refused
    if array.dtype.kind == "O" and all(isinstance(value, Real) for value in array.flat):
        try:
            array = array.astype(np.float64)  # what pandas makes of columns that could hold a missing value
        except OverflowError:
            msg = f"{name} holds a number that no float can be: use a larger unit of length"
            raise ValueError(msg) from None
    if array.dtype.kind not in "biuf":
        raise ValueError(_why_not_real(array, name))
    array = np.array(array, dtype=np.float64, order="C")
    if not np.all(np.isfinite(array)):
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        msg = f"{name} holds {array[where]} at index {where}; every entry must be finite"
        raise ValueError(msg)
    if array.size and not np.abs(array).max() <= LARGEST:
        where = tuple(int(i) for i in np.argwhere(np.abs(array) > LARGEST)[0])
        msg = f"{name} holds {array[where]:g} at index {where}, whose square is no number: use a larger unit of length"
        raise ValueError(msg)
    return array


def numbers(values: ArrayLike, name: str) -> Array:
    """As `real_array`, without a copy of what is float64 already, and of any size: for what is called all the time."""
    try:
        # NumPy would drop masks and imaginary parts.
        if not (isinstance(values, np.ma.MaskedArray) or np.iscomplexobj(values)):
            return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        pass
    return real_array(values, name)  # which says what is wrong


def restore_read_only(record: object, state: Mapping[str, Any]) -> None:
    """As ``__setstate__`` of a record whose arrays are read-only: unpickled or copied deeply, they are so again."""
    for value in state.values():
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, np.ndarray):
                one.flags.writeable = False
    vars(record).update(state)


def _why_not_real(array: NDArray[Any], name: str) -> str:
    """The sentence about an array whose type is none of real numbers."""
    if array.dtype.kind == "c":
        return (
            f"{name} holds complex numbers; give real numbers: "
            f"numpy.hstack([{name}.real, {name}.imag]) has both parts as columns"
        )
    if array.dtype.names:
        plain = f"numpy.lib.recfunctions.structured_to_unstructured({name})"
        return f"{name} has named fields, {', '.join(array.dtype.names)}; give real numbers: {plain}"
    if array.dtype.kind in "US":
        return f"{name} holds text, such as {str(array.flat[0])!r}; give real numbers: {name}.astype(float) of some"
    if array.dtype.kind != "O":
        return f"{name} has dtype {array.dtype}; give real numbers"
    if array.ndim == 0:
        given = array[()]  # what `values` was, if it has been made an array on the way here
        held = {
            "train": "points are `.train.points`",
            "points": "points are `.points`",
            "endpoint": "ends are `.endpoint`",
        }
        has = next((f": its {words}" for attribute, words in held.items() if hasattr(given, attribute)), "")
        return f"{name} is {what_is(given)}{has}; give real numbers in an array"
    where = next(place for place, value in np.ndenumerate(array) if not isinstance(value, Real))
    return f"{name} holds {array[where]!r} at index {where}; give real numbers, all of them there"


def _refuse_what_is_no_array(values: object, name: str) -> None:
    """Raise ``ValueError`` for what numpy would turn into an array of something else, or without being told."""
    if isinstance(values, str | os.PathLike):
        msg = (
            f"{name} is {os.fspath(values)!r}; read the file first, by numpy.loadtxt(file, delimiter=',') or numpy.load"
        )
        raise ValueError(msg)
    if hasattr(values, "toarray") and hasattr(values, "nnz"):
        msg = f"{name} is a sparse {type(values).__name__}; give {name}.toarray()"
        raise ValueError(msg)
    if isinstance(values, np.ma.MaskedArray) and (hidden := np.argwhere(np.ma.getmaskarray(values))).size:
        where = tuple(int(i) for i in hidden[0])
        many = "1 masked entry, the first" if len(hidden) == 1 else f"{len(hidden)} masked entries, the first"
        msg = f"{name} has {many} at index {where}: every entry must be there; fill it in or leave its row out"
        raise ValueError(msg)


def of_kind(value: object, kind: Any, name: str, what: str) -> None:
    """Raise ``TypeError`` unless `value` is of that kind; `what` says which record it is, and what makes one."""
    if not isinstance(value, kind):
        msg = f"{name} is {what_is(value)}: give {what}"
        raise TypeError(msg)


def what_is(value: object) -> str:
    """What a value is, as a sentence says it: None, a list, an ndarray, the class Schedule."""
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, type):
        return f"the class {value.__name__}"
    kind = type(value).__name__
    return f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}"


def truth(value: object, name: str) -> bool:
    """Return `value` as a bool; raise ``TypeError`` for whatever else Python would take for true or false."""
    of_kind(value, bool | np.bool_, name, "True or False")
    return bool(value)


def whole_number(value: int, name: str, least: int) -> int:
    """Return `value` as an int; raise ``ValueError`` unless it is a whole number, `least` or more."""
    if isinstance(value, bool) or not (isinstance(value, Integral) and value >= least):
        shown = repr(value) if isinstance(value, Real | str) else what_is(value)
        msg = f"{name}={shown}; give a whole number, {least} or more"
        raise ValueError(msg)
    return int(value)


def real_number(value: float, name: str) -> float:
    """Return `value` as a float; raise ``ValueError`` unless it is one finite real number."""
    if isinstance(value, str):
        msg = f"{name}={value!r} is text; give the number without quotation marks"
        raise ValueError(msg)
    try:
        number = float(value)
    except (TypeError, ValueError):
        shown = f"={value!r}" if value is None or isinstance(value, complex) else f" is {what_is(value)}, which"
        msg = f"{name}{shown} is not a number; give one that is real"
        raise ValueError(msg) from None
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        msg = f"{name}={number} is not finite"
        raise ValueError(msg)
    return number
