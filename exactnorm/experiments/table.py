"""A tidy table with what it was computed from and a sentence that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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
class Table:
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
