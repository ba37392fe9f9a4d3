"""Changes of one array: each gives an array, or None where it does not apply."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def entry(value: float) -> Callable[[np.ndarray, np.random.Generator], np.ndarray | None]:
    """One entry, chosen at random, becomes `value`."""

    def change(array: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
        if array.dtype.kind not in "fi" or array.size == 0:
            return None
        out = array.astype(float).reshape(-1)
        out[rng.integers(out.size)] = value
        return out.reshape(array.shape).astype(array.dtype) if array.dtype.kind == "f" or abs(value) < 2**62 else None

    return change


def numeric(function: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> Callable[..., np.ndarray | None]:
    """Only for numbers."""
    return lambda array, rng: function(array, rng) if array.dtype.kind in "fib" and array.size else None


def along(function: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> Callable[..., np.ndarray | None]:
    """Only for arrays with rows."""
    return lambda array, rng: function(array, rng) if array.ndim and len(array) else None


def cast(dtype: str) -> Callable[..., np.ndarray | None]:
    """Another dtype, as far as the values have one."""

    def change(array: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
        del rng
        if array.dtype.kind == "U" and dtype not in ("U", "S", "O"):
            return np.zeros(array.shape, dtype)
        return array.astype(dtype)

    return change


def bytes_of_two(array: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """Truth values whose bytes are 2."""
    del rng
    return np.where(array, 2, 0).astype(np.uint8).view(np.bool_) if array.dtype == bool and array.ndim else None


CHANGES: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray | None]] = {
    **{f"entry {value:g}": entry(value) for value in (0.0, -0.0, 1.0, -1.0, 1e-3, 5e-324, 1e-300, 1e40, 1e51, 1e155)},
    **{f"entry {value:g}": entry(value) for value in (1.7e308, -1e155, np.inf, -np.inf, np.nan, 2.0**53, -(2.0**53))},
    **{f"times {s:g}": numeric(lambda a, _, s=s: np.asarray(a * s)) for s in (0.0, -1.0, 0.5, 1 + 1e-7, 1.01, 2.0)},
    **{f"times {s:g}": numeric(lambda a, _, s=s: np.asarray(a * s)) for s in (100.0, 1e20, 1e-20, 1e150, 1e300)},
    **{f"noise {s:g}": numeric(lambda a, r, s=s: a + s * r.standard_normal(a.shape)) for s in (1e-9, 1e-3, 1.0, 1e8)},
    **{f"one more {s}": numeric(lambda a, _, s=s: a.astype(int) + s) for s in (1, -1, 2**40, -(2**40), 2**62)},
    **{f"dtype {d}": cast(d) for d in ("f2", "f4", "g", "c16", "i1", "u1", "i4", "u8", "i8", "f8", "b1", "O")},
    **{f"dtype {d}": cast(d) for d in (">f8", ">i8", "U", "S", "V8", "M8[s]")},
    "bytes 2": bytes_of_two,
    "not": lambda a, _: ~a if a.dtype == bool else None,
    "all true": lambda a, _: np.ones_like(a) if a.dtype == bool else None,
    "one flipped": lambda a, r: (
        np.logical_xor(a, r.permutation(a.size).reshape(a.shape) == 0) if a.dtype == bool else None
    ),
    "rows permuted": along(lambda a, r: a[r.permutation(len(a))]),
    "rows reversed": along(lambda a, _: a[::-1]),
    "row dropped": along(lambda a, r: np.delete(a, r.integers(len(a)), axis=0)),
    "row doubled": along(lambda a, r: np.concatenate([a, a[r.integers(len(a))][None]])),
    "rows doubled": along(lambda a, _: np.concatenate([a, a])),
    "no rows": along(lambda a, _: a[:0]),
    "columns reversed": lambda a, _: a[:, ::-1] if a.ndim > 1 else None,
    "transposed": lambda a, _: np.ascontiguousarray(a.T) if a.ndim > 1 else None,
    "Fortran order": lambda a, _: np.asfortranarray(a) if a.ndim > 1 else None,
    "one dimension more": lambda a, _: a[None],
    "flat": lambda a, _: a.reshape(-1),
    "one entry": lambda a, _: a.reshape(-1)[0] if a.size else None,
    "no entries": lambda a, _: np.zeros((0,) * a.ndim, a.dtype),
    "thousand rows": along(lambda a, _: np.concatenate([a] * (1 + 1000 // len(a)))),
    "text": lambda a, _: np.array("computed") if a.dtype.kind == "U" else None,
    "theorem": lambda a, _: np.array("theorem") if a.dtype.kind == "U" else None,
    "empty text": lambda a, _: np.array("") if a.dtype.kind == "U" else None,
    "long text": lambda a, _: np.array("x" * 30_000) if a.dtype.kind == "U" else None,
    "control characters": lambda a, _: np.array("\x1b[2J") if a.dtype.kind == "U" else None,
}


def changed(array: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The array after every change that applies to it."""
    found = {name: one_change(name, array, rng) for name in CHANGES}
    return {name: made for name, made in found.items() if made is not None}


def one_change(name: str, array: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """The array after one change, or None where there is no such."""
    with np.errstate(all="ignore"):
        try:
            return CHANGES[name](array, rng)
        except (ValueError, TypeError, OverflowError):
            return None
