"""Points in text: its encoding, its header, its columns, and a table of numbers that nothing was guessed into.

A first line or column that may be a header or an index as well as a point is refused, with the option that settles it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from exactnorm.arrays import Array
from exactnorm.reading.dialects import DIALECTS, Reading, best
from exactnorm.reading.doubtful import (
    look_at_commas,
    look_at_index,
    look_at_labels,
    look_at_names,
    look_at_other_formats,
)
from exactnorm.reading.mistakes import BadInput

COMMENTS = ("#", "%", "//")
"""How lines begin that hold no row: in Python, Octave and C."""
MAGIC = (
    (b"\x93NUMPY", "an array of NumPy: name it .npy"),
    (b"PK\x03\x04", "an archive (.npz, .xlsx)"),
    (b"\x1f\x8b", "compressed by gzip: unpack it first"),
    (b"\xff\xfe\x00\x00", "text in UTF-32: save it in UTF-8"),
    (b"\x00\x00\xfe\xff", "text in UTF-32: save it in UTF-8"),
)


@dataclass(frozen=True, eq=False)
class Table:
    """Numbers, one row a line, and sentences about what was found that the user may not expect."""

    numbers: Array
    notes: tuple[str, ...] = ()


def table_of(
    raw: bytes, name: str, header: bool | None = None, columns: str | None = None, *, index: bool = False
) -> Table:
    """The table of numbers in the bytes of a text file.

    Parameters
    ----------
    raw : bytes
    name : str
        What messages call it.
    header : bool or None
        Whether the first line holds names; None to find out, and refuse what may be either.
    columns : str or None
        What `--columns` says: positions from 1, ranges of them, or names; None for all.
    index : bool
        Whether a first column that counts the rows belongs to the data.

    Raises
    ------
    BadInput
        If there is no complete table of numbers, or it may be read in two ways.
    """
    text = decoded(raw, name)
    lines = [(n, line) for n, line in numbered(text) if line.strip() and not line.startswith(COMMENTS)]
    forced = None
    if lines and (told := re.fullmatch(r"sep=(.)", lines[0][1].strip("\ufeff\r"))):  # what Excel writes for itself
        forced = told[1]
        del lines[0]
    if not lines:
        msg = f"{name!r} is empty"
        raise BadInput(msg)
    look_at_other_formats([line.strip() for _, line in lines[:2]], name)
    found = best(lines, forced, header, columns, name)
    said: list[str] = []
    if not index:
        look_at_commas(found, name, said.append)
    if columns is None and not index:
        look_at_index(found, name, said.append)
        look_at_labels(found, said.append)
    if header is None:
        look_at_names(found, name, said.append, index=index)
    said += expected(found, told=header is not None, picked=columns is not None)
    return Table(found.table(), tuple(said))


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


def decoded(raw: bytes, name: str) -> str:
    """The text, in UTF-8, UTF-16 or, for letters that are neither, Windows-1252."""
    for magic, kind in MAGIC:
        if raw.startswith(magic):
            msg = f"{name!r} is not a text file, but {kind}"
            raise BadInput(msg)
    raw = raw.rstrip(b"\x1a")  # Ctrl-Z, the end of files in DOS
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
    msg = f"{name!r} is not a text file of numbers: its bytes are no text"
    raise BadInput(msg)


def example(found: Reading) -> str:
    """How a number with decimals was read where points or commas may also group digits: '1,000' is a thousand too."""
    if not found.dialect.comma and found.dialect.delimiter != ";":
        return ""
    for _, row in found.rows:
        for column in found.taken:
            if "," in row[column] or "." in row[column]:
                return f"; {row[column]} is {found.dialect.number(row[column]):g}"
    return ""


def expected(found: Reading, *, told: bool, picked: bool) -> list[str]:
    """Sentences about what was found that the user may not expect."""
    said = []
    if found.names is not None and not told:
        what = "holds no number" if found.names[0] else "names all columns but the first"
        said.append(f"the first line {what} and is taken for the columns' names")
    if found.dialect is not DIALECTS[0]:
        said.append(f"read as {found.dialect.words}{example(found)}")
    if found.trailing:
        said.append("the empty column at the end is left out")
    if picked and found.names is not None:
        said.append(f"columns taken: {', '.join(found.names[n] or f'number {n + 1}' for n in found.taken)}")
    return said
