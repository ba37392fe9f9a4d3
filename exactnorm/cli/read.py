"""Reading points: a file, or the name of a problem. Every failure is a `BadInput` of one sentence."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from exactnorm import max_radius, problems
from exactnorm.arrays import Array
from exactnorm.cli import text_table
from exactnorm.cli.numbers import number, whole
from exactnorm.cli.read_arrays import KINDS, READERS, points
from exactnorm.cli.streams import BadInput, say, told
from exactnorm.exact.balls.radius import with_a_radius
from exactnorm.exact.balls.told_apart import printed_radius
from exactnorm.flow import radius
from exactnorm.training_set import OverlapError, TrainingSet


def add_radius_options(command: Any) -> None:
    """Add --rho, and --sigma with --samples in its place."""
    command.add_argument("--rho", type=number, metavar="R", help="noise radius; optional for a named problem")
    command.add_argument("--sigma", type=number, metavar="S", help="noise level in place of --rho: rho = S·sqrt(d)")
    command.add_argument("--samples", type=whole, metavar="M", help="with --sigma: rho = S·sqrt(2 log M) instead")


def radius_mistakes(arguments: argparse.Namespace) -> Iterator[str]:
    """Options for the radius that do not go together, or are out of range."""
    for name, what in (("rho", "noise radius"), ("sigma", "noise level")):
        if (value := getattr(arguments, name)) is not None and not 0 <= value < math.inf:
            wrong = f"is negative; give a {what} of 0 or more" if value < 0 else "is not finite"
            yield f"--{name}={value:g} {wrong}"
    if arguments.samples is not None and arguments.samples < 2:
        yield f"--samples {arguments.samples}: rho = S·sqrt(2 log M) needs two samples or more"
    if arguments.rho is not None and arguments.sigma is not None:
        yield "--rho and --sigma both give the noise radius: leave one of them out"
    if arguments.samples is not None and arguments.sigma is None and "sigma" not in arguments.misread:
        yield "--samples goes with --sigma"


def radius_is_clear(arguments: argparse.Namespace) -> bool:
    """Whether the options for the radius can be read and go together."""
    return not {"rho", "sigma", "samples"} & arguments.misread and not any(radius_mistakes(arguments))


def data_mistakes(arguments: argparse.Namespace) -> list[str]:
    """What is wrong with DATA, whatever is wrong with the radius."""
    return told(training_points, arguments)


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
            points = TrainingSet(table)
            found = max_radius(points.points, time_limit=1.0).lower
            limit = f", at most {printed_radius(points, found)}" if found > 0 else ""
            msg = f"give the noise radius of these points with --rho R{limit}"
            raise BadInput(msg)
        return TrainingSet(table, rho)
    except BadInput:
        raise
    except OverlapError as overlap:
        raise BadInput(str(with_a_radius(overlap, table))) from overlap
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
