"""Arguments in, exit status out: the parser, and what every command does about mistakes, Ctrl-C and closed pipes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from exactnorm import InfeasibleProblem, __version__
from exactnorm.cli import check, completion, demo, experiment, flow, problems, solve, theorems
from exactnorm.cli.streams import BadInput, say

EXIT_STATUSES = """\
examples:
  exactnorm demo
  exactnorm solve points.csv --rho 0.1
  exactnorm flow acute --flow score --plot flow.png
  exactnorm COMMAND --help

exit status:
  0    done; for `solve`, the relative gap is at most the tolerance
  1    a valid answer that is wider than asked, or none because a solver failed
  2    bad input; nothing was written
  3    no network interpolates the data
  130  interrupted before there was an answer
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except BadInput as mistake:
        if arguments.debug:
            raise
        say(f"exactnorm {arguments.command}: {mistake}")
        return 2
    except InfeasibleProblem as reason:
        if arguments.debug:
            raise
        say(f"exactnorm {arguments.command}: {reason}")
        return 3
    except ArithmeticError as failed:
        if arguments.debug:
            raise
        say(f"exactnorm {arguments.command}: {failed}")
        return 1
    except KeyboardInterrupt:
        say("interrupted: there is no bracket yet")
        return 130
    except BrokenPipeError:
        # The reader has gone (`exactnorm problems | head -1`): nothing is left to be said, and Python would complain
        # again when it closes the stream at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def parser() -> argparse.ArgumentParser:
    """The parser of every command."""
    top = argparse.ArgumentParser(
        prog="exactnorm",
        description="Minimum-norm two-layer ReLU denoisers with a recomputed bracket on their cost.",
        epilog=EXIT_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"exactnorm {__version__}")
    top.add_argument("--debug", action="store_true", help="show the traceback of a mistake")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in (solve, check, flow, theorems, experiment, problems, demo, completion):
        module.add_to(commands)
    return top
