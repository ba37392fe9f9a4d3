"""Points that somebody pastes or uploads: in any dialect of the command line, refused with the same sentences."""

from __future__ import annotations

from dataclasses import dataclass

from exactnorm import TrainingSet
from exactnorm.arrays import Array
from exactnorm.explorer.known import largest_radius
from exactnorm.explorer.view import View
from exactnorm.reading.mistakes import BadInput
from exactnorm.reading.text import table_of

LARGEST_TEXT = 2**20
"""Bytes of a table that is pasted or uploaded."""
USUAL = 0.3
"""Share of the largest radius that points without one are given."""


@dataclass(frozen=True, eq=False)
class Given:
    """Points (N, d), a radius for them, and what there is to say about how they were read."""

    points: Array
    rho: float
    words: str


def given(raw: bytes, name: str, header: bool | None, columns: str | None) -> Given:
    """Points from a table, at a share of the largest radius.

    Parameters
    ----------
    raw : bytes
    name : str
        What messages call it.
    header, columns
        As `exactnorm.reading.text.table_of` takes them.

    Raises
    ------
    ValueError
        In a sentence, if it is too large, no table of numbers, or no admissible set.
    """
    if len(raw) > LARGEST_TEXT:
        msg = f"{name}: {len(raw)} bytes; give at most {LARGEST_TEXT}"
        raise BadInput(msg)
    found = table_of(raw, name, header, columns)
    view = View(found.numbers, 0.0)
    TrainingSet(view.points)
    dimensions = found.numbers.shape[1] if found.numbers.ndim == 2 else 1
    notes = "; ".join([f"{name}: {len(view.points)} points in {dimensions} dimensions", *found.notes])
    looked = "" if view.movable else "; they are looked at only, in two coordinates of their hull"
    return Given(view.points, float(f"{USUAL * largest_radius(view.points):.3g}"), notes + looked)
