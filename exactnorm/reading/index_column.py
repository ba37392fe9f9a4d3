"""A first column that is, or may be, the index of the table that it was saved with: in files and in data frames."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

INDEX_NAMES = {"id", "idx", "index", "level_0", "no", "nr", "row"}


def counts_rows(first: Sequence[float]) -> bool:
    """Whether a column goes up by one from row to row, from a whole number on.

    Two rows that begin with 0 and 1 are a unit of length more often than an index.
    """
    return _whole(first) and len(first) > 2 and all(other - one == 1 for one, other in pairwise(first))


def may_count_rows(first: Sequence[float], *, fractions: bool) -> bool:
    """Whether a column holds whole numbers in another order, or rising ones with gaps beside fractions."""
    if not _whole(first) or len(first) < 2:
        return False
    run = len(first) > 3 and sorted(first) == list(range(int(min(first)), int(min(first)) + len(first)))
    return run or (fractions and all(one < other for one, other in pairwise(first)))


def remedy(width: int) -> str:
    """What to do on the command line about a table with that many columns."""
    rest = f"--columns 2-{width}" if width > 2 else "--columns 2"
    return f"{rest} leaves it out, --columns 1-{width} keeps it"


def look_at_frame(table: Any, name: str = "points") -> None:
    """Raise ``ValueError`` for a data frame whose first column is an index by its name or numbers; warn of a doubt.

    What is no data frame, with names of its columns, is taken as it is: in an array no column is an index.
    """
    names = list(getattr(table, "columns", ()))
    if len(names) < 2:
        return
    first = names[0]
    if isinstance(first, str) and first.startswith("Unnamed:"):
        msg = (
            f"{name} has a first column {first!r}, the index of a saved table, which would be a coordinate: "
            "read the file with index_col=0, or drop that column"
        )
        raise ValueError(msg)
    settle = f"leave it out by {name}.drop(columns={first!r}), or keep it by {name}.to_numpy()"
    if isinstance(first, str) and first.lower() in INDEX_NAMES:
        msg = f"{name} has a first column {first!r}, an index by its name, which would be a coordinate: {settle}"
        raise ValueError(msg)
    numbers = _numbers(table)
    if numbers is None:
        return
    column = numbers[:, 0].tolist()
    if counts_rows(column):
        begin = f"{column[0]:g}, {column[1]:g}, …"
        msg = f"{name} has a first column {first!r} that counts the rows, {begin}, as an index does: {settle}"
        raise ValueError(msg)
    if may_count_rows(column, fractions=bool(np.any(numbers[:, 1:] % 1))):
        begin = f"{column[0]:g}, {column[1]:g}, …"
        warnings.warn(
            f"the first column of {name}, {first!r}, holds {begin} and is taken for a coordinate, not for an index: "
            f"{settle}",
            stacklevel=4,
        )


def _whole(column: Sequence[float]) -> bool:
    return all(value >= 0 and value == int(value) for value in column)


def _numbers(table: ArrayLike) -> Any:
    """The table's numbers; None where it is none of finite numbers, which is told of elsewhere."""
    try:
        numbers = np.asarray(table, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return numbers if numbers.ndim == 2 and np.all(np.isfinite(numbers)) else None
