"""`exactnorm explore`: points that are dragged in the browser, and what becomes of their denoiser."""

from __future__ import annotations

import argparse
import signal
import sys
import warnings
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import Any

from exactnorm import CertifiedDenoiser, interrupts, load
from exactnorm.cli import read
from exactnorm.cli.help_text import formatter, wrapped
from exactnorm.cli.misuse import misused
from exactnorm.cli.numbers import whole
from exactnorm.cli.outputs import writable_folder
from exactnorm.cli.streams import BadInput, refusal, say, show_text, told
from exactnorm.training_set import TrainingSet

EXAMPLES = """\
examples:
  exactnorm explore
  exactnorm explore acute
  exactnorm explore points.csv --rho 0.1 --port 5010
  exactnorm explore acute --export acute.html

the page is served to this machine alone, and asks no other host for anything; ctrl-c ends it. the link in the \
browser's address line holds all that is shown. exit status 0 after ctrl-c.
"""
START = "orthogonal"
"""What is shown without DATA: a right triangle, whose flow has a virtual training point."""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "explore",
        help="drag points in the browser, and see their denoiser and its flows",
        description=wrapped("Show points in the browser: drag them, and see the denoiser, its cost and its flows."),
        epilog=wrapped(EXAMPLES),
        formatter_class=formatter,
    )
    read.add_data(command, f"; or a saved denoiser (.npz). Default: {START}", nargs="?", default=START)
    read.add_radius_options(command)
    command.add_argument(
        "--port", type=whole, default=0, metavar="P", help="port on this machine (default: a free one)"
    )
    command.add_argument("--no-open", action="store_true", help="print the address, and leave the browser alone")
    command.add_argument(
        "--export", metavar="FILE", help="write a page (.html) with precomputed radii that needs no server, and end"
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C, or write the page."""
    denoiser, train = asked(arguments)
    try:
        interrupts.load("exactnorm.explorer.page.server", "exactnorm.explorer.page.export")
    except ImportError as missing:
        from exactnorm.explorer import MISSING

        raise BadInput(MISSING) from missing
    from exactnorm.explorer.view import View

    try:
        view = View(train.points, train.rho, problem=arguments.data if is_problem(arguments) else "")
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake
    return write(arguments.export, view, denoiser) if arguments.export is not None else serve(arguments, view, denoiser)


def asked(arguments: argparse.Namespace) -> tuple[CertifiedDenoiser | None, TrainingSet]:
    """The denoiser that was saved, if any, and the points; `BadInput` with all that is wrong, at once."""
    found = misused(arguments)
    if arguments.export is not None:
        found += told(writable_folder, arguments.export, "--export")
        if Path(arguments.export).suffix.lower() not in (".html", ".htm"):
            found.append(f"--export {arguments.export}: give a file name that ends in .html")
    if arguments.port is not None and not 0 <= arguments.port < 65536:
        found.append(f"--port {arguments.port}: give a number from 0 to 65535")
    mixed = list(read.radius_mistakes(arguments))
    denoiser, train = None, None
    try:
        denoiser = saved(arguments.data) if Path(arguments.data).suffix.lower() == ".npz" else None
        if not read.radius_is_clear(arguments):
            found += read.data_mistakes(arguments) if denoiser is None else []
        else:
            train = read.training_set(arguments) if denoiser is None else denoiser.train
    except BadInput as mistake:
        found.append(str(mistake))
    if found or mixed or train is None:
        raise refusal([*found, *mixed])
    return denoiser, train


def saved(file: str) -> CertifiedDenoiser:
    """The denoiser in a file."""
    try:
        found = load(file)
    except (OSError, ValueError) as mistake:
        raise BadInput(str(mistake)) from mistake
    if not isinstance(found, CertifiedDenoiser) or found.train.samples is not None:
        msg = f"{file!r} holds no denoiser of noise balls"
        raise BadInput(msg)
    return found


def is_problem(arguments: argparse.Namespace) -> bool:
    """Whether DATA is a problem's name, at its own radius."""
    from exactnorm import problems

    asked = (arguments.rho, arguments.sigma)
    return asked == (None, None) and arguments.data in {one.name for one in problems.listing()}


def write(file: str, view: Any, denoiser: CertifiedDenoiser | None) -> int:
    """Write the page that needs no server."""
    from exactnorm.explorer.page.export import export

    say("solving at several radii …")
    try:
        export(file, view, denoiser)
    except KeyboardInterrupt:
        say(f"interrupted: {file} was not written")
        return 130
    say(f"wrote {file}")
    return 0


def serve(arguments: argparse.Namespace, view: Any, denoiser: CertifiedDenoiser | None) -> int:
    """Serve until Ctrl-C."""
    from exactnorm.explorer.page.server import Explorer

    try:
        explorer = Explorer(view, denoiser, arguments.port, tracebacks=arguments.debug)
    except OSError as taken:
        msg = f"--port {arguments.port}: {taken.strerror or taken}"
        raise BadInput(msg) from taken

    def started() -> None:
        show_text(f"{explorer.url}\n")
        sys.stdout.flush()  # a pipe would keep it until the end
        say("ctrl-c ends it")
        if not arguments.no_open:
            webbrowser.open(explorer.url)
        interrupts.exchange(signal.default_int_handler, end)

    def end(*_: Any) -> None:
        """Ctrl-C: what it would raise is lost where Python tidies up; a second one is for what keeps the loop busy."""
        interrupts.exchange(end, signal.default_int_handler)
        explorer.close()

    with warnings.catch_warnings(), suppress(KeyboardInterrupt):
        if not arguments.debug:
            warnings.simplefilter("ignore")  # of numbers and messages that somebody made by hand
        explorer.run(started)
    say("ended")
    return 0
