"""How tables of numbers are written: each dialect is tried on the whole file, and the one that gives numbers is it.

`csv.Sniffer` sees characters and not numbers, and takes the point or the digit 1 for a delimiter of small tables. A
file that two dialects read as different numbers is refused.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from dataclasses import dataclass, replace

import numpy as np

from exactnorm.arrays import Array
from exactnorm.reading.mistakes import BadInput

MISSING = {"", "na", "n/a", "#n/a", "nan", "<na>", "null", "none", "?", "-", "."}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
DECIMAL_COMMA = re.compile(r"[+-]?\d+(,\d+)?([eE][+-]?\d+)?", re.ASCII)
LIKE_A_NUMBER = re.compile(r"[^\w.]*\.?\d.*|true|false|[+-]?inf(inity)?", re.IGNORECASE | re.DOTALL)
"""What is not the name of a column: whatever begins with a digit of any script, be there signs before it."""

MINUS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212\uff0d"), "-")
"""Signs that are printed for a minus."""


@dataclass(frozen=True)
class Dialect:
    """What stands between the cells of a line, and before the decimals of a number."""

    delimiter: str
    comma: bool
    words: str

    def number(self, cell: str) -> float:
        """The number that a cell holds."""
        return float(cell.replace(",", ".") if self.comma else cell)


DIALECTS = (
    Dialect(",", False, "comma-separated"),
    Dialect(";", False, "semicolon-separated"),
    Dialect(";", True, "semicolon-separated with decimal commas"),
    Dialect("\t", False, "tab-separated"),
    Dialect("\t", True, "tab-separated with decimal commas"),
    Dialect(" ", False, "blank-separated"),
    Dialect(" ", True, "blank-separated with decimal commas"),
    Dialect("|", False, "separated by |"),
    Dialect("|", True, "separated by | with decimal commas"),
    Dialect(",", True, "comma-separated with decimal commas in quotes"),
)


@dataclass(frozen=True)
class Reading:
    """A file in one dialect: its rows below the header, the columns taken, the share of numbers, and what is wrong."""

    dialect: Dialect
    names: tuple[str, ...] | None = None
    rows: tuple[tuple[int, list[str]], ...] = ()
    taken: tuple[int, ...] = ()
    share: float = 0.0
    mistake: str | None = None
    trailing: bool = False
    quoted: bool = False
    """Whether the first line is in quotes, and the second is not."""
    spaced: bool = False
    """Whether blanks stand beside the delimiters."""

    def table(self) -> Array:
        """The numbers of the columns taken."""
        return np.array([[self.dialect.number(row[column]) for column in self.taken] for _, row in self.rows])


def best(
    lines: list[tuple[int, str]], forced: str | None, header: bool | None, columns: str | None, name: str
) -> Reading:
    """The one reading that gives a complete table of numbers; `BadInput` for none, or for two that differ."""
    text = "\n".join(line for _, line in lines)
    dialects = [d for d in DIALECTS if d.delimiter == (forced or d.delimiter)]
    # A single column has no delimiter: it is read as comma-separated.
    dialects = [d for d in dialects if d.delimiter in text or d == DIALECTS[0]] or list(DIALECTS[:1])
    readings = []
    for dialect in dialects:
        readings.append(reading(lines, dialect, header, columns))
        # Cells that are numbers with points between commas are no numbers in any other dialect.
        if columns is None and dialect is DIALECTS[0] and readings[0].mistake is None:
            break
    whole = [one for one in readings if one.mistake is None]
    if not whole:
        wrong = max(readings, key=lambda one: one.share)
        msg = f"{name!r}, {wrong.mistake}"
        raise BadInput(msg)
    for other in whole[1:]:
        same = other.dialect.delimiter == " " and whole[0].dialect.delimiter == "\t"  # blanks belong to cells there
        if not same and not np.array_equal(other.table(), whole[0].table()):
            msg = (
                f"{name!r} can be read as {whole[0].dialect.words} and as {other.dialect.words}, with different "
                "numbers: write it comma-separated, with points before decimals"
            )
            raise BadInput(msg)
    return whole[0]


def reading(lines: list[tuple[int, str]], dialect: Dialect, header: bool | None, columns: str | None) -> Reading:
    """The lines in one dialect."""
    try:
        rows = [(n, [cell.strip() for cell in row]) for n, row in cells(lines, dialect)]
    except BadInput as mistake:
        return Reading(dialect, mistake=str(mistake))
    pattern = DECIMAL_COMMA if dialect.comma else NUMBER
    share = float(np.mean([pattern.fullmatch(cell) is not None for _, row in rows for cell in row]))
    widest = max(len(row) for _, row in rows)
    trailing = widest > 1 and all(not row[-1] for _, row in rows if len(row) == widest)
    if trailing:
        rows = [(n, row[: widest - 1]) for n, row in rows]
    if dialect.comma and widest == 1:
        return Reading(dialect, mistake="line 1: a single column")
    first = rows[0][1]
    named = header
    if named is None:  # one line of words is no header, but wrong data
        words = not any(LIKE_A_NUMBER.fullmatch(cell) for cell in first) and not all_missing(first)
        named = len(rows) > 1 and (words or (not first[0] and len(first) > 1 and all(first[1:])))
    names = tuple(first) if named else None
    body = rows[1:] if named else rows
    if not body:
        return Reading(dialect, names, share=share, mistake="line 1: names of columns, and no number below them")
    if names is not None and 1 < len(names) == len(body[0][1]) - 1:
        names = ("", *names)  # as R names the columns of a table whose rows have names
    quoted = len(lines) > 1 and '"' in lines[0][1] and '"' not in lines[1][1]
    spaced = any(re.search(r", |\t", line) for _, line in lines)
    found = Reading(dialect, names, tuple(body), (), share, None, trailing, quoted, spaced)
    wrong = ragged(found) or (None if columns is None else wrong_columns(columns, found))
    if wrong is not None:
        return replace(found, mistake=wrong)
    taken = tuple(range(len(body[0][1]))) if columns is None else chosen(columns, found.names, len(body[0][1]))
    wrong = no_number(body, taken, names, dialect, doubtful=header is None and not named)
    return replace(found, taken=taken, mistake=wrong)


def cells(lines: list[tuple[int, str]], dialect: Dialect) -> list[tuple[int, list[str]]]:
    """Each line's cells; quotes are taken off, and a cell ends with its quote and its line."""
    if dialect.delimiter == " ":
        lines = [(n, line.replace("\t", " ").strip()) for n, line in lines]
    found = []
    for n, line in lines:
        text = re.sub(rf'"[ \t]+(?={re.escape(dialect.delimiter)}|$)', '"', line) if dialect.delimiter != " " else line
        try:
            row = next(csv.reader([text], delimiter=dialect.delimiter, skipinitialspace=True, strict=True))
        except csv.Error as failed:
            opened = str(failed).startswith("unexpected end")
            what = (
                "a quote is opened and not closed on its line"
                if opened
                else "something stands beside the quotes of a cell"
            )
            msg = f"line {n}: {what}: {line if len(line) <= 40 else line[:38] + '…'}"
            raise BadInput(msg) from failed
        found.append((n, row))
    return found


