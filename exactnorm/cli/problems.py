"""`exactnorm problems`: the named problems."""

from __future__ import annotations

import argparse
from typing import Any

from exactnorm import interrupts, problems
from exactnorm.cli.help_text import formatter, wrapped
from exactnorm.cli.misuse import misused
from exactnorm.cli.streams import refuse, show, show_json

EXAMPLES = """\
examples:
  exactnorm problems
  exactnorm problems --json
"""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "problems",
        help="list the named problems",
        description=wrapped(
            "List the named problems: size, noise radius and, where something is recorded, the optimum."
        ),
        epilog=wrapped(EXAMPLES),
        formatter_class=formatter,
    )
    command.add_argument("--json", action="store_true", help="print a JSON list instead of a table")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the list."""
    refuse(misused(arguments))
    interrupts.load("exactnorm.report")
    from exactnorm import report

    if arguments.json:
        show_json([report.problem_record(problem) for problem in problems.listing()])
    else:
        show(report.problems_table(problems.listing()))
    return 0
