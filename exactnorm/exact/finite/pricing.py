"""Where the dual function of a finite problem exceeds 1: faces looked at one piece after another, or shared out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from exactnorm.arrays import Array
from exactnorm.certify.finite.bounds import Faces, faces_of, peaks
from exactnorm.exact.deadline import collected
from exactnorm.exact.settings import Settings
from exactnorm.finite_problem import Coordinates


@dataclass(frozen=True, eq=False)
class Missing:
    """The largest value on some faces, and a few kinks far apart at which it exceeds 1, with the values there."""

    kappa: float
    z: Array
    values: Array


def missing_kinks(data: Coordinates, multipliers: Array, settings: Settings) -> Iterator[Missing]:
    """What every piece of the faces has to say, computed by the executor if there is one.

    Raises
    ------
    OutOfTimeError
        When the deadline passes in between.
    """
    faces = None if settings.executor is None else faces_of(data, multipliers)
    if faces is None:
        for z, values in peaks(data, multipliers):
            settings.deadline.check()
            yield missing(z, values)
        return
    assert settings.executor is not None
    size = max(1, len(faces.pieces) // 16)
    chunks = [faces.pieces[k : k + size] for k in range(0, len(faces.pieces), size)]
    futures = [settings.executor.submit(looked_at, faces, chunk) for chunk in chunks]
    cells: set[bytes] = set()
    for found, near in collected(futures, settings.deadline):
        yield from found
        cells |= near
    for z, values in faces.inside(cells):
        settings.deadline.check()
        yield missing(z, values)


def looked_at(faces: Faces, pieces: NDArray[np.intp]) -> tuple[list[Missing], set[bytes]]:
    """What some pieces have to say, and the cells next to them: a function of its own, so that it can be sent away."""
    found: list[Missing] = []
    cells: set[bytes] = set()
    with threadpool_limits(1):
        for m in pieces:
            z, values, near = faces.look(m)
            found.append(missing(z, values))
            cells |= near
    return found, cells


def missing(z: Array, values: Array, most: int = 3, apart: float = 0.1) -> Missing:
    """The largest of these values, and the kinks of the `most` largest above 1, not two of them close together."""
    chosen: list[int] = []
    for k in np.argsort(-values):
        if values[k] <= 1 + 1e-9 or len(chosen) == most:
            break
        if all(float(np.abs(z[k] - z[other]).max()) > apart for other in chosen):
            chosen.append(int(k))
    return Missing(float(values.max(initial=0.0)), z[chosen], values[chosen])