def all_missing(row: list[str]) -> bool:
    """Whether a line holds nothing but marks of missing values."""
    return all(cell.lower() in MISSING for cell in row)


def ragged(found: Reading) -> str | None:
    """What is wrong with the lengths of the rows."""
    width = len(found.rows[0][1])
    if found.names is not None and len(found.names) != width:
        few = len(found.names) == 1 and width == 2 and found.dialect is DIALECTS[0]
        hint = "; write decimals with a point" if few else ""
        return f"line {found.rows[0][0]}: {width} values below {len(found.names)} name{'s' * (not few)}{hint}"
    for line, row in found.rows:
        if len(row) != width:
            hint = "; write decimals with a point" if found.dialect is DIALECTS[0] and width == 1 else ""
            return f"line {line}: {len(row)} values, but the first row has {width}{hint}"
    return None


def no_number(
    rows: list[tuple[int, list[str]]],
    taken: tuple[int, ...],
    names: tuple[str, ...] | None,
    dialect: Dialect,
    *,
    doubtful: bool,
) -> str | None:
    """Where the first cell is that holds no finite number, and what to do about it."""
    pattern = DECIMAL_COMMA if dialect.comma else NUMBER
    for n, (line, row) in enumerate(rows):
        for column in taken:
            cell = row[column]
            if pattern.fullmatch(cell) and math.isfinite(dialect.number(cell)):
                continue
            name = f" ({names[column]})" if names is not None and names[column] else ""
            where = f"line {line}, column {column + 1}{name}"
            if cell.lower() in MISSING:
                seen = f"{cell!r} is" if cell else "there is"
                return f"{where}: {seen} a missing value, and points must be complete: fill it in or leave the row out"
            if pattern.fullmatch(cell) or re.fullmatch(r"[+-]?inf(inity)?", cell, re.IGNORECASE):
                return f"{where}: {cell!r} is not finite"
            if re.fullmatch(r"\(?[-+\d.eE]*[+-][\d.eE]*[ij]\)?", cell):
                return f"{where}: {cell!r} is a complex number; give real and imaginary part as two columns"
            hint = "; --header says that the first line holds names" if doubtful and n == 0 and len(rows) > 1 else ""
            if not any(pattern.fullmatch(other[column]) for _, other in rows):
                numbers = any(pattern.fullmatch(other[c]) for _, other in rows for c in taken)
                hint = "; --columns takes columns without this one" if numbers else ""
            if "\n" in cell:
                return f"{where}: {cell!r} goes over several lines within its quotes, and is not a number"
            if any(letter.isdigit() for letter in cell) and LIKE_A_NUMBER.fullmatch(cell):
                hint = f": write numbers like -1234.5, with digits 0 to 9{hint}"
            if space := re.search(r"[^\S \t]", cell):
                hint += (
                    f"; {space[0]!a} is a {unicodedata.name(space[0], 'space').lower()}: between numbers write a blank"
                )
            if pattern.fullmatch(plain := cell.translate(MINUS)):
                hint = f": {cell[0]!r} is a typographic minus sign; write {plain}"
            return f"{where}: {cell!r} is not a number{hint}"
    return None


