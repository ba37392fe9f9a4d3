"""Batches of images of NumPy or PyTorch as float64 arrays, and back in the kind that they came in."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from exactnorm.arrays import Array, real_array


def to_array(values: Any, name: str) -> Array:
    """Values as a fresh float64 array; a PyTorch tensor of any real dtype is taken off its device and graph."""
    if hasattr(values, "detach"):
        if values.is_complex():
            msg = f"{name} is a complex tensor; give real numbers"
            raise ValueError(msg)
        values = values.detach().cpu().double().numpy()  # double first: NumPy has no bfloat16
    return real_array(values, name)


def like(values: Array, example: Any) -> Any:
    """The values as a tensor on the example's device if it is a tensor, else as an array.

    Of the example's dtype if that is a floating one; integers would cut denoised values, and give the default dtype of
    PyTorch, or float64.
    """
    if hasattr(example, "new_tensor"):
        dtype = example.dtype if example.is_floating_point() else import_module("torch").get_default_dtype()
        return example.new_tensor(values, dtype=dtype)
    dtype = getattr(example, "dtype", np.dtype(np.float64))
    return values.astype(dtype, copy=False) if np.issubdtype(dtype, np.floating) else values


def batch(x: Any) -> tuple[Array, Array]:
    """A batch as it was given, and with one image a row."""
    images = to_array(x, "x")
    if images.ndim < 1:
        msg = "x is a single number; give a batch of images, the batch first: shape (m, …)"
        raise ValueError(msg)
    return images, images.reshape(len(images), -1)


def one_each(values: Any, count: int, name: str) -> Array:
    """One number for each of `count` images, from one for all, or one each in any shape such as (m, 1, 1, 1)."""
    levels = to_array(values, name).reshape(-1)
    if len(levels) not in (1, count):
        msg = f"{name} has {len(levels)} entries for a batch of {count} images; give one for all, or one for each"
        raise ValueError(msg)
    return np.broadcast_to(levels, count)
