"""The finished units of a sweep in a file, a line each, so that a sweep that was killed goes on where it was.

The first line says what is being computed: experiment, parameters, versions, number of units. Every other holds a
unit's number, its rows, the processor seconds it took and the memory. A line counts once its end is written.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Rows = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Finished:
    """Rows of a unit, the processor seconds that it took, and GiB of `peak_memory` at its end, if that is known."""

    rows: Rows
    seconds: float
    memory: float | None = None


@dataclass(frozen=True)
class UnitsFile:
    """Where finished units are written to; an own name for each experiment, in a folder that may hold several."""

    path: Path

    def begin(self, header: dict[str, Any], *, resume: bool) -> dict[int, Finished]:
        """The finished units of a file that fits the header, none where there is no file yet, which is then begun.

        Raises
        ------
        ValueError
            If there is a file and it is not to be gone on with, or it is one of another sweep.
        """
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(_line(header), encoding="utf-8")
            return {}
        if not resume:
            msg = f"{self.path} holds units that are finished: resume, delete it, or choose another folder"
            raise ValueError(msg)
        whole, _, torn = self.path.read_bytes().rpartition(b"\n")
        if torn:  # of a unit that was being written when the process was killed
            with self.path.open("r+b") as file:
                file.truncate(len(whole) + 1 if whole else 0)
        if not whole:
            self.path.write_text(_line(header), encoding="utf-8")
            return {}
        first, units = read_units(self.path)
        if differences := _differences(first, json.loads(_line(header))):
            msg = f"{self.path} was computed with another {'; '.join(differences)}. Choose another folder"
            raise ValueError(msg)
        return units

    def add(self, unit: int, found: Finished) -> None:
        """Write a finished unit, in one piece."""
        line = _line({"unit": unit, "seconds": found.seconds, "memory": found.memory, "rows": found.rows})
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line)


def read_units(path: Path) -> tuple[dict[str, Any], dict[int, Finished]]:
    """Header and finished units of a file; a last line without an end is left out.

    Raises
    ------
    ValueError
        If the file is not one of finished units; the message says which line is not.
    """
    whole, _, _ = path.read_bytes().rpartition(b"\n")
    found: dict[int, Finished] = {}
    header: dict[str, Any] = {}
    for number, line in enumerate(whole.split(b"\n"), start=1):
        try:
            record = json.loads(line)
            if number == 1:
                header = {"experiment": record["experiment"], **record}
            else:
                rows = tuple(map(tuple, record["rows"]))
                found[record["unit"]] = Finished(rows, record["seconds"], record.get("memory"))
        except (ValueError, KeyError, TypeError) as wrong:
            msg = f"{path}, line {number} is not a finished unit: delete the file, or choose another folder"
            raise ValueError(msg) from wrong
    return header, found


def peak_memory() -> float | None:
    """The most memory that this process has held so far, in GiB; None where the system does not say.

    It never falls: of several units of one process the later ones have at least what the ones before took.
    """
    try:
        import resource
    except ImportError:  # there is none on Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**30 if sys.platform == "darwin" else 2**20)


def plain(rows: Any) -> Rows:
    """Rows as they come back from a file: tuples of plain numbers, strings and None.

    Raises
    ------
    TypeError
        If an entry is none of these.
    """
    return tuple(map(tuple, json.loads(json.dumps([list(row) for row in rows]))))


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"


def _differences(there: dict[str, Any], here: dict[str, Any]) -> list[str]:
    """What differs in two headers, in words."""
    out = []
    for name in sorted({*there, *here}):
        old, new = there.get(name), here.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            out += _differences(old, new)
        elif old != new:
            out.append(f"{name}: {old!r} there, {new!r} here")
    return out
