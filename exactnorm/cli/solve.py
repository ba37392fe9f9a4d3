"""`exactnorm solve`: from points to a certified denoiser."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from exactnorm import InfeasibleProblem
from exactnorm.arrays import real_number
from exactnorm.certify import CertifiedDenoiser, save
from exactnorm.cli import read, read_samples
from exactnorm.cli.streams import BadInput, say, show, show_json, show_text
from exactnorm.exact.solvers.choice import chosen
from exactnorm.training_set import TrainingSet

EXAMPLES = """\
examples:
  exactnorm solve acute
  exactnorm solve points.csv --rho 0.1 --out denoiser.npz
  exactnorm solve points.csv --sigma 0.02 --samples 100
  exactnorm solve digits5 --json
  exactnorm solve digits10 --estimate
  exactnorm solve points.csv --samples-file samples.npy
  exactnorm solve points.csv --samples-file samples.csv --weight-decay 0.01

"""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "solve",
        help="find a minimum-norm denoiser and a bracket on the least cost",
        description="Find a minimum-norm denoiser of DATA and a bracket on the least representation cost.",
        epilog=EXAMPLES + read_samples.FORMATS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    read.add_data(command)
    read.add_radius_options(command)
    read_samples.add_options(command)
    command.add_argument("--tol", type=float, default=1e-6, metavar="T", help="relative gap to reach (default 1e-6)")
    command.add_argument("--solver", default="CLARABEL", metavar="S", help="semidefinite solver (default CLARABEL)")
    command.add_argument("--time-limit", type=float, metavar="SECONDS", help="stop with the bracket reached by then")
    command.add_argument(
        "--estimate",
        action="store_true",
        help="say how many patterns there are and about how long it takes, and stop",
    )
    command.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    command.add_argument("--out", metavar="FILE.npz", help="save denoiser and certificate; read with exactnorm.load")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Solve, print, save; 0 when the gap is at most the tolerance, else 1."""
    train = (read if arguments.samples_file is None else read_samples).training_set(arguments)
    check_options(arguments)
    if arguments.estimate:
        return estimate(train, arguments)
    start = time.perf_counter()
    denoiser = solved(train, arguments)
    seconds = time.perf_counter() - start
    if arguments.out is not None:
        save(arguments.out, denoiser)
        say(f"wrote {arguments.out}")
    from exactnorm import report

    if arguments.json:
        show_json(report.solution_record(denoiser, seconds))
    else:
        show(report.solution(denoiser, seconds, f"Minimum-norm denoiser of {arguments.data}"))
    return 0 if denoiser.certificate.certifies(arguments.tol) else 1


def estimate(train: TrainingSet, arguments: argparse.Namespace) -> int:
    """Say what a solve would do."""
    from exactnorm.exact.balls.forecast import forecast

    if train.samples is not None:
        msg = "--estimate is for noise balls: leave --samples-file out"
        raise BadInput(msg)
    try:
        found = forecast(train, arguments.tol, arguments.time_limit)
    except InfeasibleProblem:
        raise
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake
    if arguments.json:
        show_json({"points": train.size, "dimension": train.dimension, "rho": train.rho, **asdict(found)})
    else:
        show_text(f"{found.sentence}\n")
    return 0


def check_options(arguments: argparse.Namespace) -> None:
    """Raise `BadInput` for an option that would fail only after the work is done."""
    if not real(arguments.tol, "--tol") > 0:
        msg = f"--tol {arguments.tol:g}: the tolerance must be positive"
        raise BadInput(msg)
    if arguments.time_limit is not None and not real(arguments.time_limit, "--time-limit") > 0:
        msg = f"--time-limit {arguments.time_limit:g}: the time limit must be positive"
        raise BadInput(msg)
    if arguments.weight_decay is not None:
        if arguments.samples_file is None:
            msg = "--weight-decay goes with --samples-file: noise balls are interpolated"
            raise BadInput(msg)
        if not real(arguments.weight_decay, "--weight-decay") > 0:
            msg = f"--weight-decay {arguments.weight_decay:g}: it must be positive"
            raise BadInput(msg)
    try:
        chosen(arguments.solver)
    except ValueError as mistake:
        msg = f"--{mistake}"
        raise BadInput(msg) from mistake
    if arguments.out is not None:
        if not arguments.out.endswith(".npz"):
            msg = f"--out {arguments.out}: give a file name that ends in .npz"
            raise BadInput(msg)
        writable_folder(arguments.out)


def real(value: float, option: str) -> float:
    """The value, if it is finite."""
    try:
        return real_number(value, option)
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake


def writable_folder(file: str, option: str = "--out") -> None:
    """Raise `BadInput` unless the folder that `file` goes into exists."""
    if Path(file).is_dir():
        msg = f"{option} {file}: that is a directory"
        raise BadInput(msg)
    if not Path(file).parent.is_dir():
        msg = f"{option} {file}: there is no directory {str(Path(file).parent)!r}"
        raise BadInput(msg)


def solved(train: TrainingSet, arguments: argparse.Namespace) -> CertifiedDenoiser:
    """The certified denoiser, with progress on stderr where somebody watches it."""
    from exactnorm import min_norm_denoiser

    try:
        return min_norm_denoiser(
            train,
            weight_decay=arguments.weight_decay,
            tol=arguments.tol,
            solver=arguments.solver,
            time_limit=arguments.time_limit,
            progress=sys.stderr.isatty(),
        )
    except InfeasibleProblem:
        raise
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake
