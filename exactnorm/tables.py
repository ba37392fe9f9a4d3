"""Results as tables of text, which the text report, HTML and Markdown show alike."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import Any


@dataclass(frozen=True)
class TextTable:
    """Headings and rows of text; a notebook shows them by itself.

    Parameters
    ----------
    headings : tuple of str
    rows : tuple of tuple of str
        As many entries in each as there are headings.
    note : str
        Sentences to read below, one a line.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def html(self) -> str:
        """As an HTML table, with the note below it."""
        from html import escape  # its table of named characters takes milliseconds to load

        head = "".join(f"<th>{escape(heading)}</th>" for heading in self.headings)
        rows = ("".join(f"<td>{escape(entry)}</td>" for entry in row) for row in self.rows)
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        note = "".join(f"<p>{escape(line)}</p>" for line in self.note.splitlines())
        return f"<div><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}</div>"

    def markdown(self) -> str:
        """As a Markdown table, with the note below it."""
        lines = (self.headings, ("---",) * len(self.headings), *self.rows)
        table = "\n".join("| " + " | ".join(entry.replace("|", "\\|") for entry in line) + " |" for line in lines)
        return "\n\n".join([table, *self.note.splitlines()])

    def _repr_html_(self) -> str:
        return self.html()

    def _repr_markdown_(self) -> str:
        return self.markdown()


class Tabular(ABC):
    """A record that has a table of itself, which notebooks show."""

    @abstractmethod
    def table(self) -> TextTable:
        """The record's numbers as a table of text."""

    def _repr_html_(self) -> str:
        return self.table().html()

    def _repr_markdown_(self) -> str:
        return self.table().markdown()


def stacked(records: Iterable[Tabular]) -> TextTable:
    """One table of several records with the same headings, such as checks or rest points.

    Raises
    ------
    ValueError
        If there is no record, or their headings differ.
    """
    tables = [record.table() for record in records]
    headings = {table.headings for table in tables}
    if len(headings) != 1:
        msg = f"{len(tables)} records with {len(headings)} kinds of table; give one or more of one kind"
        raise ValueError(msg)
    rows = tuple(row for table in tables for row in table.rows)
    return TextTable(headings.pop(), rows, "\n".join(table.note for table in tables if table.note))


def at_least(value: float) -> str:
    """The value to nine digits, not rounded down: an upper bound stays one in print."""
    return _digits(value, ROUND_CEILING)


def at_most(value: float) -> str:
    """The value to nine digits, not rounded up: a lower bound stays one in print."""
    return _digits(value, ROUND_FLOOR)


def entry(value: Any, digits: str = ".4g") -> str:
    """A table's entry in few characters."""
    if value is None:
        return "–"
    return f"{value:{digits}}" if isinstance(value, float) else str(value)


def _digits(value: float, direction: str) -> str:
    if not math.isfinite(value):
        return str(value)
    return f"{Context(prec=9, rounding=direction).create_decimal_from_float(value):f}"
