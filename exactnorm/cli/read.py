"""Reading points: a file, or the name of a problem. Every failure is a `BadInput` of one sentence."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from exactnorm import max_radius, problems
from exactnorm.arrays import Array
from exactnorm.cli import text_table
from exactnorm.cli.numbers import number, whole
from exactnorm.cli.streams import BadInput, say
from exactnorm.flow import radius
from exactnorm.reading.dialects import chosen
from exactnorm.training_set import TrainingSet

READERS = (".csv", ".tsv", ".txt", ".npy")
KINDS = ".csv, .tsv, .txt and .npy"


def add_radius_options(command: Any) -> None:
    """Add --rho, and --sigma with --samples in its place."""
    command.add_argument("--rho", type=number, metavar="R", help="noise radius; optional for a named problem")
    command.add_argument("--sigma", type=number, metavar="S", help="noise level in place of --rho: rho = S·sqrt(d)")
    command.add_argument("--samples", type=whole, metavar="M", help="with --sigma: rho = S·sqrt(2 log M) instead")


def radius_mistakes(arguments: argparse.Namespace) -> Iterator[str]:
    """Options for the radius that do not go together."""
    if arguments.rho is not None and arguments.sigma is not None:
        yield "--rho and --sigma both give the noise radius: leave one of them out"
    if arguments.samples is not None and arguments.sigma is None and "sigma" not in arguments.misread:
        yield "--samples goes with --sigma"


def radius_is_clear(arguments: argparse.Namespace) -> bool:
    """Whether the options for the radius can be read and go together."""
    return not {"rho", "sigma", "samples"} & arguments.misread and not any(radius_mistakes(arguments))


def asked_radius(arguments: argparse.Namespace, dimension: int) -> float | None:
    """The noise radius that --rho, or --sigma and --samples, ask for; None for none. One from --sigma is announced."""
    if arguments.sigma is None:
        return None if arguments.rho is None else float(arguments.rho)
    if arguments.samples is None:
        rho = radius(arguments.sigma, dimension=dimension)
    else:
        rho = radius(arguments.sigma, samples=arguments.samples)
    say(f"rho = {rho:g}")
    return rho


def add_data(command: Any, more: str = "", **given: Any) -> None:
    """Add DATA, and the options that say how a file is read; `more` names what else DATA may be."""
    command.add_argument(
        "data",
        metavar="DATA",
        help=f"a table of numbers (.csv, .tsv, .txt, .npy), one point a row, or a problem's name{more}",
        **given,
    )
    text_table.add_options(command)


def training_set(arguments: argparse.Namespace, *, bare: bool = False) -> TrainingSet:
    """The training set that DATA and the radius options name; `bare` admits points without a radius."""
    try:
        train = named_or_points(arguments)
        table = train.points if isinstance(train, TrainingSet) else train
        rho = asked_radius(arguments, table.shape[-1] if table.ndim else 1)
        if rho is None:
            if isinstance(train, TrainingSet):
                return train
            if bare:
                return TrainingSet(table)
            largest = max_radius(table, time_limit=1.0)[1]
            limit = f", below {largest:.6g}" if math.isfinite(largest) else ""
            msg = f"give the noise radius of these points with --rho R{limit}"
            raise BadInput(msg)
        return TrainingSet(table, rho)
    except BadInput:
        raise
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake


def training_points(arguments: argparse.Namespace) -> Array:
    """The points that DATA names, whatever their radius."""
    try:
        found = named_or_points(arguments)
        return found.points if isinstance(found, TrainingSet) else TrainingSet(found).points
    except BadInput:
        raise
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake


def named_or_points(arguments: argparse.Namespace) -> TrainingSet | Array:
    """A problem's training set, or a file's points; what stands beside a problem of the same name is said."""
    data = arguments.data
    path = Path(data)
    if path.suffix.lower() in READERS:
        return points(path, arguments.header, arguments.columns)
    if data in {problem.name for problem in problems.listing()}:
        if path.exists():
            say(f"{data}: the problem of that name; the {'folder' if path.is_dir() else 'file'} ./{data} is not read")
        if arguments.header is not None or arguments.columns is not None:
            msg = f"--columns and --header are for files, and {data!r} is a problem's name"
            raise BadInput(msg)
        return problems.named(data).train
    if path.is_dir():
        msg = f"{data!r} is a directory; give a file of points ({KINDS}), or the name of a problem"
        raise BadInput(msg)
    if path.exists() or path.suffix.lower() == ".npz" or path.parent.name:
        return points(path, arguments.header, arguments.columns)
    return problems.named(data).train


def points(path: Path, header: bool | None = None, columns: str | None = None, *, index: bool = False) -> Array:
    """The points in a file, one a row; `index` admits a first column that counts the rows."""
    suffix = path.suffix.lower()
    if suffix not in READERS:
        saved = "; a saved denoiser is for `exactnorm check` and exactnorm.load" if suffix == ".npz" else ""
        msg = f"{str(path)!r}: points are read from {KINDS} files{saved}"
        raise BadInput(msg)
    try:
        if suffix == ".npy":
            return _npy(path, header, columns)
        return text_table.read(path, header, columns, index=index)
    except FileNotFoundError:
        msg = f"there is no file {str(path)!r}"
        raise BadInput(msg) from None
    except OSError as failed:
        msg = f"cannot read {str(path)!r}: {failed.strerror or failed}"
        raise BadInput(msg) from failed


def _npy(path: Path, header: bool | None, columns: str | None) -> Array:
    if header is not None:
        msg = f"--header is for text files, and {str(path)!r} is none"
        raise BadInput(msg)
    with path.open("rb") as file:
        magic = file.read(6)
        file.seek(0)
        if magic != b"\x93NUMPY":
            is_text = (
                magic.strip() and all(32 <= byte < 127 or byte in b"\t\r\n" for byte in magic) and magic[:2] != b"PK"
            )
            hint = "; it looks like text: name it .csv" if is_text else ""
            msg = f"{str(path)!r} is not a .npy file of numbers{hint}"
            raise BadInput(msg)
        try:
            # Never unpickled: an object array could run code of whoever wrote the file.
            array: Array = np.load(file, allow_pickle=False)
        except (ValueError, EOFError) as failed:
            why = "it holds Python objects" if "pickle" in str(failed) else str(failed)
            msg = f"{str(path)!r} is not a .npy file of numbers: {why}; save an array of floats"
            raise BadInput(msg) from failed
    if array.dtype == np.float16:
        say(f"{path}: float16 keeps three digits: distances between these points were rounded before they were saved")
        array = array.astype(np.float64)
    if columns is None:
        return array
    if array.ndim != 2:
        msg = f"--columns {columns}: {str(path)!r} holds an array of shape {array.shape}, which has no columns"
        raise BadInput(msg)
    return array[:, list(chosen(columns, None, array.shape[1]))]
