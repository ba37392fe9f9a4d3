"""What is wrong with the options of `exactnorm flow`: all of it at once."""

from __future__ import annotations

import argparse
import math
import operator
from collections.abc import Iterator
from pathlib import Path

from exactnorm.cli.outputs import new_folder, picture
from exactnorm.cli.schedules import schedule
from exactnorm.cli.streams import BadInput, refuse, told
from exactnorm.flow.schedule import checked_level

OF_SCORE = ("rho", "sigma", "samples", "horizon")
OF_PROBABILITY = ("alpha", "T", "schedule", "scale", "high_noise", "levels", "out")
OF_TABLES = ("columns", "header", "rho", "sigma", "samples", "levels", "out")
"""Options that say how points are read and solved for, which is done in what was saved."""


def kind(data: str) -> str:
    """What DATA is: a "denoiser" or a "path" of denoisers that was saved, else "points"."""
    if (Path(data) / "path.json").is_file():
        return "path"
    return "denoiser" if Path(data).suffix.lower() == ".npz" else "points"


def check(arguments: argparse.Namespace) -> None:
    """Raise `BadInput` with every mistake there is."""
    found = [*foreign(arguments), *saved(arguments), *numbers(arguments)]
    if arguments.flow == "probability":
        found += [*missing(arguments), *told(level, arguments)]
        found += told(new_folder, arguments.out) if arguments.out is not None else []
    found += told(picture, arguments.plot) if arguments.plot is not None else []
    refuse(found)


def foreign(arguments: argparse.Namespace) -> Iterator[str]:
    """Options of the other flow."""
    for name in OF_PROBABILITY if arguments.flow == "score" else OF_SCORE:
        if getattr(arguments, name) is not None:
            yield f"{flag(name)} does not belong to --flow {arguments.flow}"
    if arguments.samples is not None and arguments.sigma is None and arguments.flow == "score":
        yield "--samples goes with --sigma"
    if arguments.scale is not None and arguments.schedule is None and arguments.flow == "probability":
        yield "--scale goes with --schedule and a formula"


def saved(arguments: argparse.Namespace) -> Iterator[str]:
    """Options that a saved denoiser or path leaves no room for, and one of the other flow's."""
    found = kind(arguments.data)
    if found == "points":
        return
    if (found == "path") != (arguments.flow == "probability"):
        yield {
            "denoiser": f"{arguments.data!r} is one denoiser, and a probability flow needs one for every radius: give "
            "points, or a folder that --out or exactnorm.save wrote",
            "path": f"{arguments.data!r} holds denoisers of several radii: give one of the files in it to --flow score",
        }[found]
    for name in OF_TABLES:
        if getattr(arguments, name) is not None and name not in (OF_PROBABILITY if arguments.flow == "score" else ()):
            yield f"{flag(name)} is for points, and {arguments.data!r} holds what was solved for already"


def missing(arguments: argparse.Namespace) -> Iterator[str]:
    """Options that a probability flow needs."""
    for name in ("alpha", "T"):
        if getattr(arguments, name) is None:
            yield f"--flow probability needs --{name}"


def numbers(arguments: argparse.Namespace) -> Iterator[str]:
    """Numbers out of range."""
    ranges = (
        ("alpha", operator.gt, 0, "the noise radius per unit of noise must be positive"),
        ("horizon", operator.gt, 0, "the flow time must be positive"),
        ("start_scale", operator.ge, 0, "the spread of the starts is negative"),
        ("levels", operator.ge, 2, "give at least two"),
        ("starts", operator.ge, 1, "give at least one start"),
        ("seed", operator.ge, 0, "a seed is not negative"),
    )
    for name, fits, bound, words in ranges:
        value = getattr(arguments, name)
        if value is None or (name == "horizon" and value == math.inf):
            continue
        if not math.isfinite(value):
            yield f"{flag(name)}={value:g} is not finite"
        elif not fits(value, bound):
            yield f"{flag(name)} {value:g}: {words}"


def level(arguments: argparse.Namespace) -> float | None:
    """The noise level at T; None where T is missing."""
    asked = schedule(arguments.schedule or "ve", arguments.scale if arguments.schedule else None, arguments.T or 1.0)
    if arguments.T is None:
        return None
    try:
        return checked_level(asked, arguments.T)
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake


def flag(name: str) -> str:
    """An option as it is typed."""
    return f"--{name.replace('_', '-')}"
