"""`exactnorm check`: recompute a saved certificate from its arrays."""

from __future__ import annotations

import argparse
from typing import Any

from exactnorm.certify import (
    CertificateError,
    CertifiedDenoiser,
    CertifiedNetwork,
    check_certificate,
    load,
    load_network,
)
from exactnorm.cli.streams import BadInput, say, show, show_json

EXAMPLES = """\
examples:
  exactnorm solve acute --out denoiser.npz
  exactnorm check denoiser.npz

no solver runs: bounds are recomputed from the multipliers in the file, patterns are enumerated afresh.
exit status 1 if the certificate claims more than its arrays support.
"""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "check",
        help="recompute a saved certificate from its arrays",
        description="Recompute the lower bound, the cost and the interpolation error of a saved denoiser.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "file", metavar="FILE.npz", help="what `exactnorm solve --out`, `save` or `save_network` wrote"
    )
    command.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Load, recompute, print; 1 if the certificate claims too much."""
    found = saved(arguments.file)
    problem = found.train if isinstance(found, CertifiedDenoiser) else found.problem
    try:
        lower, upper, error = check_certificate(found.certificate, problem, found.network)
    except CertificateError as reason:
        say(f"exactnorm check: {reason}")
        return 1
    from exactnorm import report

    rows = report.check_rows(found.certificate, lower, upper, error)
    if arguments.json:
        show_json(rows)
    else:
        show(report.check_table(rows))
    return 0


def saved(file: str) -> CertifiedDenoiser | CertifiedNetwork:
    """The denoiser or network in the file."""
    try:
        return load(file)
    except FileNotFoundError:
        msg = f"there is no file {file!r}"
        raise BadInput(msg) from None
    except ValueError as mistake:
        try:
            return load_network(file)
        except ValueError:
            raise BadInput(str(mistake)) from mistake
