"""Arguments in, exit status out: the parser, and what every command does about mistakes, Ctrl-C and closed pipes."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

import exactnorm
from exactnorm import interrupts
from exactnorm.cli.help_text import formatter, wrapped
from exactnorm.cli.misuse import Command, Written, parsed
from exactnorm.cli.streams import BadInput, forget, prepare, say
from exactnorm.waiting import left_behind

COMMANDS = (
    "solve",
    "check",
    "verify",
    "flow",
    "compare",
    "explore",
    "theorems",
    "experiment",
    "problems",
    "demo",
    "completion",
)
ALONE = "verify"
"""The command that is loaded without the others: it needs NumPy and python-flint only."""

EXIT_STATUSES = """\
examples:
  exactnorm demo
  exactnorm solve points.csv --rho 0.1
  exactnorm flow acute --flow score --plot flow.png
  exactnorm COMMAND --help

words:
  denoiser     carries noisy points back to those that they are from, the clean or training points
  ball         noise ball: all noisy copies of a point, up to noise of length rho, the noise radius
  cost         of a network: the sum of |a| |w| over its neurons a [w·y + b]_+, which weight decay keeps small
  bracket      two numbers with the least possible cost between them; gap: their difference, as a share of the upper one
  certificate  a bracket with the arrays that it can be recomputed from
  flow         score flow follows a denoiser at one noise level, probability flow while the noise goes to 0
  problem      points with a name, of which `exactnorm problems` has a list

exit status:
  0    done; for `solve`, the relative gap is at most the tolerance
  1    a valid answer that is wider than asked, or none because a solver failed; for `check` and `verify`, refuted
  2    bad input, or a file that cannot be written; for `check` and `verify`, undecided
  3    no network interpolates the data
  130  interrupted before there was an answer
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    try:
        interrupts.loaded()
        status = answer(argv) if prepare() else 2
    except KeyboardInterrupt as interrupt:
        say(str(interrupt) or interrupts.SENTENCE)  # some say what is known all the same
        status = 130
    interrupts.answered()
    end_if_kept(status)
    return status


def answer(argv: Sequence[str] | None) -> int:
    """Run one command; a mistake and a failure become a sentence and a status."""
    given = sys.argv[1:] if argv is None else list(argv)
    named = next((one for one in given if not one.startswith("-")), None)
    given = with_formulas(given)
    try:
        arguments = parsed(parser((ALONE,) if named == ALONE else COMMANDS), given)
    except BrokenPipeError:  # nobody reads the help
        forget(sys.stdout)
        return 0
    except OSError as failed:
        say(f"exactnorm: {failed}")
        forget(sys.stdout)
        return 2
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except BadInput as mistake:
        if arguments.debug:
            raise
        say(f"exactnorm {arguments.command}: {mistake}")
        return 2
    except exactnorm.InfeasibleProblem as reason:
        if arguments.debug:
            raise
        say(f"exactnorm {arguments.command}: {reason}")
        return 3
    except ArithmeticError as failed:
        if arguments.debug:
            raise
        say(f"exactnorm {arguments.command}: {failed}")
        return 1
    except BrokenPipeError:
        # The reader has gone (`exactnorm problems | head -1`): nothing is left to be said.
        forget(sys.stdout)
        return 0
    except OSError as failed:
        if arguments.debug:
            raise
        say(f"exactnorm {arguments.command}: {failed}")
        forget(sys.stdout)
        return 2
    return status


def with_formulas(given: Sequence[str]) -> list[str]:
    """The arguments with formulas that begin with a minus joined to their option: argparse takes them for options."""
    joined: list[str] = []
    for word in given:
        if joined and joined[-1] in ("--schedule", "--scale") and re.match(r"-[^-]", word):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def end_if_kept(status: int) -> None:
    """End the command here and now if a call that cannot be told to stop, after Ctrl-C or a limit, would keep it."""
    if left_behind() and interrupts.is_command(sys.orig_argv):
        from multiprocessing import active_children

        if not active_children():  # they are told to end when Python is torn down
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):  # nobody reads it, or it is closed
                    stream.flush()
            os._exit(status)


def parser(names: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """The parser of these commands."""
    top = Written(
        prog="exactnorm",
        description=wrapped("Minimum-norm two-layer ReLU denoisers with a recomputed bracket on their cost."),
        epilog=wrapped(EXIT_STATUSES),
        formatter_class=formatter,
    )
    top.add_argument("--version", action="version", version=f"exactnorm {exactnorm.__version__}")
    debug: dict[str, Any] = {"action": "store_true", "help": "show the traceback of a mistake"}
    top.add_argument("--debug", **debug)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Command)
    interrupts.load(*(f"exactnorm.cli.{name}" for name in names))
    for name in names:
        import_module(f"exactnorm.cli.{name}").add_to(commands)
    for command in commands.choices.values():
        # Suppressed, so that its absence here leaves what stands before the command as it is.
        command.add_argument("--debug", default=argparse.SUPPRESS, **debug)
    return top
