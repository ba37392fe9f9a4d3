"""Points in text: its encoding, its header, its columns, and a table of numbers that nothing was guessed into.

A first line or column that may be a header or an index as well as a point is refused, with the option that settles it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from exactnorm.arrays import Array
from exactnorm.reading.dialects import DIALECTS, Reading, best
from exactnorm.reading.mistakes import BadInput

INDEX_NAMES = {"id", "idx", "index", "no", "nr", "row"}


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
    lines = [
        (n, line) for n, line in enumerate(re.split(r"\r\n?|\n", text), 1) if line.strip() and not line.startswith("#")
    ]
    forced = None
    if lines and (told := re.fullmatch(r"sep=(.)", lines[0][1].strip("\ufeff\r"))):  # what Excel writes for itself
        forced = told[1]
        del lines[0]
    if not lines:
        msg = f"{name!r} is empty"
        raise BadInput(msg)
    found = best(lines, forced, header, columns, name)
    if columns is None and not index:
        refuse_index(found, name)
    said = default_names(found, name, index=index) if header is None and columns is None else []
    said += expected(found, told=header is not None, picked=columns is not None)
    return Table(found.table(), tuple(said))


def decoded(raw: bytes, name: str) -> str:
    """The text, in UTF-8, UTF-16 or, for letters that are neither, Windows-1252."""
    for magic, kind in ((b"\x93NUMPY", "an array of NumPy: name it .npy"), (b"PK\x03\x04", "an archive (.npz, .xlsx)")):
        if raw.startswith(magic):
            msg = f"{name!r} is not a text file, but {kind}"
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
    msg = f"{name!r} is not a text file of numbers: its bytes are no text"
    raise BadInput(msg)


def refuse_index(found: Reading, name: str) -> None:
    """Raise `BadInput` for a first column that is, or may be, the index of the table it was saved from."""
    width = len(found.taken)
    if width < 2:
        return
    rest = f"--columns 2-{width}" if width > 2 else "--columns 2"
    remedy = f"{rest} leaves it out, --columns 1-{width} keeps it"
    if found.names is not None and (not found.names[0] or found.names[0].startswith("Unnamed:")):
        msg = f"{name!r}: the first column has no name, as the index of a saved table has none: {remedy}"
        raise BadInput(msg)
    if found.names is not None and found.names[0].lower() in INDEX_NAMES:
        msg = f"{name!r}: the first column, {found.names[0]!r}, is an index by its name: {remedy}"
        raise BadInput(msg)
    counted = [row[0].removesuffix(".0") for _, row in found.rows]
    size = len(counted)
    # Two rows that begin with 0 and 1 are a unit of length more often than an index.
    if size > 2 and counted in ([str(n) for n in range(size)], [str(n) for n in range(1, size + 1)]):
        msg = f"{name!r}: the first column counts the rows, {counted[0]}, {counted[1]}, …, as an index does: {remedy}"
        raise BadInput(msg)


def default_names(found: Reading, name: str, *, index: bool) -> list[str]:
    """Raise `BadInput` for a first line 0, 1, …, d − 1 that may be a table's default names or a point.

    A single 0, and a first sample of point 0, are more often what they seem: they are told of.
    """
    if found.names is not None or len(found.rows) < 2:
        return []
    first, width = found.rows[0][1], len(found.taken)
    if first != [str(n) for n in range(width)]:
        return []
    if width == 1 or index:
        if any(not cell.isdigit() for _, row in found.rows for cell in row):  # names stand out among fractions only
            return [f"the first line, {','.join(first)}, is read as numbers and not as names"]
        return []
    msg = (
        f"{name!r}: the first line, {', '.join(first[:3])}{', …' * (width > 3)}, may hold a table's default names or a "
        "point: say which with --header or --no-header"
    )
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
        said.append("the first line holds no number and is taken for the columns' names")
    if found.dialect is not DIALECTS[0]:
        said.append(f"read as {found.dialect.words}{example(found)}")
    if found.trailing:
        said.append("the empty column at the end is left out")
    if picked and found.names is not None:
        said.append(f"columns taken: {', '.join(found.names[n] or f'number {n + 1}' for n in found.taken)}")
    return said
