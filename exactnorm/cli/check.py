"""`exactnorm check`: recompute a saved certificate from its arrays."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from exactnorm import interrupts, problems
from exactnorm.arrays import Array, real_array, real_number
from exactnorm.certify import (
    CertificateError,
    CertificateUndecided,
    CertifiedDenoiser,
    CertifiedNetwork,
    check_certificate,
)
from exactnorm.cli import held_against
from exactnorm.cli.help_text import formatter, wrapped
from exactnorm.cli.misuse import misused
from exactnorm.cli.read_arrays import points as points_in
from exactnorm.cli.streams import BadInput, refuse, say, show, show_json
from exactnorm.path import DenoiserPath
from exactnorm.saved import load
from exactnorm.training_set import TrainingSet

EXAMPLES = """\
examples:
  exactnorm solve acute --out denoiser.npz
  exactnorm check denoiser.npz
  exactnorm check denoiser.npz --points acute --rho 0.1
  exactnorm check path

A directory is what `exactnorm flow --out` wrote: denoisers at several noise radii, of which all are checked.
No solver runs: bounds are recomputed from the numbers in the file, and for every set of balls on which a neuron may \
be on (an activation pattern).
The file says which points and radius it is about, and the answer repeats them. With --points and --rho the \
certificate is held against yours instead. Nothing in a stranger's file is run, \
and it sets no tolerance.
What a network misses by rounding is priced. Above 2000 points that neither lie on a line nor are told apart \
one by one it has no price, and the answer is undecided.

exit status:
  0  supported: the certificate claims no more than its arrays support
  1  refuted: it claims more, or is not evidence of the right kind; the sentence on stderr says in what way
  2  undecided: the check would take too long; or the file is none of exactnorm's, or cannot be read
"""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "check",
        help="recompute a saved certificate from its arrays",
        description=wrapped("Recompute the lower bound, the cost and the interpolation error of a saved denoiser."),
        epilog=wrapped(EXAMPLES),
        formatter_class=formatter,
    )
    command.add_argument("file", metavar="FILE.npz", help="what `exactnorm solve --out` or `exactnorm.save` wrote")
    held_against.add_options(
        command,
        points="the clean points that it must be for: a file, or a problem",
        rho="the noise radius that it must be for",
        limit="seconds after which the check, of all levels of a path together, is undecided",
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Load, recompute, print; 1 if a certificate claims too much, 2 if that is not found out.

    Of a path every level is checked, each against the path's own points, until one is not supported.
    """
    rows: list[tuple[CertifiedDenoiser | CertifiedNetwork, Any]] = []
    several, own = asked(arguments)
    limit, start = arguments.time_limit, time.monotonic()
    for found in several:
        level = ""
        if isinstance(found, CertifiedDenoiser) and Path(arguments.file).is_dir():
            level = f"rho={found.train.rho!r}: "
        if limit is not None and rows and not (limit := arguments.time_limit - (time.monotonic() - start)) > 0:
            over = f"all levels have {arguments.time_limit:g} seconds together, which are over; give them more time"
            say(f"exactnorm check: undecided: {level}{over}")
            return 2
        try:
            problem = held(arguments, found, own)
            answer = check_certificate(found.certificate, problem, found.network, time_limit=limit)
        except CertificateError as reason:
            say(f"exactnorm check: refuted: {level}{reason}")
            return 1
        except CertificateUndecided as reason:
            say(f"exactnorm check: undecided: {level}{reason}")
            return 2
        except ValueError as mistake:
            raise BadInput(str(mistake)) from mistake
        rows.append((found, answer))
    return told(arguments, rows)


def told(arguments: argparse.Namespace, rows: list[tuple[CertifiedDenoiser | CertifiedNetwork, Any]]) -> int:
    """Print what is stated and what was recomputed, of one certificate or of every level."""
    interrupts.load("exactnorm.report")
    from exactnorm import report

    tables = [report.check_rows(found.certificate, *answer) for found, answer in rows]
    if arguments.json:
        show_json(tables if Path(arguments.file).is_dir() else tables[0])
        return 0
    if Path(arguments.file).is_dir():
        levels = [found.train for found, _ in rows if isinstance(found, CertifiedDenoiser)]
        show(report.levels_table(zip([train.rho for train in levels], tables, strict=True)))
        radii = "one radius" if len(levels) == 1 else f"{len(levels)} radii"
        show(f"{levels[0].size} points in R^{levels[0].dimension}, noise balls of {radii}")
        return 0
    for (found, _), table in zip(rows, tables, strict=True):
        show(report.check_table(table))
        show(described(found))
    return 0