def chosen(columns: str, names: tuple[str, ...] | None, width: int) -> tuple[int, ...]:
    """The columns, counted from 0, that `--columns` names: positions from 1, ranges of them, or names."""
    taken: list[int] = []
    for item in (part.strip() for part in columns.split(",")):
        if span := re.fullmatch(r"(\d+)(?:-(\d+))?", item):
            low, high = int(span[1]), int(span[2] or span[1])
            if not 1 <= low <= high <= width:
                msg = f"--columns {columns}: there is no column {item}; columns are counted from 1 to {width}"
                raise BadInput(msg)
            taken += range(low - 1, high)
        elif names is not None and item in names:
            taken.append(names.index(item))
        else:
            known = (
                "the file names none"
                if names is None
                else f"there are {', '.join(name or '(no name)' for name in names)}"
            )
            msg = f"--columns {columns}: there is no column {item!r}; {known}"
            raise BadInput(msg)
    if len(set(taken)) < len(taken):
        msg = f"--columns {columns}: a column is named twice"
        raise BadInput(msg)
    return tuple(taken)


def wrong_columns(columns: str, found: Reading) -> str | None:
    """What is wrong with `--columns` in this reading."""
    try:
        chosen(columns, found.names, len(found.rows[0][1]))
    except BadInput as mistake:
        return str(mistake)
    return None
