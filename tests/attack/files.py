"""Files with some arrays changed each on its own, the rest left as they were."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from attack.arrays import CHANGES, changed, one_change
from attack.mutant import BOASTS, Mutant, archive
from attack.targets import Target


def single_changes(one: Target, others: list[Target], rng: np.random.Generator) -> Iterator[Mutant]:
    """Every field, every change, every boast; also fields left out, and those of other certificates."""
    strange = {f"of {other.name}": other.arrays for other in others if other is not one}
    for field in sorted({*one.arrays, *itertools.chain(*strange.values())}):
        changes: dict[str, np.ndarray | None] = {}
        if field in one.arrays:
            changes["left out"] = None
            changes |= changed(one.arrays[field], rng)
        for name, arrays in strange.items():
            if field in arrays:
                changes[name] = arrays[field]
        for name, array in changes.items():
            for boast, claims in BOASTS.items():
                yield Mutant(one, field, kind_of(name), boast, lambda f=field, a=array, c=claims: altered(one, f, a, c))


def kind_of(change: str) -> str:
    """The row of the table."""
    return "of another certificate" if change.startswith("of ") else change


def altered(one: Target, field: str, array: np.ndarray | None, claims: Callable[..., dict[str, Any]]) -> bytes:
    """The file with one array replaced or left out, and the claims that go with it."""
    arrays = {**one.arrays, **claims(one.arrays)}
    if array is None:
        arrays.pop(field, None)
    else:
        arrays[field] = array
    return archive(arrays)


def random_changes(one: Target, rng: np.random.Generator, count: int) -> Iterator[Mutant]:
    """Some changes at once, of fields at random."""
    names, changes, boasts = sorted(one.arrays), list(CHANGES), list(BOASTS)
    for _ in range(count):
        fields = rng.choice(names, rng.integers(1, 4), replace=False)
        chosen = [changes[k] for k in rng.integers(len(changes), size=len(fields))]
        boast = boasts[rng.integers(len(boasts))]
        arrays = {**one.arrays, **BOASTS[boast](one.arrays)}
        for field, name in zip(fields, chosen, strict=True):
            if (made := one_change(name, arrays[field], rng)) is not None:
                arrays[field] = made
        yield Mutant(one, "some", "at random", boast, lambda a=arrays: archive(a))
