"""A tidy table with what it was computed from, a paragraph that reads it, and published statements line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from exactnorm.tables import Tabular, TextTable, entry


@dataclass(frozen=True)
class Statement:
    """A published statement, and what the experiment's numbers say to it.

    Parameters
    ----------
    text : str
    holds : bool or None
        Whether the numbers here agree with it; None where they cannot say: something of the published setting is
        unknown, or another quantity was measured.
    evidence : str
        The numbers.
    """

    text: str
    holds: bool | None
    evidence: str

    @property
    def verdict(self) -> str:
        """One of "agrees", "differs" and "not comparable"."""
        return "not comparable" if self.holds is None else "agrees" if self.holds else "differs"


@dataclass(frozen=True)
class Table(Tabular):
    """One observation a row.

    Parameters
    ----------
    name : str
    columns : tuple of str
    rows : tuple of tuple
        Numbers, strings and None, in the order of `columns`.
    parameters : dict
        Everything needed to compute the table again, the seed included.
    reading : str
        A paragraph that reads the table.
    statements : tuple of Statement
        Published statements, line by line.
    versions : dict
        Of this package and of those that computed the numbers.
    missing : int
        Units of work that were not finished; their rows are not there, and nothing is read from the rest.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    parameters: dict[str, Any]
    reading: str
    statements: tuple[Statement, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    missing: int = 0

    def records(self) -> list[dict[str, Any]]:
        """The rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def column(self, name: str) -> list[Any]:
        """One column."""
        return [row[self.columns.index(name)] for row in self.rows]

    def means(
        self, name: str, by: tuple[str, ...], where: Callable[[dict[str, Any]], bool] | None = None
    ) -> dict[tuple[Any, ...], float]:
        """Mean of a column over the rows that agree in the columns `by`, by what they agree in, in the rows' order.

        Parameters
        ----------
        name : str
        by : tuple of str
        where : callable, optional
            Which records count. Those without a number in the column never do.
        """
        groups = dict[tuple[Any, ...], list[float]]()
        for record in self.records():
            if record[name] is not None and (where is None or where(record)):
                groups.setdefault(tuple(record[column] for column in by), []).append(record[name])
        return {group: fmean(values) for group, values in groups.items()}

    def table(self) -> TextTable:
        """The rows, and below them the parameters, what the numbers say, and published statements line by line."""
        headings = tuple(column.replace("_", " ") for column in self.columns)
        rows = tuple(tuple(entry(value) for value in row) for row in self.rows)
        said = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        by = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        lines = (f"{s.verdict.upper()}: {s.text} ({s.evidence})" for s in self.statements)
        return TextTable(headings, rows, "\n".join([said, *([by] if by else []), self.reading, *lines]))

    def markdown(self) -> str:
        """As a Markdown page: a heading, the rows, and the rest of `table` below them."""
        return f"# {self.name}\n\n{self.table().markdown()}\n"

    def csv(self) -> str:
        """The rows as comma-separated values under the names of the columns; None is an empty entry."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return file.getvalue()

    def to_pandas(self) -> Any:
        """The rows as a data frame of pandas; parameters and versions, the seed among them, are its `attrs`.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as missing:
            msg = "a data frame needs pandas: pip install pandas, or read what csv() returns"
            raise ImportError(msg) from missing
        frame = pd.DataFrame.from_records(list(self.rows), columns=list(self.columns))
        frame.attrs = {"experiment": self.name, "parameters": dict(self.parameters), "versions": dict(self.versions)}
        return frame