def asked(arguments: argparse.Namespace) -> tuple[Sequence[CertifiedDenoiser | CertifiedNetwork], Array | None]:
    """What is to be checked, and the user's own points; `BadInput` with all that is wrong, at once."""
    mistakes = misused(arguments)
    found: Sequence[CertifiedDenoiser | CertifiedNetwork] = ()
    own = None
    try:
        found = () if arguments.file is None else chosen(arguments)
    except BadInput as mistake:
        mistakes.append(str(mistake))
    try:
        own = None if arguments.points is None else own_points(arguments)
    except ValueError as mistake:
        mistakes.append(str(mistake))
    refuse(mistakes)
    return found, own


def held(arguments: argparse.Namespace, found: CertifiedDenoiser | CertifiedNetwork, own: Array | None) -> Any:
    """The problem of the file, or the user's own, if there is one."""
    if isinstance(found, CertifiedNetwork):
        if arguments.points is not None or arguments.rho is not None:
            msg = "--points and --rho go with a denoiser; the file holds a network for a finite problem"
            raise BadInput(msg)
        return found.problem
    train = found.train
    points = train.points if own is None else own
    if points.shape != train.points.shape or not np.array_equal(points, train.points):
        msg = f"the certificate is for {described(found)}, other points than those of {arguments.points}"
        raise CertificateError(msg)
    rho = train.rho if arguments.rho is None else real_number(arguments.rho, "--rho")
    if rho < 0:
        msg = f"--rho {rho!r}: give a radius >= 0"
        raise BadInput(msg)
    if rho != train.rho:
        msg = f"the certificate is for rho={train.rho!r}, not {rho!r}"
        raise CertificateError(msg)
    return TrainingSet(points, rho, train.samples)


def own_points(arguments: argparse.Namespace) -> Array:
    """The points in a file, or of a named problem."""
    data = Path(arguments.points)
    if data.suffix:
        return real_array(points_in(data, arguments.header, arguments.columns), arguments.points)
    return problems.named(arguments.points).train.points


def described(found: CertifiedDenoiser | CertifiedNetwork) -> str:
    """The problem in a line."""
    decay = found.certificate.weight_decay
    end = "" if decay is None else f", weight decay {decay!r}"
    if isinstance(found, CertifiedNetwork):
        problem = found.problem
        (size, inputs), outputs = problem.inputs.shape, problem.targets.shape[1]
        said = (("no skip connection", not problem.skip), ("penalised biases", problem.penalise_bias))
        more = (*said, ("no constant", not problem.constant))
        return f"{size} inputs in R^{inputs} with targets in R^{outputs}{end}" + "".join(
            f", {text}" for text, holds in more if holds
        )
    train = found.train
    points = f"{train.size} points in R^{train.dimension}"
    if train.samples is None:
        return f"{points}, noise balls of radius {train.rho!r}"
    return f"{points}, {sum(len(one) for one in train.samples)} noisy samples{end}"


def chosen(arguments: argparse.Namespace) -> Sequence[CertifiedDenoiser | CertifiedNetwork]:
    """What is to be checked: the denoiser or network in a file, or all denoisers of a path."""
    found = saved(arguments.file)
    if not isinstance(found, DenoiserPath):
        return [found]
    if arguments.rho is not None:
        msg = "--rho goes with a file; the levels of a path have a radius each"
        raise BadInput(msg)
    return found.denoisers


def saved(file: str) -> CertifiedDenoiser | CertifiedNetwork | DenoiserPath:
    """The denoiser, network or path that was saved."""
    try:
        found = load(file)
    except FileNotFoundError as gone:
        # Of a path, one of its files.
        missing = f"there is no file {file!r}" if str(gone.filename) == file else f"{file!r} lacks {gone.filename!r}"
        raise BadInput(missing) from None
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake
    if not isinstance(found, CertifiedDenoiser | CertifiedNetwork | DenoiserPath):
        msg = f"{file!r} holds a {type(found).__name__}, without a certificate"
        raise BadInput(msg)
    return found
