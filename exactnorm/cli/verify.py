"""`exactnorm verify`: a proof file against the user's own points; loads nothing but NumPy and python-flint."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from exactnorm.cli import held_against, read_arrays
from exactnorm.cli.help_text import formatter, wrapped
from exactnorm.cli.misuse import misused
from exactnorm.cli.numbers import number
from exactnorm.cli.streams import BadInput, refuse, say, show_json, show_text, told

LARGEST = 2**26
"""Bytes of a file of points, samples or targets: eight million numbers."""

EXAMPLES = """\
examples:
  exactnorm solve points.csv --rho 0.1 --prove --out proof.json
  exactnorm verify proof.json --points points.csv --rho 0.1

The problem is built anew from your points and radius; every condition of the proof is checked in rational numbers, \
or in balls that contain them. What is printed holds for the given floating-point numbers exactly.

exit status:
  0  proved: the claimed bracket holds
  1  refuted: a condition fails; the sentence says which. The bracket that could be proved all the same is printed
  2  undecided: the check would take too long, or too much memory; or the file is no proof, or cannot be read
"""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "verify",
        help="verify a proof of a bracket, in rational numbers",
        description=wrapped(
            "Verify a proof that `exactnorm solve --prove` wrote, against points and radius of your own."
        ),
        epilog=wrapped(EXAMPLES),
        formatter_class=formatter,
    )
    command.add_argument("file", metavar="PROOF.json", help="the proof")
    held_against.add_options(
        command,
        points="the clean points (.csv, .tsv, .txt, .npy), or a problem's name",
        rho="the noise radius; optional for a named problem",
        limit="seconds after which the answer is undecided",
        needed=True,
    )
    command.add_argument("--samples-file", metavar="FILE", help="noisy samples of the points, in place of a radius")
    command.add_argument("--targets", metavar="FILE", help="targets of the --points, for a network that is no denoiser")
    command.add_argument(
        "--weight-decay", type=number, metavar="L", help="with --samples-file or --targets: the L of the objective"
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read, verify, print; 1 if the proof is refuted, 2 if that is not found out."""
    try:
        from exactnorm.proof.rationals import quotient_text
        from exactnorm.proof.shapes import UnreadableProofError
        from exactnorm.proof.verify import decimals, largest_file, verify, verify_network, verify_samples
    except ImportError as missing:
        msg = f"{missing}: proofs are verified with python-flint; pip install 'exactnorm[rigorous]'"
        raise BadInput(msg) from None
    points, rho, samples, targets = asked(arguments)
    limit, decay = arguments.time_limit, arguments.weight_decay
    # Whatever the arrays are: what is no table is told of when the proof is held against it.
    size = sum(len(np.atleast_1d(one)) for one in ([points] if samples is None else samples))
    width = max(np.atleast_1d(one).shape[-1] for one in (points, targets) if one is not None)
    text = proof_in(arguments.file, largest_file(max(size, 1), width))
    try:
        if targets is not None:
            verdict = verify_network(text, points, targets, decay, time_limit=limit)
        elif samples is not None:
            verdict = verify_samples(text, points, samples, decay, time_limit=limit)
        else:
            verdict = verify(text, points, rho, time_limit=limit)
    except UnreadableProofError as mistake:
        msg = f"{arguments.file!r}: {mistake}"
        raise BadInput(msg) from None
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake
    lower, upper = decimals(verdict)
    if arguments.json:
        exactly = {
            "lower": quotient_text(verdict.lower),
            "upper": None if verdict.upper is None else quotient_text(verdict.upper),
        }
        reasons = list(verdict.reasons)
        show_json({"outcome": verdict.outcome, "lower": lower, "upper": upper, "exactly": exactly, "reasons": reasons})
    else:
        ends = f"{lower} <= least cost" + ("" if upper is None else f" <= {upper}")
        show_text(f"{verdict.outcome}: {ends}\n")
        for reason in verdict.reasons:
            say(f"exactnorm verify: {verdict.outcome}: {reason}")
    return {"proved": 0, "refuted": 1, "undecided": 2}[verdict.outcome]


def asked(arguments: argparse.Namespace) -> tuple[Any, Any, Any, Any]:
    """The user's points with radius, samples or targets; `BadInput` with all that is wrong, at once."""
    found = misused(arguments)
    instead = [name for name in ("samples_file", "targets") if getattr(arguments, name) is not None]
    meant = {"samples_file", "targets"} & arguments.misread
    if arguments.weight_decay is not None and not instead and not meant:
        found.append("--weight-decay goes with --samples-file or --targets")
    if len(instead) == 2:
        found.append("--samples-file and --targets are for different problems: give one of them")
    if arguments.file is not None and not Path(arguments.file).is_file():
        found += told(proof_in, arguments.file, 0)
    points, rho, samples, targets = None, arguments.rho, None, None
    try:
        if arguments.points is not None:
            points, rho = points_and_radius(arguments)
        if points is not None and arguments.samples_file is not None:
            samples = read_arrays.samples(Path(arguments.samples_file), len(points), most=LARGEST)
        if arguments.targets is not None:
            targets = read_arrays.points(Path(arguments.targets), most=LARGEST)
    except BadInput as mistake:
        found.append(str(mistake))
    refuse(found)
    return points, rho, samples, targets


def points_and_radius(arguments: argparse.Namespace) -> tuple[Any, Any]:
    """The user's points, and their radius; none goes with samples or targets."""
    path = Path(arguments.points)
    if not path.suffix:
        from exactnorm import problems  # a named problem takes SciPy's tree of points, a file does not

        try:
            train = problems.named(arguments.points).train
        except ValueError as mistake:
            raise BadInput(str(mistake)) from mistake
        return train.points, train.rho if arguments.rho is None else arguments.rho
    instead = arguments.samples_file is not None or arguments.targets is not None
    if (arguments.rho is None) != instead and not {"rho", "samples_file", "targets"} & arguments.misread:
        msg = "give the noise radius of these points with --rho R, or noisy samples with --samples-file, or --targets"
        raise BadInput(msg)
    return read_arrays.points(path, arguments.header, arguments.columns, most=LARGEST), arguments.rho


def proof_in(file: str, most: int) -> bytes:
    """The file's content, but for what is more than a proof for these points can be."""
    try:
        read_arrays.look_at_kind(Path(file))
        with Path(file).open("rb") as stream:
            text = stream.read(most + 1)
    except OSError as failed:
        msg = f"cannot read {file!r}: {failed.strerror or failed}"
        raise BadInput(msg) from None
    return text
