"""Ctrl-C while the command `exactnorm` is loading modules: one sentence and status 130 instead of a traceback.

`KeyboardInterrupt` raised in the midst of an import is no use: a compiled module turns it into an `ImportError` or a
`SystemError`, and what imported it may go on without it. So it is not raised then; the process ends in the handler.
Whoever imports the package has a handler of their own, or Python's; nothing is changed for them.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import PurePath
from typing import Any

SENTENCE = "interrupted: there is no bracket yet"


def is_command(words: Sequence[str]) -> bool:
    """Whether a process begun with these words is the command: a script of its name, or ``python -m exactnorm``."""
    rest = list(words[1:])
    if "-m" in rest:
        return rest[rest.index("-m") + 1 :][:1] == ["exactnorm"]
    return any(PurePath(word).name in ("exactnorm", "exactnorm.exe") for word in (words[:1] if not rest else words[:2]))


def end_at_once(*_: Any) -> None:
    """A handler of SIGINT: say so, and end the process here and now."""
    with suppress(OSError):  # stderr may be closed
        os.write(2, f"{SENTENCE}\n".encode())
    # Not `sys.exit`: that raises, too, and a module that is half loaded is not to be torn down.
    os._exit(130)


def exchange(old: Callable[..., Any], new: Any) -> None:
    """In the command, let `new` handle SIGINT where `old` does; a handler of anybody else's, or none, stays."""
    if (
        is_command(sys.orig_argv)
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is old
    ):
        signal.signal(signal.SIGINT, new)


def loaded() -> None:
    """Let Ctrl-C raise `KeyboardInterrupt` from now on, as it does in Python."""
    exchange(end_at_once, signal.default_int_handler)


def answered() -> None:
    """Let Ctrl-C end the process without a word from now on: all is said, and Python is being torn down."""
    exchange(signal.default_int_handler, signal.SIG_DFL)


def load(*modules: str) -> None:
    """Import modules; in the command, Ctrl-C meanwhile ends the process."""
    exchange(signal.default_int_handler, end_at_once)
    try:
        for module in modules:
            import_module(module)
    finally:
        loaded()


exchange(signal.default_int_handler, end_at_once)
