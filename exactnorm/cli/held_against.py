"""What `check` and `verify` share: whose problem an answer is held against, how long that may take, how it is said."""

from __future__ import annotations

import argparse

from exactnorm.cli import text_table
from exactnorm.cli.numbers import number


def add_options(command: argparse.ArgumentParser, *, points: str, rho: str, limit: str, needed: bool = False) -> None:
    """Add the options, with a help text each for --points, --rho and --time-limit."""
    command.add_argument("--points", metavar="DATA", required=needed, help=points)
    text_table.add_options(command)
    command.add_argument("--rho", type=number, metavar="R", help=rho)
    command.add_argument("--time-limit", type=number, metavar="S", help=limit)
    command.add_argument("--json", action="store_true", help="print one JSON object instead of text")
