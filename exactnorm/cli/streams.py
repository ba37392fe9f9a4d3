"""Results to stdout, messages to stderr."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console, RenderableType


class BadInput(ValueError):
    """A user's mistake: one sentence, exit status 2."""


def show(renderable: RenderableType) -> None:
    """Print a result to stdout; in a pipe without colour and wide enough that no number is broken."""
    console = Console() if sys.stdout.isatty() else Console(width=250, color_system=None)
    console.print(renderable)


def show_text(text: str) -> None:
    """Print text to stdout as it is."""
    sys.stdout.write(text)


def show_json(value: Any) -> None:
    """Print one strict JSON value to stdout."""
    sys.stdout.write(json.dumps(value, allow_nan=False, ensure_ascii=False, indent=2) + "\n")


def say(message: str) -> None:
    """Print a message to stderr."""
    print(message, file=sys.stderr)  # noqa: T201
