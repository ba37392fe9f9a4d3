"""What `exactnorm flow` is asked to follow, and what is wrong with its options: all of it at once."""

from __future__ import annotations

import argparse
import math
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exactnorm import CertifiedDenoiser, DenoiserPath, ReLUNetwork, load
from exactnorm.cli import read
from exactnorm.cli.misuse import misused
from exactnorm.cli.numbers import flag
from exactnorm.cli.outputs import new_folder, picture
from exactnorm.cli.schedules import schedule
from exactnorm.cli.solve import check_solver
from exactnorm.cli.streams import BadInput, refusal, told
from exactnorm.flow.schedule import checked_level
from exactnorm.network import network_of
from exactnorm.training_set import TrainingSet

FLOWS = ("score", "probability")
STAND_INS = ("linear", "empirical-mmse")
OF_SCORE = ("rho", "sigma", "samples", "horizon")
OF_PROBABILITY = ("alpha", "T", "schedule", "scale", "high_noise", "levels", "out")
OF_TABLES = ("columns", "header", "rho", "sigma", "samples")
"""Options that say how points are read, which a saved denoiser holds."""
OF_SOLVING = ("solver", "levels", "out", "time_limit")
"""Options that say how it is solved for, which is done in what was saved."""


Known = CertifiedDenoiser | ReLUNetwork | DenoiserPath | None
"""What was saved, if anything was."""


@dataclass(frozen=True)
class Asked:
    """Points, with their radius where a score flow has one, and what was saved for them, if anything was."""

    train: TrainingSet
    known: Known = None


def asked(arguments: argparse.Namespace) -> Asked:
    """What there is to follow; raises `BadInput` with every mistake there is."""
    found = [*misused(arguments), *foreign(arguments), *numbers(arguments)]
    if arguments.flow == "probability":
        found += [*missing(arguments), *told(level, arguments)]
        found += told(new_folder, arguments.out) if arguments.out is not None else []
    found += told(picture, arguments.plot) if arguments.plot is not None else []
    found += told(check_solver, arguments.solver) if arguments.solver is not None else []
    train: TrainingSet | None = None
    try:
        known = None if arguments.data is None else opened(arguments.data)
        wrong = [*read.radius_mistakes(arguments), *saved(arguments, known)]
        if not wrong and arguments.data is not None and read.radius_is_clear(arguments):
            train = points_of(arguments, known)
        elif known is None and arguments.data is not None:
            wrong += read.data_mistakes(arguments)
    except BadInput as mistake:
        wrong = [str(mistake)]
    if found or wrong or train is None:
        raise refusal([*found, *wrong])
    return Asked(train, known)


def opened(data: str) -> Known:
    """What was saved under that name; None for points."""
    if not (Path(data) / "path.json").is_file() and Path(data).suffix.lower() != ".npz":
        return None
    try:
        found = load(data)
    except FileNotFoundError as gone:
        missing = f"there is no file {data!r}" if str(gone.filename) == data else f"{data!r} lacks {gone.filename!r}"
        raise BadInput(missing) from None
    except (OSError, ValueError) as mistake:
        raise BadInput(str(mistake)) from mistake
    if isinstance(found, CertifiedDenoiser | DenoiserPath):
        return found
    network = network_of(found)
    if network.outputs != network.dimension:
        msg = f"{data!r} holds a network from R^{network.dimension} to R^{network.outputs}, and a flow needs a denoiser"
        raise BadInput(msg)
    return network


def points_of(arguments: argparse.Namespace, known: Known) -> TrainingSet:
    """The training points: those that were saved too, those of --points, or DATA."""
    if isinstance(known, CertifiedDenoiser):
        return known.train
    if isinstance(known, DenoiserPath):
        return TrainingSet(known.points)
    if known is None:
        if arguments.flow != "score":
            return TrainingSet(read.training_points(arguments))
        return read.training_set(arguments)
    train = read.training_set(argparse.Namespace(**vars(arguments) | {"data": arguments.points}), bare=True)
    if train.dimension != known.dimension:
        msg = f"{arguments.points!r} holds points in R^{train.dimension}, and the network works in R^{known.dimension}"
        raise BadInput(msg)
    return train


def foreign(arguments: argparse.Namespace) -> Iterator[str]:
    """Options of the other flow."""
    if arguments.flow is None:
        return
    for name in OF_PROBABILITY if arguments.flow == "score" else OF_SCORE:
        if getattr(arguments, name) is not None:
            yield f"{flag(name)} does not belong to --flow {arguments.flow}"
    without = arguments.schedule is None and "schedule" not in arguments.misread
    if arguments.scale is not None and without and arguments.flow == "probability":
        yield "--scale goes with --schedule and a formula"


def saved(arguments: argparse.Namespace, known: Known) -> Iterator[str]:
    """Options that what was saved leaves no room for, one of the other flow's, and a network without points."""
    bare = isinstance(known, ReLUNetwork)
    if arguments.data is None:
        return
    if arguments.points is not None and not bare:
        whose = "are points themselves" if known is None else "come with their points"
        yield f"--points is for a network that was saved alone; DATA {whose}: leave it out"
    if known is None:
        return
    path = isinstance(known, DenoiserPath)
    if path and arguments.flow == "score":
        yield f"{arguments.data!r} holds denoisers of several radii: give one of the files in it to --flow score"
    if not path and arguments.flow == "probability":
        what = "network" if bare else "denoiser"
        yield (
            f"{arguments.data!r} is one {what}, and a probability flow needs one for every radius: give points, or a "
            "folder that --out or exactnorm.save wrote"
        )
    elif bare and arguments.points is None:
        yield f"{arguments.data!r} holds a network alone: give the points that it was trained on with --points DATA"
    others = OF_PROBABILITY if arguments.flow == "score" else OF_SCORE  # those are told of already
    for name in (*(() if bare else OF_TABLES), *OF_SOLVING):
        if getattr(arguments, name) is not None and name not in others:
            yield f"{flag(name)} is for points, and {arguments.data!r} holds what was solved for already"


def missing(arguments: argparse.Namespace) -> Iterator[str]:
    """Options that a probability flow needs."""
    for name in ("alpha", "T"):
        if getattr(arguments, name) is None and name not in arguments.misread:
            yield f"--flow probability needs --{name}"


def numbers(arguments: argparse.Namespace) -> Iterator[str]:
    """Numbers out of range."""
    ranges = (
        ("alpha", operator.gt, 0, "the noise radius per unit of noise must be positive"),
        ("T", operator.gt, 0, "the time at which flows start must be positive"),
        ("horizon", operator.gt, 0, "the flow time must be positive"),
        ("start_scale", operator.ge, 0, "the spread of the starts is negative"),
        ("levels", operator.ge, 2, "give at least two"),
        ("time_limit", operator.gt, 0, "the time limit must be positive"),
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
    """The noise level at T; None where T is missing or no time."""
    in_range = arguments.T is not None and 0 < arguments.T < math.inf  # what is not is told of already
    last = arguments.T if in_range else 1.0
    asked = schedule(arguments.schedule or "ve", arguments.scale if arguments.schedule else None, last)
    if not in_range:
        return None
    try:
        return checked_level(asked, arguments.T)
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake
