"""Changes of the record itself, past the reader of files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from attack.arrays import changed
from attack.mutant import BOASTS, Mutant, archive
from attack.targets import Target
from exactnorm.saved import load


class Boastful(float):
    """A number that is never too large."""

    __le__ = __lt__ = __ge__ = __gt__ = lambda self, other: True  # noqa: ARG005


JUNK: dict[str, Any] = {
    "None": None, "text": "1.0", "list": [1.0], "dict": {}, "object": object(), "complex": 1j, "True": True,
    "Decimal": Decimal(4), "Fraction": Fraction(9, 2), "float32": np.float32(4.5), "longdouble": np.longdouble(4.5),
    "0-d array": np.array(4.5), "matrix": np.zeros((2, 2)).view(np.matrix),
    "masked": np.ma.masked_array([1.0, 2.0], [1, 0]),
    "10 ** 400": 10**400, "a function": len, "a tuple": (), "a boastful float": Boastful(1e9),
}  # fmt: skip


def record_changes(one: Target, others: list[Target], rng: np.random.Generator, folder: Path) -> Iterator[Mutant]:
    """Every field of the record, and of the records in it, replaced by junk, and its arrays by those of `CHANGES`."""
    found = loaded(one, folder)
    strange = {f"evidence of {other.name}": loaded(other, folder).certificate.evidence for other in others}
    for path, value in places(found.certificate):
        values = dict(JUNK)
        if path == ("evidence",):
            values |= strange | {"a subclass": gullible(value), "a duck": Duck()}
        if isinstance(value, (np.ndarray, float, str, int)) and not isinstance(value, bool):
            array = np.asarray(value)
            values |= {name: v if array.ndim else v[()] for name, v in changed(array, rng).items()}
        for name, other in values.items():
            for boast, claims in BOASTS.items():
                field = ".".join(map(str, path))
                yield Mutant(one, field, name, boast, lambda p=path, v=other, c=claims: boasting(found, one, c, p, v))


def loaded(one: Target, folder: Path) -> Any:
    """The target as a record."""
    file = folder / "record.npz"
    file.write_bytes(archive(one.arrays))
    return load(file)


def places(record: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every field of a record, and of those in it, as the way to it and its value; of a tuple the first entry too."""
    for field in fields(record):
        value = getattr(record, field.name)
        yield (*path, field.name), value
        if is_dataclass(value):
            yield from places(value, (*path, field.name))
        if isinstance(value, tuple) and value:
            yield (*path, field.name, 0), value[0]
            if is_dataclass(value[0]):
                yield from places(value[0], (*path, field.name, 0))


def put(record: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The record with another value at the end of the way."""
    first, *rest = path
    inner = record[first] if isinstance(record, tuple) else getattr(record, first)
    new = put(inner, tuple(rest), value) if rest else value
    if isinstance(record, tuple):
        return tuple(new if k == first else old for k, old in enumerate(record))
    return replace(record, **{first: new})


class Duck:
    """Evidence by its own word."""

    kind, statement, counts, weight_decay, rows = "theorem", "", {}, None, (0, 1)

    def bound(self, *_: Any) -> float:
        """More than anything."""
        return 1e9


def gullible(evidence: Any) -> Any:
    """The evidence as one of a subclass, which may say of itself what it likes."""
    kind = type("Gullible", (type(evidence),), {"bound": Duck.bound})
    return kind(*(getattr(evidence, field.name) for field in fields(evidence)))


def boasting(found: Any, one: Target, claims: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The record with its claims raised and one field replaced."""
    raised = {name: float(claim) for name, claim in claims(one.arrays).items()}
    return replace(found, certificate=put(replace(found.certificate, **raised), path, value))
