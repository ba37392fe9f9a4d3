"""A tidy table with what it was computed from and a sentence that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exactnorm.tables import Tabular, TextTable, entry


@dataclass(frozen=True)
class Statement:
    """A published statement, and what the experiment's numbers say to it.

    Parameters
    ----------
    text : str
    holds : bool
        Whether the numbers here agree with it.
    evidence : str
        The numbers.
    """

    text: str
    holds: bool
    evidence: str


@dataclass(frozen=True)
class Table(Tabular):
    """One observation a row.

    Parameters
    ----------
    name : str
    columns : tuple of str
    rows : tuple of tuple
        Numbers and strings, in the order of `columns`.
    parameters : dict
        Everything needed to compute the table again, the seed included.
    reading : str
        A sentence that reads the table.
    statements : tuple of Statement
        Published statements, line by line.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    parameters: dict[str, Any]
    reading: str
    statements: tuple[Statement, ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """The rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def column(self, name: str) -> list[Any]:
        """One column."""
        return [row[self.columns.index(name)] for row in self.rows]

    def table(self) -> TextTable:
        """The rows, and below them the parameters, what the numbers say, and published statements line by line."""
        headings = tuple(column.replace("_", " ") for column in self.columns)
        rows = tuple(tuple(entry(value) for value in row) for row in self.rows)
        said = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        lines = (f"{'agrees' if s.holds else 'DIFFERS'}: {s.text} ({s.evidence})" for s in self.statements)
        return TextTable(headings, rows, "\n".join([said, self.reading, *lines]))
