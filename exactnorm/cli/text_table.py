"""Points in a text file, and the options that say how it is read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from exactnorm.arrays import Array
from exactnorm.cli.streams import say
from exactnorm.reading.text import table_of


def read(path: Path, header: bool | None, columns: str | None, *, index: bool = False) -> Array:
    """The table of numbers in a text file, as `exactnorm.reading.text.table_of`; what it found is said."""
    found = table_of(path.read_bytes(), str(path), header, columns, index=index)
    for note in found.notes:
        say(f"{path}: {note}")
    return found.numbers


def add_options(command: Any) -> None:
    """Add the options that say how a table is read."""
    command.add_argument(
        "--columns", metavar="LIST", help="columns of the file to take: 2,3 or 2-4, counted from 1, or their names"
    )
    command.add_argument(
        "--header",
        action=argparse.BooleanOptionalAction,
        help="whether the file's first line holds names (default: it is looked at)",
    )
