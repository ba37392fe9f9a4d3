"""Results as tables of text, which the text report, HTML and Markdown show alike."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import Any

import numpy as np


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

    def text(self) -> str:
        """As aligned text, with the note below it; numbers stand to the right."""
        columns = list(zip(*(self.headings, *self.rows), strict=True))
        wide = [max(map(len, column)) for column in columns]
        right = [all(map(_is_number, column[1:])) and len(column) > 1 for column in columns]
        lines = [
            "  ".join(f"{cell:{'>' if r else '<'}{w}}" for cell, w, r in zip(line, wide, right, strict=True)).rstrip()
            for line in (self.headings, tuple("-" * w for w in wide), *self.rows)
        ]
        return "\n".join([*lines, *self.note.splitlines()])

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"TextTable({len(self.rows)} rows of {', '.join(self.headings)})"

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
    """A record that has a table of itself, which `print` and notebooks show; its `repr` is one line."""

    def __init_subclass__(cls) -> None:
        cls.__repr__ = one_line  # type: ignore[method-assign]  # or a dataclass makes one that prints all arrays

    def __str__(self) -> str:
        return self.table().text()

    @abstractmethod
    def table(self) -> TextTable:
        """The record's numbers as a table of text."""

    def _repr_html_(self) -> str:
        return self.table().html()

    def _repr_markdown_(self) -> str:
        return self.table().markdown()


def one_line(record: Any) -> str:
    """A dataclass in one line, its arrays by their shapes."""
    shown = (field.name for field in fields(record) if field.repr)
    return f"{type(record).__name__}({', '.join(f'{name}={_short(getattr(record, name))}' for name in shown)})"


def _short(value: Any) -> str:
    """A value in a few characters: large arrays by their shape, records by their name, a text by its beginning."""
    if isinstance(value, np.ndarray) and value.ndim == 1 and 0 < value.size <= 3 and value.dtype.kind in "fc":
        return f"[{', '.join(f'{x:.4g}' for x in value)}]"
    if isinstance(value, np.ndarray) and value.ndim:
        return f"<{'×'.join(map(str, value.shape))}>"
    if is_dataclass(value):
        return f"{type(value).__name__}(…)"
    if isinstance(value, tuple) and value and is_dataclass(value[0]):
        return f"<{len(value)} of {type(value[0]).__name__}>"
    if isinstance(value, tuple | list | dict) and len(value) > 3:
        return f"<{len(value)} of {type(value).__name__}>"
    text = repr(value)
    return text if len(text) <= 60 else text[:58] + "…" + text[-1]


def _is_number(text: str) -> bool:
    try:
        float(text.removesuffix("%").replace("–", "0"))
    except ValueError:
        return False
    return True


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


def limit(value: float, digits: int = 6) -> str:
    """The value in so many digits, not rounded up: what is printed keeps the limit that it names."""
    # By its shortest decimals: 0.3 is 0.3, though the double is a little below.
    floor = Context(prec=digits, rounding=ROUND_FLOOR).create_decimal(repr(float(value)))
    return f"{float(floor):.{digits}g}"


def ends(lower: float, upper: float) -> tuple[str, str]:
    """A bracket's ends to nine digits, rounded apart; in full where they are one number, as its gap of 0 says."""
    return (repr(float(lower)),) * 2 if lower == upper else (at_most(lower), at_least(upper))


def relative(gap: float) -> str:
    """A relative gap in few characters: 0 is no rounded number."""
    return "0" if gap == 0 else f"{gap:.2e}"


def counted(number: int, word: str) -> str:
    """So many of something: 1 round, 2 rounds."""
    return f"{number} {word}{'s' * (number != 1)}"


def entry(value: Any, digits: str = ".4g") -> str:
    """A table's entry in few characters."""
    if value is None:
        return "–"
    return f"{value:{digits}}" if isinstance(value, float) else str(value)


def _digits(value: float, direction: str) -> str:
    if not math.isfinite(value):
        return str(value)
    return f"{Context(prec=9, rounding=direction).create_decimal_from_float(value):f}"
