"""`exactnorm theorems`: every statement, claimed and computed."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from exactnorm import interrupts
from exactnorm.cli.help_text import formatter, wrapped
from exactnorm.cli.misuse import misused
from exactnorm.cli.solve import SOLVING
from exactnorm.cli.streams import refuse, say, show, show_json

if TYPE_CHECKING:
    from exactnorm.theorems import Check

EXAMPLES = """\
examples:
  exactnorm theorems
  exactnorm theorems A-rays acute-orthocentre
  exactnorm theorems --json > checks.json

Names with A- are statements of arXiv:2311.06748 (NeurIPS 2023), with B- of arXiv:2506.19031 (ICML 2025), the others \
this package's own. standing: proved, published (in one of the papers), measured (seen in computations), or open.
exit status 1 if a statement that is expected to hold, or to fail, does otherwise or cannot be decided, and 130 \
after Ctrl-C, which prints those that are checked by then.
"""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "theorems",
        help="check the statements of the theory by computation",
        description=wrapped(
            "Check statements: what each claims, and what was computed without using the claimed formula."
        ),
        epilog=wrapped(EXAMPLES),
        formatter_class=formatter,
    )
    command.add_argument("names", nargs="*", metavar="NAME", help="statements to check (default: all)")
    command.add_argument("--list", action="store_true", help="print the names of all statements and stop")
    command.add_argument("--json", action="store_true", help="print a JSON list instead of a table")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check, with progress on stderr, and print; 1 if an outcome is not the expected one."""
    found = misused(arguments)
    interrupts.load("exactnorm.report")
    from exactnorm import theorems

    try:
        running = theorems.run(arguments.names or None, lambda name: say(f"checking {name} …"))
    except ValueError as mistake:
        found.append(str(mistake))
    refuse(found)
    if arguments.list:
        show_json(list(theorems.STATEMENTS)) if arguments.json else show("\n".join(theorems.STATEMENTS))
        return 0
    interrupts.load(*SOLVING)
    checks = []
    try:
        for check in running:
            checks.append(check)  # one by one: Ctrl-C keeps those that are finished
    except KeyboardInterrupt:
        say(f"interrupted: {len(checks)} of {len(arguments.names or theorems.STATEMENTS)} statements were checked")
        if checks:
            printed(checks, arguments.json)
        return 130
    printed(checks, arguments.json)
    return 0 if all(check.as_expected for check in checks) else 1


def printed(checks: list[Check], as_json: bool) -> None:
    """Print the outcomes."""
    from exactnorm import report

    if as_json:
        show_json([report.check_record(check) for check in checks])
    else:
        show(report.checks_table(checks))
