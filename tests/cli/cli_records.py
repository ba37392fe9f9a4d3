"""Files to read, and records to read back."""

import json

import numpy as np

KEYS = [
    "points",
    "dimension",
    "rank",
    "rho",
    "upper",
    "lower",
    "gap",
    "interpolation_error",
    "neurons",
    "patterns",
    "cells",
    "kind",
    "status",
    "seconds",
]


def strict(text):
    """Parse JSON that holds neither Infinity nor NaN."""

    def refuse(word):
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)


def written(folder, name, content):
    if isinstance(content, np.ndarray):
        np.save(folder / name, content, allow_pickle=True)
    elif isinstance(content, bytes):
        (folder / name).write_bytes(content)
    elif content is not None:
        (folder / name).write_text(content, encoding="utf-8")
