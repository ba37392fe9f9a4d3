"""Results to stdout, messages to stderr, in whatever letters they can hold."""

from __future__ import annotations

import codecs
import json
import os
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from exactnorm.reading.mistakes import BadInput as BadInput

if TYPE_CHECKING:
    from rich.console import RenderableType


def told(look: Callable[..., object], *given: Any) -> list[str]:
    """The mistake that a look at options raises, if there is one."""
    try:
        look(*given)
    except BadInput as mistake:
        return [str(mistake)]
    return []


def refuse(mistakes: Sequence[str]) -> None:
    """Raise `BadInput` for mistakes, all of them at once."""
    if mistakes:
        raise refusal(mistakes)


def refusal(mistakes: Sequence[str]) -> BadInput:
    """The exception that tells of mistakes, all of them at once."""
    several = "\n  ".join([f"{len(mistakes)} mistakes:", *mistakes])
    return BadInput(mistakes[0] if len(mistakes) == 1 else several)


PLAIN = {
    "ρ": "rho",
    "σ": "sigma",
    "α": "alpha",
    "λ": "lambda",
    "τ": "tau",
    "Σ": "sum",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "±": "+-",
    "·": "*",
    "×": "x",
    "–": "-",
    "—": "-",
    "−": "-",
    "→": "->",
    "‖": "|",
    "√": "sqrt",
    "∞": "inf",
}
"""How letters are written that a terminal or a pipe cannot hold."""


def _plain(error: UnicodeError) -> tuple[str, int]:
    """A handler of encoding errors: letters in ASCII, never an exception."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    kept = (unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode() for letter in letters)
    return "".join(PLAIN.get(letter) or near or "?" for letter, near in zip(letters, kept, strict=True)), error.end


def prepare() -> bool:
    """Make every letter printable; False, and a word to stderr, where stdout was closed and nothing can be printed."""
    codecs.register_error("exactnorm.plain", _plain)
    if sys.stderr is None:  # messages would go to stdout
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="exactnorm.plain")
    if sys.stdout is None:
        say("exactnorm: standard output is closed: there is nowhere to print to")
        return False
    # Python loses without a word what does not fit into a pipe that was set not to be waited for.
    if os.name == "posix":
        with suppress(OSError, ValueError):  # somebody else's stream, without a file behind it
            os.set_blocking(sys.stdout.fileno(), True)
    return True


def show(renderable: RenderableType) -> None:
    """Print a result to stdout; in a pipe without colour, in 80 letters a line or as many as COLUMNS says."""
    from rich.console import Console  # only those who print a table need it

    piped = {"width": shutil.get_terminal_size().columns, "color_system": None}
    console = Console() if sys.stdout.isatty() else Console(**piped)  # type: ignore[arg-type]
    console.print(renderable)


def show_text(text: str) -> None:
    """Print text to stdout as it is."""
    sys.stdout.write(text)


def show_json(value: Any) -> None:
    """Print one strict JSON value to stdout, its strings escaped where stdout cannot hold their letters."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=False, indent=2)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, allow_nan=False, indent=2)
    sys.stdout.write(text + "\n")


def say(message: str) -> None:
    """Print a message to stderr; on a terminal in lines that break between words, each where the one above begins.

    Where that cannot be written the exit status alone says it, which is not to be another for that.
    """
    lines = message.splitlines()
    if sys.stderr is not None and sys.stderr.isatty():
        lines = [part for line in lines for part in broken(line, shutil.get_terminal_size().columns) or [""]]
    try:
        print("\n".join(lines), file=sys.stderr, flush=True)  # noqa: T201
    except OSError:
        forget(sys.stderr)


def forget(stream: TextIO) -> None:
    """Let what is left to print go nowhere: Python would try again at exit, and end with a status of its own."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def broken(line: str, width: int) -> list[str]:
    """The line in parts of at most so many letters, where its words allow it."""
    margin = " " * (len(line) - len(line.lstrip()))
    wrapper = textwrap.TextWrapper(width, margin, margin, break_long_words=False, break_on_hyphens=False)
    return wrapper.wrap(line.strip())
