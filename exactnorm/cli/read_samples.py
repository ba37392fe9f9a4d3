"""Reading noisy samples: a .npy, .npz or text file. Every failure is a `BadInput` of one sentence."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from exactnorm.arrays import Array
from exactnorm.cli import read
from exactnorm.cli.numbers import number
from exactnorm.cli.streams import BadInput
from exactnorm.training_set import TrainingSet

FORMATS = """\
noisy samples in FILE, in place of noise balls:
  .npy   one array (N, M, d), M samples of each point
  .npz   one array (M_n, d) for each point, in the points' order, as numpy.savez(FILE, *arrays) writes them
  .csv   one sample a line: the row of its point in DATA, counted from 0, then its d coordinates
"""


def add_options(command: Any) -> None:
    """Add --samples-file and --weight-decay."""
    command.add_argument("--samples-file", metavar="FILE", help="noisy samples of the points, in place of a radius")
    command.add_argument(
        "--weight-decay", type=number, metavar="L", help="with --samples-file: penalise with L, do not interpolate"
    )


def training_set(arguments: argparse.Namespace) -> TrainingSet:
    """The points of DATA with the samples of --samples-file."""
    points = read.training_points(arguments)
    try:
        return TrainingSet.from_samples(points, samples(Path(arguments.samples_file), len(points)))
    except BadInput:
        raise
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake


def samples(path: Path, size: int) -> list[Array]:
    """The samples in a file, one array for each of `size` points."""
    if path.suffix.lower() == ".npz":
        return _npz(path)
    if path.suffix.lower() not in read.READERS:
        msg = f"{str(path)!r}: samples are read from .npy, .npz, .csv, .tsv and .txt files"
        raise BadInput(msg)
    table = read.points(path, index=True)
    if path.suffix.lower() != ".npy":
        return _by_point(path, table, size)
    if table.ndim != 3:
        msg = f"{str(path)!r} holds an array of shape {table.shape}; give one of shape (N, M, d)"
        raise BadInput(msg)
    return list(table)


def _npz(path: Path) -> list[Array]:
    try:
        # Never unpickled: an object array could run code of whoever wrote the file.
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            return [file[name] for name in file.files]
    except FileNotFoundError:
        msg = f"there is no file {str(path)!r}"
        raise BadInput(msg) from None
    except (ValueError, EOFError, BadZipFile, TypeError, AttributeError) as failed:
        msg = f"{str(path)!r} is not a .npz file of arrays of numbers: {failed}"
        raise BadInput(msg) from failed
    except OSError as failed:
        msg = f"cannot read {str(path)!r}: {failed.strerror or failed}"
        raise BadInput(msg) from failed


def _by_point(path: Path, table: Array, size: int) -> list[Array]:
    rows = table[:, 0]
    wrong = np.flatnonzero(~np.isin(rows, np.arange(size)))
    if len(wrong):
        first = int(wrong[0])
        msg = (
            f"{str(path)!r}, sample {first + 1}: its first column is {rows[first]:g}; give the row of its point, "
            f"0 to {size - 1}"
        )
        raise BadInput(msg)
    return [table[rows == n, 1:] for n in range(size)]
