"""Points in a text file: its encoding, its header, its columns, and a table of numbers that nothing was guessed into.

A first line or column that may be a header or an index as well as a point is refused, with the option that settles it.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from exactnorm.arrays import Array
from exactnorm.cli.dialects import DIALECTS, Reading, best
from exactnorm.cli.doubtful import look_at_commas, look_at_index, look_at_names
from exactnorm.cli.streams import BadInput, say


def read(path: Path, header: bool | None, columns: str | None, *, index: bool = False) -> Array:
    """The table of numbers in a text file.

    Parameters
    ----------
    path : Path
    header : bool or None
        Whether the first line holds names; None to find out, and refuse what may be either.
    columns : str or None
        What `--columns` says: positions from 1, ranges of them, or names; None for all.
    index : bool
        Whether a first column that counts the rows belongs to the data.

    Raises
    ------
    BadInput
        If the file holds no complete table of numbers, or may be read in two ways.
    """
    text = decoded(path)
    lines = [(n, line) for n, line in numbered(text) if line.strip() and not line.startswith("#")]
    forced = None
    if lines and (told := re.fullmatch(r"sep=(.)", lines[0][1].strip("\ufeff\r"))):  # what Excel writes for itself
        forced = told[1]
        del lines[0]
    if not lines:
        msg = f"{str(path)!r} is empty"
        raise BadInput(msg)
    found = best(lines, forced, header, columns, str(path))
    if not index:
        look_at_commas(found, str(path))
    if columns is None and not index:
        look_at_index(found, str(path))
    if header is None:
        look_at_names(found, str(path), index=index)
    tell(found, path, told=header is not None, picked=columns is not None)
    return found.table()


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """Lines and their numbers; those that a quoted cell goes on in, such as a name of several lines, are one."""
    lines = re.split(r"\r\n?|\n", text)
    n = 0
    while n < len(lines):
        end = n
        if re.search(r'(^|[,;\t| ])"', lines[n]) and lines[n].count('"') % 2:
            later = (k for k in range(n + 1, len(lines)) if lines[k].count('"') % 2)
            end = next(later, n)  # one that is never closed is told of with its own line
        yield n + 1, "\n".join(lines[n : end + 1])
        n = end + 1


def decoded(path: Path) -> str:
    """The file's text, in UTF-8, UTF-16 or, for letters that are neither, Windows-1252."""
    raw = path.read_bytes()
    for magic, kind in ((b"\x93NUMPY", "an array of NumPy: name it .npy"), (b"PK\x03\x04", "an archive (.npz, .xlsx)")):
        if raw.startswith(magic):
            msg = f"{str(path)!r} is not a text file, but {kind}"
            raise BadInput(msg)
    zeros = raw[1::2].count(0), raw[::2].count(0)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif max(zeros) > len(raw) // 4:
        encodings = ["utf-16-le" if zeros[0] > zeros[1] else "utf-16-be"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not re.search(r"[\x00-\x08\x0e-\x1f]", text):
            return text
    msg = f"{str(path)!r} is not a text file of numbers: its bytes are no text"
    raise BadInput(msg)


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


def example(found: Reading) -> str:
    """How a number with decimals was read where points or commas may also group digits: '1,000' is a thousand too."""
    if not found.dialect.comma and found.dialect.delimiter != ";":
        return ""
    for _, row in found.rows:
        for column in found.taken:
            if "," in row[column] or "." in row[column]:
                return f"; {row[column]} is {found.dialect.number(row[column]):g}"
    return ""


def tell(found: Reading, path: Path, *, told: bool, picked: bool) -> None:
    """Say what was found that the user may not expect."""
    if found.names is not None and not told:
        what = "holds no number" if found.names[0] else "names all columns but the first"
        say(f"{path}: the first line {what} and is taken for the columns' names")
    if found.dialect is not DIALECTS[0]:
        say(f"{path}: read as {found.dialect.words}{example(found)}")
    if found.trailing:
        say(f"{path}: the empty column at the end is left out")
    if picked and found.names is not None:
        say(f"{path}: columns taken: {', '.join(found.names[n] or f'number {n + 1}' for n in found.taken)}")
