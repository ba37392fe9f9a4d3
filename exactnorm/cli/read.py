"""Reading points: a .csv or .npy file, or the name of a problem. Every failure is a `BadInput` of one sentence."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from exactnorm import problems
from exactnorm.cli.streams import BadInput, say
from exactnorm.flow import radius
from exactnorm.training_set import Array, TrainingSet


def add_radius_options(command: Any) -> None:
    """Add --rho, and --sigma with --samples in its place."""
    radius = command.add_mutually_exclusive_group()
    radius.add_argument("--rho", type=float, metavar="R", help="noise radius; optional for a named problem")
    radius.add_argument("--sigma", type=float, metavar="S", help="noise level in place of --rho: rho = S·sqrt(d)")
    command.add_argument("--samples", type=int, metavar="M", help="with --sigma: rho = S·sqrt(2 log M) instead")


def asked_radius(arguments: argparse.Namespace, dimension: int) -> float | None:
    """The noise radius that --rho, or --sigma and --samples, ask for; None for none. One from --sigma is announced."""
    if arguments.sigma is None:
        if arguments.samples is not None:
            msg = "--samples goes with --sigma"
            raise BadInput(msg)
        return None if arguments.rho is None else float(arguments.rho)
    if arguments.samples is None:
        rho = radius(arguments.sigma, dimension=dimension)
    else:
        rho = radius(arguments.sigma, samples=arguments.samples)
    say(f"rho = {rho:g}")
    return rho


def training_set(arguments: argparse.Namespace) -> TrainingSet:
    """The training set that DATA and the radius options name."""
    try:
        train = named_or_points(arguments.data)
        table = train.points if isinstance(train, TrainingSet) else train
        rho = asked_radius(arguments, table.shape[-1] if table.ndim else 1)
        if rho is None:
            if isinstance(train, TrainingSet):
                return train
            msg = "give the noise radius of these points with --rho R"
            raise BadInput(msg)
        return TrainingSet(table, rho)
    except BadInput:
        raise
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake


def training_points(data: str) -> Array:
    """The points that DATA names, whatever their radius."""
    try:
        found = named_or_points(data)
        return found.points if isinstance(found, TrainingSet) else TrainingSet(found).points
    except BadInput:
        raise
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake


def named_or_points(data: str) -> TrainingSet | Array:
    """A problem's training set, or a file's points; an existing file wins over a problem of the same name."""
    path = Path(data)
    if path.is_dir():
        msg = f"{data!r} is a directory; give a .csv or .npy file, or the name of a problem"
        raise BadInput(msg)
    if path.exists() or path.suffix.lower() in (".csv", ".npy"):
        return points(path)
    return problems.named(data).train


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
    if len(rows) > 1 and not any(_is_number(cell) for cell in rows[0][1]):
        say(f"{path}: the first line holds no number and is taken for the columns' names")
        del rows[0]
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


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
