"""`exactnorm solve`: from points to a certified denoiser."""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import asdict
from typing import Any

from exactnorm import InfeasibleProblem, interrupts
from exactnorm.certify import CertifiedDenoiser
from exactnorm.cli import prove, read, read_samples
from exactnorm.cli.help_text import formatter, wrapped
from exactnorm.cli.misuse import misused
from exactnorm.cli.numbers import flag, number
from exactnorm.cli.outputs import picture, writable_folder
from exactnorm.cli.streams import BadInput, refusal, say, show, show_json, show_text, told
from exactnorm.exact.solvers.choice import chosen
from exactnorm.saved import save
from exactnorm.training_set import TrainingSet

EXAMPLES = """\
examples:
  exactnorm solve acute
  exactnorm solve points.csv --rho 0.1 --out denoiser.npz --plot field.png
  exactnorm solve points.csv --rho 0.1 --prove --out proof.json
  exactnorm solve points.csv --sigma 0.02 --samples 100
  exactnorm solve digits5 --json
  exactnorm solve digits10 --estimate
  exactnorm solve points.csv --samples-file samples.npy
  exactnorm solve points.csv --samples-file samples.csv --weight-decay 0.01

points are counted from 0, lines and columns of a file from 1.

"""

SOLVING = (
    "exactnorm.exact.balls.solve",
    "exactnorm.exact.finite.solve",
    "exactnorm.exact.solvers.clarabel",
    "exactnorm.exact.progress",
    "exactnorm.report",
)
"""What solving loads: a second, so only where something is solved."""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "solve",
        help="find a minimum-norm denoiser and a bracket on the least cost",
        description=wrapped("Find a minimum-norm denoiser of DATA and a bracket on the least representation cost."),
        epilog=wrapped(EXAMPLES + read_samples.FORMATS),
        formatter_class=formatter,
    )
    read.add_data(command)
    read.add_radius_options(command)
    read_samples.add_options(command)
    command.add_argument("--tol", type=number, default=1e-6, metavar="T", help="relative gap to reach (default 1e-6)")
    command.add_argument("--solver", default="CLARABEL", metavar="S", help="semidefinite solver (default CLARABEL)")
    command.add_argument("--time-limit", type=number, metavar="SECONDS", help="stop with the bracket reached by then")
    command.add_argument(
        "--estimate",
        action="store_true",
        help="say how many patterns there are and about how long it takes, and stop",
    )
    command.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    command.add_argument("--prove", action="store_true", help="prove a bracket in rational numbers (python-flint)")
    command.add_argument(
        "--out",
        metavar="FILE",
        help="save denoiser and certificate as .npz, for exactnorm.load; or, with --prove, the proof as .json",
    )
    command.add_argument("--plot", metavar="FILE", help="draw its graph, its field, or flows, as dimensions allow")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Solve, print, save; 0 when the gap is at most the tolerance, else 1; 130 where Ctrl-C kept it from a proof."""
    train = asked(arguments)
    interrupts.load(*SOLVING, *([prove.LOADED] if arguments.prove else []))
    if arguments.estimate:
        return estimate(train, arguments)
    start = time.perf_counter()
    denoiser = solved(train, arguments)
    seconds = time.perf_counter() - start
    proved = prove.proved(denoiser, arguments, seconds) if arguments.prove else None
    unproved = arguments.prove and proved is None
    if arguments.out is not None and not (unproved and arguments.out.endswith(".json")):
        if proved is not None and arguments.out.endswith(".json"):
            prove.save(arguments.out, proved)
        else:
            save(arguments.out, denoiser)
        say(f"wrote {arguments.out}")
    title = f"Minimum-norm denoiser of {arguments.data}"
    if arguments.plot is not None:
        from exactnorm.cli.pictures import write_denoiser

        write_denoiser(arguments.plot, denoiser, title)
    from exactnorm import report

    if arguments.json:
        record = report.solution_record(denoiser, seconds)
        show_json(record if proved is None else record | {"proved": prove.record(proved)})
    else:
        show(report.solution(denoiser, seconds, title))
        if proved is not None:
            show_text(prove.sentence(proved))
    return 130 if unproved else 0 if denoiser.certificate.certifies(arguments.tol) else 1


def estimate(train: TrainingSet, arguments: argparse.Namespace) -> int:
    """Say what a solve would do."""
    from exactnorm.exact.balls.forecast import forecast

    try:
        found = forecast(train, arguments.tol, arguments.time_limit)
    except InfeasibleProblem:
        raise
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake
    if arguments.json:
        show_json({"points": train.size, "dimension": train.dimension, "rho": train.rho, **asdict(found)})
    else:
        from exactnorm import report

        show(report.prose(found.sentence))
    return 0


def asked(arguments: argparse.Namespace) -> TrainingSet:
    """The training set to solve for; `BadInput` with all that is wrong with the options and the data, at once."""
    found = [*misused(arguments), *mistakes(arguments)]
    train: TrainingSet | None = None
    try:
        if arguments.data is not None and not read.radius_is_clear(arguments):
            found += read.data_mistakes(arguments)
        elif arguments.data is not None:
            train = (read if arguments.samples_file is None else read_samples).training_set(arguments)
    except BadInput as mistake:
        found.append(str(mistake))
    if found or train is None:
        raise refusal(found)
    return train


def mistakes(arguments: argparse.Namespace) -> list[str]:
    """What is wrong with options, much of which would fail only after the work is done."""
    found = list(read.radius_mistakes(arguments))
    for name, words in (("tol", "the tolerance"), ("time_limit", "the time limit"), ("weight_decay", "it")):
        value = getattr(arguments, name)
        if value is not None and not math.isfinite(value):
            found.append(f"{flag(name)}={value:g} is not finite")
        elif value is not None and value <= 0:
            found.append(f"{flag(name)} {value:g}: {words} must be positive")
    if (
        arguments.weight_decay is not None
        and arguments.samples_file is None
        and "samples_file" not in arguments.misread
    ):
        found.append("--weight-decay goes with --samples-file: noise balls are interpolated")
    found += [
        f"--{name} goes with noise balls, and --samples-file stands in their place: give one of them"
        for name in ("rho", "sigma", "samples")
        if arguments.samples_file is not None and getattr(arguments, name) is not None
    ]
    if arguments.estimate and arguments.samples_file is not None:
        found.append("--estimate is for noise balls: leave --samples-file out")
    found += [
        f"--estimate solves nothing: leave --{name} out"
        for name in ("out", "plot")
        if arguments.estimate and getattr(arguments, name) is not None
    ]
    if arguments.out is not None:
        if not arguments.out.endswith((".npz", ".json") if arguments.prove else ".npz"):
            also = ", or .json for the proof" if arguments.prove else ""
            found.append(f"--out {arguments.out}: give a file name that ends in .npz{also}")
        found += told(writable_folder, arguments.out)
    found += told(picture, arguments.plot) if arguments.plot is not None else []
    found += prove.obstacles(arguments) if arguments.prove else []
    return found + (told(check_solver, arguments.solver) if arguments.solver is not None else [])


def check_solver(name: str) -> None:
    """Raise `BadInput` for a solver that is not there: the check of the front doors, which they make once more."""
    try:
        chosen(name)
    except ValueError as mistake:
        msg = f"--{mistake}"
        raise BadInput(msg) from mistake


def solved(train: TrainingSet, arguments: argparse.Namespace) -> CertifiedDenoiser:
    """The certified denoiser, with progress on stderr where somebody watches it."""
    from exactnorm import min_norm_denoiser

    try:
        return min_norm_denoiser(
            train,
            weight_decay=arguments.weight_decay,
            tol=arguments.tol,
            solver=arguments.solver,
            time_limit=prove.until_proving(arguments),
            progress=True,
        )
    except InfeasibleProblem:
        raise
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake
