"""Reading points: a .csv or .npy file, or the name of a problem. Every failure is a `BadInput` of one sentence."""

from __future__ import annotations

import csv
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from exactnorm import problems
from exactnorm.cli.streams import BadInput
from exactnorm.training_set import Array, TrainingSet


def training_set(data: str, rho: float | None) -> TrainingSet:
    """The training set that DATA and --rho name; an existing file wins over a problem of the same name."""
    path = Path(data)
    if path.is_dir():
        msg = f"{data!r} is a directory; give a .csv or .npy file, or the name of a problem"
        raise BadInput(msg)
    try:
        if path.exists() or path.suffix.lower() in (".csv", ".npy"):
            if rho is None:
                msg = "give the noise radius of these points with --rho R"
                raise BadInput(msg)
            return TrainingSet(points(path), rho)
        problem = problems.named(data)
        return problem.train if rho is None else TrainingSet(problem.train.points, rho)
    except BadInput:
        raise
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake


def points(path: Path) -> Array:
    """The points in a .csv or .npy file, one a row."""
    readers = {".csv": _csv, ".npy": _npy}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        msg = f"{str(path)!r}: points are read from .csv and .npy files"
        raise BadInput(msg)
    try:
        return reader(path)
    except FileNotFoundError:
        msg = f"there is no file {str(path)!r}"
        raise BadInput(msg) from None
    except OSError as failed:
        msg = f"cannot read {str(path)!r}: {failed.strerror or failed}"
        raise BadInput(msg) from failed


def _npy(path: Path) -> Array:
    try:
        # Never unpickled: an object array could run code of whoever wrote the file.
        with path.open("rb") as file:
            array: Array = np.load(file, allow_pickle=False)
    except (ValueError, EOFError, BadZipFile) as failed:
        msg = f"{str(path)!r} is not a .npy file of numbers: {failed}"
        raise BadInput(msg) from failed
    if not isinstance(array, np.ndarray):
        msg = f"{str(path)!r} holds several arrays; give one array of points"
        raise BadInput(msg)
    return array


def _csv(path: Path) -> Array:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [(line, row) for line, row in enumerate(csv.reader(file), 1) if any(cell.strip() for cell in row)]
    except (UnicodeDecodeError, csv.Error) as failed:
        msg = f"{str(path)!r} is not a text file of comma-separated numbers: {failed}"
        raise BadInput(msg) from failed
    if not rows:
        msg = f"{str(path)!r} is empty"
        raise BadInput(msg)
    width = len(rows[0][1])
    table = np.empty((len(rows), width))
    for n, (line, row) in enumerate(rows):
        if len(row) != width:
            msg = f"{str(path)!r}, line {line}: {len(row)} values, but the first row has {width}"
            raise BadInput(msg)
        for column, cell in enumerate(row):
            try:
                table[n, column] = float(cell)
            except ValueError:
                msg = f"{str(path)!r}, line {line}, column {column + 1}: {cell!r} is not a number"
                raise BadInput(msg) from None
    return table
