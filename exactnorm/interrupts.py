"""Ctrl-C while the command `exactnorm` is still loading: one sentence and status 130 instead of a traceback.

Whoever imports the package has a handler of their own, or Python's; nothing is changed for them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import PurePath
from types import TracebackType

SENTENCE = "interrupted: there is no bracket yet"


def is_command(words: Sequence[str]) -> bool:
    """Whether a process begun with these words is the command: a script of its name, or ``python -m exactnorm``."""
    rest = list(words[1:])
    if "-m" in rest:
        return rest[rest.index("-m") + 1 :][:1] == ["exactnorm"]
    return any(PurePath(word).name in ("exactnorm", "exactnorm.exe") for word in (words[:1] if not rest else words[:2]))


def quietly(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Instead of `sys.excepthook`: an interrupt ends the process at once."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    sys.stderr.write(SENTENCE + "\n")
    sys.stderr.flush()
    # Not `sys.exit`: a module that is half loaded is not to be torn down, and Python would die of the signal again.
    os._exit(130)


if is_command(sys.orig_argv) and sys.excepthook is sys.__excepthook__:
    sys.excepthook = quietly
