"""`exactnorm compare`: a trained network beside the minimum-norm denoiser of the same points."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from exactnorm import interrupts
from exactnorm.certify import CertifiedDenoiser
from exactnorm.cli.flow_options import opened
from exactnorm.cli.help_text import formatter, wrapped
from exactnorm.cli.misuse import misused
from exactnorm.cli.numbers import number, whole
from exactnorm.cli.outputs import picture
from exactnorm.cli.streams import BadInput, refuse, show, show_json, told
from exactnorm.comparison import compare
from exactnorm.network import ReLUNetwork
from exactnorm.path import DenoiserPath

EXAMPLES = """\
examples:
  exactnorm solve points.csv --rho 0.1 --out denoiser.npz
  exactnorm compare trained.npz denoiser.npz
  exactnorm compare trained.npz denoiser.npz --plot trained.png
  exactnorm compare trained.onnx denoiser.npz --json

NETWORK is what exactnorm.save wrote of a ReLUNetwork, or an ONNX model of dense layers and one layer of ReLUs (extra \
onnx). DENOISER is what `exactnorm solve --out` wrote, for the points that the network was trained on.

exit status: 0 however the network does, 2 for bad input.
"""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "compare",
        help="hold a trained network against the minimum-norm denoiser",
        description=wrapped(
            "Hold a trained network against the minimum-norm denoiser of the same points: cost against the bracket, "
            "error over the balls, kinks against kinks, and where flows end."
        ),
        epilog=wrapped(EXAMPLES),
        formatter_class=formatter,
    )
    command.add_argument("network", metavar="NETWORK", help="the trained network (.npz or .onnx)")
    command.add_argument("denoiser", metavar="DENOISER", help="the denoiser to hold it against (.npz)")
    command.add_argument(
        "--near", type=number, metavar="D", help="what counts as near, for kinks and for endpoints (default: rho)"
    )
    command.add_argument("--seed", type=whole, default=0, metavar="N", help="of the random starts (default 0)")
    command.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    command.add_argument("--plot", metavar="FILE", help="draw the trained network, or its flows")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read both, compare, draw, print."""
    network, denoiser = asked(arguments)
    interrupts.load("exactnorm.report")
    from exactnorm import report

    try:
        found = compare(network, denoiser, near=arguments.near, seed=arguments.seed)
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake
    if arguments.plot is not None:
        from exactnorm.cli.pictures import write_comparison

        write_comparison(arguments.plot, found, f"{arguments.network} beside {arguments.denoiser}")
    if arguments.json:
        show_json(report.comparison_record(found))
    else:
        show(report.comparison_table(found))
    return 0


def asked(arguments: argparse.Namespace) -> tuple[ReLUNetwork, CertifiedDenoiser]:
    """The two that are compared; `BadInput` with all that is wrong, at once."""
    mistakes = [*misused(arguments), *numbers(arguments)]
    mistakes += told(picture, arguments.plot) if arguments.plot is not None else []
    found: list[Any] = []
    for read, file in ((trained, arguments.network), (exact, arguments.denoiser)):
        try:
            found += [] if file is None else [read(file)]
        except BadInput as mistake:
            mistakes.append(str(mistake))
    refuse(mistakes)
    network, denoiser = found
    return network, denoiser


def numbers(arguments: argparse.Namespace) -> Iterator[str]:
    """Numbers out of range."""
    if arguments.near is not None and not arguments.near > 0:
        yield f"--near {arguments.near:g}: the distance must be positive"
    if arguments.seed is not None and arguments.seed < 0:
        yield f"--seed {arguments.seed}: a seed is not negative"


def trained(file: str) -> ReLUNetwork:
    """The network in a file; that of a denoiser will do."""
    if Path(file).suffix.lower() == ".onnx":
        return from_model(file)
    match opened(file):
        case ReLUNetwork() as network:
            return network
        case CertifiedDenoiser(network=network):
            return network
        case _:
            msg = f"NETWORK {file!r}: give a network, .npz as exactnorm.save writes it or .onnx"
            raise BadInput(msg)


def from_model(file: str) -> ReLUNetwork:
    """The network in an ONNX model."""
    from exactnorm.interop import from_onnx

    try:
        return from_onnx(file)
    except FileNotFoundError:
        msg = f"there is no file {file!r}"
        raise BadInput(msg) from None
    except (ImportError, OSError, ValueError) as mistake:
        raise BadInput(str(mistake)) from mistake


def exact(file: str) -> CertifiedDenoiser:
    """The denoiser in a file."""
    match opened(file):
        case CertifiedDenoiser() as denoiser:
            return denoiser
        case DenoiserPath():
            msg = f"DENOISER {file!r} holds denoisers of several radii: give one of the files in it"
        case ReLUNetwork():
            msg = f"DENOISER {file!r} holds a network without a certificate: it comes first, and the denoiser after it"
        case _:
            msg = f"DENOISER {file!r}: give a file that `exactnorm solve DATA --rho R --out denoiser.npz` wrote"
    raise BadInput(msg)
