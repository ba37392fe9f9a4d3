"""What in a table may be names or a point, an index or a coordinate: refused with the option that settles it, or told.

Refused is what is more often meant otherwise than it would be read; what could be meant otherwise is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from exactnorm.reading.dialects import DECIMAL_COMMA, DIALECTS, NUMBER, Reading
from exactnorm.reading.index_column import INDEX_NAMES, counts_rows, may_count_rows, remedy
from exactnorm.reading.mistakes import BadInput

YEARS = range(1800, 2200)
OTHER_FORMATS = (
    (
        r"[\[({]+\s*[-+\d.\"']",
        "holds brackets, as Python and JSON write lists: numpy.savetxt writes an array as a table",
    ),
    (r"<[?!/A-Za-z]", "is written in HTML or XML: save the table alone, as comma-separated text"),
    (r"@\w", "begins with @, as ARFF does: leave these lines out"),
)
"""What tables of cells do not begin with, and what it is then."""


def look_at_index(found: Reading, name: str, say: Callable[[str], None]) -> None:
    """Raise `BadInput` for a first column that is, or may be, the index of the table it was saved from."""
    width = len(found.taken)
    if width < 2:
        return
    settle = remedy(width)
    if found.names is not None and (not found.names[0] or found.names[0].startswith("Unnamed:")):
        msg = f"{name!r}: the first column has no name, as the index of a saved table has none: {settle}"
        raise BadInput(msg)
    if found.names is not None and found.names[0].lower() in INDEX_NAMES:
        msg = f"{name!r}: the first column, {found.names[0]!r}, is an index by its name: {settle}"
        raise BadInput(msg)
    first = [row[0].removesuffix(".0") for _, row in found.rows]
    if not all(cell.isdigit() for cell in first) or len(first) < 2:
        return
    look_at_first_column([int(cell) for cell in first], width, has_fractions(found, range(1, width)), name, say)


def look_at_first_column(
    first: Sequence[float], width: int, fractions: bool, name: str, say: Callable[[str], None]
) -> None:
    """Raise `BadInput` for a first column that counts the rows, and say so of one that may; `fractions` beside it."""
    shown = ", ".join(f"{value:g}" for value in first[:2]) + ", …"
    if counts_rows(first):
        msg = f"{name!r}: the first column counts the rows, {shown}, as an index does: {remedy(width)}"
        raise BadInput(msg)
    if may_count_rows(first, fractions=fractions):
        say(f"the first column, {shown}, is read as a coordinate, not as an index: {remedy(width)}")


def look_at_other_formats(lines: Sequence[str], name: str) -> None:
    """Raise `BadInput` for what is no table of cells, by the first two lines that are no comments."""
    for begins, kind in OTHER_FORMATS:
        if re.match(begins, lines[0]):
            msg = f"{name!r} {kind}"
            raise BadInput(msg)
    if len(lines) > 1 and re.fullmatch(r"[|+]?[\s:=-]*--[\s:=|+-]*", lines[1]):
        msg = f"{name!r} has a line of dashes, as tables drawn in text have: leave it out, and strokes at the ends"
        raise BadInput(msg)


def look_at_labels(found: Reading, say: Callable[[str], None]) -> None:
    """Say so of a last column of whole numbers, some of them repeated, beside nothing but fractions."""
    width = len(found.taken)
    last = [row[found.taken[-1]].removesuffix(".0") for _, row in found.rows]
    repeated = len(set(last)) < len(last) and all(cell.isdigit() for cell in last)
    others = [row[column] for _, row in found.rows for column in found.taken[:-1]]
    if width > 1 and repeated and not any(cell.lstrip("+-").isdigit() for cell in others):
        rest = f"1-{width - 1}" if width > 2 else "1"
        say(f"the last column is read as a coordinate; if it holds labels of classes, --columns {rest} leaves it out")


def look_at_names(found: Reading, name: str, say: Callable[[str], None], *, index: bool) -> None:
    """Raise `BadInput` for a first line of numbers that may be names: 0, 1, …, d − 1, years, or quoted alone.

    A single number, other sequences and a first sample of point 0 are more often what they seem: they are told of.
    """
    if found.names is not None or len(found.rows) < 2:
        return
    first = [found.rows[0][1][column] for column in found.taken]
    shown = f"{', '.join(first[:3])}{', …' * (len(first) > 3)}"
    settle = "take the line out, or the quotes off" if index else "say which with --header or --no-header"
    if found.quoted:
        msg = f"{name!r}: the first line, {shown}, is in quotes and the others are not, as names are: {settle}"
        raise BadInput(msg)
    beside = next((cell for n, cell in enumerate(found.rows[0][1]) if n not in found.taken and is_name(found, n)), None)
    if beside is not None:
        msg = f"{name!r}: {beside!r} stands beside {shown} in the first line, as a name beside names: {settle}"
        raise BadInput(msg)
    whole = [cell.removesuffix(".0") for cell in first]
    if not all(cell.isdigit() for cell in whole):
        return
    numbers = [int(cell) for cell in whole]
    if whole != first:  # points are written so far more often than names
        if not index and len(first) > 1 and numbers == list(range(len(first))):
            say(f"the first line, {shown}, is read as a point and not as names; --header takes it for names")
        return
    steps = {later - one for one, later in pairwise(numbers)}
    apart = all(has_fractions(found, [column]) for column in found.taken)
    if len(first) == 1:
        if numbers[0] == 0 or (apart and numbers[0] in YEARS):
            say(f"the first line, {shown}, is read as a number and not as a name; --header takes it for one")
        return
    years = len(steps) == 1 and 0 not in steps and all(number in YEARS for number in numbers)
    names = years or (steps == {1} and (numbers[0] == 0 or apart))
    if names and not index:
        msg = f"{name!r}: the first line, {shown}, may hold a table's default names or a point: {settle}"
        raise BadInput(msg)
    if index and steps == {1} and has_fractions(found, found.taken):
        say(f"the first line, {shown}, is read as a sample and not as names")
    elif not index and (steps == {1} or (apart and min(steps) > 0)):
        say(f"the first line, {shown}, is read as a point and not as names; --header takes it for names")


def look_at_commas(found: Reading, name: str, say: Callable[[str], None]) -> None:
    """Raise `BadInput` for two columns that are written as one of decimal commas is; whole numbers are told of."""
    if (
        len(found.rows[0][1]) != 2
        or found.dialect is not DIALECTS[0]
        or found.names is not None
        or found.spaced
        or found.taken != (0, 1)
    ):
        return
    rows = [row for _, row in found.rows]
    if not all(row[0].lstrip("+-").isdigit() and row[1].isdigit() for row in rows):
        return
    odd = next((row for row in rows if row[0] == "-0" or (row[1] != "0" and row[1].startswith("0"))), None)
    if odd is not None:
        msg = (
            f"{name!r}: {','.join(odd)} is written as one number with a decimal comma is, not as two: write decimals "
            "with a point, or leave out the zeros before whole numbers"
        )
        raise BadInput(msg)
    say("read as two columns of whole numbers; a single one is written with points before decimals")


def has_fractions(found: Reading, columns: range | list[int] | tuple[int, ...]) -> bool:
    """Whether some number below the first line is no whole one."""
    return any(not row[column].lstrip("+-").isdigit() for _, row in found.rows[1:] for column in columns)


def is_name(found: Reading, column: int) -> bool:
    """Whether a column begins with a word, and goes on with numbers."""
    pattern = DECIMAL_COMMA if found.dialect.comma else NUMBER
    first, *others = (row[column] for _, row in found.rows)
    return not pattern.fullmatch(first) and all(pattern.fullmatch(cell) for cell in others)
