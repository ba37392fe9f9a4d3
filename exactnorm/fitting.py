"""Tables that fit the width there is: with fewer columns, wrapped at words, or one record a block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap
from typing import Literal

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from exactnorm.tables import TextTable

WORDY = 24
"""A column of longer entries is wrapped at words; a shorter one stays on one line."""
ENDS = (" low", " high")
"""Headings of an interval's ends, which are the first to go: --json has them."""


@dataclass(frozen=True)
class Fitting:
    """A table of text that looks at the width it is given.

    Where all columns do not fit, those that hold one value throughout are told of below, then ends of intervals are
    left out; where that is not enough, each row becomes a block of its own.

    Parameters
    ----------
    text : TextTable
        Its note is not shown.
    title : str
    header : bool
        Whether headings are shown.
    right : tuple of str
        Headings of columns that stand to the right.
    most : int, optional
        Show so many rows at most, the first ones, and say how many there are.
    """

    text: TextTable
    title: str
    header: bool = True
    right: tuple[str, ...] = ()
    most: int | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The widest form that fits."""
        forms = list(self.forms())
        fitting = [form for form in forms if self.least_width(form[0]) <= options.max_width]
        columns, note = (fitting or forms[-1:])[0]
        if fitting:
            yield self.grid(columns, options.max_width)
        else:
            yield Text(self.title, style="italic")
            naming = self.naming()
            names, others = ([n for n in columns if (n < naming) is first] for first in (True, False))
            for row in self.shown():
                named = naming == 1 and not row[0].replace(".", "").isdigit()  # a number is no name
                head = [row[0]] if named else self.block(row, names, options.max_width)
                yield from (Text(line, style="bold") for line in head)
                yield from (Text(f"  {line}") for line in self.block(row, others, options.max_width - 2))
        if note:
            yield Text(note)
        if len(self.shown()) < len(self.text.rows):
            yield Text(
                f"the first {len(self.shown())} of {len(self.text.rows)} rows; --json and --out have all of them"
            )

    def shown(self) -> tuple[tuple[str, ...], ...]:
        """The rows that are shown."""
        return self.text.rows[: self.most]

    def naming(self) -> int:
        """How many of the first columns it takes to tell the rows apart; the first alone where all do not."""
        rows = self.text.rows
        numbers = range(1, len(self.text.headings) + 1)
        return next((n for n in numbers if len({row[:n] for row in rows}) == len(rows)), 1)

    def forms(self) -> Iterator[tuple[list[int], str]]:
        """Columns to show, and what is said of those that are not."""
        headings, rows = self.text.headings, self.text.rows
        every = list(range(len(headings)))
        yield every, ""
        # The first column names the row, or begins to.
        same = [n for n in every[1:] if len(rows) > 2 and len({row[n] for row in rows}) == 1]
        notes = [self.throughout(n) for n in same]
        columns = [n for n in every if n not in same]
        yield columns, "; ".join(notes)
        ends = [n for n in columns if headings[n].endswith(ENDS)]
        if ends:
            notes.append(f"left out here: {', '.join(headings[n] for n in ends)}")
        yield [n for n in columns if n not in ends], "; ".join(notes)

    def throughout(self, column: int) -> str:
        """What holds in every row: an entry under its heading, or a sign between the columns beside it."""
        heading, entry = self.text.headings[column], self.text.rows[0][column]
        if heading:
            return f"'{heading}' is {entry} in every row"
        return f"in every row: {self.text.headings[column - 1]} {entry} {self.text.headings[column + 1]}"

    def widths(self, column: int) -> tuple[int, int]:
        """The least width in which a column can be read, and the one in which nothing is wrapped."""
        cells = [row[column] for row in self.text.rows]
        heading = self.text.headings[column] if self.header else ""
        widest = max((cell_len(cell) for cell in cells), default=0)
        word = max((cell_len(word) for word in heading.split()), default=0)
        return max(min(widest, WORDY), word), max(widest, cell_len(heading))

    def least_width(self, columns: list[int]) -> int:
        """The width in which these columns can be read, borders included."""
        return 1 + sum(self.widths(column)[0] + 3 for column in columns)

    def grid(self, columns: list[int], room: int) -> Table:
        """These columns with borders; what room there is beyond the least goes to those that need little more."""
        width = {column: self.widths(column)[0] for column in columns}
        left = room - self.least_width(columns)
        for column in sorted(columns, key=lambda n: self.widths(n)[1] - width[n]):
            more = min(left, self.widths(column)[1] - width[column])
            width[column] += more
            left -= more
        table = Table(title=self.title, title_justify="left", show_header=self.header)
        for column in columns:
            heading = self.text.headings[column]
            justify: Literal["left", "right"] = "right" if heading in self.right else "left"
            table.add_column(heading, justify=justify, width=width[column], overflow="fold")
        for row in self.shown():
            table.add_row(*(Text(row[column]) for column in columns))
        return table

    def block(self, row: tuple[str, ...], columns: list[int], room: int) -> list[str]:
        """The entries of a row with their headings, as many in a line as fit; a long one is wrapped at words."""
        parts: list[str] = []
        joined = False
        for heading, cell in ((self.text.headings[n], row[n]) for n in columns):
            if not heading and parts:  # a sign between its neighbours
                parts[-1] += f" {cell or '='}"
            elif joined:
                parts[-1] += f" {heading} {cell}"
            elif cell != "–":
                parts.append(f"{heading} {cell}")
            joined = not heading
        lines = [""]
        for part in parts:
            longer = f"{lines[-1]} · {part}" if lines[-1] else part
            if cell_len(longer) <= room:
                lines[-1] = longer
            elif cell_len(part) <= room:
                lines.append(part)
            else:
                lines += wrap(part, room)
        return [line for line in lines if line]
